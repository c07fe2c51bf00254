"""Renders the rows of a LoadLog answer piece by piece, so that half a million of them hold nobody up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

from camsim.commands.execute import PAGE_ROWS, row_message
from camsim.kernel.events import Reply
from camsim.protocol.cipher import Encryptor
from camsim.protocol.v3 import envelope
from camsim.state.outcome import Rows

_BATCH = 200  # rows between two turns for other work


def _envelope_of(reply: Reply, members: Mapping[str, str]) -> tuple[bytes, bytes]:
    """What stands before and after the rows of an answer."""
    head = envelope.encode({"PunchLog": {**members, "Log": []}})[1:-3]  # …"Log":[
    return reply.body[:-1] + b"," + head, b"]}}"


async def rendered(reply: Reply) -> AsyncIterator[bytes]:
    """The whole answer in pieces, plain or encrypted; other work gets a turn between them."""
    rows = reply.rows
    assert rows is not None  # noqa: S101  whoever calls has looked
    pieces, total = await _pieces(rows)
    members = _paging(rows, total, sum(count for _, count in pieces)) if rows.paged else {"ReturnRowCount": str(total)}
    head, tail = _envelope_of(reply, members)
    seal = Encryptor(reply.key) if reply.key is not None else None
    for number, piece in enumerate((head, *(piece for piece, _ in pieces), tail)):
        yield piece if seal is None else seal.update(piece)
        if number % 4 == 3:
            await asyncio.sleep(0)
    if seal is not None:
        yield seal.finish()


async def _pieces(rows: Rows) -> tuple[list[tuple[bytes, int]], int]:
    """Rendered rows in pieces with their number, and how many rows match in all."""
    pieces: list[tuple[bytes, int]] = []
    batch: list[bytes] = []
    total = kept = 0
    first, last = (rows.offset_rows, rows.offset_rows + PAGE_ROWS) if rows.paged else (0, 1 << 62)
    for row in rows.matching():
        if row is None:
            await asyncio.sleep(0)
            continue
        if first <= total < last:
            batch.append((b"," if kept else b"") + envelope.encode(row_message(row)))
            kept += 1
        total += 1
        if len(batch) == _BATCH:
            pieces.append((b"".join(batch), len(batch)))
            batch = []
            await asyncio.sleep(0)
    if batch:
        pieces.append((b"".join(batch), len(batch)))
    return pieces, total


def _paging(rows: Rows, total: int, returned: int) -> dict[str, str]:
    """Page members as live gateways show them: the next OffSet, empty at the end (R-12)."""
    after = rows.offset_rows + returned
    next_page = str(after) if after < total else ""
    return {"ReturnRowCount": str(returned), "ActualRowCount": str(total), "OffSet": next_page}
