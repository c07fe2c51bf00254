"""What the conformance commands do with their options; each returns one of the exit codes 0 to 4."""
