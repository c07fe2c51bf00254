"""Profiles and knobs: the readings of fixtures/register.json as typed values.

Values as they are kept and read: enum words and codes as they stand, probabilities and factors as numbers, durations as
integer milliseconds, a retry schedule as a tuple of seconds or the name of a preset.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any, Literal

import msgspec

from camsim import resources
from camsim.durations import duration_ms, duration_text
from camsim.wording import WIDEST, cut, in_json


class Profile(StrEnum):
    """A bundle of readings: the page, the field, the page and nothing else, every permitted anomaly."""

    DOCUMENTED = "documented"
    OBSERVED = "observed"
    STRICT = "strict"
    HOSTILE = "hostile"


_MOST_STEPS = 1000  # of a schedule


class KnobError(ValueError):
    """A knob or value that does not exist; the message names key, value and what is allowed."""


# A value as it is kept: a word or code, a truth value, a number, milliseconds, or the seconds of a schedule.
Value = bool | int | float | str | tuple[float, ...]


class KnobSpec(msgspec.Struct, frozen=True):
    """What a knob may hold. `minimum`, `maximum`: of a number; `allowed`: the words of an enum or presets."""

    knob: str
    type: Literal["enum", "bool", "int", "number", "duration", "schedule"]
    values: dict[str, object]
    allowed: tuple[str | int | bool, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None
    row: str = ""

    def describe(self) -> str:
        """What is allowed, for people."""
        if self.type in ("enum", "bool"):
            return " | ".join(in_json(value) for value in self.allowed or ())
        if self.type in ("int", "number"):
            number = "a whole number" if self.type == "int" else "a number"
            return f"{number} from {self.minimum:g} to {self.maximum:g}"
        if self.type == "duration":
            return "a duration such as 15s, 500ms, 2m, 48h or 7d; a bare number is seconds"
        return f"a list of seconds such as [30,60,120], or {' | '.join(map(str, self.allowed or ()))}"


class Quote(msgspec.Struct, frozen=True):
    """A verbatim piece of line `line` (1-based) of a vendor page."""

    page: str
    line: int
    text: str


class Row(msgspec.Struct, frozen=True):
    """One reading: the question, where it is answered, and the answer this project takes.

    `seen`: what live systems or public programs show, and how certain that is: written after contact with the live
    gateway, read in code that looks as if it works, or told by somebody.
    """

    id: str
    section: str
    title: str
    evidence: Literal["doc", "obs", "reading"]
    reading: str
    quote: Quote | None = None
    certainty: Literal["live", "code", "claim"] | None = None
    seen: str = ""
    specs: tuple[KnobSpec, ...] = ()


@lru_cache(maxsize=1)
def rows() -> tuple[Row, ...]:
    """Every row of the register, in its order."""
    document = resources.load("fixtures", "register.json")
    return tuple(_row(raw) for raw in document["rows"])


@lru_cache(maxsize=1)
def specs() -> Mapping[str, KnobSpec]:
    """Every knob by its name."""
    return {spec.knob: spec for row in rows() for spec in row.specs}


def _row(raw: dict[str, Any]) -> Row:
    # One question may need several knobs; the others stand under `also`.
    knobs = [{**knob, "row": raw["id"]} for knob in [raw, *raw.get("also", [])] if knob["knob"]]
    return msgspec.convert({**raw, "specs": knobs}, Row)


class Knobs:
    """The values a run works with. `values` is a plain dict, filled with every knob: read it directly on hot paths."""

    __slots__ = ("profile", "values")

    def __init__(self, profile: Profile, values: dict[str, Any]) -> None:
        self.profile = profile
        self.values = values

    def update(self, overrides: Mapping[str, object]) -> None:
        """All of them or, when one is wrong, none. Raises: KnobError."""
        self.values.update({name: check(name, value) for name, value in overrides.items()})

    def shown(self) -> dict[str, object]:
        """Every knob as people write it: durations as `15s`, schedules as lists."""
        return {name: shown(specs()[name], value) for name, value in self.values.items()}


def resolve(profile: Profile | str = Profile.DOCUMENTED, overrides: Mapping[str, object] | None = None) -> Knobs:
    """The knobs of a profile with overrides on top. Raises: KnobError naming key, value and what is allowed."""
    try:
        chosen = Profile(profile)
    except ValueError:
        raise KnobError(f"profile {cut(repr(profile))} does not exist; allowed: {' | '.join(Profile)}") from None
    knobs = Knobs(chosen, dict(_profile_values(chosen)))
    knobs.update(overrides or {})
    return knobs


@lru_cache(maxsize=len(Profile))
def _profile_values(profile: Profile) -> Mapping[str, Value]:
    return {name: check(name, spec.values[profile]) for name, spec in specs().items()}


def parse_assignment(text: str) -> tuple[str, Value]:
    """Name and checked value of `--set name=value`; the value is JSON or a bare word. Raises: KnobError."""
    name, equals, written = text.partition("=")
    if not equals:
        raise KnobError(f"{cut(repr(text))} sets nothing; write name=value, as retry.schedule=[30,60]")
    try:
        value = msgspec.json.decode(written)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        value = written.strip()
    return name.strip(), check(name.strip(), value)


def check(name: str, value: object) -> Value:
    """The value as it is kept. Raises: KnobError naming key, value and what is allowed."""
    spec = specs().get(name)
    if spec is None:
        raise unknown(name)
    kept = _CHECKS[spec.type](spec, value) if _is_plain(value) else None
    if kept is None:
        raise KnobError(f"{name} = {in_json(value)} is not allowed; allowed: {spec.describe()}")
    return kept


def _is_plain(value: object) -> bool:
    """A word, a truth value, a list of steps, or a number that a state file can hold."""
    if isinstance(value, int):
        return -WIDEST <= value <= WIDEST
    return isinstance(value, str | float | list | tuple)


def unknown(name: str) -> KnobError:
    """The error for a name that no row has, with the nearest ones."""
    near = difflib.get_close_matches(cut(name), specs(), n=3, cutoff=0.5)
    hint = "`camsim register` lists them"
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    return KnobError(f"knob {cut(repr(name))} does not exist; {hint}")


def shown(spec: KnobSpec, value: Value) -> object:
    """A kept value as people write it."""
    if spec.type == "duration" and isinstance(value, int):
        return duration_text(value)
    if isinstance(value, tuple):
        return list(value)
    return value


def _enum(spec: KnobSpec, value: object) -> Value | None:
    if isinstance(value, list | tuple):
        return None
    for word in spec.allowed or ():
        # "5" from a command line or YAML means the code 5, and 200 the word "200"; True never means 1.
        if value == word and type(value) is type(word):
            return word
        if not isinstance(value, bool) and str(value) == str(word):
            return word
        if isinstance(value, bool) and word == ("on" if value else "off"):  # YAML reads on and off as truth values
            return word
    return None


def _bool(_: KnobSpec, value: object) -> bool | None:
    if isinstance(value, list | tuple):
        return None
    return {"true": True, "false": False, "on": True, "off": False}.get(str(value).lower())


def _number(spec: KnobSpec, value: object) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):  # true is 1 in Python, and no number to people
        return None
    low, high = spec.minimum, spec.maximum
    # Asked so that nan, which is neither below nor above, is not inside either.
    inside = (low is None or value >= low) and (high is None or value <= high)
    if not inside:
        return None
    return value


def _int(spec: KnobSpec, value: object) -> int | float | None:
    if not isinstance(value, int):
        return None
    return _number(spec, value)


def _duration(_: KnobSpec, value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return duration_ms(value)
    except ValueError:
        return None


def _schedule(spec: KnobSpec, value: object) -> Value | None:
    if isinstance(value, str):
        return _enum(spec, value)
    if not isinstance(value, list | tuple) or not 0 < len(value) <= _MOST_STEPS:
        return None
    steps: list[float] = []
    for step in value:
        if isinstance(step, bool) or not isinstance(step, int | float) or not 0 < step < 1e9:
            return None
        steps.append(float(step))
    return tuple(steps)


_CHECKS: Mapping[str, Callable[[KnobSpec, object], Value | None]] = {
    "enum": _enum,
    "bool": _bool,
    "int": _int,
    "number": _number,
    "duration": _duration,
    "schedule": _schedule,
}
