"""`camsim journal --lint`: the schema problems of journal entries, found when a person looks and never before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from camsim.protocol.lint import RESPONSE, lint
from camsim.protocol.schemas import Problem
from camsim.secrecy import is_secret

from .lint import check, line, shown
from .output import say

Entry = Mapping[str, object]


class Remark(NamedTuple):
    """A problem of a body of an entry: its `request`, or the `answer` that came to it."""

    where: str
    problem: Problem


def remarks(entry: Entry) -> list[Remark]:
    """Everything that breaks a schema in what an entry of the control API shows; masked members are not judged."""
    request, answer = _body(entry, "request"), _body(entry, "answer")
    if request is None:
        return []  # a control action, or bytes that are no JSON: the verdict says so
    message, hidden = _stand_ins(request)
    found = check(message)
    kept = [Remark("request", problem) for problem in found.problems if problem.path not in hidden]
    if answer is None or found.kind is None:
        return kept
    message, hidden = _stand_ins(answer)
    problems = lint(message, found.kind._replace(part=RESPONSE))
    return kept + [Remark("answer", problem) for problem in problems if problem.path not in hidden]


def as_json(entry: Entry) -> dict[str, object]:
    """The entry with one member more: `schema`, its problems."""
    rows = [{"where": where, **shown(problem)} for where, problem in remarks(entry)]
    return {**entry, "schema": rows}


def show(entries: list[Entry]) -> None:
    """One line a problem, by the number of its entry."""
    said = 0
    for entry in entries:
        for where, problem in remarks(entry):
            say(f"{entry['seq']} {entry['operation']}, {where}: {line(problem)}")
            said += 1
    if said == 0:
        say(f"{len(entries)} entries, all clean")
    elif said == 1:
        say(f"1 schema problem in {len(entries)} entries")
    else:
        say(f"{said} schema problems in {len(entries)} entries")


def _body(entry: Entry, name: str) -> object:
    side = entry[name]
    if not isinstance(side, Mapping):
        return None
    return side.get("body")


# --- masked members ---------------------------------------------------------------------------------------------------

_TOKEN_LENGTH = 32  # V3:146
_MASK = "…"


def _stand_ins(body: object) -> tuple[object, set[str]]:
    """The body with a value of the right form where the API hides one, and the paths of these.

    A schema would refuse the placeholder, and with it the member around it; what was there cannot be judged.
    """
    hidden: set[str] = set()
    return _filled(body, "", hidden), hidden


def _filled(value: object, path: str, hidden: set[str]) -> object:
    if isinstance(value, Mapping):
        if value.keys() in ({"sha256", "size"}, {"size"}):  # a template or photo, a card or PIN
            hidden.add(path)
            return "A" * int(value["size"])
        return {key: _filled_member(key, item, path, hidden) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, f"{path}[{number}]", hidden) for number, item in enumerate(value)]
    return value


def _filled_member(key: str, value: object, path: str, hidden: set[str]) -> object:
    inner = f"{path}.{key}".removeprefix(".")
    if is_secret(key) and isinstance(value, str) and _MASK in value:
        hidden.add(inner)
        return "x" * _TOKEN_LENGTH
    return _filled(value, inner, hidden)
