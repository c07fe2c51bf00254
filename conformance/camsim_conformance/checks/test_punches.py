"""Punches: what of them is kept (CB-PUNCH, CB-DEV)."""

from __future__ import annotations

from collections.abc import Iterator

from camsim.protocol.facts import Punch
from camsim.protocol.v3.messages import DOCUMENTED, Style
from camsim.protocol.vocabulary import AttendanceType, InputType
from camsim_conformance.findings.answers import acknowledged, recorded
from camsim_conformance.findings.told import FIELDS, ROWS, SENSORS, as_told
from camsim_conformance.model.observation import Aspect
from camsim_conformance.observed import Observed
from camsim_conformance.plan.builder import Builder
from camsim_conformance.plan.cases import UNCHANGED, Case, Expect
from camsim_conformance.plan.factors import BORROWED
from camsim_conformance.plan.rows_ids import identity_rows
from camsim_conformance.plan.run_facts import DAY, HOUR, MINUTE
from camsim_conformance.plan.told import Keep, told_v3

from .registry import requirement

QUICK_S = 14  # the second of a minute at which punches close to each other begin, so that all lie within it


def in_turn(make: Builder, name: str, *punches: Punch) -> Case:
    """A case that sends punches in turn and expects each of them."""
    return Case(name, make.steps(punches), Expect.rows(*punches))


def by_every_method(make: Builder) -> Iterator[Case]:
    """One punch by each way to be recognised."""
    for method in InputType:
        yield in_turn(make, f"by-{method.lower()}", make.punch(make.user(), input_=method))


@requirement("CB-PUNCH-001", cases=by_every_method)
def test_a_punch_is_stored(case: Observed) -> None:
    """A punch is stored with its user and its type, and its input method should be kept."""
    case.state = as_told(case, Aspect.ROW, *FIELDS)


def _of_every_type(make: Builder) -> Iterator[Case]:
    for number, type_ in enumerate(AttendanceType):
        yield in_turn(make, type_, make.punch(make.user(), make.ago(number * MINUTE), type_))


@requirement("CB-PUNCH-002", cases=_of_every_type)
def test_every_type_keeps_its_meaning(case: Observed) -> None:
    """All eight punch types are acknowledged and stored, and in and out keep their meaning."""
    case.ack = acknowledged(case)
    case.state = as_told(case, Aspect.ROW, Aspect.TYPE)


def apart(make: Builder) -> Iterator[Case]:
    """Punches close to each other that are still two."""
    base = make.ago(40 * MINUTE)
    # Whatever second a run begins at, the first pair stands within one minute of the clock: a receiver that keeps one
    # punch a minute is told by it.
    base -= max(0, base % MINUTE - QUICK_S)
    # Also an In and its Out, a break and its end: no page says that a quick pair undoes itself.
    for seconds, first, then in ((1, "CheckIn", "CheckIn"), (4, "CheckIn", "CheckOut"), (45, "BreakOut", "BreakIn")):
        user = make.user()
        yield in_turn(make, f"{seconds}-seconds", make.punch(user, base, first), make.punch(user, base + seconds, then))
    user = make.user()
    thrice = [make.punch(user, base + n, type_) for n, type_ in enumerate(("CheckIn", "CheckOut", "CheckIn"))]
    yield in_turn(make, "three-in-a-minute", *thrice)
    one, other = make.users(2)
    yield in_turn(make, "two-people-in-one-second", make.punch(one, base), make.punch(other, base))
    user = make.user()
    out = make.punch(user, base + MINUTE, "CheckOut")
    yield in_turn(make, "in-and-out-in-a-minute", make.punch(user, base), out)


@requirement("CB-PUNCH-003", cases=apart)
def test_punches_seconds_apart_are_two(case: Observed) -> None:
    """Two punches of one user seconds apart are two rows."""
    case.state = as_told(case, *ROWS)


def _sensors(make: Builder) -> Iterator[Case]:
    printed: dict[str, tuple[Style, float | None, bool | None]] = {
        "as-printed": (DOCUMENTED, 36.8, False),
        # A fever and a cold hand are readings like any other (V3:1178).
        "as-number": (Style(temperature="number"), 38.6, False),
        "mask-worn": (DOCUMENTED, 35.3, True),
        "both-absent": (DOCUMENTED, None, None),
    }
    for name, (style, temperature, mask) in printed.items():
        punch = make.punch(make.user(), temperature=temperature, mask=mask)
        yield Case(name, (make.step(punch, style=style),), Expect.rows(punch))
    # An empty temperature is nothing the page prints: it is only recorded, and nothing is expected of it.
    sent = make.punch(make.user(), temperature=36.6)
    kept = make.punch(sent.user_id, temperature=None)
    step = make.step(sent, style=Style(temperature="empty"))
    yield Case("temperature-empty", (step,), Expect.rows(kept), record=True)


@requirement("CB-PUNCH-004", cases=_sensors)
def test_temperature_and_mask_are_kept(case: Observed) -> None:
    """Temperature, as text or number, and mask are kept where the target claims them, and their absence harms
    nothing.
    """
    case.state = as_told(case, Aspect.ROW, *SENSORS)


def _identities(make: Builder) -> Iterator[Case]:
    yield from identity_rows(make)
    if make.claims("names") and not make.profile.may_change_people:
        yield Case("quotes-in-name", blocked=UNCHANGED)
    elif make.claims("names"):
        user = make.user()
        step = make.step(make.updated(user, first='Maeve "Mae"', last="O'Brien"))
        yield Case("quotes-in-name", (step,), Expect.named(user, 'Maeve "Mae"', "O'Brien"))


@requirement("CB-PUNCH-006", cases=_identities)
def test_user_ids_are_text(case: Observed) -> None:
    """User ids are text: leading zeros, letters, hyphens and underscores are kept apart; quotes in names do no
    harm.
    """
    case.ack = acknowledged(case)
    case.state = as_told(case, *ROWS, Aspect.NAME)


def _optional(make: Builder) -> Iterator[Case]:
    punch = make.punch(make.user())
    yield _without(make, "no-label-or-serial", punch, "LabelName", "SerialNumber")
    punch = make.punch(make.user(), input_="")
    yield _without(make, "no-input-type", punch, "InputType")


def _without(make: Builder, name: str, punch: Punch, *members: str) -> Case:
    message = make.message(punch)
    frame = message["RealTime"]
    for member in members:
        frame.pop(member, None)
        frame["PunchLog"].pop(member, None)
    told = told_v3(punch, message)
    values = {"frame": "neither"} if "SerialNumber" in members else {}
    step = make.json(message, what="RealTimePunchLog", told=told, values=values)
    return Case(name, (step,), Expect.rows(punch))


@requirement("CB-PUNCH-007", cases=_optional)
def test_optional_members_may_be_missing(case: Observed) -> None:
    """A punch is kept although optional fields of its frame are missing."""
    case.ack = acknowledged(case)
    case.state = as_told(case, Aspect.ROW)


def _in_one_second(make: Builder) -> Iterator[Case]:
    user = make.user()
    yield in_turn(make, "face-and-card", make.punch(user), make.punch(user, input_="Card"))


@requirement("CB-PUNCH-008", cases=_in_one_second)
def test_two_punches_in_a_second_are_recorded(case: Observed) -> None:
    """Two different punches of one user in one second: one row or two is recorded."""
    case.state = as_told(case, *ROWS)


def _several_devices(make: Builder) -> Iterator[Case]:
    # A serial number that nobody named is one the target need not know.
    if len(make.profile.devices) < 2:
        return
    user = make.user()
    at = make.ago(4 * HOUR)
    punches = [make.punch(user, at), make.punch(user, at + 2 * MINUTE, "CheckOut")]
    for n in range(len(make.profile.devices) - 2):
        punches.append(make.punch(user, at + (10 + n) * MINUTE))
    steps = tuple(make.step(punch, device=n) for n, punch in enumerate(punches))
    yield Case("in-here-out-there", steps, Expect.rows(*punches))
    yield from between_devices(make)


def between_devices(make: Builder) -> Iterator[Case]:
    """One person at the door and at the gate: seconds apart, the same Type at both, and what the other device had
    cached, which is older than what the first has told (V3:1219)."""
    plans: dict[str, tuple[tuple[int, int, str], ...]] = {
        "seconds-apart": ((0, 0, "CheckIn"), (1, 9, "CheckIn"), (0, 40, "CheckOut"), (1, 55, "CheckOut")),
        "older-at-the-other": ((0, 0, "CheckOut"), (1, -HOUR, "CheckIn"), (1, -2 * HOUR, "CheckOut")),
        "older-at-the-first": ((1, 0, "CheckIn"), (0, -DAY, "CheckIn"), (0, -5 * MINUTE, "CheckIn")),
        "same-type-at-both": ((0, 0, "CheckIn"), (1, 3 * HOUR, "CheckIn"), (0, 4 * HOUR, "CheckOut")),
    }
    for name, moments in plans.items():
        user = make.user()
        at = make.ago(9 * HOUR)
        at -= at % MINUTE
        told = [(device, make.punch(user, at + seconds, type_)) for device, seconds, type_ in moments]
        steps = tuple(make.step(punch, device=device) for device, punch in told)
        yield Case(name, steps, Expect.rows(*(punch for _, punch in told)))


@requirement("CB-DEV-001", cases=_several_devices)
def test_punches_of_several_devices_are_kept(case: Observed) -> None:
    """Punches of one user from several devices are all kept."""
    case.state = as_told(case, *ROWS)


def _borrowed_token(make: Builder) -> Iterator[Case]:
    if len(make.profile.devices) < 2:
        return
    punch = make.punch(make.user())
    message = make.message(punch)
    message["RealTime"]["SerialNumber"] = make.device(1).serial
    told = told_v3(punch, message, Keep.MAY)
    step = make.json(message, what="RealTimePunchLog", told=told, values={"frame": BORROWED})
    yield Case("serial-of-another", (step,), Expect.rows(punch))


@requirement("CB-DEV-002", cases=_borrowed_token)
def test_a_borrowed_token_is_recorded(case: Observed) -> None:
    """What becomes of a punch whose token belongs to another device than its serial number is recorded."""
    case.ack = recorded(case)
    case.state = as_told(case, *ROWS)
