"""Robustness, after the read-back: what no device sends, then a good punch; leaks; storms (CB-ROB, CB-SEC, CB-RES)."""

from __future__ import annotations

from collections.abc import Iterator

from camsim.protocol.v3.messages import Message, Style
from camsim.protocol.vocabulary import TemplateType
from camsim_conformance.findings.answers import recorded, survived
from camsim_conformance.findings.leaks import nothing_leaked
from camsim_conformance.findings.storms import storm_withstood
from camsim_conformance.observed import Observed
from camsim_conformance.plan.builder import Builder
from camsim_conformance.plan.cases import Case, Expect, Stage, Step, Transport
from camsim_conformance.plan.run_facts import HOUR, MINUTE
from camsim_conformance.plan.told import Keep

from .registry import requirement

BIG = 8 * 1024 * 1024
DEPTH = 10_000
APART_S = 5 * MINUTE  # between two good punches of one person
# Too big to be read, or never whole: to close the connection is a right answer to these.
CLOSING_IS_AN_ANSWER = ("8-MB", "cut-short")
Bodies = dict[str, tuple[bytes, Transport]]


def _unprinted(make: Builder) -> Iterator[Case]:
    for name, message in _unprinted_messages(make).items():
        yield Case(name, (make.json(message, what=name, judged=False),), stage=Stage.HOSTILE)


def _unprinted_messages(make: Builder) -> dict[str, Message]:
    user = make.stranger()
    extra = make.message(make.punch(user))
    extra["RealTime"]["PunchLog"]["Firmware"] = extra["RealTime"]["Weather"] = "sunny"
    unknown = make.message(make.punch(user))
    unknown["RealTime"]["DoorOpened"] = unknown["RealTime"].pop("PunchLog")
    photo = make.updated(user, make.template("1", TemplateType.USER_PHOTO))
    batch: Message = {"PunchLog": {"ReturnRowCount": "1", "Log": [extra["RealTime"]["PunchLog"]]}}
    return {
        "unknown-member": extra,
        "unknown-operation": unknown,
        "attendance-type": make.message(make.punch(user), style=Style(type_key="AttendanceType")),
        "user-updated-photo": make.message(photo, style=Style(photo_observed=True)),
        "input-type-unknown": make.message(make.punch(user, input_="Unknown")),
        "batch": batch,
    }


@requirement("CB-ROB-001", cases=_unprinted)
def test_unprinted_messages_are_recorded(case: Observed) -> None:
    """What is answered to messages the page does not print is recorded."""
    case.ack = recorded(case)


def _broken(make: Builder) -> Iterator[Case]:
    user = make.user()
    for number, (name, (body, transport)) in enumerate(_bodies(make).items()):
        bad = make.unsealed(body, body, what=name, transport=transport, judged=False)
        steps = (bad, good_punch(make, user, number))
        yield Case(name, steps, Expect((user,)), stage=Stage.HOSTILE, spares=(steps,))


def good_punch(make: Builder, user: str, number: int) -> Step:
    """What must be acknowledged after a hostile body, on a connection of its own, and kept whatever comes next: what a
    target only holds in memory goes with the worker that the next body kills. One person's, each some minutes apart."""
    punch = make.punch(user, make.now - 2 * HOUR + number * APART_S)
    values = {"beside": "hostile"}
    return make.step(punch, what="the next good punch", transport=Transport.FRESH, values=values)


def _bodies(make: Builder) -> Bodies:
    good = make.step(make.punch(make.visitor())).plain
    fresh = Transport.FRESH
    wrong = make.message(make.punch(make.visitor()))
    wrong["RealTime"]["PunchLog"] = {"Type": 1, "UserId": {"a": []}, "LogTime": 20200917, "InputType": None}
    return {
        "malformed-json": (good[:-3] + b",,}", fresh),
        "half-a-message": (good[: len(good) // 2], fresh),
        "wrong-types": (make.json(wrong).plain, fresh),
        "punch-log-is-a-list": (good.replace(b'"PunchLog":{', b'"PunchLog":[],"x":{'), fresh),
        "real-time-is-null": (b'{"RealTime":null}', fresh),
        "empty": (b"", fresh),
        "a-list": (b"[]", fresh),
        "a-number": (b"42", fresh),
        "nul": (good.replace(b"Face", b"Fa\\u0000ce").replace(b"Conformance", b"\x00"), fresh),
        "broken-utf-8": (good.replace(b"Conformance", b"\xff\xfe\xc3\x28"), fresh),
        "deep-nesting": (b'{"RealTime":' + b"[" * DEPTH + b"]" * DEPTH + b"}", fresh),
        "8-MB": (b'{"RealTime":{"x":"' + b"A" * BIG + b'"}}', fresh),
        "cut-short": (good, Transport.CUT),
    }


@requirement("CB-ROB-003", cases=_broken)
def test_hostile_bodies_are_survived(case: Observed) -> None:
    """Broken and hostile bodies are answered within the deadline, and the next good punch is acknowledged."""
    case.ack = survived(case, closing_is_an_answer=case.case.name in CLOSING_IS_AN_ANSWER)


def _prying(make: Builder) -> Iterator[Case]:
    ids = {
        "quote-in-id": "1' OR '1'='1",
        "sql-in-id": "1'; DROP TABLE punches; --",
        "double-quote-in-id": '1"\\',
        "path-in-id": "../../../../etc/passwd",
        "markup-in-id": "<script>camsim()</script>",
        # Taken into SQL as it is, it names the punches of somebody else: they are looked at again afterwards.
        "other-person-in-id": f"x' OR UserId='{make.people[0]}",
    }
    witness = make.user()
    for number, (name, user) in enumerate(ids.items()):
        step = make.step(make.punch(user), what=name, keep=Keep.MAY)
        steps = (step, good_punch(make, witness, number))
        yield Case(name, steps, Expect((witness,)), stage=Stage.HOSTILE)
    for name in ("malformed-json", "wrong-types", "deep-nesting", "broken-utf-8"):
        body, transport = _bodies(make)[name]
        # Whether a good punch gets through after these is asked by CB-ROB-003.
        yield Case(
            name, (make.unsealed(body, body, what=name, transport=transport, judged=False),), stage=Stage.HOSTILE
        )


@requirement("CB-SEC-001", cases=_prying)
def test_nothing_leaks(case: Observed) -> None:
    """No answer shows a stack trace, SQL or a file path, and quotes in ids do no harm."""
    case.ack = nothing_leaked(case)


def _storm(make: Builder) -> Iterator[Case]:
    yield Case("storm")  # nothing is sent: `camsim storm` did, and --storm names its report


@requirement("CB-RES-001", cases=_storm)
def test_a_storm_is_withstood(case: Observed) -> None:
    """A storm at the profile's rate loses nothing, and its acknowledgements stay within the deadline (p95)."""
    case.state = storm_withstood(case)
