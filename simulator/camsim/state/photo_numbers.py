"""Which punches have a photo on the device: a set of log numbers, small even with hundreds of thousands of them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

_BITS = 60  # numbers a word


class PhotoNumbers(msgspec.Struct):
    """Log numbers as bits of words. The pictures are not kept: no command reads one back."""

    words: dict[int, int] = msgspec.field(default_factory=dict)
    count: int = 0

    def __len__(self) -> int:
        return self.count

    def __contains__(self, number: int) -> bool:
        return bool(self.words.get(number // _BITS, 0) >> number % _BITS & 1)

    def __iter__(self) -> Iterator[int]:
        """Every number, lowest first."""
        for place in sorted(self.words):
            word = self.words[place]
            yield from (place * _BITS + bit for bit in range(_BITS) if word >> bit & 1)

    def add(self, number: int) -> None:
        """The punch of this number has a photo."""
        if number not in self:
            self.words[number // _BITS] = self.words.get(number // _BITS, 0) | 1 << number % _BITS
            self.count += 1

    def discard(self, number: int) -> None:
        """The photo of this punch is gone, if there was one."""
        if number not in self:
            return
        self.count -= 1
        word = self.words[number // _BITS] & ~(1 << number % _BITS)
        if word:
            self.words[number // _BITS] = word
        else:
            del self.words[number // _BITS]

    def clear(self) -> None:
        """Every photo is gone."""
        self.words.clear()
        self.count = 0
