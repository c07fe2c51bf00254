"""The register's readings as knobs, profiles that bundle them, and the policy compiled from both."""
