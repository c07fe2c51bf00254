"""One run against a target, and what a check sees of it."""
