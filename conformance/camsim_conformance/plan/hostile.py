"""Cases after the read-back: bodies no device sends, each followed by a good punch (CB-ROB, CB-SEC)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from camsim.protocol.v3.messages import Style
from camsim.protocol.vocabulary import TemplateType

from .builder import Maker
from .cases import Case, Stage, Step, Transport

BIG = 8 * 1024 * 1024
DEPTH = 10_000


def cases(make: Maker) -> Iterator[Case]:
    """All of them."""
    for name, message in _unprinted(make).items():
        yield Case("CB-ROB-001", name, (make.json(message, what=name, judged=False),), stage=Stage.HOSTILE)
    yield from broken(make, "CB-ROB-003")
    yield from _leaks(make)


def broken(make: Maker, requirement: str) -> Iterator[Case]:
    """Bodies that are no message; for both protocols."""
    for name, (body, transport) in _bodies(make).items():
        bad = make.raw(body, what=name, wire=body, transport=transport, judged=False)
        steps = (bad, _probe(make))
        yield Case(requirement, name, steps, stage=Stage.HOSTILE, spares=(steps,))


def _probe(make: Maker) -> Step:
    return make.step(make.punch(make.stranger()), what="the next good punch", transport=Transport.FRESH)


def _bodies(make: Maker) -> dict[str, tuple[bytes, Transport]]:
    good = make.step(make.punch(make.stranger())).plain
    fresh = Transport.FRESH
    wrong: Any = make.message(make.punch(make.stranger()))
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


def _unprinted(make: Maker) -> dict[str, Any]:
    user = make.stranger()
    extra = make.message(make.punch(user))
    extra["RealTime"]["PunchLog"]["Firmware"] = extra["RealTime"]["Weather"] = "sunny"
    unknown = make.message(make.punch(user))
    unknown["RealTime"]["DoorOpened"] = unknown["RealTime"].pop("PunchLog")
    photo = make.updated(user, make.template("1", TemplateType.USER_PHOTO))
    batch = {"PunchLog": {"ReturnRowCount": "1", "Log": [extra["RealTime"]["PunchLog"]]}}
    return {
        "unknown-member": extra,
        "unknown-operation": unknown,
        "attendance-type": make.message(make.punch(user), style=Style(type_key="AttendanceType")),
        "user-updated-photo": make.message(photo, style=Style(photo_observed=True)),
        "input-type-unknown": make.message(make.punch(user, input_="Unknown")),
        "batch": batch,
    }


def _leaks(make: Maker) -> Iterator[Case]:
    ids = {
        "quote-in-id": "1' OR '1'='1",
        "sql-in-id": "1'; DROP TABLE punches; --",
        "double-quote-in-id": '1"\\',
        "path-in-id": "../../../../etc/passwd",
        "markup-in-id": "<script>camsim()</script>",
    }
    for name, user in ids.items():
        yield Case("CB-SEC-001", name, (make.step(make.punch(user), what=name), _probe(make)), stage=Stage.HOSTILE)
    for name in ("malformed-json", "wrong-types", "deep-nesting", "broken-utf-8"):
        body, transport = _bodies(make)[name]
        step = make.raw(body, what=name, wire=body, transport=transport, judged=False)
        yield Case("CB-SEC-001", name, (step, _probe(make)), stage=Stage.HOSTILE)
