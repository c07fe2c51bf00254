"""Rows: one case for each combination of values that a punch is sent under, alone or of the covering arrays."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import msgspec

from camsim.protocol.facts import Punch
from camsim.protocol.vocabulary import Protocol

from . import arrays
from .builder import Builder
from .cases import Case, Expect, Stage, Step, Transport
from .deep import deep
from .factors import BY_NAME, MINUTE, PUNCH_FACTORS, Factor, Value, usual_values
from .framing_v2 import as_punch
from .punch_values import BLOCK, id_of, planned, values_of
from .row_variety import PARTNERS, Variety, variety
from .rows_people import Moments, Place, Row, least_people, moments, offset_of, own_place, shared_places
from .rows_writing import Retelling, device_of, label_of, punch_step
from .told import Keep

RETRIES = 5
COPIES = 8
OTHERS = 20
AGAIN = "-again"  # the name of the case that sends the punch of another case again
_LATER = {"after-20": Stage.BUSY, "late": Stage.LATE}
MASKS: Mapping[str, bool | None] = {"true": True, "false": False, "absent": None}


def punch_case(
    make: Builder,
    name: str,
    values: Mapping[str, str],
    requirement: str = "",
    place: Place | None = None,
    *,
    alone: bool = True,
) -> Case:
    """The case of one row; what `values` leave out is usual. `place`: whose punch, and when; None for a new person.

    An `alone` case sends the twenty punches that lie before a repetition itself; else, and always when the repetition
    is `late`, the repetition is a case of its own: `with_again`. Raises: ValueError for values that cannot meet.
    """
    row = usual_values() | dict(values)
    if not arrays.possible(row, make.profile.protocol):
        raise ValueError(f"{name}: two of these values cannot meet: {dict(values)}")
    where = place or own_place(make, row)
    # Given people (--users) have the ids they have.
    if row["id"] == BY_NAME["id"].usual.name:
        row["id"] = id_of(where.user)
    offset = offset_of(make, row)
    apart = moments(row, offset, make.now - where.at)
    beside = variety(name, two_devices=claimed(make, BY_NAME["device"]))
    punch = _punch(make, where, row, offset, beside)
    first = punch_step(make, punch, row)
    steps = [*_before(make, punch, row, apart, beside), *_told(make, punch, first, row)]
    steps += _between(make, punch, row, apart, beside)
    steps += _again(make, punch, first, row, alone=alone)
    told = [step.told.punch for step in steps if step.told is not None and step.told.keep is Keep.MUST]
    punches = tuple(dict.fromkeys(found for found in told if found is not None))
    row["length"] = _length(make, first)
    return Case(name, tuple(steps), Expect.rows(*punches), requirement, values=row)


def _length(make: Builder, first: Step) -> str:
    """The length that came out: there is one only under a key, and nothing to fill up in a row without a label."""
    return values_of(planned([first]), 0, make.now)["length"]


def with_again(case: Case) -> Iterator[Case]:
    """A case, and the case of its repetition where that comes later: after the main burst, or when all has settled."""
    yield case
    stage = _LATER.get(case.values["repeat"])
    steps = _own(case)
    if stage is None or len(steps) > 1:
        return
    again = replace(steps[0], values={**steps[0].values, "repeat": case.values["repeat"]})
    yield replace(case, name=case.name + AGAIN, steps=(again,), stage=stage, introduced=False)


def is_one_of_two(case: Case) -> bool:
    """True for a punch whose repetition is a case of its own, and for that case: one alone shows nothing."""
    return case.name.endswith(AGAIN) or (case.values.get("repeat") in _LATER and len(_own(case)) == 1)


def other_of_two(case: Case) -> str:
    """The id of the case that a case of two belongs to."""
    return case.id.removesuffix(AGAIN) if case.name.endswith(AGAIN) else case.id + AGAIN


def _own(case: Case) -> list[Step]:
    """The steps that tell the row's own punch: the only ones that declare how they are written."""
    return [step for step in case.steps if "body" in step.values]


# --- the steps of a row ----------------------------------------------------------------------------------------------


def _punch(make: Builder, where: Place, row: Row, offset: int, beside: Variety) -> Punch:
    return make.punch(
        where.user,
        where.at,
        row["type"],
        "" if row["input"] == "absent" else row["input"],
        offset=offset,
        temperature=beside.degrees(row["temperature"]),
        mask=MASKS[row["mask"]],
    )


def _companion(make: Builder, punch: Punch, row: Row, apart: int, beside: Variety) -> Step:
    # Of the same type: a target that keeps one punch of a kind and time must have something to stumble over.
    type_ = row["type"]
    if apart == 0:
        type_ = "CheckIn" if type_ == "CheckOut" else "CheckOut"
    elif beside.other_type:
        type_ = PARTNERS.get(type_, "CheckIn")
    other = make.punch(punch.user_id, punch.log_time + apart, type_, offset=punch.offset)
    device = device_of(row)
    return make.step(other, 1 - device if beside.other_device else device)


def _before(make: Builder, punch: Punch, row: Row, apart: Moments, beside: Variety) -> Iterator[Step]:
    for seconds in (apart.newer, apart.neighbour):
        if seconds is not None:
            yield _companion(make, punch, row, seconds, beside)
    if row["photo"] == "before":
        yield _photo(make, punch, row, beside)


def _photo(make: Builder, punch: Punch, row: Row, beside: Variety) -> Step:
    photo = make.photo(punch.user_id, punch.log_time)
    photo = msgspec.structs.replace(photo, offset=punch.offset)
    if beside.photo_as_punch and make.profile.protocol is Protocol.V2:
        return as_punch(make, photo, device_of(row))
    return make.step(photo, device_of(row))


def _told(make: Builder, punch: Punch, first: Step, row: Row) -> Iterator[Step]:
    if row["repeat"] == "concurrent":
        yield replace(first, copies=COPIES)
    elif row["repeat"] == "lost-answer":
        yield replace(first, transport=Transport.LOST_ACK, judged=False)
    else:
        yield first


def _between(make: Builder, punch: Punch, row: Row, apart: Moments, beside: Variety) -> Iterator[Step]:
    if row["photo"] == "after":
        yield _photo(make, punch, row, beside)
    if apart.overtaking is not None:
        yield _companion(make, punch, row, apart.overtaking, beside)


def _again(make: Builder, punch: Punch, first: Step, row: Row, *, alone: bool) -> Iterator[Step]:
    repeat = row["repeat"]
    if repeat in ("bytes", "old-again"):
        yield first
    elif repeat == "lost-answer":
        yield replace(first, retries=RETRIES)
    elif repeat == "retold":
        yield punch_step(make, punch, row, Retelling(make.operation_id(), make.now + 30, label_of(first)))
    elif repeat == "after-20" and alone:
        stranger = make.stranger()
        for number in range(OTHERS):
            other = make.punch(stranger, punch.log_time - (number + 3) * MINUTE)
            yield make.step(other, device_of(row), keep=Keep.MAY)
        yield replace(first, values={**first.values, "repeat": repeat})


# --- which rows a run sends ------------------------------------------------------------------------------------------


def claimed(make: Builder, factor: Factor) -> bool:
    """Whether values of a factor that are not usual may be sent to this target."""
    if factor.name == "device" and make.profile.protocol is Protocol.V2:
        # v2 tells devices apart by their ServiceTagId, and an invented one is nobody's.
        return make.claims(factor.feature) and len(make.profile.devices) > 1
    return make.claims(factor.feature)


def _row_of(make: Builder, row: Row) -> dict[str, str]:
    """A row with the usual value of every factor that this target does not claim."""
    found = dict(row)
    for factor in PUNCH_FACTORS:
        if not claimed(make, factor):
            found[factor.name] = factor.usual.name
    return found


def single_rows(make: Builder) -> Iterator[Case]:
    """One case for each value that is not usual, all else plain: `offset=-0330`. What deviates here is left out of the
    arrays. They belong to the requirements of their values. Of shared people: one after another."""
    protocol = make.profile.protocol
    named: dict[str, Row] = {}
    requirements: dict[str, str] = {}
    for factor, value in _values(make):
        name = f"{factor}={value.name}"
        named[name] = usual_values() | needed_with(factor, value.name) | {factor: value.name}
        requirements[name] = value.requirement(protocol)
    # The arrays, which come after them, are three times as many.
    for name, row, place in _placed(make, named, make.spare_people // 4):
        yield from _cases(make, name, row, requirements[name], place)


def _values(make: Builder) -> Iterator[tuple[str, Value]]:
    protocol = make.profile.protocol
    for factor in PUNCH_FACTORS:
        for value in factor.values:
            # The lengths stand alone in CB-ENC-002 (V2-ENC-002) already.
            if (
                value.crossed
                and not value.usual
                and claimed(make, factor)
                and arrays.exists(factor.name, value.name, protocol)
            ):
                yield factor.name, value


def needed_with(factor: str, name: str) -> dict[str, str]:
    """What cannot be usual beside a value: copies at one moment travel on connections of their own."""
    return {"transport": "fresh"} if (factor, name) == ("repeat", "concurrent") else {}


def array_rows(make: Builder, leave_out: Collection[arrays.Pick] = (), requirement: str = "") -> Iterator[Case]:
    """The rows of both arrays but those with a value that is left out, each once; under a key their lengths take
    turns. Of shared people they must be sent one after another, which is the stage they have."""
    lengths = _lengths(make, leave_out)
    named: dict[str, dict[str, str]] = {}
    protocol = make.profile.protocol
    # What --deep adds comes last: so the rows before it keep their people.
    further = deep(protocol).rows if make.profile.deep else ()
    for number, shipped in enumerate((*arrays.rows(protocol), *further)):
        row = _row_of(make, shipped)
        if lengths:
            row[arrays.OUTSIDE] = lengths[number % len(lengths)]
        if not any(row[factor] == name for factor, name in leave_out):
            named.setdefault(arrays.row_name(row), row)
    for name, values, place in _placed(make, named, make.spare_people):
        yield from _cases(make, name, values, requirement, place)


def _cases(make: Builder, name: str, row: Row, requirement: str, place: Place | None) -> Iterator[Case]:
    case = punch_case(make, name, row, requirement, place, alone=False)
    if place is not None:
        # Only one after another do the punches of a shared person come in the order that their values say.
        case = replace(case, stage=Stage.QUIET)
    yield from with_again(case)


def _lengths(make: Builder, leave_out: Collection[arrays.Pick]) -> list[str]:
    """What takes turns under a key: the lengths that are not left out."""
    if not make.claims("aes"):
        return []
    return [str(rest) for rest in range(BLOCK) if (arrays.OUTSIDE, str(rest)) not in leave_out]


def _placed(make: Builder, named: Mapping[str, Row], spare: int) -> Iterable[tuple[str, Row, Place | None]]:
    if not make.profile.people:
        return [(name, row, None) for name, row in named.items()]
    names = {id(row): name for name, row in named.items()}
    rows = list(named.values())
    people = make.users(_people(make, rows, spare))
    placed, left = shared_places(make, rows, people)
    while left:  # more people may fit worse
        people += make.users(1)
        placed, left = shared_places(make, rows, people)
    return [(names[id(row)], row, place) for row, place in placed]


def _people(make: Builder, rows: Sequence[Row], spare: int) -> int:
    """How many people the rows of one group share: as many as they need, and some of whoever is left."""
    least = least_people(make, rows)
    more = min(spare, len(rows) - least)
    make.spare_people -= more
    return least + more
