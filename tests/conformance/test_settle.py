"""A queue that is still storing after the settle time is waited for; one that stands still is not."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from camsim.readback.model import Capabilities, StoredPunch, StoredTemplate, StoredUser
from camsim_conformance.readback.settle import settled

SETTLE_S = 0.01


class Growing:
    """Shows one row more at each look, up to `most`."""

    name = "growing"

    def __init__(self, most: int) -> None:
        self.most = most
        self.looks = 0

    def capabilities(self) -> Capabilities:
        return Capabilities("instant", frozenset({"punches"}))

    def punches(self, people: Sequence[str]) -> list[StoredPunch]:
        self.looks += 1
        return [StoredPunch(people[0], 1_600_309_102 + n) for n in range(min(self.looks, self.most))]

    def templates(self, people: Sequence[str]) -> list[StoredTemplate]:
        return []

    def users(self, people: Sequence[str]) -> list[StoredUser]:
        return []


def looked(most: int, expected: int) -> tuple[int, int, float]:
    """Rows found, looks taken, seconds told."""
    adapter = Growing(most)
    found, seconds = asyncio.run(settled(adapter, adapter.capabilities(), ["7"], SETTLE_S, expected))
    return len(found.punches["7"]), adapter.looks, seconds


def test_all_there_is_read_once() -> None:
    assert looked(1, 1) == (1, 1, SETTLE_S)


def test_a_store_that_grows_is_read_until_all_is_there() -> None:
    assert looked(9, 5)[:2] == (5, 5)


def test_a_store_that_stands_still_is_read_once_more() -> None:
    assert looked(2, 5)[:2] == (2, 3)
