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
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


def pack(columns: Sequence[list[Any]]) -> bytes:
    """Columns of equal length as bytes that `unpack` gives back as they were."""
    shortened = [_shortened(values) for values in columns]
    # 0.0 and -0.0 are one value to Python, 1 and 1.0 too: whatever would come back as another one is kept as it is.
    kept = [
        short if _encode(_lengthened(short)) == _encode(values) else (3, values)
        for short, values in zip(shortened, columns, strict=True)
    ]
    return zlib.compress(_encode(kept), _LEVEL)


@lru_cache(maxsize=4)
def unpack(data: bytes) -> list[list[Any]]:
    """The columns of a block; the last few that were asked for are kept, so nobody may change them."""
    return [_lengthened(short) for short in _decode(zlib.decompress(data))]


def _shortened(values: list[Any]) -> tuple[Any, ...]:
    places: dict[Any, int] = {}
    index = [places.setdefault(value, len(places)) for value in values]
    if len(places) == 1:
        return 0, values[0], len(values)
    if len(places) > _FEW and all(type(value) is int for value in values):
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
