"""Randomness without state: every number is a keyed hash of (seed, device, purpose, n).

There is no generator to carry, store or advance: the same four parameters always give the same number, another device
or purpose gives an unrelated one, and adding a device changes nothing for the others. `purpose` names what the number
is for ("jitter", "latency"); `n` is the domain's own counter (punch number, attempt), never a count of draws.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b, shake_128
from itertools import accumulate
from statistics import NormalDist
from typing import Protocol, TypeVar

T = TypeVar("T")

_SPAN = 1 << 64
_NORMAL = NormalDist()
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_PAIRS = tuple(high + low for high in _BASE36 for low in _BASE36)
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
# The printed OperationIDs are base-36 of a positive 63-bit integer of 12 or 13 characters: at least 36^11.
_SMALLEST_ID, _BEYOND_ID = 36**11, 1 << 63
TOKEN_LENGTH = 32
_LETTER_OF_BYTE = bytes(_LETTERS[one % len(_LETTERS)] for one in range(256))


class _Hash(Protocol):
    def copy(self) -> _Hash: ...
    def update(self, data: bytes, /) -> None: ...
    def digest(self) -> bytes: ...


@lru_cache(maxsize=64)
def _keyed(seed: int) -> _Hash:
    # Kept for a seed, never for a device: copying it costs as much as a hash kept for each of few devices, and among
    # many devices far less than making one anew.
    return blake2b(digest_size=8, key=(seed % _SPAN).to_bytes(8, "big"))


def draw(seed: int, device: str, purpose: str, n: int) -> int:
    """An integer in [0, 2**64)."""
    state = _keyed(seed).copy()
    state.update(f"{device}\0{purpose}\0{n:d}".encode())
    return int.from_bytes(state.digest(), "big")


def fraction(seed: int, device: str, purpose: str, n: int) -> float:
    """A float in [0, 1)."""
    return (draw(seed, device, purpose, n) >> 11) * (1.0 / (1 << 53))


def happens(probability: float, seed: int, device: str, purpose: str, n: int) -> bool:
    """True with `probability`; always false for 0 and always true for 1."""
    return fraction(seed, device, purpose, n) < probability


def between(low: int, high: int, seed: int, device: str, purpose: str, n: int) -> int:
    """An integer in [low, high], both ends included. Raises: ValueError if high < low."""
    if high < low:
        raise ValueError(f"between({low}, {high}): the upper end must not be below the lower one")
    return low + draw(seed, device, purpose, n) % (high - low + 1)


def choice(options: Sequence[T], seed: int, device: str, purpose: str, n: int) -> T:
    """One of `options`, each as likely as the others. Raises: ValueError if there are none."""
    if not options:
        raise ValueError(f"choice for {purpose!r}: there is nothing to choose from")
    return options[draw(seed, device, purpose, n) % len(options)]


def weighted(options: Sequence[tuple[T, float]], seed: int, device: str, purpose: str, n: int) -> T:
    """One of the options, as likely as its weight says. Raises: ValueError if the weights add up to nothing."""
    sums = list(accumulate(weight for _, weight in options))
    if not sums or sums[-1] <= 0:
        raise ValueError(f"weighted for {purpose!r}: the weights must add up to more than 0")
    mark = fraction(seed, device, purpose, n) * sums[-1]
    return next((option for (option, _), total in zip(options, sums, strict=True) if mark < total), options[-1][0])


def shuffled(items: Iterable[T], seed: int, device: str, purpose: str, n: int = 0) -> list[T]:
    """A new list with the same items in an order of its own (Fisher–Yates)."""
    result = list(items)
    name = f"{purpose}/{n}"
    for last in range(len(result) - 1, 0, -1):
        other = draw(seed, device, name, last) % (last + 1)
        result[last], result[other] = result[other], result[last]
    return result


def lognormal(
    median: float, sigma: float, low: float, high: float, seed: int, device: str, purpose: str, n: int
) -> float:
    """A lognormal number clipped to [low, high], in the unit of `median`; `sigma` 0 gives the median (A-REST-04)."""
    # Half a step away from 0 and 1, where the inverse of the normal distribution is infinite.
    p = ((draw(seed, device, purpose, n) >> 12) + 0.5) * (1.0 / (1 << 52))
    return min(max(median * math.exp(sigma * _NORMAL.inv_cdf(p)), low), high)


def blob(seed: int, device: str, purpose: str, n: int, length: int) -> bytes:
    """`length` bytes that look random."""
    return shake_128(draw(seed, device, purpose, n).to_bytes(8, "big")).digest(length)


def base36(number: int) -> str:
    """A positive integer in base 36, lower case."""
    pairs: list[str] = []
    while number:
        number, pair = divmod(number, 1296)
        pairs.append(_PAIRS[pair])
    return "".join(reversed(pairs)).lstrip("0") or "0"


def operation_id(seed: int, device: str, n: int, purpose: str = "operation-id") -> str:
    """An OperationID like the printed ones: base-36 of a positive 63-bit integer, 12 or 13 characters."""
    return base36(_SMALLEST_ID + draw(seed, device, purpose, n) % (_BEYOND_ID - _SMALLEST_ID))


def token(seed: int, device: str, purpose: str = "auth-token") -> str:
    """32 characters of [A-Za-z0-9], the form of the printed AuthTokens."""
    return blob(seed, device, purpose, 0, TOKEN_LENGTH).translate(_LETTER_OF_BYTE).decode()
