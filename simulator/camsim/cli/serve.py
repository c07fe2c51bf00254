"""`camsim serve`: flags and site file into settings, run until a signal, stop in order."""

from __future__ import annotations

import asyncio
import gc
import sys
from pathlib import Path
from typing import Any

import msgspec

from camsim import ending
from camsim.actions.values import instant_of
from camsim.control.devices import DeviceSpec
from camsim.given_secrets import SecretError, secret
from camsim.host import Host, HostError
from camsim.kernel.events import ControlError
from camsim.knobs.register import KnobError, parse_assignment
from camsim.private_files import Announcement, remove
from camsim.protocol.vocabulary import Protocol
from camsim.restored import OF_DEVICES
from camsim.service.state_file import StoreError
from camsim.settings import Settings, SiteError, check, check_url, fingerprint, load, seconds
from camsim.shown import for_lines

from . import flags as serve_flags
from .greeting import greet


def settings_of(flags: dict[str, Any]) -> Settings:
    """Settings of the site file with the flags on top. Raises: SiteError."""
    flags = {**flags, **_secrets(flags)}
    settings = Settings()
    if flags["config"] is not None:
        settings = load(flags["config"])
    # A flag that was not given leaves what the site file says.
    for name in ("seed", "clock", "profile", "host", "port", "management_host", "management_port", "management_token"):
        if flags[name] is not None:
            setattr(settings, name, flags[name])
    for name in ("state", "snapshot_every", "tls_cert", "tls_key", "ca", "journal_full"):
        setattr(settings, name, flags[name])
    serve_flags.keep(settings.bounds, flags)
    settings.allowed_hosts = tuple(flags["allowed_host"] or ())
    settings.horizon_ms = seconds("--horizon", flags["horizon"])
    settings.start_ms = _start(flags["start"])
    knobs = _knobs(flags)
    settings.knobs.update(knobs)
    _devices(settings, flags)
    _note_said(settings, flags, knobs)
    check(settings)
    return settings


def _secrets(flags: dict[str, Any]) -> dict[str, str | None]:
    """What is secret among the flags, from wherever it was given. Raises: SiteError."""
    found: dict[str, str | None] = {}
    for name in ("auth_token", "security_key", "management_token"):
        flag = f"--{name.replace('_', '-')}"
        # CAMSIM_TOKEN is what the commands read that call a running simulator.
        names = ("CAMSIM_TOKEN",) if name == "management_token" else ()
        try:
            found[name] = secret(flag, flags[name], flags.get(f"{name}_file"), names=names)
        except SecretError as problem:
            raise SiteError(str(problem)) from None
    if found["management_token"] == "":
        raise SiteError("--management-token is empty: everybody would be let in; leave it out on loopback")
    return found


def _note_said(settings: Settings, flags: dict[str, Any], knobs: dict[str, object]) -> None:
    """What flags say in so many words: a state that is there already is held against it."""
    said, of_devices = settings.said, settings.for_devices
    for name in ("seed", "clock", "profile", "start", "devices", "users", "model", "protocol"):
        if flags[name] is not None:
            said[f"--{name}"] = str(flags[name])
    said.update({f"--set {name}": str(value) for name, value in knobs.items()})
    for name in sorted(OF_DEVICES):
        if flags[name] is not None:
            of_devices[name] = flags[name]
            said[f"--{name.replace('_', '-')}"] = flags[name] if name == "callback_url" else fingerprint(flags[name])
    switches = _switches(flags["switch"] or [])
    of_devices.update(switches)
    said.update({f"--switch {name}": str(value) for name, value in switches.items()})


def _start(text: str | None) -> int | None:
    try:
        moment = instant_of("--start", text, 0)
    except ControlError as problem:
        raise SiteError(f"{problem.message}; {problem.hint}") from None
    if moment is None:
        return None
    return moment * 1000


# What `--switch` may name: the on-or-off settings of a device but its connection, which devices lose while they run.
SWITCHES = tuple(
    field.name for field in msgspec.structs.fields(DeviceSpec) if field.type is bool and field.name != "online"
)


def _switches(given: list[str]) -> dict[str, object]:
    """The portal's settings that flags change: on or off, a list of addresses, a name. Raises: SiteError."""
    switches: dict[str, object] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if name in SWITCHES and value in ("on", "off"):
            switches[name] = value == "on"
        elif name == "origin_ips" and equals:
            switches[name] = [address for address in value.split(",") if address]
        elif name == "group" and equals:
            switches[name] = value
        else:
            allowed = f"NAME=on or NAME=off with {', '.join(SWITCHES)}; origin_ips=ADDRESS,ADDRESS; group=NAME"
            raise SiteError(f"--switch {text} is not allowed; allowed: {allowed}")
    return switches


def _knobs(flags: dict[str, Any]) -> dict[str, object]:
    given = list(flags["knob"] or [])
    if flags["latency"] is not None:
        given.append(f"rest.latency={flags['latency']}")
    knobs: dict[str, object] = {}
    for text in given:
        # Checked here, where the flag is known; kept as written, for a site checks its knobs as a whole.
        try:
            parse_assignment(text)
        except KnobError as problem:
            raise SiteError(f"--set {text}: {problem}") from None
        name, _, written = text.partition("=")
        try:
            knobs[name.strip()] = msgspec.json.decode(written)
        except msgspec.DecodeError:
            knobs[name.strip()] = written.strip()
    return knobs


def _devices(settings: Settings, flags: dict[str, Any]) -> None:
    """`--devices` says how many there are, the other flags what each of them is, whatever a site file says."""
    if flags["devices"] is not None:
        settings.devices = _so_many(settings, flags["devices"])
    elif flags["config"] is None:
        settings.devices = [DeviceSpec(users=20)]
    if flags["callback_url"] is not None:
        check_url("--callback-url", flags["callback_url"])
    if flags["protocol"] is not None and flags["protocol"] not in tuple(Protocol):
        raise SiteError(f"--protocol = {flags['protocol']!r} is not allowed; allowed: {', '.join(Protocol)}")
    switches = _switches(flags["switch"] or [])
    for spec in settings.devices:
        for name, value in switches.items():
            setattr(spec, name, value)
        for name in ("users", "model", "callback_url", "auth_token", "security_key"):
            if flags[name] is not None:
                setattr(spec, name, flags[name])
        if flags["protocol"] is not None:
            spec.protocol = Protocol(flags["protocol"])


def _so_many(settings: Settings, count: int) -> list[DeviceSpec]:
    """So many of the devices that a site file describes, or of the usual ones. Raises: SiteError."""
    if count == 0:  # a gateway that waits for devices by the control API
        return []
    if len(settings.devices) > 1:
        kinds = ", ".join(spec.id for spec in settings.devices)
        raise SiteError(f"--devices {count}: of which of the [[devices]] of the site file ({kinds})? Write count there")
    (spec,) = settings.devices or [DeviceSpec(users=20)]
    spec.count = count
    return [spec]


def serve(flags: dict[str, Any]) -> int:
    """Run until SIGINT, SIGTERM or SIGHUP; returns the exit code."""
    try:
        if flags["ready_file"] is not None:
            _withdraw_stale(flags["ready_file"])
        settings = settings_of(flags)
        return run(settings, flags["ready_file"], as_json=flags["as_json"], quiet=flags["quiet"])
    except SiteError as problem:
        return _say(2, str(problem))
    except HostError as problem:
        return _say(problem.code, str(problem))


def _withdraw_stale(path: Path) -> None:
    """A process that was killed has left its ready file: whoever waits must not take it for ours. Raises: HostError."""
    try:
        remove(path)
    except OSError as problem:
        raise HostError(f"cannot remove --ready-file {path}: {problem.strerror}; name another") from None


def run(settings: Settings, ready_file: Path | None = None, *, as_json: bool = False, quiet: bool = False) -> int:
    """Serve with these settings. Raises: HostError when it cannot start."""
    # Not built for every platform.
    try:
        import uvloop

        return uvloop.run(_until_stopped(settings, ready_file, as_json, quiet))
    except ImportError:
        return asyncio.run(_until_stopped(settings, ready_file, as_json, quiet))


def tune_collector() -> None:
    """Collect seldom: the state is large and has no cycles, so that full collections only cost time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 100)


async def _until_stopped(settings: Settings, ready_file: Path | None, as_json: bool, quiet: bool) -> int:
    stop, failures = asyncio.Event(), list[str]()
    loop = asyncio.get_running_loop()

    def fail(why: str) -> None:
        failures.append(why)
        stop.set()

    host: Host | None = None

    def end() -> None:
        if host is None and settings.state is None:
            ending.at_once()  # nothing is there yet that could be lost; many devices take long to make
        loop.call_soon_threadsafe(stop.set)

    announced: Announcement | None = None
    with ending.heard(end):
        host = await Host.start(settings, fail)
        tune_collector()
        try:
            if not stop.is_set():
                greet(host, as_json, quiet)
                announced = None if ready_file is None else host.write_ready(ready_file)
            await stop.wait()
        finally:
            if announced is not None:
                announced.withdraw()
            try:
                await host.stop()
            except StoreError as problem:
                failures.append(str(problem))
    if failures:
        return _say(1, failures[0])
    return 0


def _say(code: int, message: str) -> int:
    sys.stderr.write(f"camsim: {for_lines(message)}\n")
    return code
