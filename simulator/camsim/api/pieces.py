"""Long answers in pieces, so that nothing else waits for them: rows of the ledger, of a punch log, of the journal."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping

import msgspec
from aiohttp import web

from camsim.control import on_device, records
from camsim.control.route import CSV, JSON, LINES
from camsim.secrecy import Secrets
from camsim.state import journal, ledger
from camsim.state.gateway import RegisteredDevice, State
from camsim.state.ledger_pages import Record
from camsim.state.log_blocks import Range

from . import log_views

_WORK_S = 0.005  # at once, before everything else gets a turn
_AT_ONCE = 128  # rows rendered between two looks at the time
_WHOLE = 256 * 1024  # bytes: what is shorter is answered with its length

Pieces = Iterator[bytes]
"""Parts of an answer; an empty one is a place to take a breath."""


class Breath:
    """Lets other work go first whenever enough was done at once."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    async def take(self) -> None:
        """Give way if it is time."""
        if time.perf_counter() - self._since >= _WORK_S:
            await asyncio.sleep(0)
            self._since = time.perf_counter()


async def answered(request: web.Request, media: str, pieces: Pieces) -> web.StreamResponse:
    """An answer as it is made: whole with its length where it is short, else as a stream."""
    breath, begun, size = Breath(), list[bytes](), 0
    for piece in pieces:
        begun.append(piece)
        size += len(piece)
        await breath.take()
        if size > _WHOLE:
            break
    else:
        return web.Response(body=b"".join(begun), content_type=media)
    response = web.StreamResponse()
    response.content_type = media
    await response.prepare(request)
    await response.write(b"".join(begun))
    for piece in pieces:
        if piece:
            await response.write(piece)
        await breath.take()
    await response.write_eof()
    return response


def _rows(portions: Iterable[Iterable[object]]) -> Pieces:
    """The members of a JSON array, without its brackets; a portion with nothing in it is a breath."""
    first = True
    for portion in portions:
        rows = list(portion)
        if not rows:
            yield b""
            continue
        yield (b"" if first else b",") + msgspec.json.encode(rows)[1:-1]
        first = False


def _cut(rows: list[Record]) -> Iterator[list[Record]]:
    return (rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE))


# --- the ledger -------------------------------------------------------------------------------------------------------


def summary(state: State) -> records.Summary:
    """What the punches come to, those that left included."""
    left = state.ledger.left
    shown = records.Left(left.punches, left.acknowledged, left.lost, left.redelivered, left.reordered)
    return records.Summary(**state.ledger.summary(), left=shown)


async def ledger_view(request: web.Request, state: State) -> web.StreamResponse | records.LedgerView:
    """`GET ledger`: the summary, the rows that are wanted, findings among those that left."""
    wanted = request.query
    if wanted.get("summary") == "1":
        return records.LedgerView(summary(state), [])
    return await answered(request, JSON, _ledger(state, wanted.get("device"), wanted.get("user")))


def _ledger(state: State, device: str | None, user: str | None) -> Pieces:
    book = state.ledger

    def held() -> Iterator[list[records.PunchRow]]:
        for name, portion in book.portions(device):
            for some in _cut(portion):
                yield [ledger.present(name, record) for record in some if user in (None, record.user)]

    found = ((name, record) for name, record in book.found(device) if user in (None, record.user))
    yield b'{"summary":' + msgspec.json.encode(summary(state)) + b',"punches":['
    yield from _rows(held())
    yield b'],"findings":['
    yield from _rows([ledger.present(name, record)] for name, record in found)
    yield b"]}"


async def ledger_csv(request: web.Request, state: State) -> web.StreamResponse:
    """`GET ledger.csv`."""
    return await answered(request, CSV, (text.encode() for text in ledger.csv_portions(state.ledger)))


# --- devices ----------------------------------------------------------------------------------------------------------


async def logs(request: web.Request, registered: RegisteredDevice, wanted: Range) -> web.StreamResponse:
    """`GET devices/{stgid}/logs`: how many rows are in the range, then the rows, as the log is now."""
    snapshot, breath, count = registered.device.snapshot(), Breath(), 0
    for piece in snapshot.pieces:
        count += piece.count(wanted)
        await breath.take()

    def shown() -> Iterator[list[on_device.LogRow]]:
        for rows in snapshot.portions(wanted):
            for start in range(0, len(rows), _AT_ONCE):
                yield [log_views.log_row(row) for row in rows[start : start + _AT_ONCE]]
            yield []

    def pieces() -> Pieces:
        yield b'{"count":%d,"logs":[' % count
        yield from _rows(shown())
        yield b"]}"

    return await answered(request, JSON, pieces())


async def digest(registered: RegisteredDevice) -> on_device.Digest:
    """`GET devices/{stgid}/digest`."""
    breath, users, rows = Breath(), len(registered.device.users), registered.device.log_count
    for text in log_views.digest_steps(registered):
        await breath.take()
        if text:
            return on_device.Digest(text, users, rows)
    raise RuntimeError("a digest has a last step")


# --- the journal ------------------------------------------------------------------------------------------------------


async def journal_view(
    request: web.Request, state: State, limit: int, wanted: Mapping[str, object], secrets: Secrets | None
) -> web.StreamResponse:
    """`GET journal`: the newest entries that match, oldest of them first."""
    book, breath, found = state.journal, Breath(), list[journal.Entry]()
    for entry in book.newest_first(**wanted):
        if len(found) >= limit:
            break
        if entry is not None:
            found.append(entry)
        await breath.take()

    def pieces() -> Pieces:
        yield b'{"dropped":%d,"entries":[' % book.dropped
        yield from _rows([journal.present(entry, secrets)] for entry in reversed(found))
        yield b"]}"

    return await answered(request, JSON, pieces())


async def canonical(
    request: web.Request, state: State, versions: dict[str, str], secrets: Secrets
) -> web.StreamResponse:
    """`GET journal?canonical=1`."""
    return await answered(request, LINES, journal.canonical_lines(state.journal, versions, secrets))
