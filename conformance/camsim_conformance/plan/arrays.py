"""The covering arrays of a punch: which values meet, which cannot, and the rows that scripts/make_arrays.py has made.

Strength 2 over all values, strength 3 over the classes of values that receivers branch on. The rows are shipped, so
that they are the same for every run: seeds change people, moments and order only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from itertools import combinations, product

import msgspec

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.requirements.verdicts import Level

from .factors import BY_NAME, PUNCH_FACTORS, usual_values

Pick = tuple[str, str]  # a factor and one of its values
Row = Mapping[str, str]
FILE = "arrays.json"
ROW = "row-"  # what the name of a row of the arrays begins with
# Follows from the bytes of a row: it is turned over the rows of an encrypted run, and stands in no array.
OUTSIDE = "length"
NO_LABEL = ("no-label", "neither")
# What cannot meet: values of one factor, and values of another one.
_APART: tuple[tuple[str, tuple[str, ...], str, tuple[str, ...]], ...] = (
    # Copies of one moment travel on connections of their own.
    ("repeat", ("concurrent",), "transport", ("pooled", "chunked", "expect", "lower-case", "segments")),
    # To lose an answer is a transport itself.
    ("repeat", ("lost-answer",), "transport", ("fresh", "chunked", "expect", "lower-case", "segments")),
    # Two punches that are no offset apart are one.
    ("offset", ("+0000",), "neighbour", ("offset",)),
    # What is not there has neither letters nor slashes.
    ("frame", NO_LABEL, "label", ("utf8", "quotes")),
    ("frame", NO_LABEL, "body", ("slashes",)),
    # Devices that share a token are told apart by their serial numbers alone.
    ("frame", ("no-serial", "neither"), "device", ("second",)),
)
# At most four of each: what a receiver has an `if` for.
_CLASSES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "offset": {
        "whole": ("+0530", "+1400"),
        "zero": ("+0000",),
        "part": ("+0545",),
        "negative": ("-0330", "-1100"),
    },
    "age": {"live": ("now", "today"), "old": ("yesterday", "8-days", "29-days")},
    "type": {
        "in": ("CheckIn",),
        "out": ("CheckOut",),
        "other": ("BreakOut", "OverTimeIn", "MealOut", "BreakIn", "OverTimeOut", "MealIn", "None"),
    },
    "repeat": {"none": ("none",), "bytes": ("bytes", "old-again", "lost-answer", "after-20"), "retold": ("retold",)},
    "order": {"in-order": ("in-order",), "after-newer": ("after-newer",)},
    "photo": {"none": ("none",), "before": ("before",), "after": ("after",)},
    "temperature": {"present": ("decimal", "whole"), "absent": ("absent",)},
    "mask": {"false": ("false",), "true": ("true",), "absent": ("absent",)},
    "neighbour": {"none": ("none",), "near": ("59s", "1s", "61s"), "far": ("24h", "offset")},
    "device": {"first": ("first",), "second": ("second",)},
}


def exists(factor: str, name: str, protocol: Protocol) -> bool:
    """Whether a protocol can say a value at all: what has no requirement and is not usual, it cannot."""
    value = BY_NAME[factor].value(name)
    return value is not None and (value.usual or value.requirement(protocol) != "")


def choices(protocol: Protocol) -> dict[str, tuple[str, ...]]:
    """The crossed values of every factor that has more than one in a protocol."""
    found = {}
    for factor in PUNCH_FACTORS:
        crossed = [value.name for value in factor.values if value.usual or value.crossed]
        names = tuple(name for name in crossed if exists(factor.name, name, protocol))
        if len(names) > 1:
            found[factor.name] = names
    return found


def classes(protocol: Protocol) -> dict[str, dict[str, tuple[str, ...]]]:
    """The classes of every factor that has more than one in a protocol, with the values a protocol can say."""
    found = {}
    for factor, groups in _CLASSES.items():
        named = {}
        for group, names in groups.items():
            said = tuple(name for name in names if exists(factor, name, protocol))
            if said:
                named[group] = said
        if len(named) > 1:
            found[factor] = named
    return found


def class_of(factor: str, name: str) -> str | None:
    """The class of a value; None for a factor, or a value, that no receiver branches on by itself."""
    for group, names in _CLASSES.get(factor, {}).items():
        if name in names:
            return group
    return None


@cache
def apart(protocol: Protocol) -> frozenset[frozenset[Pick]]:
    """Pairs of values that cannot meet."""
    known = choices(protocol)
    found = set()
    for one, names, other, others in _APART:
        for name, another in product(names, others):
            if name in known.get(one, ()) and another in known.get(other, ()):
                found.add(frozenset({(one, name), (other, another)}))
    return frozenset(found)


@cache
def forbidden(protocol: Protocol) -> frozenset[frozenset[Pick]]:
    """Pairs of values that stand in no array: they cannot meet, or no page prints either, and one such value a row is
    enough to explain whatever a target makes of it."""
    found = set(apart(protocol))
    for left, right in combinations(_unprinted(protocol), 2):
        if left[0] != right[0]:
            found.add(frozenset({left, right}))
    return frozenset(found)


def _unprinted(protocol: Protocol) -> Iterator[Pick]:
    for factor, names in choices(protocol).items():
        for name in names:
            value = BY_NAME[factor].value(name)
            if value is not None and value.cap is not Level.MUST:
                yield factor, name


def possible(values: Row, protocol: Protocol) -> bool:
    """Whether a row holds no two values that cannot meet."""
    return not any(frozenset(pair) in apart(protocol) for pair in combinations(values.items(), 2))


def row_name(values: Row) -> str:
    """`row-1a2b3c4d`: of the values alone, so that it stays for waivers and comparisons."""
    # What is usual is left out: a new factor renames no row.
    usual = usual_values()
    told = sorted((factor, name) for factor, name in values.items() if factor != OUTSIDE and usual[factor] != name)
    return f"{ROW}{hashlib.sha256(repr(told).encode()).hexdigest()[:8]}"


@cache
def _shipped() -> dict[str, dict[str, list[dict[str, str]]]]:
    text = resources.files(__package__).joinpath(FILE).read_bytes()
    return msgspec.json.decode(text, type=dict[str, dict[str, list[dict[str, str]]]])


def array(protocol: Protocol, kind: str) -> tuple[dict[str, str], ...]:
    """The rows of one array, `pairs` or `triples`, with every factor of a punch."""
    return tuple(usual_values() | row for row in _shipped()[protocol][kind])


def rows(protocol: Protocol) -> tuple[dict[str, str], ...]:
    """The rows of both arrays, each once."""
    found = {row_name(row): row for kind in ("pairs", "triples") for row in array(protocol, kind)}
    return tuple(found.values())
