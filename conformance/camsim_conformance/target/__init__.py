"""What is to be certified, and whether it may be sent to."""
