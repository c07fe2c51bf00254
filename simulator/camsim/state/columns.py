"""Rows of one kind packed by column, small and quick to open: what a sealed block holds."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any

import msgspec

_LEVEL = 1  # a block must be sealed within one event
_FEW, _MANY = 16, 256  # distinct values: numbers rather by their steps, anything by its place in a list
_INTEGERS, _FLAGS, _TOLD_APART = {int}, {bool, type(None)}, {int, str, type(None)}
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


def pack(columns: Sequence[list[Any]]) -> bytes:
    """Columns of equal length as bytes that `unpack` gives back as they were."""
    kept = [_short(values) for values in columns]
    return zlib.compress(_encode(kept), _LEVEL)


@lru_cache(maxsize=4)
def unpack(data: bytes) -> list[list[Any]]:
    """The columns of a block; the last few that were asked for are kept, so nobody may change them."""
    return [_lengthened(short) for short in _decode(zlib.decompress(data))]


def _short(values: list[Any]) -> tuple[Any, ...]:
    kinds = set(map(type, values))
    short = _shortened(values, kinds)
    # 0.0 and -0.0 are one value to Python, 1 and True too: whatever would come back as another one is kept as it is.
    if kinds <= _TOLD_APART or kinds <= _FLAGS or _encode(_lengthened(short)) == _encode(values):
        return short
    return 3, values


def _shortened(values: list[Any], kinds: set[type]) -> tuple[Any, ...]:
    if values.count(values[0]) == len(values):
        return 0, values[0], len(values)
    places: dict[Any, int] = {}
    index = [places.setdefault(value, len(places)) for value in values]
    if len(places) > _FEW and kinds == _INTEGERS:
        return 2, _steps(values)
    if len(places) <= _MANY:
        return 1, list(places), bytes(index)
    return 3, values


def _steps(values: list[int]) -> list[int]:
    return [values[0], *(later - earlier for earlier, later in pairwise(values))]


def _lengthened(short: Sequence[Any]) -> list[Any]:
    form = short[0]
    if form == 0:
        return [short[1]] * int(short[2])
    if form == 1:
        distinct = short[1]
        return [distinct[place] for place in short[2]]
    if form == 2:
        return list(accumulate(short[1]))
    return list(short[1])
