"""What goes over the wire in v3."""
