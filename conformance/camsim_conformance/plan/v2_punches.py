"""v2: cases of punches, acknowledgement, order, time, encryption; what both protocols ask comes from v3's functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from camsim import chance
from camsim.protocol.facts import Fact
from camsim.protocol.statuses import StatusV2
from camsim.protocol.v2.messages import Asked, StyleV2
from camsim.protocol.v3 import envelope
from camsim.protocol.vocabulary import AttendanceType, InputType

from .acks import TRIES, busy
from .auth import ABSENT
from .builder import DAY, HOUR, MINUTE, Maker
from .cases import Case, Expect, Stage, Step
from .duplicates import identical, lost
from .encryption import BLOCK
from .framing_v2 import form, framed, lazy, messages
from .order import cached, complete, older
from .punches import apart, stored_case
from .times import moments
from .wire import http

REFERENCES = {
    "add-user-done": ("AddUser", StatusV2.DONE),
    "delete-unknown": ("DeleteUser", StatusV2.INVALID_USERID),
    "unknown-error": ("EnrollFingerprint", StatusV2.UNKNOWN_ERROR),
}


def cases(make: Maker) -> Iterator[Case]:
    """All of them."""
    yield from _acknowledged(make)
    yield from _unprocessable(make)
    yield from _in_time(make)
    yield Case("V2-ACK-004", "punch", (make.step(make.punch(make.user())),), stage=Stage.QUIET)
    yield from _forms(make)
    yield from http(make, "V2-WIRE-004")
    yield from _forged(make)
    yield from _kept(make)
    yield from apart(make, "V2-PUNCH-003")
    yield from _repeated(make)
    yield from older(make, "V2-ORD-001")
    yield complete(make, "V2-ORD-002")
    yield cached(make, "V2-ORD-002")
    yield Case("V2-ORD-002", "never-punched", (), Expect((make.user(),)))
    yield from moments(make, "V2-TIME-001")
    yield from _photos(make)
    yield from _lazy(make)
    yield from _encrypted(make)


def _acknowledged(make: Maker) -> Iterator[Case]:
    user = make.user()
    facts: dict[str, Fact] = {
        "punch": make.punch(user),
        "punch-as-printed": make.punch(user, make.ago(20 * MINUTE), input_="Card", temperature=None, mask=None),
        "deletion": make.deleted(make.user()),
        "date": make.date(make.now),
        "photo": make.photo(user, make.ago(15 * MINUTE)),
        "rename": make.updated(user),
    }
    for name, fact in facts.items():
        yield Case("V2-ACK-001", name, (make.step(fact),), stage=Stage.QUIET)


def _unprocessable(make: Maker) -> Iterator[Case]:
    steps = {
        "unknown-user": make.step(make.punch(make.stranger())),
        "unknown-user-deleted": make.step(make.deleted(make.stranger())),
        "far-future": make.step(make.punch(make.user(), make.now + 4 * 365 * DAY)),
        "time-is-no-number": altered(make, make.punch(make.user()), OperationTime="soon"),
        "time-is-empty": altered(make, make.punch(make.user()), OperationTime=""),
        "unknown-type": altered(
            make, make.punch(make.user()), OperationData={"AttendanceType": "Siesta", "InputType": "Face"}
        ),
    }
    for name, step in steps.items():
        yield Case("V2-ACK-002", name, (step,))


def altered(make: Maker, fact: Fact, *, drop: str = "", **members: Any) -> Step:
    """A step of a fact's only message with members of ApiRequestInfo changed or dropped."""
    message = messages(make, fact)[0]
    message["ApiRequestInfo"].update(members)
    message["ApiRequestInfo"].pop(drop, None)
    return framed(make, message, what="altered")


def _in_time(make: Maker) -> Iterator[Case]:
    kinds: dict[str, Callable[[str], Fact]] = {
        "punch": lambda user: make.punch(user),
        "photo": lambda user: make.photo(user, make.ago(MINUTE)),
    }
    for name, fact in kinds.items():
        first, *spares = [(make.step(fact(make.user())),) for _ in range(TRIES)]
        yield Case("V2-ACK-003", name, first, stage=Stage.QUIET, spares=tuple(spares))
    yield busy(make, "V2-ACK-003")


def _forms(make: Maker) -> Iterator[Case]:
    yield Case("V2-WIRE-001", "field", (make.step(make.punch(make.user())),))
    for name, (before, after) in {"another-before": (b"v=2&", b""), "another-after": (b"", b"&v=2")}.items():
        step = make.step(make.punch(make.user()))
        # What travels is no longer the sealed message alone, so its bytes are kept as they are.
        wire = before + step.wire + after
        yield Case("V2-WIRE-001", name, (Step(step.what, step.plain, wire, content_type=step.content_type),))
    yield Case("V2-WIRE-003", "photo-20-kB", (make.step(make.photo(make.user(), make.ago(MINUTE))),))


def _forged(make: Maker) -> Iterator[Case]:
    token = make.device(0).token
    wrong = {
        "another": chance.token(make.profile.seed, "conformance", "forged"),
        "missing": ABSENT,
        "empty": "",
        "null": None,
        "one-letter-less": token[:-1],
        "other-case": token.swapcase() if token.swapcase() != token else token[::-1],
        "in-a-list": [token],
    }
    for name, value in wrong.items():
        user = make.user()
        members = {} if value is ABSENT else {"AuthToken": value}
        step = altered(make, make.punch(user), drop="AuthToken" if value is ABSENT else "", **members)
        forged = Step("forged punch", step.plain, step.wire, 0, step.content_type, judged=False, sealed=step.sealed)
        yield Case("V2-AUTH-001", name, (forged,), Expect((user,)))


def _kept(make: Maker) -> Iterator[Case]:
    for method in InputType:
        yield stored_case(make, "V2-PUNCH-001", f"by-{method.lower()}", make.punch(make.user(), input_=method))
    both = tuple(make.punch(user) for user in make.users(2))
    yield stored_case(make, "V2-PUNCH-001", "two-without-reference", *both)
    for number, type_ in enumerate([*AttendanceType, "None"]):
        yield stored_case(make, "V2-PUNCH-002", str(type_), make.punch(make.user(), make.ago(number * MINUTE), type_))
    for name, (temperature, mask) in {"told": (36.8, False), "mask-worn": (37.1, True), "absent": (None, None)}.items():
        punch = make.punch(make.user(), temperature=temperature, mask=mask)
        yield stored_case(make, "V2-PUNCH-004", name, punch)
    if not make.profile.people:
        bare = make.user()
        for name, people in {"leading-zeros": (f"00{bare[2:]}", bare[2:]), "letters": (f"E{bare[1:]}",)}.items():
            make.people += people
            punches = tuple(make.punch(user, make.ago((20 + n) * MINUTE)) for n, user in enumerate(people))
            yield stored_case(make, "V2-PUNCH-006", name, *punches)


def _repeated(make: Maker) -> Iterator[Case]:
    yield from identical(make, "V2-DUP-001")
    yield from lost(make, "V2-DUP-001")
    punch = make.punch(make.user())
    step = make.step(punch, copies=8)
    yield Case("V2-DUP-001", "eight-at-once", (step,), Expect((punch.user_id,), (punch,)), record=True)
    facts: dict[str, Fact] = {"punch": make.punch(make.user()), "deletion": make.deleted(make.user())}
    for name, fact in facts.items():
        again = make.step(fact)
        yield Case("V2-DUP-002", name, (again, again))
    if len(make.profile.devices) > 1:
        punch = make.punch(make.user(), make.ago(2 * HOUR))
        steps = (make.step(punch, device=0), make.step(punch, device=1))
        yield Case("V2-DUP-003", "two-devices", steps, Expect((punch.user_id,), (punch, punch)))


def _photos(make: Maker) -> Iterator[Case]:
    at = make.ago(2 * HOUR)
    for name, order in {"before": (0, 1), "after": (1, 0), "alone": (0,), "twice": (0, 0)}.items():
        user = make.user()
        both = [make.step(make.photo(user, at)), make.step(make.punch(user, at))]
        yield Case("V2-PHOTO-001", name, tuple(both[n] for n in order))
    message = messages(make, make.photo(make.user(), at), style=StyleV2(photo_key="AttendancePhotoe"))[0]
    yield Case("V2-PHOTO-001", "key-of-the-structure", (framed(make, message, what="SendAttendancePhoto"),))


def _lazy(make: Maker) -> Iterator[Case]:
    for name, (operation, code) in REFERENCES.items():
        asked = Asked(operation, make.stranger(), make.operation_id())
        yield Case("V2-LAZY-001", name, (lazy(make, asked, code),))
    yield Case("V2-LAZY-001", "without-user", (lazy(make, Asked("ClearLog", "", make.operation_id()), StatusV2.DONE),))


def _encrypted(make: Maker) -> Iterator[Case]:
    if "aes" not in make.profile.features:
        return
    yield stored_case(make, "V2-ENC-001", "punch", make.punch(make.user()))
    for rest in range(BLOCK):
        punch = make.punch(make.user())
        message = messages(make, punch)[0]
        info = message["ApiRequestInfo"]
        info["Note"] = ""
        info["Note"] = "x" * ((rest - len(envelope.encode(info))) % BLOCK)
        step = framed(make, message, what="RealTimePunchLog")
        yield Case("V2-ENC-002", f"length-{rest:02d}", (step,), Expect((punch.user_id,), (punch,)))


__all__ = ["altered", "cases", "form"]
