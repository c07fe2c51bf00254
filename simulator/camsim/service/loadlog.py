"""Renders the rows of a LoadLog answer piece by piece, so that half a million of them hold nobody up."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from camsim.commands.execute import PAGE_ROWS, row_message
from camsim.kernel.events import Reply
from camsim.protocol.cipher import Encryptor
from camsim.protocol.v3 import envelope
from camsim.state.outcome import Rows

_BATCH = 200  # rows between two turns for other work
_EVERY = 4  # pieces between two turns: encrypting them costs as much as rendering did


@dataclass(slots=True)
class _Rendered:
    """Rows in pieces of JSON text; how many they are, and how many match the filter in all."""

    pieces: list[bytes]
    returned: int
    total: int


def _envelope_of(reply: Reply, members: Mapping[str, str]) -> tuple[bytes, bytes]:
    """What stands before and after the rows of an answer."""
    head = envelope.encode({"PunchLog": {**members, "Log": []}})[1:-3]  # …"Log":[
    return reply.body[:-1] + b"," + head, b"]}}"


async def rendered(reply: Reply) -> AsyncIterator[bytes]:
    """The whole answer in pieces, plain or encrypted; other work gets a turn between them."""
    rows = reply.rows
    assert rows is not None  # noqa: S101  whoever calls has looked
    shown = await _render(rows)
    # The members stand before the rows and count them, so all must be rendered before the first piece leaves.
    head, tail = _envelope_of(reply, _counts(rows, shown))
    pieces = (head, *shown.pieces, tail)
    if reply.key is None:
        for piece in pieces:
            yield piece
        return
    seal = Encryptor(reply.key)
    for number, piece in enumerate(pieces, 1):
        yield seal.update(piece)
        if number % _EVERY == 0:
            await asyncio.sleep(0)
    yield seal.finish()


async def _render(rows: Rows) -> _Rendered:
    first, last = 0, sys.maxsize
    if rows.paged:
        first, last = rows.offset_rows, rows.offset_rows + PAGE_ROWS
    shown = _Rendered([], 0, 0)
    batch: list[bytes] = []
    for row in rows.matching():
        if row is None:
            await asyncio.sleep(0)
            continue
        if first <= shown.total < last:
            batch.append(envelope.encode(row_message(row, rows.user_key)))
        shown.total += 1
        if len(batch) == _BATCH:
            _add(shown, batch)
            batch = []
            await asyncio.sleep(0)
    if batch:
        _add(shown, batch)
    return shown


def _add(shown: _Rendered, batch: list[bytes]) -> None:
    """One more piece, with the comma that parts it from the piece before."""
    comma = b"," if shown.pieces else b""
    shown.pieces.append(comma + b",".join(batch))
    shown.returned += len(batch)


def _counts(rows: Rows, shown: _Rendered) -> dict[str, str]:
    """What the answer counts, as texts; a page also says where the next one begins, empty at the end (R-12)."""
    if not rows.paged:
        return {"ReturnRowCount": str(shown.total)}
    after = rows.offset_rows + shown.returned
    following = str(after) if after < shown.total else ""
    return {"ReturnRowCount": str(shown.returned), "ActualRowCount": str(shown.total), "OffSet": following}
