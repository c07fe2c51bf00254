"""Punch storms: load tests of a callback URL (and of the simulator's RESTful endpoint) with Locust."""
