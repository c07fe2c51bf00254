"""One running simulator: kernel, clock, store, gateway port and management port, started and stopped together."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import msgspec
from aiohttp import web

from camsim.api.server import Management
from camsim.control.actions import AddDevices, AddFault
from camsim.engine import new_kernel
from camsim.kernel.events import ControlError, Restarted
from camsim.kernel.kernel import Kernel
from camsim.knobs.register import resolve
from camsim.private_files import Announcement
from camsim.restored import apply as apply_said
from camsim.scenarios.api import HANDLERS as SCENARIO_HANDLERS
from camsim.service import clock as clocks
from camsim.service import doors
from camsim.service.connections import Runner, logger_of
from camsim.service.gateway_port import listener
from camsim.service.host_clock import host_ms
from camsim.service.runtime import Runtime
from camsim.service.state_file import StoreError
from camsim.service.state_reader import Found, StoredClock
from camsim.service.store import Store
from camsim.settings import Settings, SiteError, check
from camsim.state.gateway import State
from camsim.wording import why


class HostError(Exception):
    """The simulator cannot start; the message says why and the way out. `code` is the exit code."""

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class Host:
    """A simulator that runs until `stop`."""

    settings: Settings
    runtime: Runtime
    management: Management
    gateway_url: str
    management_url: str
    restored: int | None
    _runners: list[web.BaseRunner]
    _doors: list[list[socket.socket]]
    _secure: ssl.SSLContext | None

    @classmethod
    async def start(cls, settings: Settings, on_failure: Callable[[str], None] | None = None) -> Host:
        """Open the state, make or restore the devices, listen on both ports. Raises: HostError."""
        _check(settings)
        store, kernel, clock, restored = _open(settings)
        settings.bounds.put_in_force(kernel.state)
        runtime = Runtime(
            kernel,
            clock,
            horizon_ms=settings.horizon_ms,
            start_ms=settings.start_ms,
            on_failure=on_failure,
        )
        host: Host | None = None
        try:
            if settings.ca is not None:
                await runtime.courier.configure(_trust(settings.ca), kernel.policy.keepalive)
            host = await cls._bound(settings, runtime, restored)
            await _recover(runtime, store, settings, restored)
            # Whoever calls meets a world that has recovered: nothing is taken before.
            await host._serve()
        except (StoreError, HostError, ControlError, OSError) as problem:
            await runtime.courier.close()
            if host is not None:
                doors.close(host._doors)
            if store is not None:
                store.abandon()
            if isinstance(problem, HostError):
                raise
            if isinstance(problem, ControlError):
                raise HostError(f"{problem.message}: {problem.hint}") from None
            raise HostError(str(problem)) from None
        return host

    @classmethod
    async def _bound(cls, settings: Settings, runtime: Runtime, restored: int | None) -> Host:
        """Both ports taken, and nobody served yet."""
        secure = _tls(settings)
        taken = [doors.bind(settings.host, settings.port, "--port")]
        try:
            taken.append(doors.bind(settings.management_host, settings.management_port, "--management-port"))
        except OSError:
            doors.close(taken)
            raise
        gateway_port, management_port = (door[0].getsockname()[1] for door in taken)
        gateway_url = f"{'https' if secure else 'http'}://{doors.shown(settings.host)}:{gateway_port}"
        management = Management(
            runtime,
            token=settings.management_token,
            allowed_hosts=frozenset({*settings.allowed_hosts, settings.management_host}),
            full=settings.journal_full,
            gateway_url=gateway_url,
            more=SCENARIO_HANDLERS,
        )
        url = f"http://{doors.shown(settings.management_host)}:{management_port}"
        runners: list[web.BaseRunner] = [
            web.ServerRunner(listener(runtime, settings.head_s)),
            Runner(
                management.application(),
                head_s=settings.head_s,
                access_log=None,
                logger=logger_of("camsim.management"),
                lingering_time=2,
                shutdown_timeout=1,
            ),
        ]
        return cls(settings, runtime, management, gateway_url, url, restored, runners, taken, secure)

    async def _serve(self) -> None:
        """Take connections from now on."""
        for runner, door, secure in zip(self._runners, self._doors, (self._secure, None), strict=True):
            await runner.setup()
            for bound in door:
                await web.SockSite(runner, bound, ssl_context=secure, backlog=1024).start()

    async def stop(self) -> None:
        """Stop taking work, flush the state, let go of the ports; at most a few seconds. Raises: StoreError."""
        for runner in self._runners:
            for site in list(runner.sites):
                await site.stop()
        try:
            await self.runtime.close()
        finally:
            await asyncio.gather(*map(_let_go, self._runners))

    def ready(self) -> dict[str, object]:
        """What `--ready-file` holds."""
        return {**self._reached_by(), "devices": list(map(_identity, self._identities()))}

    def _reached_by(self) -> dict[str, object]:
        return {"gateway_url": self.gateway_url, "management_url": self.management_url, "pid": os.getpid()}

    def _identities(self) -> Iterator[tuple[str, str]]:
        return self.runtime.kernel.state.devices.identities()

    def _ready_text(self) -> Iterator[bytes]:
        """The same as indented text, some devices at once: a site may have very many."""
        whole = msgspec.json.format(msgspec.json.encode({**self._reached_by(), "devices": [{}]}))
        head, _, tail = whole.partition(b"\n    {}")
        yield head
        devices, separator = self._identities(), b""
        while some := list(map(_identity, islice(devices, 1000))):
            text = msgspec.json.format(msgspec.json.encode({"devices": some}))
            yield separator + text.removeprefix(_LIST_BEGINS).removesuffix(_LIST_ENDS)
            separator = b","
        yield (tail if separator else b"]\n}") + b"\n"

    def write_ready(self, path: Path) -> Announcement:
        """Write the ready file; whoever stops withdraws it. Raises: HostError."""
        file = Announcement(path)
        try:
            file.write(self._ready_text())
        except OSError as problem:
            raise HostError(
                f"cannot write --ready-file {path}: {problem.strerror}; the folder has to be there and writable"
            ) from None
        return file


_LIST_BEGINS, _LIST_ENDS = msgspec.json.format(b'{"devices":[1]}').split(b"\n    1")


def _identity(one: tuple[str, str]) -> dict[str, str]:
    return {"stgid": one[0], "auth_token": one[1]}


async def _let_go(runner: web.BaseRunner) -> None:
    # A client that keeps its connection open must not keep the process alive.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(2):
            await runner.cleanup()


def _check(settings: Settings) -> None:
    try:
        check(settings)
    except SiteError as problem:
        raise HostError(str(problem)) from None
    if settings.management_host not in ("127.0.0.1", "localhost", "::1") and not settings.management_token:
        raise HostError(
            f"the management API would be reachable on {settings.management_host} without a token; "
            "give --management-token, or leave it on loopback",
            4,
        )


def _open(settings: Settings) -> tuple[Store | None, Kernel, clocks.Clock, int | None]:
    """State file (if any), kernel, clock, and how many events were replayed (None for a fresh start)."""
    now = host_ms()
    store = found = None
    if settings.state is not None:
        try:
            store = Store(settings.state, snapshot_every=settings.snapshot_every)
            found = store.load()
        except StoreError as problem:
            raise HostError(str(problem), 1) from None
    if found is not None and found.kernel is not None:
        return store, found.kernel, _clock_of(found, now, settings), found.replayed
    clock = clocks.start(settings.clock, now, settings.start_ms, settings.horizon_ms)
    kernel = new_kernel(State(seed=settings.seed, now=clock.now(now), profile=settings.profile, models=settings.models))
    kernel.use_knobs(resolve(settings.profile, settings.knobs).values)
    return store, kernel, clock, None


def _clock_of(found: Found, now: int, settings: Settings) -> clocks.Clock:
    """A state goes on in the mode it was left in, where it was; time that a running clock missed has passed for it."""
    kernel, left = found.kernel, found.clock or StoredClock(settings.clock, now, now)
    begin = 0 if kernel is None else kernel.now
    mode, factor = clocks.parse_mode(left.mode)
    if mode in (clocks.Mode.REAL, clocks.Mode.SCALED):
        begin = max(begin, left.virtual_ms + int(max(0, now - left.host_ms) * factor))
    return clocks.start(left.mode, now, begin, settings.horizon_ms)


async def _recover(runtime: Runtime, store: Store | None, settings: Settings, restored: int | None) -> None:
    """Make the devices, or go on with those of the state file; its first snapshot holds what the site describes."""
    if restored is None:
        await _create_devices(runtime, settings)
    if store is not None:
        store.begin(runtime.kernel, runtime.stored_clock())
        runtime.keep_in(store)
        await apply_said(runtime, store, settings, restored=restored is not None)
    if restored is not None:
        runtime.submit(Restarted())


async def _create_devices(runtime: Runtime, settings: Settings) -> None:
    if settings.devices:
        await runtime.control(AddDevices(devices=settings.devices))
    for fault in settings.faults:
        await runtime.control(AddFault(fault=fault))


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if settings.tls_cert is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except (OSError, ssl.SSLError) as problem:
        raise HostError(f"cannot use --tls-cert {settings.tls_cert}: {why(problem)}") from None
    return context


def _trust(ca: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as problem:  # SSLError is one
        raise HostError(f"cannot use --ca {ca}: {problem.strerror or problem}; a PEM file is needed") from None
