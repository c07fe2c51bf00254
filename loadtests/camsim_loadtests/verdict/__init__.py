"""What a storm's figures mean: thresholds, reconciliation with what is stored, the result."""
