"""Explanations become findings: what shows in several aspects of the same events is one cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.requirements.verdicts import Level

from . import sentences
from .changes import change
from .cover import stem
from .homes import graver, home
from .observation import Aspect, Cause, Deviation, Explanation, Values

# The events of two explanations are the same when so many of the smaller one's are in the other.
SAME_SHARE = 0.5
FEW = 0.1  # up to this share of right ones beside the wrong ones values are taken for pure
_OF_THE_MESSAGE = frozenset({"deed", "operation"})  # factors that say what kind of message an event is
_Key = tuple[Aspect, str, bool, str, frozenset[tuple[str, str]]]
_ASPECTS = {aspect: number for number, aspect in enumerate(Aspect)}
_LEVELS = {Level.MUST: 0, Level.SHOULD: 1, Level.RECORD: 2}
# An event that is lost whole shows in these together, also when it is every event or any.
_LOSS = frozenset({Aspect.ANSWER, Aspect.ROW, Aspect.TEMPLATE, Aspect.PERSON})
_REPLACED, _NOT_TAKEN = frozenset({Aspect.TEMPLATE, Aspect.NAME}), {Deviation.MISSING, Deviation.WRONG}


def causes(explanations: Sequence[Explanation], protocol: Protocol, features: frozenset[str]) -> list[Cause]:
    """One cause for all that deviates in the same events under the same values; the gravest first, as C1, C2, …"""
    groups: list[list[Explanation]] = []
    families = _families(sorted(explanations, key=lambda one: _ASPECTS[one.aspect]))
    for family in _refused_alike(families):
        group = next((group for group in groups if any(_together(group[0], one) for one in family)), None)
        if group is None:
            groups.append(family)
        else:
            group += family
    found = [_cause(group, protocol, features) for group in groups]
    found.sort(key=_place)
    return [replace(cause, id=f"C{number}") for number, cause in enumerate(found, 1)]


def _families(explanations: Sequence[Explanation]) -> list[list[Explanation]]:
    """Those of one aspect and deviation that differ in the value of one factor alone, together; the rest alone."""
    by_key: dict[_Key, list[Explanation]] = {}
    for one in explanations:
        for key in _keys(one):
            by_key.setdefault(key, []).append(one)
    left = list(explanations)
    families: list[list[Explanation]] = []
    while left:
        # The largest family that the first one left belongs to.
        candidates = [[one for one in by_key[key] if one in left] for key in _keys(left[0])]
        family = max(candidates, key=len, default=[left[0]])
        families.append(family)
        left = [one for one in left if one not in family]
    return families


def _refused_alike(families: Sequence[list[Explanation]]) -> list[list[Explanation]]:
    """The same answer to the same people is one refusal, whatever was told of them: who refuses strangers refuses
    their photos and their unusual messages as well."""
    found: list[list[Explanation]] = []
    for family in sorted(families, key=lambda family: -len(family[0].wrong)):
        lead = next((other for other in found if _among_them(family, other[0])), None)
        if lead is None:
            found.append(family)
        else:
            lead += family
    return sorted(found, key=lambda family: _ASPECTS[family[0].aspect])


def _among_them(family: Sequence[Explanation], lead: Explanation) -> bool:
    values = [(factor, value) for factor, value in lead.values if factor not in _OF_THE_MESSAGE]
    if lead.aspect is not Aspect.ANSWER or not values:
        return False
    for one in family:
        if one.aspect is not Aspect.ANSWER or one.deviation != lead.deviation:
            return False
        # A value that nobody can say is no other one.
        if any(row.values.get(factor, value) != value for row in one.wrong for factor, value in values):
            return False
    return True


def _keys(one: Explanation) -> list[_Key]:
    """Whom it may stand beside: for each of its factors all that has the same other values."""
    found = []
    for factor, name in one.values:
        rest = frozenset(one.values) - {(factor, name)}
        # A class of values has edges: one right event in thirty makes no other bug of it. And whatever comes after a
        # template and wipes it is one bug: `then:card` and `then:photo` stand together.
        mixed = one.right > FEW * len(one.wrong)
        found.append((one.aspect, one.deviation, mixed, stem(factor), rest))
    return found


def cause_of(
    explanation: Explanation, also: Sequence[Explanation], protocol: Protocol, features: frozenset[str]
) -> Cause:
    """The finding of an explanation, without its number."""
    requirement, level = home(explanation, protocol, features)
    same = [one for one in also if sentences.kind(one) == sentences.kind(explanation)]
    # An event that is less grave is no part of a sentence that says how grave it is.
    milder = [one for one in same if graver(level, home(one, protocol, features)[1])]
    named = [one for one in also if one not in milder]
    notes: tuple[str, ...] = ()
    if milder:
        phrases = sentences.phrases(milder[0].values, *(one.values for one in milder[1:]))
        told = sentences.in_words_of(protocol, phrases)
        notes = (f"the same, and less grave: {told}",)
    return Cause(
        id="",
        explanation=explanation,
        requirement=requirement,
        level=level,
        sentence=sentences.in_words_of(protocol, sentences.sentence(explanation, named, milder)),
        change=change(explanation, v2=protocol is Protocol.V2),
        also=tuple(also),
        notes=notes,
    )


def _cause(group: Sequence[Explanation], protocol: Protocol, features: frozenset[str]) -> Cause:
    """The gravest explanation speaks for all of a group; of equals the first aspect."""
    lead = group[0]
    for other in group[1:]:
        if graver(home(other, protocol, features)[1], home(lead, protocol, features)[1]):
            lead = other
    return cause_of(lead, [one for one in group if one is not lead], protocol, features)


def _together(one: Explanation, other: Explanation) -> bool:
    if not _same_values(one, other):
        return False
    if one.aspect is other.aspect:
        # What does not replace an older one is missing where there was none.
        return bool(one.values) and one.aspect in _REPLACED and {one.deviation, other.deviation} == _NOT_TAKEN
    if not one.values and not {one.aspect, other.aspect} <= _LOSS:
        return False  # two things that always happen are two bugs, unless one follows from the other
    mine, theirs = ({(row.case, row.user) for row in side.wrong} for side in (one, other))
    return len(mine & theirs) >= SAME_SHARE * min(len(mine), len(theirs))


def _same_values(one: Explanation, other: Explanation) -> bool:
    """The same conjunction, or one that cannot be told from it so far."""
    if set(one.values) == set(other.values):
        return bool(one.values) or bool(one.right) == bool(other.right)
    return _among(one.values, other.alternatives) or _among(other.values, one.alternatives)


def _among(values: Values, some: Sequence[Values]) -> bool:
    return any(set(values) == set(other) for other in some)


def _place(cause: Cause) -> tuple[int, int, int, Values]:
    explanation = cause.explanation
    return _LEVELS[cause.level], -len(explanation.wrong), _ASPECTS[explanation.aspect], explanation.values
