"""RESTful commands: queued, carried out by the device, answered in the words of their protocol."""
