"""Compare stored punches with what was told: every row, its instant, and every attribute that the adapter keeps."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from camsim.protocol.vocabulary import Protocol
from camsim.readback.model import Snapshot, StoredPunch
from camsim_conformance.plan.cases import Case
from camsim_conformance.plan.told import Deed, Keep, Told
from camsim_conformance.requirements.verdicts import Level

from .attributes import ATTRIBUTES
from .devices import device_is_told, device_words
from .dues import Due, Person
from .history import Occurrence
from .matching import matched
from .moments import INSTANT, Reading, distance, how_off, nearer
from .observation import ALLOWED, OTHER_USER, STORED_WORD, Aspect, Deviation, Observation
from .scene import Look, Scene
from .texts import stored_text
from .words import type_match

DAY_S = 86400
MostAge = tuple[tuple[int, Level], ...]
ERASED = "--policy erase-on-delete: this punch went with its person, as it may"
# Right receivers set aside what is very old (field notes); the page loads thirty days (V3:481).
_LOST_BY_AGE: MostAge = ((31 * DAY_S, Level.MUST), (91 * DAY_S, Level.SHOULD))

# What tells nothing that could leave a row.
_OF_NO_ROW = frozenset({Deed.OTHER})


def observe_punches(people: Mapping[str, tuple[Occurrence, ...]], scene: Scene) -> Iterator[Observation]:
    """One observation for each thing looked at of each distinct punch, and for each row that nothing explains."""
    reading = scene.choice.reading
    if not scene.choice.declared and not scene.choice.consistent:
        reading = INSTANT  # a few rows that another reading explains are no reading
    stored = {}
    for user, rows in scene.snapshot.punches.items():
        if user in people or user in scene.derived:
            stored[user] = rows
    persons = matched(people, stored, reading, scene.snapshot.capabilities)
    # Declared instants are what is asked for, whatever reading explains the rows.
    asked = reading if scene.choice.declared else INSTANT
    words = device_words(persons) if scene.snapshot.keeps("device") else {}
    for person in persons:
        for due in person.dues:
            yield from _of_due(person, due, scene, asked.time(due.punch), words)
        yield from _of_nobody(person, scene, reading)


def _of_due(person: Person, due: Due, scene: Scene, expected: int, words: Mapping[int, str]) -> Iterator[Observation]:
    look = Look(person, due, scene)
    if due.keep is Keep.NEVER:
        # Of a moment that an honest punch shares, the row says nothing about the forgery.
        if not due.shares_row:
            yield _forgery(look, due)
        return
    if due.keep is Keep.MUST:
        yield _row(look, due)
    if due.row is None:
        return
    yield _count(look, due)
    yield _instant(look, due, expected)
    for aspect, compare in ATTRIBUTES.items():
        if scene.snapshot.keeps(str(aspect)):
            found = _of_attribute(look, due, aspect, compare(due.punch, due.row, scene.snapshot))
            # Of several punches at wrong times nobody can say which row is whose: none of them is accused of more.
            yield replace(found, known=found.known and not due.guessed)
    if due.guessed:
        return
    if due.device in words and device_is_told(person, due):
        how = None if due.row.device == words[due.device] else Deviation.WRONG
        text = f"device {due.row.device!r}, elsewhere {words[due.device]!r}" if how else ""
        yield look.at(Aspect.DEVICE, how, level=Level.SHOULD, actual=text)


def _forgery(look: Look, due: Due) -> Observation:
    seen = look.at(Aspect.FORGERY, Deviation.STORED if due.row else None, actual=look.stored(due.row))
    # Which callback it is says `forged`, in the words of all forgeries.
    values = {**seen.values, "forged": "punch", "operation": "none"}
    return replace(seen, values=values, expected=f"nothing stored of it: {seen.expected}")


def _row(look: Look, due: Due) -> Observation:
    if due.elsewhere is not None:
        booked = look.at(Aspect.ROW, Deviation.OTHER_PERSON, actual=look.stored(due.elsewhere))
        return replace(booked, notes={OTHER_USER: due.elsewhere.user})
    if due.row is not None:
        return look.at(Aspect.ROW, None)
    if due.shares_row:
        return _shared(look, due)
    age = look.scene.started_s - due.punch.log_time
    level = next((level for most, level in _LOST_BY_AGE if age <= most), Level.RECORD)
    # A moment that already had its row before the run shows nothing: what is new there cannot be told from what is old.
    known = due.acknowledged and not look.erased and not look.scene.past(due.punch)
    found = look.at(Aspect.ROW, Deviation.MISSING, level=level, known=known, actual="no stored row")
    if due.acknowledged and look.erased:
        return replace(found, notes={ALLOWED: ERASED})
    return found


def _shared(look: Look, due: Due) -> Observation:
    """One row for several punches of a moment: v3's key allows it; v2's has the device in it (V2:240)."""
    if look.scene.protocol is Protocol.V2:
        for other in look.person.dues:
            if other.punch == due.punch and other.device != due.device:
                text = "one row for two devices"
                return look.at(Aspect.ROW, Deviation.MISSING, level=Level.SHOULD, known=due.acknowledged, actual=text)
    return look.at(Aspect.ROW, None)


def _count(look: Look, due: Due) -> Observation:
    if not due.more:
        return look.at(Aspect.COUNT, None)
    text = f"{1 + len(due.more)} rows: {look.stored(due.row)}; {'; '.join(map(look.stored, due.more[:3]))}"
    return look.at(Aspect.COUNT, Deviation.DOUBLED, actual=text)


def _instant(look: Look, due: Due, expected: int) -> Observation:
    row, scene = due.row, look.scene
    kept = scene.choice
    # One cause for all: a clock that the adapter does not declare. At offset 0 it cannot be told from the instant.
    if row is not None and not kept.declared and kept.consistent and row.time == kept.reading.time(due.punch):
        how, known = f"kept as {kept.reading.name}", row.time != expected
        expected = nearer(row, due.punch) if scene.protocol is Protocol.V2 else expected
        text = f"{look.stored(row)} is {kept.reading.name}"
        return look.at(Aspect.INSTANT, how, known=known, seconds=row.time - expected, actual=text)
    if row is None or row.time == expected:
        return look.at(Aspect.INSTANT, None)
    if scene.protocol is Protocol.V2 and not kept.declared:
        expected = nearer(row, due.punch)
    # A time within the run is that of arrival, whenever in the run it was.
    arrival = min(max(float(row.time), scene.started_s), scene.ended_s)
    how = how_off(row, due.punch, expected, arrival, scene.protocol)
    off = row.time - expected
    return look.at(Aspect.INSTANT, how, seconds=off, actual=f"{look.stored(row)}, {distance(off)}: {how}")


def _is_astray(person: Person, reading: Reading) -> bool:
    """True when no row of a person stands at its time: what is left over may be of any of the punches."""
    rows = [due for due in person.dues if due.row is not None]
    return bool(rows) and not any(due.row is not None and due.row.time == reading.time(due.punch) for due in rows)


def _of_nobody(person: Person, scene: Scene, reading: Reading) -> Iterator[Observation]:
    """Rows that no punch of the person explains; and of a person without a punch, that there is none."""
    told = [one for one in person.history if one.told.deed not in _OF_NO_ROW]
    if not told:
        return
    for row in person.extra:
        place = min(range(len(told)), key=lambda place: _far(told[place].told, row))
        one = told[place]
        # Nothing of a lazy response has to be stored, and no punch of it may be (V2:74).
        if one.told.keep is Keep.MAY and one.told.deed is not Deed.LAZY:
            continue
        actual = f"a row that nobody sent: {stored_text(row, scene.snapshot)}"
        if one.told.deed is Deed.PHOTO:
            actual += ", a photo was told of that moment"
        values = scene.values(person.user, person.history.index(one))
        found = _observation(Aspect.COUNT, one, values, Deviation.INVENTED, "no other row", actual)
        yield replace(found, known=not _is_astray(person, reading))
    if not person.extra and not person.dues:
        one = told[-1]
        values = scene.values(person.user, person.history.index(one))
        yield _observation(Aspect.COUNT, one, values, None, "no row", "")


def _far(told: Told, row: StoredPunch) -> tuple[int, bool]:
    # Of a punch and its photo, which have one moment, the punch is likelier to leave a row.
    return abs(told.at - row.time), told.punch is None


def observe_nobody(cases: Iterable[Case], told: Collection[str], snapshot: Snapshot) -> Iterator[Observation]:
    """One observation for each person of whom nothing at all was told, and nothing may be stored."""
    for case in cases:
        for user in case.expect.people:
            if user in told:
                continue
            rows = snapshot.punches.get(user, ())
            yield Observation(
                aspect=Aspect.COUNT,
                case=case.id,
                steps=(),
                user=user,
                values={"operation": "none"},
                deviation=Deviation.INVENTED if rows else None,
                expected=f"no row of user {user}, of whom nothing was told",
                actual="; ".join(stored_text(row, snapshot) for row in rows[:3]),
                requirement=case.requirement,
            )


def _observation(
    aspect: Aspect, one: Occurrence, values: Mapping[str, str], how: str | None, expected: str, actual: str
) -> Observation:
    return Observation(
        aspect=aspect,
        case=one.id,
        steps=(one.number,),
        user=one.told.user,
        values=values,
        deviation=how,
        level=Level.RECORD if one.case.record else Level.MUST,
        expected=expected,
        actual=actual,
        requirement=one.case.requirement,
    )


_WORDS = frozenset({Aspect.TYPE, Aspect.INPUT})
_LEVELS: Mapping[Aspect, Level] = {
    Aspect.INPUT: Level.MUST,
    Aspect.TEMPERATURE: Level.SHOULD,
    Aspect.MASK: Level.SHOULD,
}


def _of_attribute(look: Look, due: Due, aspect: Aspect, how: str | None) -> Observation:
    found = look.at(aspect, how, level=_LEVELS.get(aspect, Level.MUST), actual=_attribute(aspect, due, how))
    if how == Deviation.WRONG and aspect in _WORDS and due.row is not None:
        return replace(found, notes={STORED_WORD: str(getattr(due.row, str(aspect)))})
    if aspect is Aspect.TYPE and how is None and due.row is not None and due.row.type is not None:
        match = type_match(due.row.type, due.punch.type, look.scene.snapshot.capabilities)
        return replace(found, notes={"type": match.name.lower()})
    return found


def _attribute(aspect: Aspect, due: Due, how: str | None) -> str:
    if how is None or due.row is None:
        return ""
    return f"{aspect} {_word(getattr(due.row, str(aspect)))} for {_word(getattr(due.punch, str(aspect)))}"


def _word(value: object) -> str:
    return "nothing" if value is None else str(value)
