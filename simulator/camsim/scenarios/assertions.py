"""Judges assertions of scenarios: what was expected, what is the case, and PASS, FAIL, BLOCKED or SKIPPED."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from .steps import Answer, Assert, Callbacks, Count, LedgerCounts, Order, QueueIs, Range, Received


class Verdict(StrEnum):
    """PASS and FAIL judge; BLOCKED could not; SKIPPED did not try."""

    PASS = "PASS"  # noqa: S105  a verdict, not a secret
    FAIL = "FAIL"
    BLOCKED = "BLOCKED"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True, slots=True)
class Finding:
    """One assertion judged."""

    verdict: Verdict
    expected: str
    actual: str


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the built-in receiver got it; `message` is None when the body is no JSON object."""

    path: str
    query: str
    content_type: str
    body: bytes
    message: Any
    complete: bool


@dataclass(slots=True)
class Facts:
    """What there is to judge by. `entries` as the journal API shows them; `answer` of the last rest step."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    dropped: int = 0
    punches: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, int] = field(default_factory=dict)
    queues: dict[str, dict[str, Any]] = field(default_factory=dict)
    received: list[Request] | None = None
    answer: dict[str, Any] | None = None


def overall(verdicts: Iterable[Verdict]) -> Verdict:
    """FAIL before BLOCKED before PASS; SKIPPED when nothing else is there."""
    found = set(verdicts)
    return next((v for v in (Verdict.FAIL, Verdict.BLOCKED, Verdict.PASS) if v in found), Verdict.SKIPPED)


def judge(wanted: Assert, facts: Facts) -> list[Finding]:
    """Every assertion of a step, in the order of the page."""
    findings: list[Finding] = []
    for name, judged in _JUDGES.items():
        value = getattr(wanted, name)
        for item in value if isinstance(value, list) else [] if value is None else [value]:
            findings.append(judged(item, facts))
    return findings


# --- numbers and texts ------------------------------------------------------------------------------------------------


def counts(wanted: Count, actual: int) -> bool:
    """True when the number is as wanted."""
    if isinstance(wanted, Range):
        return (wanted.at_least is None or actual >= wanted.at_least) and (
            wanted.at_most is None or actual <= wanted.at_most
        )
    return actual == wanted


def _count_text(wanted: Count) -> str:
    if not isinstance(wanted, Range):
        return str(wanted)
    parts = [
        f"{name.replace('_', ' ')} {value}"
        for name, value in msgspec.structs.asdict(wanted).items()
        if value is not None
    ]
    return " and ".join(parts) or "any number"


def _finding(good: bool, expected: str, actual: str) -> Finding:
    return Finding(Verdict.PASS if good else Verdict.FAIL, expected, actual)


def member(message: Any, path: str) -> Any:
    """What stands at a dotted path, `Template.0.Type` too; None when nothing does."""
    for token in path.split("."):
        if isinstance(message, list) and token.isdigit() and int(token) < len(message):
            message = message[int(token)]
        elif isinstance(message, Mapping):
            message = message.get(token)
        else:
            return None
    return message


def has(message: Any, wanted: Mapping[str, Any]) -> bool:
    """True when every path holds its value; texts may have * and ?, null is absent."""
    return all(_same(member(message, path), value) for path, value in wanted.items())


def _same(actual: Any, wanted: Any) -> bool:
    if isinstance(wanted, str) and isinstance(actual, str):
        return fnmatchcase(actual, wanted)
    return bool(type(actual) is type(wanted) and actual == wanted)


# --- callbacks --------------------------------------------------------------------------------------------------------


def _selected(wanted: Callbacks, facts: Facts) -> list[dict[str, Any]]:
    return [entry for entry in facts.entries if entry["direction"] == "callback" and _fits(wanted, entry)]


def _fits(wanted: Callbacks, entry: Mapping[str, Any]) -> bool:
    for key in ("operation", "user", "device", "verdict"):
        text = getattr(wanted, key)
        if text is not None and entry[key] != text and not (key != "verdict" and _globbed(entry[key], text)):
            return False
    if wanted.fault is not None and not any(label.endswith(f":{wanted.fault}") for label in entry["faults"]):
        return False
    return has(entry["request"]["body"], wanted.has)


def _globbed(actual: str, text: str) -> bool:
    return fnmatchcase(actual, text.replace("[", "[[]"))


def _told(wanted: Callbacks) -> str:
    keys = {k: v for k, v in msgspec.structs.asdict(wanted).items() if v not in (None, {}) and k != "count"}
    return " ".join(f"{key}={value}" for key, value in keys.items()) or "callbacks"


def _callbacks(what: str, kept: Callable[[Mapping[str, Any]], bool]) -> Callable[[Callbacks, Facts], Finding]:
    def judged(wanted: Callbacks, facts: Facts) -> Finding:
        number = sum(1 for entry in _selected(wanted, facts) if kept(entry))
        if facts.dropped:
            return Finding(
                Verdict.BLOCKED, what, f"the journal has dropped {facts.dropped} entries; split the scenario"
            )
        return _finding(
            counts(wanted.count, number), f"{_count_text(wanted.count)} {what}: {_told(wanted)}", str(number)
        )

    return judged


def _never(wanted: Callbacks, facts: Facts) -> Finding:
    found = [entry for entry in _selected(wanted, facts) if entry["attempt"]]
    if facts.dropped:
        return Finding(Verdict.BLOCKED, "never attempted", f"the journal has dropped {facts.dropped} entries")
    return _finding(not found, f"never attempted: {_told(wanted)}", f"{len(found)} attempts")


def _order(wanted: Order, facts: Facts) -> Finding:
    device = wanted.device
    if wanted.how is not None:
        return _punch_order(wanted.how, [p for p in facts.punches if device in (None, p["device"])])
    key, list_ = ("operation", wanted.operations) if wanted.operations is not None else ("user", wanted.users or [])
    firsts = [
        e[key]
        for e in facts.entries
        if e["direction"] == "callback" and e["attempt"] == 1 and device in (None, e["device"])
    ]
    return _finding(firsts == list_, f"{key}s in the order {', '.join(list_)}", ", ".join(firsts))


def _punch_order(how: str, punches: Sequence[Mapping[str, Any]]) -> Finding:
    shapes = {_shape(rows) for rows in _by_device(punches) if len(rows) > 1}
    actual = ", ".join(sorted(shapes)) or "fewer than two punches of a device were sent"
    return _finding(shapes == {how}, f"first attempts {how} in each device", actual)


def _by_device(punches: Sequence[Mapping[str, Any]]) -> Iterable[list[int]]:
    rows: dict[str, list[tuple[int, int]]] = {}
    for punch in punches:
        if punch.get("first_sequence") is not None:
            rows.setdefault(punch["device"], []).append((punch["first_sequence"], punch["number"]))
    return ([number for _, number in sorted(pairs)] for pairs in rows.values())


def _shape(numbers: list[int]) -> str:
    ordered = sorted(numbers)
    return "fifo" if numbers == ordered else "lifo" if numbers == ordered[::-1] else "mixed"


# --- the rest ---------------------------------------------------------------------------------------------------------


def _answer(wanted: Answer, facts: Facts) -> Finding:
    answer = facts.answer
    if answer is None:
        return Finding(Verdict.BLOCKED, "an answer", "no rest step came before")
    keys = {k: v for k, v in msgspec.structs.asdict(wanted).items() if k != "has" and v is not None}
    good = all(answer.get(key) == value for key, value in keys.items()) and has(answer.get("message"), wanted.has)
    shown = {key: answer.get(key) for key in (*keys, "message")}
    return _finding(good, f"answer {keys | dict(wanted.has)}", str(shown)[:300])


def _ledger(wanted: LedgerCounts, facts: Facts) -> Finding:
    problems: list[str] = []
    for name, number in facts.summary.items():
        limit = getattr(wanted, name)
        if limit is not None and not counts(limit, number):
            problems.append(f"{name} {number}, expected {_count_text(limit)}")
    if wanted.all_acknowledged is not None:
        whole = facts.summary["acknowledged"] == facts.summary["punches"] > 0
        problems += [f"acknowledged {facts.summary['acknowledged']} of {facts.summary['punches']}"] * (
            whole != wanted.all_acknowledged
        )
    if wanted.causes is not None:
        actual = _causes(facts)
        problems += [f"causes {actual}"] * (actual != wanted.causes)
    expected = {k: v for k, v in msgspec.to_builtins(wanted).items() if v is not None}
    return _finding(not problems, f"ledger {expected}", "; ".join(problems) or str(facts.summary))


def _causes(facts: Facts) -> dict[str, int]:
    causes = [punch["cause"] for punch in facts.punches if punch["cause"] and not punch["acknowledged"]]
    return {cause: causes.count(cause) for cause in causes}


def _queue(wanted: QueueIs, facts: Facts) -> Finding:
    queue = facts.queues.get(wanted.device)
    if queue is None:
        return Finding(Verdict.BLOCKED, f"queue of {wanted.device}", "there is no such device")
    cached = queue["cached_on_device"]
    good = (
        wanted.state in (None, queue["state"])
        and (wanted.queued is None or counts(wanted.queued, queue["queued"]))
        and (wanted.cached is None or counts(wanted.cached, cached))
        and (wanted.why is None or fnmatchcase(queue["why"] or "", wanted.why))
    )
    expected = {k: v for k, v in msgspec.to_builtins(wanted).items() if v is not None}
    return _finding(
        good, f"queue {expected}", f"{queue['state']}, {queue['queued']} queued, {cached} cached, why {queue['why']!r}"
    )


def _received(wanted: Received, facts: Facts) -> Finding:
    if facts.received is None:
        return Finding(Verdict.SKIPPED, "the built-in receiver", "the devices call another receiver")
    found = [request for request in facts.received if _got(wanted, request)]
    unique = len({request.body for request in found})
    limit = wanted.count if wanted.count is not None else Range(at_least=1)
    good = counts(limit, len(found)) and (wanted.unique is None or counts(wanted.unique, unique))
    expected = {k: v for k, v in msgspec.to_builtins(wanted).items() if v not in (None, {})}
    return _finding(good, f"received {expected}", f"{len(found)} requests, {unique} different bodies")


def _got(wanted: Received, request: Request) -> bool:
    return (
        (wanted.complete is None or request.complete is wanted.complete)
        and (wanted.query is None or fnmatchcase(request.query, wanted.query))
        and (wanted.content_type is None or fnmatchcase(request.content_type, wanted.content_type))
        and (wanted.text is None or fnmatchcase(request.body.decode("utf-8", "replace"), wanted.text))
        and has(request.message, wanted.has)
    )


_JUDGES: Mapping[str, Callable[[Any, Facts], Finding]] = {
    "delivered": _callbacks("delivered", lambda entry: entry["verdict"] == "acknowledged"),
    "attempted": _callbacks("attempted", lambda entry: entry["attempt"] > 0),
    "never": _never,
    "answer": _answer,
    "order": _order,
    "ledger": _ledger,
    "queue": _queue,
    "received": _received,
}
