"""The messages that the vendor's v3 page prints, by operation."""

from __future__ import annotations

from typing import Any

from camsim import resources
from camsim.protocol.catalogue import Operation

Message = dict[str, Any]


def request(row: Operation) -> Message:
    """The request that the page prints for a v3 operation; a fresh value at each call."""
    return dict(_printed(row)["request"])


def response(row: Operation) -> Message:
    """The answer that it prints there."""
    return dict(_printed(row)["response"])


def _printed(row: Operation) -> Message:
    for sample in resources.load("fixtures", "vendor", "v3.json"):
        if sample["number"] == row.number:
            return dict(sample)
    raise KeyError(row.name)
