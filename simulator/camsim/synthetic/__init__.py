"""Synthetic people, portraits and working days; they belong to nobody."""
