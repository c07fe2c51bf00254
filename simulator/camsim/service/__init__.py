"""The I/O around the kernel: ports, deliveries, time and the state file."""
