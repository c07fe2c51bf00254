"""What a receiver has stored, read back over HTTP, as typed values."""
