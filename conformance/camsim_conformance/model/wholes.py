"""Whole sentences for causes whose author would not begin with the thing that deviates."""

from __future__ import annotations

from collections.abc import Mapping

from camsim_conformance.plan.then_factors import OTHER_DELETED, OTHER_RENAMED

from .observation import OTHER_USER, Aspect, Deviation, Explanation, Observation

_DELETIONS: Mapping[str, str] = {
    "begin": "A deletion removes other people too, whose UserID begins with that of the deleted one",
    "end": "A deletion removes other people too, whose UserID ends with that of the deleted one",
    "part": "A deletion removes other people too, whose UserID is part of that of the deleted one or holds it",
    "near": "A deletion removes other people too, whose UserID differs in its last sign",
    "known": "A deletion removes other people too",
    "unknown": "A deletion of somebody who is not known removes somebody else",
}
_IDS: Mapping[str, str] = {
    "leading-zeros": "UserIDs lose their leading zeros",
    "letters": "UserIDs lose their capital letters, or all letters",
    "case-alone": "UserIDs lose their case",
}
_KIN = frozenset({"begin", "end", "part"})  # one UserID holds the other
_GONE = frozenset({Aspect.PERSON, Aspect.TEMPLATE})


def whole(explanation: Explanation, *others: Explanation) -> str:
    """The sentence up to its numbers; "" where it is made of who and what. `others` are told in the same sentence."""
    values = dict(explanation.values)
    if any(dict(other.values).get(OTHER_DELETED) != values.get(OTHER_DELETED) for other in others):
        values[OTHER_DELETED] = "part"
    if explanation.aspect in _GONE and explanation.deviation == Deviation.MISSING:
        found = _DELETIONS.get(values.get(OTHER_DELETED, ""), "")
        return f"Now and then {found[0].lower()}{found[1:]}" if found and explanation.right else found
    if explanation.aspect is Aspect.NAME and _KIN.intersection((values.get(OTHER_RENAMED), values.get(OTHER_DELETED))):
        return "A name is told to other people too, whose UserID holds that of the renamed one"
    if explanation.deviation == Deviation.OTHER_PERSON and all(map(_by_part, explanation.wrong)):
        return "UserIDs are compared in part: a punch is booked to somebody whose UserID holds that of its person"
    if explanation.deviation == Deviation.OTHER_PERSON and len(values) == 1 and values.get("id") in _IDS:
        return f"{_IDS[values['id']]}: such a punch is booked to another person"
    return ""


def _by_part(one: Observation) -> bool:
    other = one.notes.get(OTHER_USER, "")
    return other != one.user and one.user in other
