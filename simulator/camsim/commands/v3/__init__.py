"""v3 commands: checked, held for the device, answered once."""
