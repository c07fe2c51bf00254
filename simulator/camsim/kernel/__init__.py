"""The kernel: events in, effects out; it does no I/O and reads no clock."""
