"""v2: cases after the read-back (V2-ROB)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from .builder import Maker
from .cases import Case, Stage, Step, Transport
from .framing_v2 import CONTENT_TYPE, form, framed, messages
from .hostile import BIG, DEPTH
from .v2_punches import altered


def cases(make: Maker) -> Iterator[Case]:
    """All of them."""
    for name, step in _open(make).items():
        yield Case("V2-ROB-002", name, (replace(step, judged=False),), stage=Stage.HOSTILE)
    for name, step in _broken(make).items():
        bad = replace(
            step, transport=step.transport if step.transport is Transport.CUT else Transport.FRESH, judged=False
        )
        probe = make.step(make.punch(make.stranger()), what="the next good punch", transport=Transport.FRESH)
        yield Case("V2-ROB-001", name, (bad, probe), stage=Stage.HOSTILE, spares=((bad, probe),))


def _raw(body: bytes, what: str) -> Step:
    return Step(what, body, body, content_type=CONTENT_TYPE)


def _broken(make: Maker) -> dict[str, Step]:
    good = make.step(make.punch(make.stranger()))
    return {
        "no-field": _raw(b"other=1", "no field"),
        "empty": _raw(b"", "empty"),
        "empty-field": form(make, b"", "empty field"),
        "malformed-json": form(make, good.plain[:-3] + b",,}", "malformed JSON"),
        "half-a-message": form(make, good.plain[: len(good.plain) // 2], "half a message"),
        "a-list": form(make, b"[]", "a list"),
        "info-is-a-number": form(make, b'{"ServiceTagId":"X","ApiRequestInfo":7}', "info is a number"),
        "wrong-types": altered(make, make.punch(make.stranger()), OperationData=[1], UserId={"a": 1}, OperationTime=[]),
        "broken-escapes": _raw(b"request_data=%7B%2%ZZ", "broken percent escapes"),
        "deep-nesting": form(make, b'{"ApiRequestInfo":' + b"[" * DEPTH + b"]" * DEPTH + b"}", "deep nesting"),
        "8-MB": _raw(b"request_data=" + b"A" * BIG, "8 MB"),
        "cut-short": replace(good, transport=Transport.CUT),
    }


def _open(make: Maker) -> dict[str, Step]:
    def punch() -> Step:
        return altered(make, make.punch(make.stranger()))

    numbers = messages(make, make.punch(make.stranger()))[0]
    numbers["ApiRequestInfo"]["OperationTime"] = int(numbers["ApiRequestInfo"]["OperationTime"])
    return {
        "as-printed": punch(),
        "reference-null": altered(make, make.punch(make.stranger()), OperationReferenceId=None),
        "reference-absent": altered(make, make.punch(make.stranger()), drop="OperationReferenceId"),
        "operation-punch-log": altered(make, make.punch(make.stranger()), Operation="PunchLog"),
        "operation-time-ex": altered(
            make, make.punch(make.stranger()), OperationTimeEx="2020-09-17 07:48:22 GMT +0530"
        ),
        "unknown-operation": altered(make, make.punch(make.stranger()), Operation="DoorOpened"),
        "time-as-number": framed(make, numbers, what="time as a number"),
    }
