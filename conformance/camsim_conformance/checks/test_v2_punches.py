"""v2: punches, repetition, order, time, photos, lazy responses (V2-PUNCH, V2-DUP, V2-ORD, V2-TIME, V2-PHOTO, V2-LAZY).

What both protocols ask is provoked by v3's cases.
"""

from __future__ import annotations

from collections.abc import Iterator

from camsim.protocol.facts import Fact
from camsim.protocol.statuses import StatusV2
from camsim.protocol.v2.messages import Asked, StyleV2
from camsim.protocol.vocabulary import AttendanceType
from camsim_conformance.findings.answers import acknowledged
from camsim_conformance.findings.told import FIELDS, ROWS, SENSORS, as_told
from camsim_conformance.model.observation import Aspect
from camsim_conformance.observed import Observed
from camsim_conformance.plan.builder import Builder
from camsim_conformance.plan.calendar import edges
from camsim_conformance.plan.cases import Case, Expect
from camsim_conformance.plan.framing_v2 import as_punch, framed, lazy, messages
from camsim_conformance.plan.rows_ids import identity_rows
from camsim_conformance.plan.run_facts import HOUR, MINUTE
from camsim_conformance.plan.told import told_v2

from .registry import requirement
from .test_duplicates import identical, lost
from .test_order import cached, four_days, in_or_out, never_punched, older
from .test_photos import around_a_punch, photo_and_punch
from .test_punches import apart, between_devices, by_every_method, in_turn
from .test_templates import deleted_late
from .test_time import moments

NOTHING_PRESSED = "None"  # v2 has a ninth type: the person chose none
REFERENCES = {
    "add-user-done": ("AddUser", StatusV2.DONE),
    "delete-unknown": ("DeleteUser", StatusV2.INVALID_USERID),
    "unknown-error": ("EnrollFingerprint", StatusV2.UNKNOWN_ERROR),
}


def _methods(make: Builder) -> Iterator[Case]:
    yield from by_every_method(make)
    # A punch has an empty OperationReferenceId: who takes it for a key keeps one of the two.
    one, other = make.users(2)
    yield in_turn(make, "two-without-reference", make.punch(one), make.punch(other))


@requirement("V2-PUNCH-001", cases=_methods)
def test_a_v2_punch_is_stored(case: Observed) -> None:
    """A v2 punch is stored with its user and its type, and its input method should be kept."""
    case.state = as_told(case, Aspect.ROW, *FIELDS)


def _types(make: Builder) -> Iterator[Case]:
    for number, type_ in enumerate([*AttendanceType, NOTHING_PRESSED]):
        yield in_turn(make, str(type_), make.punch(make.user(), make.ago(number * MINUTE), type_))


@requirement("V2-PUNCH-002", cases=_types)
def test_every_v2_type_keeps_its_meaning(case: Observed) -> None:
    """All nine attendance types are acknowledged and stored, and in and out keep their meaning."""
    case.ack = acknowledged(case)
    case.state = as_told(case, Aspect.ROW, Aspect.TYPE)


def _sensors(make: Builder) -> Iterator[Case]:
    yield in_turn(make, "told", make.punch(make.user(), temperature=36.8, mask=False))
    yield in_turn(make, "mask-worn", make.punch(make.user(), temperature=38.6, mask=True))
    yield in_turn(make, "cold", make.punch(make.user(), temperature=35.3))
    yield in_turn(make, "absent", make.punch(make.user(), temperature=None, mask=None))


@requirement("V2-PUNCH-004", cases=_sensors)
def test_v2_temperature_and_mask_are_kept(case: Observed) -> None:
    """Temperature and mask of a v2 punch are kept where the target claims them, and their absence harms nothing."""
    case.state = as_told(case, Aspect.ROW, *SENSORS)


@requirement("V2-PUNCH-006", cases=identity_rows)
def test_v2_user_ids_are_text(case: Observed) -> None:
    """User ids of v2 are text: leading zeros and letters are kept apart."""
    case.ack = acknowledged(case)
    case.state = as_told(case, *ROWS, *FIELDS)


@requirement("V2-PUNCH-003", cases=apart)
def test_v2_punches_seconds_apart_are_two(case: Observed) -> None:
    """Two v2 punches of one user seconds apart are two rows."""
    case.state = as_told(case, *ROWS, *FIELDS)


def _repeated(make: Builder) -> Iterator[Case]:
    yield from identical(make)
    yield from lost(make)
    yield _after_five_others(make)
    # The page speaks of what comes again (V2:48), not of copies at one moment: those are only recorded.
    punch = make.punch(make.user())
    yield Case("eight-at-once", (make.step(punch, copies=8),), Expect.rows(punch), record=True)


def _after_five_others(make: Builder) -> Case:
    """An old punch comes again: who compares with the last few alone does not know it."""
    user, base = make.user(), make.ago(9 * HOUR)
    punches = [make.punch(user, base + n * 7 * MINUTE, in_or_out(n)) for n in range(6)]
    steps = make.steps(punches)
    return Case("after-five-others", (*steps, steps[0]), Expect.rows(*punches))


@requirement("V2-DUP-001", cases=_repeated)
def test_the_same_v2_data_is_one_row(case: Observed) -> None:
    """The same v2 data from the same device is one row, however often it comes."""
    case.state = as_told(case, *ROWS, *FIELDS)


def _acknowledged_again(make: Builder) -> Iterator[Case]:
    facts: dict[str, Fact] = {"punch": make.punch(make.user()), "deletion": make.deleted(make.changed_person())}
    for name, fact in facts.items():
        step = make.step(fact)
        yield Case(name, (step, step))


@requirement("V2-DUP-002", cases=_acknowledged_again)
def test_a_v2_duplicate_is_acknowledged(case: Observed) -> None:
    """A duplicate of a v2 callback is acknowledged."""
    case.ack = acknowledged(case)


def _on_two_devices(make: Builder) -> Iterator[Case]:
    if len(make.profile.devices) < 2:
        return
    punch = make.punch(make.user(), make.ago(2 * HOUR))
    steps = (make.step(punch, device=0), make.step(punch, device=1))
    yield Case("two-devices", steps, Expect.rows(punch, punch))
    yield from between_devices(make)


@requirement("V2-DUP-003", cases=_on_two_devices)
def test_two_v2_devices_are_two_rows(case: Observed) -> None:
    """Punches of one user at one moment on two v2 devices are both kept: the page's key includes the device."""
    case.state = as_told(case, *ROWS, *FIELDS)


@requirement("V2-ORD-001", cases=older, later=edges)
def test_an_older_v2_punch_is_kept(case: Observed) -> None:
    """A v2 punch that is older than one already stored is kept."""
    case.state = as_told(case, *ROWS, Aspect.INSTANT, *FIELDS)


def _sets(make: Builder) -> Iterator[Case]:
    yield four_days(make)
    yield from cached(make)
    yield never_punched(make)
    if make.claims("names") and make.profile.may_change_people:
        yield deleted_late(make)
    # It answers a command of ours: of the punches of the person that it names it says nothing.
    punch = make.punch(make.user())
    answer = lazy(make, Asked("AddUser", punch.user_id, make.operation_id()), StatusV2.DONE)
    yield Case("before-a-lazy-response", (make.step(punch), answer), Expect.rows(punch))


@requirement("V2-ORD-002", cases=_sets)
def test_the_stored_v2_set_is_the_sent_set(case: Observed) -> None:
    """The stored set of v2 punches is the sent set, also for a hundred cached ones in any order."""
    case.state = as_told(case, *ROWS, *FIELDS)


@requirement("V2-TIME-001", cases=moments)
def test_the_stored_v2_time_is_right(case: Observed) -> None:
    """The stored time is what OperationTime means: the device's wall clock, or its instant; a third value fails."""
    case.state = as_told(case, Aspect.ROW, Aspect.INSTANT)


def _photos(make: Builder) -> Iterator[Case]:
    at = make.ago(2 * HOUR)
    yield from around_a_punch(make, at)
    photo, _ = photo_and_punch(make, at)
    yield Case("twice", (photo, photo))
    # The structure of the page spells the key in another way than its sample (V2-05).
    style = StyleV2(photo_key="AttendancePhotoe")
    spelled = make.photo(make.user(), at)
    message = messages(make, spelled, style=style)[0]
    step = framed(make, message, what="SendAttendancePhoto", told=told_v2(spelled, message))
    yield Case("key-of-the-structure", (step,))
    # V2:79 names the operation of a punch for the photo too, and no other.
    yield Case("under-the-punch-operation", (as_punch(make, make.photo(make.user(), at)),))
    for name in ("punch-operation-before", "punch-operation-after"):
        punch = make.punch(make.user(), at, "CheckOut", "Card")
        steps = [as_punch(make, make.photo(punch.user_id, at)), make.step(punch)]
        if name.endswith("after"):
            steps.reverse()
        yield Case(name, tuple(steps), Expect.rows(punch))


@requirement("V2-PHOTO-001", cases=_photos)
def test_a_v2_photo_is_acknowledged(case: Observed) -> None:
    """An attendance photo of v2 is acknowledged, before its punch, after it, and alone; it is no punch."""
    case.ack = acknowledged(case)
    case.state = as_told(case, *ROWS, Aspect.INSTANT, *FIELDS)


def _lazy(make: Builder) -> Iterator[Case]:
    for name, (operation, code) in REFERENCES.items():
        # Somebody whose rows are read back: none may come of it.
        user = make.user()
        asked = Asked(operation, user, make.operation_id())
        yield Case(name, (lazy(make, asked, code),), Expect((user,)), introduced=False)
    yield Case("without-user", (lazy(make, Asked("ClearLog", "", make.operation_id()), StatusV2.DONE),))
    punch = make.punch(make.user())
    answer = lazy(make, Asked("AddUser", punch.user_id, make.operation_id()), StatusV2.DONE)
    yield Case("after-a-punch", (make.step(punch), answer), Expect.rows(punch))


@requirement("V2-LAZY-001", cases=_lazy)
def test_a_lazy_response_is_acknowledged(case: Observed) -> None:
    """A lazy response is acknowledged like any callback, whatever it answers."""
    case.ack = acknowledged(case)
