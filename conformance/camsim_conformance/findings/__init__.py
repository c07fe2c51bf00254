"""What checks are made of: each finding looks at one side of a case and says what it expected and what it found."""
