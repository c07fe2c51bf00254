"""Which of two punches of a person one is: the values of plan/relation_factors, found in what was told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from camsim.protocol.facts import Punch

from .factors import DAY, MINUTE, NEAR_S
from .punch_values import Sent, distances, key_of, neighbour, of_one_side, others, punches, wall
from .told import Deed

STAYS: Mapping[tuple[str, str], str] = {
    ("CheckIn", "CheckOut"): "Check",
    ("BreakOut", "BreakIn"): "Break",
    ("OverTimeIn", "OverTimeOut"): "OverTime",
    ("MealIn", "MealOut"): "Meal",
}


def pair_values(history: Sequence[Sent], place: int) -> dict[str, str]:
    """What the punch that is told at a place of its person's history is to the others, and whether it is sent again.
    What it is to nobody has no value: most punches have none of these."""
    history, place = of_one_side(history, place)
    key, punch = key_of(history[place]), history[place].told.punch
    if key is None or punch is None:
        return {}
    place = punches(history)[key]
    found: dict[str, str] = {}
    mine = history[place].step.device
    if any(sent.told.punch == punch and sent.step.device != mine for sent in history):
        found["twin"] = "yes"
    rest = list(others(history, key, punch))
    seconds, _ = neighbour(distances(rest, punch), punch)
    if seconds and seconds < NEAR_S:
        found["near"] = "minute" if seconds < MINUTE else "minutes"
    minute = [at for at, other in rest if _minute(other) == _minute(punch)]
    if minute:
        found["same-minute"] = "yes"
    if sum(at < place for at in minute) > 1:
        found["third"] = "yes"
    found |= _stay(punch, [other for _, other in rest])
    pair = [(at, other) for at, other in rest if abs(other.log_time - punch.log_time) == seconds]
    # There may be one on either side: then it is both.
    for at, other in pair:
        found[f"pair-sent:{'second' if at < place else 'first'}"] = "yes"
        if seconds:
            found[f"pair-time:{'later' if other.log_time < punch.log_time else 'earlier'}"] = "yes"
    if pair:
        found["pair-type"] = "same" if all(other.type == punch.type for _, other in pair) else "another"
    if _operations(history, punch) > 1:
        found["copy-id"] = "new"
    for at, other in rest:
        device = "same-device" if history[at].step.device == mine else "other-device"
        if abs(other.log_time - punch.log_time) < MINUTE:
            found[f"near:{device}"] = "yes"
        if at < place and other.log_time > punch.log_time:
            found[f"newer:{device}"] = "yes"
    if sum(key_of(sent) == key for sent in history) > 1 or history[place].step.copies > 1:
        found["again"] = "yes"
    if any(sent.told.deed is Deed.PHOTO and _of_moment(sent, punch) for sent in history):
        found["photo-as"] = "punch"
    alike = [at for at, other in rest if other.type == punch.type and _day(other) == _day(punch)]
    if alike:
        found["type-of-day"] = "second" if min(alike) < place else "first"
    return found


def _operations(history: Sequence[Sent], punch: Punch) -> int:
    """Under how many OperationIDs a punch was told; v2 has none."""
    texts = {sent.step.plain for sent in history if sent.told.punch == punch}
    if len(texts) < 2:
        return 1
    return len({_operation(text) for text in texts})


def _operation(text: bytes) -> str:
    # However it is written: letters may be escapes.
    try:
        return str(json.loads(text)["RealTime"]["OperationID"])
    except (ValueError, KeyError, TypeError):
        return ""


def _stay(punch: Punch, rest: Iterable[Punch]) -> dict[str, str]:
    """What a punch and one near it begin and end, in this order of time: a stay that is hardly any."""
    for other in rest:
        first, second = sorted((punch, other), key=lambda one: one.log_time)
        kind = STAYS.get((str(first.type), str(second.type)))
        if kind is not None and second.log_time - first.log_time < NEAR_S:
            return {"stay": kind}
    return {}


def _of_moment(sent: Sent, punch: Punch) -> bool:
    """True for a photo of a punch that came under the punch's operation (V2:79)."""
    return sent.told.at == punch.log_time and sent.step.values.get("photo-as") == "punch"


def _minute(punch: Punch) -> int:
    return punch.log_time // MINUTE


def _day(punch: Punch) -> int:
    return wall(punch) // DAY
