"""The judge of a callback URL: requirements as data, checks as pytest tests, reports and a signed certificate."""

SUITE_VERSION = "0.1.0"
