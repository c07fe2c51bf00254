"""The storm for Locust itself: `locust -f loadtests/locustfile.py --host URL` shows it on Locust's web page."""

from loadtests.users import PunchStorm, UntilDrained

__all__ = ["PunchStorm", "UntilDrained"]
