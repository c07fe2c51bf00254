"""The synchronous reference receiver: threads and SQLite."""

from .listener import SqliteServer

__all__ = ["SqliteServer"]
