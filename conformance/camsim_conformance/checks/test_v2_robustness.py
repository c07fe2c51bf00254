"""v2: robustness, after the read-back: what the page leaves open, and what no device sends (V2-ROB)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from camsim_conformance.findings.answers import recorded, survived
from camsim_conformance.observed import Observed
from camsim_conformance.plan.builder import Builder
from camsim_conformance.plan.cases import Case, Expect, Stage, Step, Transport
from camsim_conformance.plan.framing_v2 import altered, body, form, framed, messages
from camsim_conformance.plan.told import Keep

from .registry import requirement
from .test_robustness import BIG, CLOSING_IS_AN_ANSWER, DEPTH, good_punch


def _open(make: Builder) -> Iterator[Case]:
    for name, step in _open_messages(make).items():
        yield Case(name, (replace(step, judged=False),), stage=Stage.HOSTILE)


def _open_messages(make: Builder) -> dict[str, Step]:
    numbers = messages(make, make.punch(make.stranger()))[0]
    numbers["ApiRequestInfo"]["OperationTime"] = int(numbers["ApiRequestInfo"]["OperationTime"])
    # Of strangers: whatever a target makes of these, nothing is expected to be stored.
    return {
        "as-printed": altered(make, make.punch(make.stranger())),
        "reference-null": altered(make, make.punch(make.stranger()), OperationReferenceId=None),
        "reference-absent": altered(make, make.punch(make.stranger()), drop="OperationReferenceId"),
        "operation-punch-log": altered(make, make.punch(make.stranger()), Operation="PunchLog"),
        "operation-time-ex": altered(
            make, make.punch(make.stranger()), OperationTimeEx="2020-09-17 07:48:22 GMT +0530"
        ),
        "unknown-operation": altered(make, make.punch(make.stranger()), Operation="DoorOpened"),
        "time-as-number": framed(make, numbers, what="time as a number"),
    }


@requirement("V2-ROB-002", later=_open)
def test_open_v2_messages_are_recorded(case: Observed) -> None:
    """What is answered to v2 messages the page leaves open is recorded."""
    case.ack = recorded(case)


def _broken(make: Builder) -> Iterator[Case]:
    user = make.user()
    for number, (name, step) in enumerate(_broken_forms(make).items()):
        steps = (replace(step, judged=False), good_punch(make, user, number))
        yield Case(name, steps, Expect((user,)), stage=Stage.HOSTILE, spares=(steps,))


def _broken_forms(make: Builder) -> dict[str, Step]:
    good = make.step(make.punch(make.stranger()))
    stranger = make.punch(make.stranger())
    broken = {
        "no-field": body(b"other=1", "no field"),
        "empty": body(b"", "empty"),
        "empty-field": form(b"", "empty field"),
        "malformed-json": form(good.plain[:-3] + b",,}", "malformed JSON"),
        "half-a-message": form(good.plain[: len(good.plain) // 2], "half a message"),
        "a-list": form(b"[]", "a list"),
        "info-is-a-number": form(b'{"ServiceTagId":"X","ApiRequestInfo":7}', "info is a number"),
        "wrong-types": altered(make, stranger, OperationData=[1], UserId={"a": 1}, OperationTime=[]),
        "broken-escapes": body(b"request_data=%7B%2%ZZ", "broken percent escapes"),
        "deep-nesting": form(b'{"ApiRequestInfo":' + b"[" * DEPTH + b"]" * DEPTH + b"}", "deep nesting"),
        "8-MB": body(b"request_data=" + b"A" * BIG, "8 MB"),
    }
    # A quote in an id: nobody's, so nothing is expected of it but that it does no harm.
    broken["quote-in-id"] = make.step(make.punch("9' OR UserId='1"), keep=Keep.MAY)
    # Each on a connection of its own: what is closed after one must not be blamed on the next.
    steps = {name: replace(step, transport=Transport.FRESH) for name, step in broken.items()}
    return steps | {"cut-short": replace(good, transport=Transport.CUT)}


@requirement("V2-ROB-001", later=_broken)
def test_hostile_v2_bodies_are_survived(case: Observed) -> None:
    """Broken and hostile v2 bodies are answered within the deadline, and the next good punch is acknowledged."""
    case.ack = survived(case, closing_is_an_answer=case.case.name in CLOSING_IS_AN_ANSWER)
