"""The storm for Locust itself: `locust -f loadtests/locustfile.py --host URL` shows it on Locust's web page."""

from camsim_loadtests.workers.locust_user import PunchStorm, UntilDrained

__all__ = ["PunchStorm", "UntilDrained"]
