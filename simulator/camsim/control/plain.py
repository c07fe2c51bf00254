"""Values read from a file or a body: whether they can be kept, sent and shown, before anything is made of them."""

from __future__ import annotations

import math

from camsim.wording import WIDEST, clean, shown

MOST_DEPTH = 64


class PlainError(ValueError):
    """A value beyond the bounds; `allowed` says what is within."""

    def __init__(self, why: str, allowed: str) -> None:
        super().__init__(why)
        self.allowed = allowed


def too_deep() -> PlainError:
    """The error for a value that is nested too deeply."""
    return PlainError("values nested too deeply", f"{MOST_DEPTH} of them in each other")


# A key, and where the value is that it belongs to.
_Place = tuple["_Place", object] | None


def check(root: object, most: int, too_many: str) -> None:
    """What stands in several places counts in each of them; `most` values, as `too_many` says. Raises: PlainError."""
    left = most
    waiting: list[tuple[object, int, _Place]] = [(root, 1, None)]
    while waiting:
        value, depth, place = waiting.pop()
        left -= 1
        if left < 0:
            raise PlainError("too many values", too_many)
        if depth > MOST_DEPTH:
            raise too_deep()
        if isinstance(value, dict):
            for key, inner in value.items():
                _check_key(key, place)
                waiting.append((inner, depth + 1, (place, key)))
        elif isinstance(value, list):
            waiting.extend((inner, depth + 1, (place, at)) for at, inner in enumerate(value))
        else:
            _check_one(value, place)


def _check_key(key: object, place: _Place) -> None:
    if not isinstance(key, str | int | float):
        raise PlainError(f"{_where(place)}the key {shown(key, 80)}", "texts as keys")
    _check_one(key, place)


def _check_one(value: object, place: _Place) -> None:
    if isinstance(value, int) and not -WIDEST - 1 <= value <= WIDEST:
        raise PlainError(f"{_where(place)}{shown(value, 80)}", "whole numbers of 64 bits")
    if isinstance(value, float) and not math.isfinite(value):
        raise PlainError(f"{_where(place)}{value}", "finite numbers")
    if isinstance(value, str) and value != clean(value):
        raise PlainError(f"{_where(place)}{shown(value, 80)}", "texts of whole characters")


def _where(place: _Place) -> str:
    """`devices[0].users = ` of a place; nothing of the whole."""
    keys: list[object] = []
    while place is not None:
        place, key = place
        keys.insert(0, key)
    path = "".join(f"[{key}]" if isinstance(key, int) else f".{shown(key, 40)[1:-1]}" for key in keys)
    return f"{path.lstrip('.')} = " if path else ""
