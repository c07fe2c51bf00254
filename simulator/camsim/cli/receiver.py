"""`camsim receiver`: a reference receiver on the vendor's test port, also with a named fault."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from camsim.receiver import variants
from camsim.receiver.devices import DeviceTextError, KnownDevice, Settings, parse_device
from camsim.receiver.running import Kind, Running, open_receiver
from camsim.receiver.sightings import Sighting
from camsim.terminal import Terminal

_USAGE = 2
_console, _errors = Terminal(), Terminal(stderr=True)


def receiver(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 8123 is the vendor's for tests, 0 picks a free one.")] = 8123,
    kind: Annotated[Kind, typer.Option(help="Which of the two receivers.")] = Kind.MEMORY,
    db: Annotated[str, typer.Option(help="SQLite file of the sqlite receiver.")] = ":memory:",
    auth_token: Annotated[list[str] | None, typer.Option(help="Token of a known device; repeatable.")] = None,
    security_key: Annotated[str | None, typer.Option(help="AES-256 key, 32 characters.")] = None,
    device: Annotated[
        list[str] | None, typer.Option(help="token=…,key=…,stgid=…,label=…,offset=… of a known device; repeatable.")
    ] = None,
    readback: Annotated[bool, typer.Option(help="Answer GET /readback/…")] = False,
    broken: Annotated[str | None, typer.Option(help="Behave as this wrong receiver does.")] = None,
    benign: Annotated[str | None, typer.Option(help="Behave as this unusual but right receiver does.")] = None,
    list_broken: Annotated[bool, typer.Option("--list-broken", help="List the variants and exit.")] = False,
    ready_file: Annotated[Path | None, typer.Option(help="Written as JSON once it listens.")] = None,
    quiet: Annotated[bool, typer.Option(help="No line per callback.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> None:
    """Receive callbacks as a correct integration does: acknowledge, store once, merge, and show what was stored.

    Example: camsim receiver --auth-token COJJ7eiiPBGUfmIQPvh2PJWWDLX7OuKs --readback
    """
    if list_broken:
        _list(json_)
        return
    if broken and benign:
        raise _usage("--broken and --benign exclude each other")
    settings = _settings(auth_token or [], device or [], security_key, readback)
    running = _open(kind, settings, (host, port), broken or benign, db, _watcher(quiet, json_))
    with running:
        _announce(running, settings, ready_file, json_)
        _wait()


def _watcher(quiet: bool, as_json: bool) -> Callable[[Sighting], None] | None:
    """What is told of each callback."""
    if quiet:
        return None
    if as_json:
        return _json_line
    return _line


def _usage(text: str) -> typer.Exit:
    _errors.say(f"camsim receiver: {text}")
    return typer.Exit(_USAGE)


def _settings(tokens: list[str], texts: list[str], key: str | None, readback: bool) -> Settings:
    try:
        devices = [parse_device(text) for text in texts]
        # What is wrong with a key is said by the same sentence, whether it stands alone or with its token.
        if key is not None:
            parse_device(f"token=any,key={key}")
    except DeviceTextError as error:
        raise _usage(str(error)) from None
    if not all(token.strip() for token in tokens):
        raise _usage("--auth-token is empty: whoever sends an empty one would be known; leave it out to take any")
    known = [KnownDevice(token, key) for token in tokens]
    return Settings((*known, *devices), key, readback=readback)


def _open(
    kind: Kind,
    settings: Settings,
    address: tuple[str, int],
    variant: str | None,
    db: str,
    seen: Callable[[Sighting], None] | None,
) -> Running:
    try:
        return open_receiver(kind, settings, address, broken=variant, db=db, seen=seen)
    except OSError as error:
        why = os.strerror(error.errno or 0)  # the error's own text names the address a second time
        text = f"cannot listen on {address[0]}:{address[1]}: {why}; choose another --port, or 0"
        raise _usage(text) from None
    except sqlite3.Error as error:
        raise _usage(f"cannot keep callbacks in --db {db}: {error}") from None
    except (LookupError, ValueError) as error:
        # str() of a LookupError is its text in quotation marks.
        raise _usage(str(error.args[0] if error.args else error)) from None


def _announce(running: Running, settings: Settings, ready_file: Path | None, as_json: bool) -> None:
    told: dict[str, str | int | None] = {"url": running.url, "readback_url": None, "pid": os.getpid()}
    if settings.readback:
        told["readback_url"] = running.readback_url
    if as_json:
        _console.print(json.dumps(told))
    else:
        _console.print(f"receiving callbacks at {running.url}")
        if settings.readback:
            _console.print(f"read-back at {running.readback_url}")
        if not settings.devices:
            _console.print("any AuthToken is accepted; --auth-token makes it strict")
    if ready_file is not None:
        # In one step, so that nobody who waits for the file reads half of it.
        part = ready_file.with_name(ready_file.name + ".part")
        part.write_text(json.dumps(told))
        part.replace(ready_file)


def _wait() -> None:
    """Sleep until SIGTERM or SIGINT."""
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())
    # Event.wait without a timeout would not wake for a signal on every platform.
    while not end.wait(1.0):
        pass


def _line(seen: Sighting) -> None:
    _console.say(f"{seen.version:>2}  {seen.status}  {seen.what}")


def _json_line(seen: Sighting) -> None:
    _console.print(json.dumps({"version": seen.version, "status": seen.status, "what": seen.what}))


def _list(as_json: bool) -> None:
    titles = variants.titles()
    if as_json:
        _console.print(json.dumps(titles))
        return
    for group, rows in titles.items():
        for name, title in rows.items():
            _console.print(f"{group}  {name}: {title}")
