"""Finds packages of the user's project that hide ours of the same name."""

from __future__ import annotations

import os
from importlib.machinery import PathFinder

import simulator

_OURS = ("conformance", "loadtests")


def hidden() -> str | None:
    """A sentence about what is hidden, None when nothing is."""
    home = os.path.dirname(os.path.dirname(os.path.abspath(simulator.__file__)))
    lines = [line for name in _OURS if os.path.isdir(os.path.join(home, name)) and (line := _hidden(name, home))]
    return "\n".join(lines) or None


def _hidden(name: str, home: str) -> str | None:
    found = PathFinder.find_spec(name)
    if found is None or found.origin is None or os.path.dirname(found.origin) == os.path.join(home, name):
        return None
    return (
        f"camsim: {os.path.dirname(found.origin)} hides camsim's own package {name}: `import {name}` gets yours; "
        "the camsim command is not affected"
    )
