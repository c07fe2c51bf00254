"""From a fact at a device to the bytes of a callback that is delivered until it is acknowledged."""
