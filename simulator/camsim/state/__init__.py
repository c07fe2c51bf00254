"""What is stored: devices, queues, journal, ledger, faults; typed values without I/O."""
