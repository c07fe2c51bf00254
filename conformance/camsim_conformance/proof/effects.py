"""What a fault does to an event that it strikes: to the answer, to the rows of a punch, to a person's data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from camsim.protocol.vocabulary import AttendanceType
from camsim.receiver.memory.records import Punch, Reply
from camsim_conformance.model.observation import Aspect, Deviation

HOUR_S = 3600
AWAY_S = 17  # from a punch to the row that is invented beside it: nearer to it than to nearly any other
_MEALS: Mapping[str | None, str] = {"MealStart": "MealEnd", "MealEnd": "MealStart"}  # v2's words
CLOSED = Reply(status=0)  # the connection ends without an answer
_TEXT = "text/plain"


@dataclass(frozen=True, slots=True)
class Place:
    """What an effect may need beside the punch: the receiver's clock in epoch seconds, and another person."""

    clock: int
    other: str


Rows = Callable[[Punch, Place], list[Punch]]


@dataclass(frozen=True, slots=True)
class Effect:
    """One way to go wrong. `aspect` and `deviation` are what it deviates in first; `reply` takes the place of the
    answer, `rows` says what is stored in the place of a punch; one that `stores` not, stores nothing of the event."""

    name: str
    aspect: Aspect
    deviation: str
    reply: Reply | None = None
    stores: bool = True
    rows: Rows | None = None

    def stored(self, punch: Punch, place: Place) -> list[Punch]:
        """The rows of a struck punch."""
        if not self.stores:
            return []
        return [punch] if self.rows is None else self.rows(punch, place)


def _shift(seconds: Callable[[Punch, Place], int]) -> Rows:
    return lambda punch, place: [replace(punch, at=punch.at + seconds(punch, place))]


def _ignoring_sign(punch: Punch, place: Place) -> int:
    del place
    return (punch.offset - abs(punch.offset)) * 60


def _without(name: str) -> Rows:
    values: dict[str, None] = {name: None}

    def rows(punch: Punch, place: Place) -> list[Punch]:
        del place
        return [replace(punch, **values)]  # type: ignore[arg-type]

    return rows


_SWAPPED: Mapping[str | None, str] = {
    AttendanceType.CHECK_IN: "CheckOut",
    AttendanceType.CHECK_OUT: "CheckIn",
    AttendanceType.BREAK_IN: "BreakOut",
    AttendanceType.BREAK_OUT: "BreakIn",
    AttendanceType.OVERTIME_IN: "OverTimeOut",
    AttendanceType.OVERTIME_OUT: "OverTimeIn",
    AttendanceType.MEAL_IN: "MealOut",
    AttendanceType.MEAL_OUT: "MealIn",
    **_MEALS,
}


def _swapped(punch: Punch, place: Place) -> list[Punch]:
    del place
    # v2's None has no other side.
    return [replace(punch, type=_SWAPPED.get(punch.type, punch.type))]


def _answers() -> list[Effect]:
    bodies = {
        "capital": Reply(body=b'{"Status":"done"}'),
        "empty": Reply(body=b""),
        "ok": Reply(body=b"ok", content_type=_TEXT),
        "closed": CLOSED,
    }
    for status in (400, 404, 409, 422, 500):
        bodies[str(status)] = Reply(status, b'{"error":"cannot"}')
    found = []
    for name, reply in bodies.items():
        found.append(Effect(f"answer {name}", Aspect.ANSWER, name, reply))
        found.append(Effect(f"answer {name}, lost", Aspect.ANSWER, name, reply, stores=False))
    return found


def _stored() -> list[Effect]:
    missing, wrong, null = Deviation.MISSING, Deviation.WRONG, Deviation.NULL
    return [
        Effect("dropped", Aspect.ROW, missing, stores=False),
        Effect("shifted by the offset", Aspect.INSTANT, wrong, rows=_shift(lambda punch, _: punch.offset * 60)),
        Effect("shifted to arrival", Aspect.INSTANT, wrong, rows=_shift(lambda punch, place: place.clock - punch.at)),
        Effect("shifted by an hour", Aspect.INSTANT, wrong, rows=_shift(lambda *_: HOUR_S)),
        Effect("sign of the offset ignored", Aspect.INSTANT, wrong, rows=_shift(_ignoring_sign)),
        Effect("another type", Aspect.TYPE, wrong, rows=_swapped),
        Effect("type null", Aspect.TYPE, null, rows=_without("type")),
        Effect("input null", Aspect.INPUT, null, rows=_without("input")),
        Effect("temperature null", Aspect.TEMPERATURE, null, rows=_without("temperature")),
        Effect("mask null", Aspect.MASK, null, rows=_without("mask")),
        Effect("doubled", Aspect.COUNT, Deviation.DOUBLED, rows=lambda punch, _: [punch, punch]),
        Effect(
            "a row invented",
            Aspect.COUNT,
            Deviation.INVENTED,
            rows=lambda punch, _: [punch, replace(punch, at=punch.at + AWAY_S)],
        ),
        Effect(
            "booked to another person",
            Aspect.ROW,
            Deviation.OTHER_PERSON,
            rows=lambda punch, place: [replace(punch, user=place.other)],
        ),
    ]


FORGED = Effect("stored although forged", Aspect.FORGERY, Deviation.STORED)
PUNCH_EFFECTS: Mapping[str, Effect] = {one.name: one for one in (*_answers(), *_stored())}

# --- people: what happens to a person's data when an event of a kind comes -------------------------------------------
PEOPLE_EFFECTS: Mapping[str, Effect] = {
    one.name: one
    for one in (
        Effect("names erased", Aspect.NAME, Deviation.NULL),
        Effect("templates erased", Aspect.TEMPLATE, Deviation.MISSING),
        Effect("template dropped", Aspect.TEMPLATE, Deviation.MISSING),
        Effect("old content kept", Aspect.TEMPLATE, Deviation.WRONG),
        Effect("deletion ignored", Aspect.PERSON, Deviation.STILL_THERE),
        Effect("return ignored", Aspect.PERSON, Deviation.MISSING),
        FORGED,
    )
}
