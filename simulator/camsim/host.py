"""One running simulator: kernel, clock, store, gateway port and management port, started and stopped together."""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
from aiohttp import web

from camsim.api.server import Management
from camsim.control.actions import AddDevices, AddFault
from camsim.engine import new_kernel
from camsim.kernel.events import ControlError, Restarted
from camsim.kernel.kernel import Kernel
from camsim.knobs.register import resolve
from camsim.scenarios.api import HANDLERS as SCENARIO_HANDLERS
from camsim.service import clock as clocks
from camsim.service.connections import Runner, logger_of
from camsim.service.gateway_port import listener
from camsim.service.runtime import Runtime
from camsim.service.store import Store, StoreError
from camsim.settings import Settings, SiteError, check
from camsim.state.gateway import State
from camsim.telling import why


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

    @classmethod
    async def start(cls, settings: Settings, on_failure: Callable[[str], None] | None = None) -> Host:
        """Open the state, make or restore the devices, listen on both ports. Raises: HostError."""
        _check(settings)
        store, kernel, clock, restored = _open(settings)
        runtime = Runtime(
            kernel,
            clock,
            store,
            horizon_ms=settings.horizon_ms,
            start_ms=settings.start_ms,
            on_failure=on_failure,
        )
        try:
            if restored is None:
                await _create_devices(runtime, settings)
            if store is not None:
                store.begin(kernel, clock.text)
            if settings.ca is not None:
                await runtime.courier.configure(_trust(settings.ca), kernel.policy.keepalive)
            host = await cls._listen(settings, runtime, restored)
            if restored is not None:
                runtime.submit(Restarted())
        except (StoreError, HostError, ControlError, OSError) as problem:
            await runtime.courier.close()
            if store is not None:
                store.abandon()
            if isinstance(problem, HostError):
                raise
            if isinstance(problem, ControlError):
                raise HostError(f"{problem.message}: {problem.hint}") from None
            raise HostError(str(problem)) from None
        return host

    @classmethod
    async def _listen(cls, settings: Settings, runtime: Runtime, restored: int | None) -> Host:
        secure = _tls(settings)
        gateway = web.ServerRunner(listener(runtime, settings.head_s))
        gateway_port = await _bind(gateway, settings.host, settings.port, secure, "--port")
        scheme = "https" if secure else "http"
        gateway_url = f"{scheme}://{_shown(settings.host)}:{gateway_port}"
        management = Management(
            runtime,
            token=settings.management_token,
            allowed_hosts=frozenset({*settings.allowed_hosts, settings.management_host}),
            full=settings.journal_full,
            gateway_url=gateway_url,
            more=SCENARIO_HANDLERS,
        )
        log = logger_of("camsim.management")
        runner = Runner(
            management.application(),
            head_s=settings.head_s,
            access_log=None,
            logger=log,
            lingering_time=2,
            shutdown_timeout=1,
        )
        try:
            port = await _bind(runner, settings.management_host, settings.management_port, None, "--management-port")
        except HostError:
            await gateway.cleanup()
            raise
        url = f"http://{_shown(settings.management_host)}:{port}"
        return cls(settings, runtime, management, gateway_url, url, restored, [gateway, runner])

    async def stop(self) -> None:
        """Stop taking work, flush the state, let go of the ports; at most a few seconds."""
        for runner in self._runners:
            for site in list(runner.sites):
                await site.stop()
        await self.runtime.close()
        await asyncio.gather(*map(_let_go, self._runners))

    def ready(self) -> dict[str, object]:
        """What `--ready-file` holds."""
        devices = self.runtime.kernel.state.devices.values()
        return {
            "gateway_url": self.gateway_url,
            "management_url": self.management_url,
            "pid": os.getpid(),
            "devices": [
                {"stgid": registered.config.stgid, "auth_token": registered.config.auth_token} for registered in devices
            ],
        }

    def write_ready(self, path: Path) -> None:
        """Write the ready file in one step, so that nobody reads half of it. Raises: HostError."""
        draft = path.with_name(path.name + ".part")
        try:
            draft.write_bytes(msgspec.json.format(msgspec.json.encode(self.ready())) + b"\n")
            draft.replace(path)
        except OSError as problem:
            raise HostError(
                f"cannot write --ready-file {path}: {problem.strerror}; the folder has to be there and writable"
            ) from None


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
    host_ms = time.time_ns() // 1_000_000
    store = found = None
    if settings.state is not None:
        try:
            store = Store(settings.state)
            found = store.load()
        except StoreError as problem:
            raise HostError(str(problem), 1) from None
    if found is not None and found.kernel is not None:
        # A state goes on in the mode it was left in; time that a real clock missed has passed for it too.
        kernel, mode = found.kernel, found.clock or settings.clock
        begin = kernel.now if _stands(mode) else max(kernel.now, host_ms)
        clock = clocks.start(mode, host_ms, begin, settings.horizon_ms)
        return store, kernel, clock, found.replayed
    clock = clocks.start(settings.clock, host_ms, settings.start_ms, settings.horizon_ms)
    kernel = new_kernel(
        State(seed=settings.seed, now=clock.now(host_ms), profile=settings.profile, models=settings.models)
    )
    kernel.use_knobs(resolve(settings.profile, settings.knobs).values)
    return store, kernel, clock, None


def _stands(mode: str) -> bool:
    return clocks.parse_mode(mode)[0] in (clocks.Mode.MANUAL, clocks.Mode.AUTO)


async def _create_devices(runtime: Runtime, settings: Settings) -> None:
    """Make the devices and faults of the site; they are part of the first snapshot."""
    store, runtime.store = runtime.store, None
    try:
        if settings.devices:
            await runtime.control(AddDevices(devices=settings.devices))
        for fault in settings.faults:
            await runtime.control(AddFault(fault=fault))
    finally:
        runtime.store = store


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


async def _bind(runner: web.BaseRunner, host: str, port: int, tls: ssl.SSLContext | None, flag: str) -> int:
    await runner.setup()
    site = web.TCPSite(runner, host, port, ssl_context=tls, backlog=1024, reuse_address=True)
    try:
        await site.start()
    except OSError as problem:
        await runner.cleanup()
        raise HostError(
            f"cannot listen on {host}:{port}: {problem.strerror or problem}; "
            f"choose another with {flag}, or {flag} 0 for a free one; "
            f"{flag.replace('port', 'host')} says at which address of this machine"
        ) from None
    return int(runner.addresses[0][1])


def _shown(host: str) -> str:
    """The host as it stands in a URL."""
    if ":" in host:
        return f"[{host}]"
    # Every address of the machine is one to listen on, and none to call.
    return "127.0.0.1" if host in ("0.0.0.0", "") else host  # noqa: S104  only compared
