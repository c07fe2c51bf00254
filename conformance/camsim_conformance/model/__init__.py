"""The judge: what a right target answers and stores, how the observed one deviates, and which causes explain it."""
