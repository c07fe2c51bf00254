"""One run against a target: planned, sent, read back, and what it gathered."""
