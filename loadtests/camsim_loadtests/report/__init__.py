"""What a storm reports: files for people and CI, and the console."""
