"""Runs a receiver in a thread of its own, beside synchronous code, asynchronous code or a test."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from types import TracebackType
from typing import Self

from aiohttp import web

from camsim.receiver.memory.store import Store

from . import variants
from .devices import DEFAULT_OFFSET, KnownDevice, Settings
from .memory import MemoryReceiver, Policy
from .quiet import log
from .shutdown import stop_application
from .sightings import Sighting
from .sqlite import SqliteServer

_STOP_S = 5.0


class Kind(StrEnum):
    """Which of the two receivers."""

    MEMORY = "memory"
    SQLITE = "sqlite"


class _MemoryThread:
    """The asynchronous receiver, its loop and its thread."""

    def __init__(self, receiver: MemoryReceiver, host: str, port: int) -> None:
        self.receiver = receiver
        self._loop = asyncio.new_event_loop()
        self._end = asyncio.Event()
        self._ready = threading.Event()
        self._error: OSError | None = None
        self.port = 0
        self._thread = threading.Thread(target=self._run, args=(host, port), name="receiver-memory", daemon=True)
        self._thread.start()
        # The caller gets a receiver whose port is known and taken, or the error that kept it from listening.
        self._ready.wait()
        if self._error is not None:
            self._thread.join()
            raise self._error

    def _run(self, host: str, port: int) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve(host, port))

    async def _serve(self, host: str, port: int) -> None:
        runner = await start_application(self.receiver)
        try:
            self.port = await listen(runner, host, port)
        except OSError as error:
            self._error = error
        self._ready.set()
        if self._error is None:
            await self._end.wait()
        await stop_application(runner)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(_STOP_S)


async def start_application(receiver: MemoryReceiver) -> web.AppRunner:
    """Prepare the asynchronous receiver in the running loop; nothing listens yet."""
    runner = web.AppRunner(receiver.application(), access_log=None, logger=log, shutdown_timeout=0.1)
    await runner.setup()
    return runner


async def listen(runner: web.AppRunner, host: str, port: int) -> int:
    """Listen, and give the port that was taken. Raises: OSError."""
    site = web.TCPSite(runner, host, port, backlog=1024)
    await site.start()
    return int(runner.addresses[0][1])


class _SqliteThread:
    """The synchronous receiver and the thread that accepts for it."""

    def __init__(self, server: SqliteServer) -> None:
        self.server = server
        self.port = int(server.server_address[1])
        self._thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="receiver-sqlite", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        self.server.stop()
        self._thread.join(_STOP_S)


class Running:
    """A receiver that listens. Use it as a context manager, or call `stop`."""

    def __init__(self, thread: _MemoryThread | _SqliteThread, host: str) -> None:
        self._thread = thread
        self.port = thread.port
        self.url = f"http://{host}:{self.port}/callback"
        self.readback_url = f"http://{host}:{self.port}/readback"

    @property
    def store(self) -> Store:
        """What the memory receiver has kept. Raises: AttributeError for the other kind; use read-back there."""
        if isinstance(self._thread, _MemoryThread):
            return self._thread.receiver.store
        raise AttributeError("the sqlite receiver has no store in memory; use counts() or read-back")

    def counts(self) -> dict[str, int]:
        """Rows by kind: punch, person, template, note."""
        if isinstance(self._thread, _MemoryThread):
            return self._thread.receiver.store.counts()
        return self._thread.server.storage.counts()

    def stop(self) -> None:
        """Stop listening and end its threads."""
        self._thread.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def start(
    kind: Kind | str = Kind.MEMORY,
    port: int = 0,
    *,
    host: str = "127.0.0.1",
    tokens: Sequence[str] | Mapping[str, str] = (),
    key: str | None = None,
    keys: Mapping[str, str] | None = None,
    devices: Sequence[KnownDevice] = (),
    offset: int = DEFAULT_OFFSET,
    readback: bool = True,
    broken: str | Policy | None = None,
    db: str = ":memory:",
    seen: Callable[[Sighting], None] | None = None,
) -> Running:
    """Listen and return; no token and no device means that any token is stored.

    `tokens`: AuthTokens, or a mapping from token to label. `keys`: token to security key; `key`: one for all.
    `offset`: minutes east of UTC of v2 devices. `broken`: the name of a variant, or a Policy.
    Raises: OSError when the port is taken; VariantError; ValueError for a kind that is none or cannot be broken.
    """
    labels = dict(tokens) if isinstance(tokens, Mapping) else dict.fromkeys(tokens, "")
    known: list[KnownDevice] = []
    for token, label in labels.items():
        own_key = (keys or {}).get(token, key)
        known.append(KnownDevice(token, own_key, label, offset=offset))
    settings = Settings(devices=(*known, *devices), key=key, offset=offset, readback=readback)
    return open_receiver(Kind(kind), settings, (host, port), broken=broken, db=db, seen=seen)


def open_receiver(
    kind: Kind,
    settings: Settings,
    address: tuple[str, int],
    *,
    broken: str | Policy | None = None,
    db: str = ":memory:",
    seen: Callable[[Sighting], None] | None = None,
) -> Running:
    """Listen with settings that are complete. Raises: as `start`."""
    if kind is Kind.SQLITE:
        if broken is not None:
            raise ValueError("only the memory receiver can be broken; use --kind memory")
        return Running(_SqliteThread(SqliteServer(address, settings, db, seen)), address[0])
    policy = variants.policy(broken) if isinstance(broken, str) else broken
    return Running(_MemoryThread(MemoryReceiver(settings, policy, seen), *address), address[0])
