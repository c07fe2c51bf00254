"""Cases of punches: what of them is kept (CB-PUNCH, CB-DEV)."""

from __future__ import annotations

from collections.abc import Iterator

from camsim.protocol.facts import Punch
from camsim.protocol.v3.messages import Style
from camsim.protocol.vocabulary import AttendanceType, InputType

from .builder import HOUR, MINUTE, Maker
from .cases import Case, Expect, Step, StoredName


def cases(make: Maker) -> Iterator[Case]:
    """All of them."""
    for method in InputType:
        yield stored_case(make, "CB-PUNCH-001", f"by-{method.lower()}", make.punch(make.user(), input_=method))
    for number, type_ in enumerate(AttendanceType):
        punch = make.punch(make.user(), make.ago(number * MINUTE), type_)
        yield stored_case(make, "CB-PUNCH-002", type_, punch)
    yield from apart(make, "CB-PUNCH-003")
    yield from _sensors(make)
    yield from _identities(make)
    yield from _optional(make)
    user = make.user()
    yield stored_case(make, "CB-PUNCH-008", "face-and-card", make.punch(user), make.punch(user, input_="Card"))
    yield from _devices(make)


def stored_case(make: Maker, requirement: str, name: str, *punches: Punch) -> Case:
    """A case that sends punches in turn and expects each of them."""
    steps = tuple(make.step(punch) for punch in punches)
    return Case(requirement, name, steps, Expect(people_of(punches), punches))


def people_of(punches: tuple[Punch, ...]) -> tuple[str, ...]:
    """The people who punch, each once."""
    return tuple(dict.fromkeys(punch.user_id for punch in punches))


def apart(make: Maker, requirement: str) -> Iterator[Case]:
    """Punches close to each other that are still two."""
    base = make.ago(40 * MINUTE)
    for seconds in (1, 4, 45):
        user = make.user()
        pair = (make.punch(user, base), make.punch(user, base + seconds))
        yield stored_case(make, requirement, f"{seconds}-seconds", *pair)
    same = tuple(make.punch(user, base) for user in make.users(2))
    yield stored_case(make, requirement, "two-people-in-one-second", *same)
    user = make.user()
    in_out = (make.punch(user, base), make.punch(user, base + 60, "CheckOut"))
    yield stored_case(make, requirement, "in-and-out-in-a-minute", *in_out)


def _sensors(make: Maker) -> Iterator[Case]:
    styles = {
        "as-printed": (Style(), 36.8, False),
        "as-number": (Style(temperature="number"), 37.2, False),
        "mask-worn": (Style(), 36.4, True),
        "both-absent": (Style(), None, None),
        "temperature-empty": (Style(temperature="empty"), 36.6, False),
    }
    for name, (style, temperature, mask) in styles.items():
        punch = make.punch(make.user(), temperature=temperature, mask=mask)
        known = punch if name != "temperature-empty" else make.punch(punch.user_id, temperature=None, mask=mask)
        # An empty temperature is nothing the page prints: it is only recorded.
        record = name == "temperature-empty"
        expect = Expect((punch.user_id,), (known,))
        yield Case("CB-PUNCH-004", name, (make.step(punch, style=style),), expect, record=record)


def _identities(make: Maker) -> Iterator[Case]:
    if not make.profile.people:
        bare = make.user()
        for name, people in {
            "leading-zeros": (f"00{bare[2:]}", bare[2:]),
            "letters": (f"E{bare[1:]}",),
            "hyphen": (f"{bare[:5]}-{bare[5:]}",),
            "underscore": (f"{bare[:5]}_{bare[5:]}",),
        }.items():
            make.people += people
            punches = tuple(make.punch(user, make.ago((20 + n) * MINUTE)) for n, user in enumerate(people))
            yield stored_case(make, "CB-PUNCH-006", name, *punches)
    if "user-data" in make.profile.features:
        user = make.user()
        step = make.step(make.updated(user, first='Maeve "Mae"', last="O'Brien"))
        quoted = StoredName('Maeve "Mae"', "O'Brien")
        yield Case("CB-PUNCH-006", "quotes-in-name", (step,), Expect((user,), users={user: quoted}))


def _optional(make: Maker) -> Iterator[Case]:
    for name, missing in {"no-label-or-serial": ("LabelName", "SerialNumber"), "no-input-type": ("InputType",)}.items():
        punch = make.punch(make.user(), input_="" if name == "no-input-type" else "Face")
        message = make.message(punch)
        for member in missing:
            message["RealTime"].pop(member, None)
            message["RealTime"]["PunchLog"].pop(member, None)
        step = make.json(message, what="RealTimePunchLog")
        yield Case("CB-PUNCH-007", name, (step,), Expect((punch.user_id,), (punch,)))


def _devices(make: Maker) -> Iterator[Case]:
    user = make.user()
    at = make.ago(4 * HOUR)
    punches = [make.punch(user, at + n * 2 * MINUTE, type_) for n, type_ in enumerate(("CheckIn", "CheckOut"))]
    count = max(2, len(make.profile.devices))
    if count > 2:
        punches += [make.punch(user, at + (10 + n) * MINUTE) for n in range(count - 2)]
    steps = tuple(make.step(punch, device=n) for n, punch in enumerate(punches))
    yield Case("CB-DEV-001", "in-here-out-there", steps, Expect((user,), tuple(punches)))
    if len(make.profile.devices) > 1:
        yield _borrowed_token(make)


def _borrowed_token(make: Maker) -> Case:
    punch = make.punch(make.user())
    message = make.message(punch)
    message["RealTime"]["SerialNumber"] = make.device(1).serial
    steps: tuple[Step, ...] = (make.json(message),)
    return Case("CB-DEV-002", "serial-of-another", steps, Expect((punch.user_id,), (punch,)))
