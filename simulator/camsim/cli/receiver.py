"""`camsim receiver`: a reference receiver on the vendor's test port, also with a named fault."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from camsim import ending
from camsim.given_secrets import SecretError, secret
from camsim.private_files import Announcement, remove
from camsim.receiver import variants
from camsim.receiver.devices import DeviceTextError, KnownDevice, Settings, parse_device
from camsim.receiver.running import Kind, Running, open_receiver
from camsim.receiver.sightings import Sighting
from camsim.terminal import Terminal

from .secret_options import AuthTokenFile, SecurityKeyFile

_USAGE = 2
_console, _errors = Terminal(), Terminal(stderr=True)

_LOOK_S = 0.5  # for the end


def receiver(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 8123 is the vendor's for tests, 0 picks a free one.")] = 8123,
    kind: Annotated[Kind, typer.Option(help="Which of the two receivers.")] = Kind.MEMORY,
    db: Annotated[str, typer.Option(help="SQLite file of the sqlite receiver.")] = ":memory:",
    auth_token: Annotated[
        list[str] | None,
        typer.Option(help="Token of a known device; repeatable. Default, without --device: CAMSIM_AUTH_TOKEN."),
    ] = None,
    auth_token_file: AuthTokenFile = None,
    security_key: Annotated[
        str | None, typer.Option(help="AES-256 key, 32 characters; default, without --device: CAMSIM_SECURITY_KEY.")
    ] = None,
    security_key_file: SecurityKeyFile = None,
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
    tokens, key = _secrets(auth_token or [], auth_token_file, security_key, security_key_file, described=bool(device))
    settings = _settings(tokens, device or [], key, readback)
    # The one queue that a signal may write to while the same thread waits for it.
    end = queue.SimpleQueue[None]()
    with (
        ending.heard(lambda: end.put(None)),
        _ready_file(ready_file) as announce,
        _open(kind, settings, (host, port), broken or benign, db, _watcher(quiet, json_)) as running,
    ):
        announce(_announce(running, settings, json_))
        _wait(end)


def _wait(end: queue.SimpleQueue[None]) -> None:
    # A signal that comes in the moment before the wait begins interrupts nothing: its handler runs at the next look.
    while True:
        try:
            end.get(timeout=_LOOK_S)
        except queue.Empty:
            continue
        return


def _secrets(
    tokens: list[str], token_file: Path | None, key: str | None, key_file: Path | None, *, described: bool
) -> tuple[list[str], str | None]:
    """Tokens and key, from wherever they were given; devices that are `described` have theirs with them."""
    environment: dict[str, str] | None = {} if described else None
    try:
        own_key = secret("--security-key", key, key_file, environment=environment)
        if tokens and token_file is None:
            return tokens, own_key
        more = secret("--auth-token", None, token_file, environment=environment)
    except SecretError as error:
        raise _usage(str(error)) from None
    return (tokens if more is None else [*tokens, more]), own_key


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


def _announce(running: Running, settings: Settings, as_json: bool) -> bytes:
    """Say where it listens; what the ready file holds."""
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
    return json.dumps(told).encode()


@contextlib.contextmanager
def _ready_file(path: Path | None) -> Iterator[Callable[[bytes], None]]:
    """What writes the ready file; an old one is gone before we start, and ours when we end."""
    if path is None:
        yield lambda data: None
        return
    file = Announcement(path)
    _on_ready_file(path, lambda: remove(path))
    try:
        yield lambda data: _on_ready_file(path, lambda: file.write(data))
    finally:
        file.withdraw()


def _on_ready_file(path: Path, do: Callable[[], None]) -> None:
    try:
        do()
    except OSError as error:
        raise _usage(f"cannot write --ready-file {path}: {error.strerror}") from None


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
