"""`camsim lint`: what is wrong with a message, with the place, the value and the sentence of the schema."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import msgspec
import typer

from .output import say, say_json

if TYPE_CHECKING:
    from camsim.protocol.lint import Kind
    from camsim.protocol.schemas import Problem
    from camsim.protocol.vocabulary import Protocol

# What checks messages is imported late: jsonschema takes longer to load than all other commands take to start.

_BOM = b"\xef\xbb\xbf"


class _Usage(typer.Exit):
    """Nothing could be checked: exit code 2, the reason and the way out on standard error."""

    def __init__(self, message: str) -> None:
        say(f"camsim lint: {message}", err=True)
        super().__init__(2)


class Checked(NamedTuple):
    """One message: what it is (None when nothing in the catalogue fits) and what is wrong with it."""

    kind: Kind | None
    problems: list[Problem]

    def shown(self, number: int) -> dict[str, object]:
        """As JSON."""
        row: dict[str, object] = {"message": number, "protocol": None, "operation": None, "part": None}
        if self.kind is not None:
            row.update(protocol=str(self.kind.protocol), operation=self.kind.name, part=self.kind.part)
        row["problems"] = [shown(problem) for problem in self.problems]
        return row


def lint(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="JSON: a message, an array, or a message a line.")],
    protocol: Annotated[str | None, typer.Option(help="v3 or v2; default: told by the message.")] = None,
    operation: Annotated[str | None, typer.Option(help="What it should be; default: the catalogue knows it.")] = None,
    key: Annotated[str | None, typer.Option(help="Security key, 32 characters, of what is encrypted.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Check messages against the schemas: callbacks, commands and answers of v3 and v2. Exit code 0 clean, 1 problems.

    Example: camsim lint callback.json
    """
    version = _protocol(protocol)
    _check_key(key)
    if operation is not None:
        _check_operation(operation, version)
    results = [check(message, version, operation) for message in _messages(_bytes(file), key)]
    if as_json:
        rows = [result.shown(number) for number, result in enumerate(results, 1)]
        say_json(rows)
    else:
        _print(results)
    # A command that checks fails like a compiler does, or no pipeline would stop at it.
    raise typer.Exit(int(any(result.problems for result in results)))


def check(message: object, protocol: Protocol | None = None, operation: str | None = None) -> Checked:
    """What one message is and what is wrong with it; `operation` is a name of the catalogue."""
    from camsim.protocol import lint as rules
    from camsim.protocol.catalogue import UnrecognisedError

    try:
        kind = rules.kind_named(operation, message, protocol) if operation else rules.kind_of(message, protocol)
    except UnrecognisedError as problem:
        return Checked(None, [rules.unrecognised(problem, message)])
    return Checked(kind, rules.lint(message, kind))


def shown(problem: Problem) -> dict[str, str]:
    """A problem as JSON: place in the message, value, sentence."""
    return {"path": problem.path, "value": problem.value, "sentence": problem.message}


def line(problem: Problem) -> str:
    """A problem as one line; the value is told once, also when the sentence holds it."""
    where = problem.path or "the message"
    if problem.value in problem.message:
        return f"{where}: {problem.message}"
    return f"{where}: {problem.message}; found {problem.value}"


def _print(results: list[Checked]) -> None:
    for number, (kind, problems) in enumerate(results, 1):
        what = "not recognised"
        if kind is not None:
            what = f"{kind.protocol} {kind.name}, {kind.part}"
        say(f"message {number}: {what}: {_count(len(problems))}")
        for problem in problems:
            say(f"  {line(problem)}")


def _count(number: int) -> str:
    if not number:
        return "clean"
    if number == 1:
        return "1 problem"
    return f"{number} problems"


# --- options ----------------------------------------------------------------------------------------------------------


def _protocol(text: str | None) -> Protocol | None:
    from camsim.protocol.vocabulary import Protocol

    if text is None:
        return None
    if text not in tuple(Protocol):
        raise _Usage(f"--protocol {text!r} is not allowed; allowed: v3, v2")
    return Protocol(text)


def _check_operation(name: str, protocol: Protocol | None) -> None:
    from camsim.protocol.lint import names

    known = names(protocol)
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
        hint = "`camsim operations` lists them, with --protocol v2 too"
        if near:
            hint = f"did you mean {' or '.join(near)}?"
        raise _Usage(f"--operation {name!r} does not exist; {hint}")


def _check_key(key: str | None) -> None:
    from camsim.protocol import cipher

    if key is None:
        return
    try:
        cipher.check_key(key)
    except ValueError as problem:
        raise _Usage(f"--key: {problem}") from None


# --- reading ----------------------------------------------------------------------------------------------------------


def _bytes(file: str) -> bytes:
    name = "standard input" if file == "-" else file
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as problem:
        raise _Usage(f"cannot read {name}: {problem.strerror or problem}") from None
    text = data.removeprefix(_BOM).strip()  # Windows editors put the mark there; no parser of JSON takes it
    if not text:
        raise _Usage(f"{name} is empty; a JSON message is expected")
    return text


def _messages(text: bytes, key: str | None) -> list[object]:
    """Every message of a file, decrypted where a key is given. Raises: _Usage."""
    from camsim.protocol.v2 import envelope as envelope_v2

    # A form is known by its field, urlencoded or (as PHP sends it) in parts with a boundary.
    if text.startswith((f"{envelope_v2.FIELD}=".encode(), b"--")):
        return [_form(text, key)]
    if text[:1] not in b'{["':
        return [_encrypted(text, key)]
    return [_readable(message, key) for message in _parsed(text)]


def _parsed(text: bytes) -> Iterator[object]:
    """The messages of a JSON text, an array, or JSON lines. Raises: _Usage naming the line that is no JSON."""
    try:
        whole = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        if b"\n" not in text:
            raise _Usage(f"not JSON: {problem}") from None
    else:
        if isinstance(whole, list):
            yield from whole
        else:
            yield whole
        return
    for number, part in enumerate(text.splitlines(), 1):
        if not part.strip():
            continue
        try:
            yield msgspec.json.decode(part)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
            raise _Usage(f"neither one JSON text nor a message a line; line {number}: {problem}") from None


def _readable(message: object, key: str | None) -> object:
    """A v2 message may hold its `ApiRequestInfo` encrypted, the rest of it is clear (A-ENC-10)."""
    from camsim.protocol.v2.envelope import Form, open_v2
    from camsim.protocol.v3.envelope import EnvelopeError

    if not isinstance(message, dict) or not isinstance(message.get("ApiRequestInfo"), str):
        return message
    if key is None:
        raise _Usage("ApiRequestInfo is a text, as if it were encrypted; give its --key")
    try:
        return open_v2(Form(message, "", message["ApiRequestInfo"]), key).message
    except EnvelopeError as problem:
        raise _Usage(f"ApiRequestInfo: {problem}; is --key the one of this device?") from None


def _form(body: bytes, key: str | None) -> object:
    from camsim.protocol.v2.envelope import read_form
    from camsim.protocol.v3.envelope import EnvelopeError

    try:
        return _readable(read_form(body).message, key)
    except EnvelopeError as problem:
        raise _Usage(str(problem)) from None


def _encrypted(body: bytes, key: str | None) -> object:
    from camsim.protocol.v3.envelope import EnvelopeError, looks_encrypted, open_v3

    if not looks_encrypted(body):
        raise _Usage(f"not JSON: it begins {body[:20].decode(errors='replace')!r}")
    if key is None:
        raise _Usage("not JSON but maybe encrypted; give its --key")
    try:
        return open_v3(body, key).message
    except EnvelopeError as problem:
        raise _Usage(f"{problem}; is --key the one of this device?") from None
