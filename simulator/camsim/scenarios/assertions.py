"""Judges assertions of scenarios: what was expected, what is the case, and PASS, FAIL, BLOCKED or SKIPPED."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from camsim.control.records import Entry, PunchRow, Queue

from .matching import count_text, counts, has
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
    message: object
    complete: bool


@dataclass(slots=True)
class Facts:
    """What there is to judge by. `entries` as the journal API shows them; `answer` of the last rest step."""

    entries: list[Entry] = field(default_factory=list)
    dropped: int = 0
    punches: list[PunchRow] = field(default_factory=list)
    summary: dict[str, int] = field(default_factory=dict)
    queues: dict[str, Queue] = field(default_factory=dict)
    received: list[Request] | None = None
    answer: Mapping[str, object] | None = None


def overall(verdicts: Iterable[Verdict]) -> Verdict:
    """FAIL before BLOCKED before PASS; SKIPPED when nothing else is there."""
    found = set(verdicts)
    for verdict in (Verdict.FAIL, Verdict.BLOCKED, Verdict.PASS):
        if verdict in found:
            return verdict
    return Verdict.SKIPPED


def judge(wanted: Assert, facts: Facts) -> list[Finding]:
    """Every assertion of a step, in the order of the page."""
    findings: list[Finding] = []
    for name, judged in _JUDGES.items():
        value = getattr(wanted, name)
        if value is None:
            continue
        items = value if isinstance(value, list) else [value]
        for item in items:
            findings.append(judged(item, facts))
    return findings


def _told(wanted: Answer | Callbacks | LedgerCounts | QueueIs | Received, *without: str) -> dict[str, object]:
    """The members that an assertion gives, as they stand in the scenario."""
    plain: dict[str, object] = msgspec.to_builtins(wanted)
    return {key: value for key, value in plain.items() if value not in (None, {}) and key not in without}


def _finding(good: bool, expected: str, actual: str) -> Finding:
    if good:
        return Finding(Verdict.PASS, expected, actual)
    return Finding(Verdict.FAIL, expected, actual)


# --- callbacks --------------------------------------------------------------------------------------------------------


def _selected(wanted: Callbacks, facts: Facts) -> list[Entry]:
    selected: list[Entry] = []
    for entry in facts.entries:
        # The journal has commands and control actions too.
        if entry.direction == "callback" and _fits(wanted, entry):
            selected.append(entry)
    return selected


def _fits(wanted: Callbacks, entry: Entry) -> bool:
    for key in ("operation", "user", "device"):
        text = getattr(wanted, key)
        if text is not None and not _globbed(getattr(entry, key), text):
            return False
    if wanted.verdict is not None and entry.verdict != wanted.verdict:
        return False
    # A label is the number and the word of a fault, as in 3:drop.
    if wanted.fault is not None and not any(label.endswith(f":{wanted.fault}") for label in entry.faults):
        return False
    return has(entry.request.body, wanted.has)


def _globbed(actual: str, text: str) -> bool:
    # Brackets belong to names such as AddUser[Card+Face] and open no set of letters.
    return actual == text or fnmatchcase(actual, text.replace("[", "[[]"))


def _words(wanted: Callbacks) -> str:
    words = [f"{key}={value}" for key, value in _told(wanted, "count").items()]
    return " ".join(words) or "callbacks"


def _callbacks(what: str, kept: Callable[[Entry], bool]) -> Callable[[Callbacks, Facts], Finding]:
    def judged(wanted: Callbacks, facts: Facts) -> Finding:
        if facts.dropped:  # a count of what is left would be too small
            why = f"the journal has dropped {facts.dropped} entries; split the scenario"
            return Finding(Verdict.BLOCKED, what, why)
        number = sum(map(kept, _selected(wanted, facts)))
        expected = f"{count_text(wanted.count)} {what}: {_words(wanted)}"
        return _finding(counts(wanted.count, number), expected, str(number))

    return judged


def _never(wanted: Callbacks, facts: Facts) -> Finding:
    found = [entry for entry in _selected(wanted, facts) if entry.attempt]
    if facts.dropped:
        return Finding(Verdict.BLOCKED, "never attempted", f"the journal has dropped {facts.dropped} entries")
    return _finding(not found, f"never attempted: {_words(wanted)}", f"{len(found)} attempts")


def _order(wanted: Order, facts: Facts) -> Finding:
    if wanted.how is not None:
        return _punch_order(wanted.how, [row for row in facts.punches if wanted.device in (None, row.device)])
    key, listed = "operation", wanted.operations
    if listed is None:
        key, listed = "user", wanted.users or []
    firsts: list[str] = []
    for entry in facts.entries:
        # Repeats come after others by design; the order of a queue is that of its first attempts.
        is_first = entry.direction == "callback" and entry.attempt == 1
        if is_first and wanted.device in (None, entry.device):
            firsts.append(getattr(entry, key))
    return _finding(firsts == listed, f"{key}s in the order {', '.join(listed)}", ", ".join(firsts))


def _punch_order(how: str, punches: Sequence[PunchRow]) -> Finding:
    shapes = {_shape(rows) for rows in _by_device(punches) if len(rows) > 1}
    actual = ", ".join(sorted(shapes)) or "fewer than two punches of a device were sent"
    return _finding(shapes == {how}, f"first attempts {how} in each device", actual)


def _by_device(punches: Sequence[PunchRow]) -> Iterable[list[int]]:
    rows: dict[str, list[tuple[int, int]]] = {}
    for punch in punches:
        if punch.first_sequence is not None:
            rows.setdefault(punch.device, []).append((punch.first_sequence, punch.number))
    return ([number for _, number in sorted(pairs)] for pairs in rows.values())


def _shape(numbers: list[int]) -> str:
    ordered = sorted(numbers)
    if numbers == ordered:
        return "fifo"
    if numbers == ordered[::-1]:
        return "lifo"
    return "mixed"


# --- the rest ---------------------------------------------------------------------------------------------------------


def _answer(wanted: Answer, facts: Facts) -> Finding:
    answer = facts.answer
    if answer is None:
        return Finding(Verdict.BLOCKED, "an answer", "no rest step came before")
    keys = _told(wanted, "has")
    shown = {key: answer.get(key) for key in (*keys, "message")}
    good = {**shown, **keys} == shown and has(answer.get("message"), wanted.has)
    return _finding(good, f"answer {keys | wanted.has}", str(shown)[:300])


def _ledger(wanted: LedgerCounts, facts: Facts) -> Finding:
    problems: list[str] = []
    for name, number in facts.summary.items():
        limit = getattr(wanted, name)
        if limit is not None and not counts(limit, number):
            problems.append(f"{name} {number}, expected {count_text(limit)}")
    if wanted.all_acknowledged is not None:
        # Of no punch at all nothing is acknowledged: a scenario that made none proves nothing.
        whole = facts.summary["acknowledged"] == facts.summary["punches"] > 0
        if whole != wanted.all_acknowledged:
            problems.append(f"acknowledged {facts.summary['acknowledged']} of {facts.summary['punches']}")
    if wanted.causes is not None and (actual := _causes(facts)) != wanted.causes:
        problems.append(f"causes {actual}")
    return _finding(not problems, f"ledger {_given(wanted)}", "; ".join(problems) or str(facts.summary))


def _given(wanted: LedgerCounts) -> dict[str, object]:
    # No causes at all, {}, is something to assert: unlike in other assertions it is told.
    plain: dict[str, object] = msgspec.to_builtins(wanted)
    return {key: value for key, value in plain.items() if value is not None}


def _causes(facts: Facts) -> dict[str, int]:
    causes: dict[str, int] = {}
    for punch in facts.punches:
        # What was acknowledged in the end is not lost, whatever had happened to it before.
        if punch.cause and not punch.acknowledged:
            causes[punch.cause] = causes.get(punch.cause, 0) + 1
    return causes


def _queue(wanted: QueueIs, facts: Facts) -> Finding:
    queue = facts.queues.get(wanted.device)
    if queue is None:
        return Finding(Verdict.BLOCKED, f"queue of {wanted.device}", "there is no such device")
    cached = queue.cached_on_device
    good = (
        wanted.state in (None, queue.state)
        and (wanted.queued is None or counts(wanted.queued, queue.queued))
        and (wanted.cached is None or counts(wanted.cached, cached))
        and (wanted.why is None or fnmatchcase(queue.why or "", wanted.why))
    )
    actual = f"{queue.state}, {queue.queued} queued, {cached} cached, why {queue.why!r}"
    return _finding(good, f"queue {_told(wanted)}", actual)


def _received(wanted: Received, facts: Facts) -> Finding:
    if facts.received is None:
        return Finding(Verdict.SKIPPED, "the built-in receiver", "the devices call another receiver")
    found = [request for request in facts.received if _got(wanted, request)]
    # By their bytes: a repetition is the same request, whatever came before it.
    unique = len({request.body for request in found})
    limit: Count = Range(at_least=1)
    if wanted.count is not None:
        limit = wanted.count
    good = counts(limit, len(found)) and (wanted.unique is None or counts(wanted.unique, unique))
    return _finding(good, f"received {_told(wanted)}", f"{len(found)} requests, {unique} different bodies")


def _got(wanted: Received, request: Request) -> bool:
    return (
        (wanted.complete is None or request.complete is wanted.complete)
        and (wanted.query is None or fnmatchcase(request.query, wanted.query))
        and (wanted.content_type is None or fnmatchcase(request.content_type, wanted.content_type))
        and (wanted.text is None or fnmatchcase(request.body.decode("utf-8", "replace"), wanted.text))
        and has(request.message, wanted.has)
    )


_JUDGES: Mapping[str, Callable[[Any, Facts], Finding]] = {
    "delivered": _callbacks("delivered", lambda entry: entry.verdict == "acknowledged"),
    "attempted": _callbacks("attempted", lambda entry: entry.attempt > 0),
    "never": _never,
    "answer": _answer,
    "order": _order,
    "ledger": _ledger,
    "queue": _queue,
    "received": _received,
}
