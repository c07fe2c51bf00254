"""The asynchronous reference receiver: aiohttp and dictionaries."""

from .listener import MemoryReceiver
from .policy import Policy

__all__ = ["MemoryReceiver", "Policy"]
