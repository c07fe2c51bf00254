"""pytest fixtures of a virtual gateway; nothing heavy is imported before a fixture is used."""
