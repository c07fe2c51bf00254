"""Forged punches: every form of a wrong token, and every value that a token check may be skipped under.

A form of token comes once, any other value at least twice or with the plain wrong token: so what is believed shows
which of the two it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from camsim import chance
from camsim.protocol.facts import Punch
from camsim.protocol.vocabulary import Protocol

from .builder import Builder
from .cases import Case, Expect, Stage, Step
from .factors import AGES, DAY, HOUR, MINUTE, OFFSETS
from .framing_v2 import altered
from .histories import told_as
from .told import Keep, told_v2, told_v3

ABSENT = object()
NEW, PERSON, ENROLLED, STORED = "new", "person", "enrolled", "stored"  # whom or what it is forged for
# What comes after it, of the right sender: nothing, another punch of the person, the very punch, a punch of somebody
# else with its OperationID (v3).
NOTHING, LATER, SAME, OPERATION = "", "yes", "moment", "operation"
_FRAMES: Mapping[str, str] = {"no-serial": "SerialNumber", "no-label": "LabelName"}


@dataclass(frozen=True, slots=True)
class Forgery:
    """One forged punch by its values, with what was told before (`forging`) and what is told after it (`then`)."""

    token: str
    type: str
    input: str
    age: str
    offset: str = "+0530"
    device: int = 0
    tagged: bool = False
    frame: str = "full"
    bare: bool = False  # without Temperature and FaceMask
    forging: str = NEW
    then: str = NOTHING


FORGERIES: tuple[Forgery, ...] = (
    Forgery("missing", "CheckIn", "Face", "now"),
    Forgery("empty", "CheckOut", "Card", "today", device=1, tagged=True, forging=PERSON),
    Forgery("null", "BreakOut", "Palm", "yesterday", frame="no-serial", bare=True),
    Forgery("true", "OverTimeIn", "Fingerprint", "8-days", offset="-0330"),
    Forgery("one-letter-less", "MealIn", "Password", "29-days", device=1),
    Forgery("one-letter-more", "CheckIn", "Palm", "now", tagged=True, frame="no-label"),
    Forgery("other-case", "CheckOut", "Fingerprint", "now", device=1, forging=PERSON),
    Forgery("in-a-list", "BreakOut", "Face", "now", offset="+0000", forging=PERSON),
    Forgery("zero", "OverTimeIn", "Card", "today", tagged=True, frame="no-serial"),
    Forgery("an-object", "MealIn", "Face", "now", frame="no-label", bare=True, then=LATER),
    Forgery("a-wildcard", "CheckOut", "Password", "today", offset="-0330"),
    Forgery("an-expression", "CheckIn", "Card", "29-days", offset="+0000", tagged=True, then=OPERATION),
    Forgery("another", "OverTimeOut", "Face", "now", bare=True),
    Forgery("another", "BreakIn", "Card", "yesterday"),
    # A check may be left out of whom the target knows.
    Forgery("another", "MealIn", "Card", "today", forging=ENROLLED),
    # Of a stored key a believed forgery shows only where it takes the row's place: no form of token stands here alone.
    Forgery("another", "BreakOut", "Fingerprint", "yesterday", tagged=True, forging=STORED),
    Forgery("another", "MealOut", "Palm", "8-days", device=1),
    Forgery("another", "CheckIn", "Face", "today", then=SAME),
)


def another_token(make: Builder) -> str:
    """A token as right in form as the device's own, which the target does not know."""
    return chance.token(make.profile.seed, "conformance", "forged")


def other_case(token: str) -> str:
    """The token with its letters in the other case; reversed when it has none."""
    swapped = token.swapcase()
    return swapped if swapped != token else token[::-1]


def tokens(make: Builder, device: int = 0) -> Mapping[str, object]:
    """Wrong tokens by name; ABSENT leaves the member out."""
    token = make.device(device).token
    return {
        "another": another_token(make),
        "missing": ABSENT,
        "empty": "",
        "null": None,
        "true": True,
        "one-letter-less": token[:-1],
        "one-letter-more": token + "x",
        "other-case": other_case(token),
        "in-a-list": [token],
        "zero": 0,
        # What finds every known token where it is not compared but put into a query: an object in one of a document
        # store, a wildcard of SQL's LIKE, a regular expression.
        "an-object": {"$ne": ""},
        "a-wildcard": "%",
        "an-expression": ".*",
    }


def forged_punches(make: Builder) -> Iterator[Case]:
    """A case for each of the forgeries, with what is honest before and after it."""
    names: dict[str, None] = {}
    for one in FORGERIES:
        plain = f"punch-{one.token}"
        name = plain if plain not in names else f"{plain}-{one.type}"
        names[name] = None
        yield _case(make, name, one)


def _case(make: Builder, name: str, one: Forgery) -> Case:
    user = make.user()
    at = make.ago(AGES[one.age])
    # v2 has no offset in its messages.
    offset = None if make.profile.protocol is Protocol.V2 else OFFSETS[one.offset]
    punch = make.punch(user, at, one.type, one.input, offset=offset)
    if one.bare:
        punch = make.punch(user, at, one.type, one.input, offset=offset, temperature=None, mask=None)
    device = one.device if make.claims("multi-device") else 0
    operation = make.operation_id()
    before = [make.step(fact, device) for fact in _before(make, punch, one.forging)]
    if one.forging == ENROLLED and make.profile.may_change_people:
        before = told_as(make, make.updated(user, first="Meena", last="Iyer")) + before
    forged = _forged(make, punch, one, device, operation)
    after = list(_after(make, punch, one.then, device, operation))
    told = [step.told.user for step in (*before, *after) if step.told is not None]
    return Case(name, (*before, forged, *after), Expect(tuple(dict.fromkeys((user, *told)))), stage=Stage.FORGED)


def _before(make: Builder, punch: Punch, forging: str) -> Iterator[Punch]:
    if forging in (PERSON, ENROLLED):
        yield make.punch(punch.user_id, punch.log_time - 3 * HOUR, offset=punch.offset)
    elif forging == STORED:
        # Who stores by UserID and LogTime first and looks at the token then has another Type in its place.
        yield make.punch(punch.user_id, punch.log_time, input_=punch.input, offset=punch.offset)


def _after(make: Builder, punch: Punch, then: str, device: int, operation: str) -> Iterator[Step]:
    if then == LATER:
        later = make.punch(punch.user_id, punch.log_time + 10 * MINUTE, offset=punch.offset)
        yield make.step(later, device)
    elif then == SAME:
        # As after a change of the token: the device sends again what was refused.
        yield make.step(punch, device, operation_id=operation, values={"before:forged": SAME})
    elif then == OPERATION and make.profile.protocol is Protocol.V3:
        other = make.punch(make.user(), punch.log_time)
        yield make.step(other, device, operation_id=operation, values={"before:forged": OPERATION})


def _forged(make: Builder, punch: Punch, one: Forgery, device: int, operation: str) -> Step:
    token = tokens(make, device)[one.token]
    own = make.device(device).token
    values = {
        "token": one.token,
        "token-length": "same" if isinstance(token, str) and len(token) == len(own) else "other",
        "forging": one.forging,
        "old": "yes" if AGES[one.age] > DAY else "no",
    }
    if make.profile.protocol is Protocol.V2:
        drop = "AuthToken" if token is ABSENT else ""
        step = altered(make, punch, device, drop=drop, AuthToken=None if token is ABSENT else token)
        told = told_v2(punch, {}, Keep.NEVER)
        return replace(step, what="forged punch", judged=False, told=told, values=values)
    message = make.message(punch, device, operation_id=operation)
    frame = message["RealTime"]
    frame["AuthToken"] = token
    if token is ABSENT:
        del frame["AuthToken"]
    frame.pop(_FRAMES.get(one.frame, ""), None)
    values |= {"frame": one.frame} if one.frame in _FRAMES else {}
    query = make.tag(device) if one.tagged else ""
    told = told_v3(punch, message, Keep.NEVER)
    # Not judged: a target may refuse a forgery, or acknowledge it and store nothing (A-CB-29).
    return make.json(message, device, "forged punch", judged=False, told=told, values=values, query=query)
