"""Locust and its workers: the only rooms that import it."""
