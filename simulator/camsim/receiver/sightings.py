"""What a receiver tells its watcher about a callback it answered."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sighting:
    """One answered callback: protocol version, what it was taken for, HTTP status of the answer."""

    version: str
    what: str
    status: int
