"""Sealed blocks: what does not change any more is kept as bytes, small in memory and written to a state file once."""

from __future__ import annotations

from typing import Any


class Blocks:
    """Immutable bytes by number, oldest first. A number is never used again, so that a stored block never changes.

    Encoded with `without_bytes` it is its next number and the numbers it holds; the bytes are stored apart.
    """

    __slots__ = ("held", "next_number")

    def __init__(self, next_number: int = 1, held: dict[int, bytes] | None = None) -> None:
        self.next_number = next_number
        self.held: dict[int, bytes] = {} if held is None else held

    def __len__(self) -> int:
        return len(self.held)

    def add(self, data: bytes) -> int:
        """Keep a block; returns its number."""
        number = self.next_number
        self.held[number] = data
        self.next_number += 1
        return number

    def drop(self, number: int) -> bytes:
        """Take a block out: it left, or it is opened to be changed."""
        return self.held.pop(number)

    def clear(self) -> None:
        """Forget every block; numbers go on."""
        self.held.clear()


def whole(value: object) -> object:
    """msgspec's `enc_hook`: blocks with their bytes, for a state that is encoded in one piece."""
    if isinstance(value, Blocks):
        return [value.next_number, value.held]
    raise NotImplementedError(f"{type(value).__name__} cannot be encoded")


def without_bytes(value: object) -> object:
    """msgspec's `enc_hook`: blocks by number; whoever stores keeps their bytes apart."""
    if isinstance(value, Blocks):
        return [value.next_number, list(value.held)]
    raise NotImplementedError(f"{type(value).__name__} cannot be encoded")


def decoded(kind: type, value: Any) -> object:
    """msgspec's `dec_hook` for both forms; blocks stored apart are empty until `held` is filled."""
    if kind is not Blocks:
        raise NotImplementedError(f"{kind.__name__} cannot be decoded")
    next_number, held = value
    if isinstance(held, dict):
        return Blocks(next_number, dict(held))
    return Blocks(next_number, dict.fromkeys(held, b""))
