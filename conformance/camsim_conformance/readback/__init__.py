"""Look at what the target stored, in four forms: HTTP, SQL, a command, a Python object."""

from __future__ import annotations

from camsim.readback.model import Capabilities, ReadBack, ReadBackError, Snapshot

from .opening import open_readback

__all__ = ["Capabilities", "ReadBack", "ReadBackError", "Snapshot", "open_readback"]
