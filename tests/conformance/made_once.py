"""Runs that several tests look at are made once, whichever worker of xdist asks for them first."""

from __future__ import annotations

import fcntl
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Made = tuple[dict[str, Any], Path]


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], dict[str, Any]]) -> Made:
    """Document and folder of a run, which nobody may change; `make` writes into the folder and gives the document."""
    root = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    out, kept = root / name, root / f"{name}.pickle"
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            out.mkdir()
            kept.write_bytes(pickle.dumps(make(out)))
    return pickle.loads(kept.read_bytes()), out
