"""Calls that wait for journal entries: each entry is looked at once, however many wait for it."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Mapping
from operator import attrgetter

from aiohttp import web

from camsim.control.routes import FILTERS
from camsim.kernel.events import ControlError
from camsim.service.connections import Connection
from camsim.service.runtime import Runtime
from camsim.state.journal import Entry, Journal

MOST_WAITERS = 2_000
_NAMES = tuple(FILTERS)
# One text or None for each name of a filter.
_Wanted = tuple[str | None, ...]


class _Group:
    """Whoever waits for the same entries: how many there are, and at how many each waiter wakes, fewest first."""

    __slots__ = ("found", "waiting")

    def __init__(self, found: int) -> None:
        self.found = found
        self.waiting: list[tuple[float, int, asyncio.Future[int]]] = []


class Waiters:
    """Everybody who waits for entries of one journal."""

    def __init__(self, runtime: Runtime, most: int = MOST_WAITERS) -> None:
        self._runtime, self.most = runtime, most
        runtime.watch = self.look
        self.number = 0
        self._seq = 0  # of the last entry that was looked at
        self._turn = 0
        self._groups: dict[_Wanted, _Group] = {}
        # Which members of an entry are asked for, and by how many groups: a few kinds of questions, many questions.
        self._masks: dict[tuple[int, ...], int] = {}

    @property
    def _journal(self) -> Journal:
        return self._runtime.kernel.state.journal

    async def wait(self, request: web.Request, filters: Mapping[str, str], count: float, patience_s: float) -> int:
        """How many entries match: `count` of them, or those at the timeout or when the client ends. Raises:
        ControlError 503 when too many wait."""
        found = count_matching(self._journal, filters)
        if found >= count or patience_s <= 0:
            return found
        if self.number >= self.most:
            raise ControlError(
                503, "too_many_waiters", f"{self.number} calls of journal/wait wait already", "try again later"
            )
        self.look()  # what came before this call is counted already
        woken: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        wanted = tuple(filters.get(name) for name in _NAMES)
        self._join(wanted, found, count, woken)
        try:
            return await self._woken(request, woken, patience_s) or count_matching(self._journal, filters)
        finally:
            self._leave(wanted, woken)

    async def _woken(self, request: web.Request, woken: asyncio.Future[int], patience_s: float) -> int:
        """How many there are; 0 for nobody knows at the timeout, or when the client ends."""
        late = asyncio.get_running_loop().call_later(patience_s, _wake, woken)
        connection = request.protocol
        try:
            if isinstance(connection, Connection) and not connection.on_end(lambda: _wake(woken)):
                return 0
            return await woken
        finally:
            late.cancel()
            if isinstance(connection, Connection):
                connection.on_end(None)

    def _join(self, wanted: _Wanted, found: int, count: float, woken: asyncio.Future[int]) -> None:
        group = self._groups.get(wanted)
        if group is None:
            group = self._groups[wanted] = _Group(found)
            mask = _mask(wanted)
            self._masks[mask] = self._masks.get(mask, 0) + 1
        group.found = found
        self._turn += 1
        self.number += 1
        heapq.heappush(group.waiting, (count, self._turn, woken))

    def _leave(self, wanted: _Wanted, woken: asyncio.Future[int]) -> None:
        self.number -= 1
        group = self._groups.get(wanted)
        if group is None:
            return
        group.waiting = [waiter for waiter in group.waiting if waiter[2] is not woken]
        heapq.heapify(group.waiting)
        if group.waiting:
            return
        del self._groups[wanted]
        mask = _mask(wanted)
        self._masks[mask] -= 1
        if not self._masks[mask]:
            del self._masks[mask]

    def look(self) -> None:
        """Hot: after every event. Wake whoever waits for what has come."""
        journal = self._runtime.kernel.state.journal
        if journal.seq == self._seq:
            return
        if journal.seq < self._seq:  # a journal that began anew
            self._seq = 0
            for group in self._groups.values():
                group.found = 0
        if self._groups:
            new = min(journal.seq - self._seq, len(journal))
            for entry in journal.entries[-new:] if new else ():
                self._seen(entry)
        self._seq = journal.seq

    def _seen(self, entry: Entry) -> None:
        members = tuple(getattr(entry, name) for name in _NAMES)
        for mask in self._masks:
            wanted = tuple(member if at in mask else None for at, member in enumerate(members))
            group = self._groups.get(wanted)
            if group is not None:
                group.found += 1
                if group.waiting and group.waiting[0][0] <= group.found:
                    self._wake(group, wanted)

    def _wake(self, group: _Group, wanted: _Wanted) -> None:
        # Counted anew, for the oldest entries leave a journal that is full.
        filters = {name: value for name, value in zip(_NAMES, wanted, strict=True) if value is not None}
        group.found = count_matching(self._journal, filters)
        while group.waiting and group.waiting[0][0] <= group.found:
            _wake(heapq.heappop(group.waiting)[2], group.found)


def _wake(woken: asyncio.Future[int], found: int = 0) -> None:
    if not woken.done():
        woken.set_result(found)


def _mask(wanted: _Wanted) -> tuple[int, ...]:
    return tuple(at for at, value in enumerate(wanted) if value is not None)


def count_matching(journal: Journal, filters: Mapping[str, str]) -> int:
    """How many entries of the journal match."""
    if not filters:
        return len(journal)
    # In C: a thousand calls may count ten thousand entries each.
    wanted = tuple(filters.values())
    members: list[object] = list(map(attrgetter(*filters), journal.entries[journal.start :]))
    return members.count(wanted if len(wanted) > 1 else wanted[0])  # as attrgetter has it
