"""The open-loop driver of one worker: connections, devices, what became of every item."""
