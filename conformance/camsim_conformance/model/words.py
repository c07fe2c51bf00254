"""Do stored words tell what was sent? A target may write them in its own way, or have words of its own."""

from __future__ import annotations

from enum import StrEnum

from camsim.protocol.facts import Punch
from camsim.protocol.vocabulary import IN_TYPES
from camsim.readback.model import Capabilities, StoredPunch

PLAIN = Capabilities("instant", frozenset())  # a target without words of its own
# v2 says MealStart and MealEnd for v3's MealIn and MealOut (V2-04): a target of both keeps one word.
_SYNONYMS = {"mealstart": "mealin", "mealend": "mealout"}


def same_word(stored: str | None, sent: str) -> bool:
    """Wire words compared without case and separators: `check_in` is CheckIn."""
    return stored is not None and _letters(stored) == _letters(sent)


def _letters(word: str) -> str:
    plain = "".join(letter for letter in word.lower() if letter.isalnum())
    return _SYNONYMS.get(plain, plain)


def input_match(stored: str | None, sent: str, capabilities: Capabilities) -> bool:
    """Does a stored input word tell the sent one? `input_words` translates a target's own."""
    if stored is None:
        return False
    words = capabilities.input_words.get(stored.lower())
    return same_word(stored, sent) if words is None else _among(sent, words)


class TypeMatch(StrEnum):
    """How well a stored type tells the sent one."""

    SAME = "same"
    DIRECTION = "in or out only"
    WRONG = "wrong"


def type_match(stored: str, sent: str, capabilities: Capabilities) -> TypeMatch:
    """Judge a stored type word; `type_words` translates a target's own (what it merges is judged as in or out)."""
    words = capabilities.type_words.get(stored.lower())
    if words is None:
        # A word that is not translated stands for itself.
        return TypeMatch.SAME if same_word(stored, sent) else TypeMatch.WRONG
    if _among(sent, words):
        return TypeMatch.SAME
    if any(_among(sent, others) for others in capabilities.type_words.values()):
        return TypeMatch.WRONG  # the target has a word for it, and used another
    sides = {_among(word, IN_TYPES) for word in words}
    return TypeMatch.DIRECTION if sides == {_among(sent, IN_TYPES)} else TypeMatch.WRONG


def type_distance(stored: str | None, sent: str, capabilities: Capabilities) -> int:
    """0 for the sent type in the target's words, 1 for its direction alone, 2 for another one or none."""
    if stored is None:
        return 2
    return {TypeMatch.SAME: 0, TypeMatch.DIRECTION: 1, TypeMatch.WRONG: 2}[type_match(stored, sent, capabilities)]


def differing_in(punch: Punch, row: StoredPunch, capabilities: Capabilities) -> int:
    """In how many attributes a row is another than the punch; what it does not tell is no other."""
    found = int(row.type is not None and type_match(row.type, punch.type, capabilities) is TypeMatch.WRONG)
    found += row.input is not None and not input_match(row.input, punch.input, capabilities)
    if row.temperature is not None and punch.temperature is not None:
        found += abs(row.temperature - punch.temperature) >= 1
    return found + (row.mask is not None and bool(row.mask) != bool(punch.mask))


def _among(word: str, words: frozenset[str]) -> bool:
    return any(same_word(known, word) for known in words)
