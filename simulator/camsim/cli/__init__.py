"""The command `camsim`."""

from .app import main

__all__ = ["main"]
