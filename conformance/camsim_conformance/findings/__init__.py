"""Findings: what a check compares, and how it says what it expected and found."""
