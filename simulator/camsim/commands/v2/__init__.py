"""v2 commands: checked, answered at once, and told again later through the callback queue."""
