"""Bodies that are still coming: each by itself is bounded, and so are all of them together."""

from __future__ import annotations

from types import TracebackType

from aiohttp import web

SMALL = 65_536  # bytes; bodies of this size always find room
MOST_IN_ALL = 32 * 1024 * 1024


class TooMuchError(Exception):
    """The bodies that are coming hold all there is; whoever asks again later finds room."""


class Room:
    """Memory for bodies that are half there."""

    def __init__(self, most: int = MOST_IN_ALL) -> None:
        self.most, self.held = most, 0


ROOM = Room()


class Part:
    """What one body holds of a room: `with Part(room) as part: part.grow(size)`."""

    __slots__ = ("_held", "_room")

    def __init__(self, room: Room) -> None:
        self._room, self._held = room, 0

    def __enter__(self) -> Part:
        return self

    def grow(self, size: int) -> None:
        """The body has come to so many bytes. Raises: TooMuchError."""
        if size <= SMALL:
            return
        if self._room.held - self._held + size > self._room.most:
            raise TooMuchError(f"bodies of {self._room.held} bytes are coming already; send it again later")
        self._room.held += size - self._held
        self._held = size

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._room.held -= self._held


async def read(request: web.BaseRequest, most: int, room: Room = ROOM) -> bytes | None:
    """The whole body; None as soon as it is longer than `most`, whatever its head announces. Raises: TooMuchError."""
    length = request.content_length
    if length is not None and length > most:
        return None
    if length == 0:
        return b""
    if length is not None and length <= SMALL:
        return await request.content.read(-1)
    parts, size = [], 0
    with Part(room) as part:
        async for piece in request.content.iter_any():
            size += len(piece)
            if size > most:
                return None
            part.grow(size)
            parts.append(piece)
        return b"".join(parts)
