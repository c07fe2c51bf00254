"""What a storm sends and when; pure."""
