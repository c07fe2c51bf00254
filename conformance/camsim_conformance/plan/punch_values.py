"""The value that a punch has of every factor, found in what was told of its person and in how it was sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from camsim.protocol import timestamps
from camsim.protocol.facts import Punch
from camsim.protocol.v2.envelope import CONTENT_TYPE as FORM
from camsim.protocol.v3 import envelope

from .cases import Step, Transport
from .factors import AGES, BETWEEN, BEYOND, DAY, MINUTE, MONTH_S, NEAR_S, OWN_OFFSET, QUARTER_S, usual_values
from .told import Deed, Keep, Told

BLOCK = 16  # bytes: AES pads to whole blocks
_LOST = frozenset({Transport.LOST_ACK, Transport.LOST_EARLY})
_AS_THEY_ARE = frozenset(
    {Transport.POOLED, Transport.FRESH, Transport.CHUNKED, Transport.EXPECT, Transport.LOWER_CASE, Transport.SEGMENTS}
)
Key = tuple[str, int, str, int]


class Sent(Protocol):
    """A step that was sent or will be, with what it tells."""

    @property
    def step(self) -> Step:
        """What travels."""

    @property
    def told(self) -> Told:
        """What it tells."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A step that is not sent yet, with what it tells."""

    step: Step
    told: Told


def planned(steps: Iterable[Step]) -> list[Planned]:
    """The steps that tell something."""
    return [Planned(step, step.told) for step in steps if step.told is not None]


def key_of(sent: Sent) -> Key | None:
    """What makes a punch another one: user, instant, type and device; None for what is no punch."""
    punch = sent.told.punch
    if punch is None:
        return None
    return punch.user_id, punch.log_time, str(punch.type), sent.step.device


def punches(history: Sequence[Sent]) -> dict[Key, int]:
    """Each distinct punch of a history with the place at which it is told first."""
    found: dict[Key, int] = {}
    for place, sent in enumerate(history):
        key = key_of(sent)
        if key is not None:
            found.setdefault(key, place)
    return found


def of_one_side(history: Sequence[Sent], index: int) -> tuple[Sequence[Sent], int]:
    """The honest part of a history, or the forged one: that of the event at `index`, and where it is in it. To a right
    target the one is no neighbour, copy or forerunner of the other."""
    forged = history[index].told.keep is Keep.NEVER
    kept = [place for place, sent in enumerate(history) if (sent.told.keep is Keep.NEVER) == forged]
    if len(kept) == len(history):
        return history, index
    return [history[place] for place in kept], kept.index(index)


def values_of(history: Sequence[Sent], index: int, now: int) -> dict[str, str]:
    """The value of every factor of the punch that is told at `index` of its person's history.

    `now` is the run's, in epoch seconds. What a step declares (`Step.values`) counts more than what is found here; a
    value that no table knows has the name of what it is: `4s`, `+0100`. Raises: ValueError when no punch is told there.
    """
    history, index = of_one_side(history, index)
    key = key_of(history[index])
    punch = history[index].told.punch
    if key is None or punch is None:
        raise ValueError(f"event {index} of {history[index].told.user!r} tells no punch")
    places = [place for place, sent in enumerate(history) if key_of(sent) == key]
    first = history[places[0]].step
    found = usual_values() | _of_punch(punch, now) | _of_step(first)
    found["neighbour"] = neighbour(distances(others(history, key, punch), punch), punch)[1]
    found["same-wall"] = _same_wall(history, punch)
    found["order"] = _order(history[: places[0]], punch)
    # Of one moment and Type another punch may be told as well: that is no repetition.
    same = [place for place in places if history[place].told.punch == punch]
    found["repeat"] = _repeat(history, same, punch)
    found["photo"] = _photo(history, places[0], punch)
    for place in places:
        found.update(history[place].step.values)
    return found


def _of_punch(punch: Punch, now: int) -> dict[str, str]:
    return {
        "type": str(punch.type),
        "input": str(punch.input) or "absent",
        "temperature": _temperature(punch.temperature),
        "mask": "absent" if punch.mask is None else str(punch.mask).lower(),
        "offset": timestamps.format_offset(punch.offset),
        "age": age_of(now - punch.log_time),
        "id": id_of(punch.user_id),
    }


def _temperature(degrees: float | None) -> str:
    if degrees is None:
        return "absent"
    return "whole" if float(degrees).is_integer() else "decimal"


def age_of(seconds: int) -> str:
    """The class of an age: the nearest one up to 30 days."""
    if seconds > QUARTER_S:
        return BEYOND
    if seconds > MONTH_S:
        return BETWEEN
    return min(AGES, key=lambda name: abs(AGES[name] - seconds))


def id_of(user: str) -> str:
    """The kind of a UserID."""
    for sign, name in (("-", "hyphen"), ("_", "underscore")):
        if sign in user:
            return name
    if not user.isascii() or not user.isalnum():
        return "other"
    if not user.isdigit():
        return "letters"
    if user.startswith("0"):
        return "leading-zeros"
    return _digits(user)


def mistaken_ids(user: str) -> list[str]:
    """What columns and parsers make of an id: too short a column, a number, a number of 32 bits, other case."""
    found = [user[:8], user[:9], user[:10], user.lstrip("0"), user.lower(), user.upper()]
    found.append("".join(sign for sign in user if sign.isdecimal()))
    if user.isdecimal() and int(user) > 2**31 - 1:
        found += [str(2**31 - 1), str(2**32 - 1), str(int(user) % 2**32)]
    return found


def _digits(user: str) -> str:
    if len(user) > 10:
        return "12-digits"
    if len(user) == 10:
        return "beyond-32-bits" if int(user) >= 2**32 else "ten-digits"
    return "short" if len(user) <= 6 else "digits"


def _of_step(step: Step) -> dict[str, str]:
    found = {"device": "second" if step.device else "first"}
    if step.transport in _AS_THEY_ARE:
        found["transport"] = str(step.transport)
    if step.query:
        found["query"] = "stgid"
    if step.sealed:
        found["length"] = str(len(_encrypted(step)) % BLOCK)
    return found


def _encrypted(step: Step) -> bytes:
    """The part of a sealed message that is encrypted: in v2 ApiRequestInfo alone."""
    if not step.content_type.startswith(FORM):
        return step.plain
    return envelope.encode(envelope.decode(step.plain)["ApiRequestInfo"])


def others(history: Sequence[Sent], key: Key, punch: Punch) -> Iterator[tuple[int, Punch]]:
    """The other punches of the person, each with the place where it is told first."""
    for other, place in punches(history).items():
        found = history[place].told.punch
        # The very punch at another device is no neighbour: the factor `device` tells it.
        if other != key and found is not None and found != punch:
            yield place, found


def neighbour(apart: Collection[int], punch: Punch) -> tuple[int | None, str]:
    """Seconds to the neighbour that counts, of the distances of all others, and the name of that distance."""
    nearest = min(apart, default=NEAR_S)
    if nearest < NEAR_S:
        return nearest, f"{nearest}s"
    for seconds, name in ((abs(punch.offset) * MINUTE, OWN_OFFSET), (DAY, "24h")):
        if seconds in apart:
            return seconds, name
    return None, "none"


def distances(some: Iterable[tuple[int, Punch]], punch: Punch) -> set[int]:
    """How many seconds the others are from a punch."""
    return {abs(other.log_time - punch.log_time) for _, other in some}


def wall(punch: Punch) -> int:
    """The wall clock of the device, in seconds."""
    return punch.log_time + punch.offset * MINUTE


def _same_wall(history: Sequence[Sent], punch: Punch) -> str:
    for sent in history:
        other = sent.told.punch
        if other is not None and other.log_time != punch.log_time and wall(other) == wall(punch):
            return "yes"
    return "no"


def _order(before: Sequence[Sent], punch: Punch) -> str:
    return "after-newer" if _newer(before, punch) else "in-order"


def _newer(some: Sequence[Sent], punch: Punch) -> bool:
    return any(sent.told.punch is not None and sent.told.punch.log_time > punch.log_time for sent in some)


def _repeat(history: Sequence[Sent], places: Sequence[int], punch: Punch) -> str:
    steps = [history[place].step for place in places]
    if any(step.transport in _LOST for step in steps):
        return "lost-answer"
    if len(steps) == 1:
        return "concurrent" if steps[0].copies > 1 else "none"
    if _newer(history[places[0] : places[-1]], punch):
        return "old-again"
    return "bytes" if all(step.plain == steps[0].plain for step in steps) else "retold"


def _photo(history: Sequence[Sent], place: int, punch: Punch) -> str:
    for number, sent in enumerate(history):
        if sent.told.deed is Deed.PHOTO and sent.told.at == punch.log_time:
            return "before" if number < place else "after"
    return "none"
