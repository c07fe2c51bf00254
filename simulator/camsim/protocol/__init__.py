"""What goes over the wire, v2 and v3: pure values, no I/O."""
