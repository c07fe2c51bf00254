"""What a second round has to show when a cause is the right one, and what it says of it.

The second round sends some of the first round's cases again, with fresh people, under the same case ids.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.requirements.verdicts import Level

from . import sentences
from .causes import cause_of
from .cover import is_usual
from .explain import explain, explained_by, holds
from .homes import graver
from .observation import Aspect, Cause, Explanation, Observation, Values

MOST_CASES = 6
LEAST_REPEATED = 0.8
# Answers that deviated once and never again: from this share of all answers on they are worth advice.
ADVICE_SHARE = 0.01
MOST_POSITIONS = 5


@dataclass(frozen=True, slots=True)
class Rounds:
    """The observations of the first and the second round, and what is needed to place another explanation."""

    first: Sequence[Observation]
    second: Sequence[Observation]
    protocol: Protocol
    features: frozenset[str]


# --- before the second round -----------------------------------------------------------------------------------------


def predictions(cause: Cause, observations: Sequence[Observation]) -> tuple[list[str], list[str]]:
    """Ids of at most six cases that should deviate again, and of at most six near them that should not."""
    explanation = cause.explanation
    wrong = _smallest(explanation)
    return wrong, _nearest(explanation, observations, wrong)


def _smallest(explanation: Explanation) -> list[str]:
    """Cases whose other values are the most usual ones, and not always the same unusual ones."""
    unusual: dict[str, Values] = {}
    for one in explanation.wrong:
        others = tuple(pair for pair in one.values.items() if pair not in explanation.values and not is_usual(*pair))
        if one.case not in unusual or len(others) < len(unusual[one.case]):
            unusual[one.case] = others
    chosen: list[str] = []
    seen: Counter[tuple[str, str]] = Counter()

    def price(case: str) -> tuple[int, int, str]:
        return sum(seen[pair] for pair in unusual[case]), len(unusual[case]), case

    while unusual and len(chosen) < MOST_CASES:
        case = min(unusual, key=price)
        seen.update(unusual.pop(case))
        chosen.append(case)
    return chosen


def _nearest(explanation: Explanation, observations: Sequence[Observation], wrong: Sequence[str]) -> list[str]:
    """Right cases that differ from a wrong one in one of the values, and in as little else as possible."""
    if not explanation.values:
        return []  # always, or at any time: nothing is foretold to be right
    known = [one for one in observations if one.aspect is explanation.aspect and one.known]
    spoilt = {one.case for one in known if one.wrong or holds(explanation.values, one)}
    models = [one for one in explanation.wrong if one.case in wrong]
    nearness: dict[str, tuple[int, int]] = {}
    for one in known:
        if one.case not in spoilt:
            distance = min(_distance(explanation.values, model, one) for model in models)
            nearness[one.case] = min(distance, nearness.get(one.case, distance))
    return sorted(nearness, key=lambda case: (nearness[case], case))[:MOST_CASES]


def _distance(values: Values, model: Observation, other: Observation) -> tuple[int, int]:
    changed = sum(other.values.get(factor) != name for factor, name in values)
    factors = {*model.values, *other.values} - {factor for factor, _ in values}
    return changed, sum(model.values.get(factor) != other.values.get(factor) for factor in factors)


# --- after it --------------------------------------------------------------------------------------------------------


def confirmed(cause: Cause, rounds: Rounds) -> Cause:
    """The cause as the second round leaves it: shown again, told otherwise, or milder.

    Shown again: at least four of five that should deviate do so in the same way (of what comes and goes: one), and none
    does that should not. Else the first other explanation that fits both rounds takes its place. `confirmed` stays None
    when the second round says nothing of it.
    """
    expected_wrong, expected_right = predictions(cause, rounds.first)
    again = _count(cause.explanation, expected_wrong, rounds.second)
    beside = _count(cause.explanation, expected_right, rounds.second)
    if not again[1]:
        return cause
    if _shown(cause.explanation, again) and not beside[0]:
        return _settled(cause, again, beside, confirmed=True)
    if again[0] or beside[0]:
        other = _other(cause, rounds)
        if other is not None:
            return other
    if not again[0] and not beside[0]:
        return _not_repeated(cause, again, beside, rounds.first)
    return _settled(cause, again, beside, confirmed=False, notes=_doubts(again, beside))


def _count(explanation: Explanation, cases: Iterable[str], second: Sequence[Observation]) -> tuple[int, int]:
    """In how many of the cases it showed, of how many that could show it."""
    wrong, looked = set(), set()
    wanted = set(cases)
    for one in second:
        if one.case in wanted and one.aspect is explanation.aspect and one.known:
            looked.add(one.case)
            if one.deviation == explanation.deviation:
                wrong.add(one.case)
    return len(wrong), len(looked)


def _shown(explanation: Explanation, again: tuple[int, int]) -> bool:
    if explanation.right:
        return again[0] > 0
    return again[0] >= LEAST_REPEATED * again[1]


def _settled(
    cause: Cause, again: tuple[int, int], beside: tuple[int, int], *, confirmed: bool, notes: tuple[str, ...] = ()
) -> Cause:
    return replace(
        cause,
        confirmed=confirmed,
        repeated=again,
        unaffected=(beside[1] - beside[0], beside[1]),
        sentence=sentences.repeated(cause.sentence, again),
        notes=(*cause.notes, *notes),
    )


def _doubts(again: tuple[int, int], beside: tuple[int, int]) -> tuple[str, ...]:
    found = [f"in the second round {again[0]} of {again[1]} deviated again"]
    if beside[0]:
        found.append(f"and {beside[0]} of {beside[1]} that should not have")
    return (", ".join(found),)


def _not_repeated(cause: Cause, again: tuple[int, int], beside: tuple[int, int], first: Sequence[Observation]) -> Cause:
    """An answer may deviate once, and is told with its positions; what is lost or wrong in the store stays so."""
    if cause.explanation.aspect is not Aspect.ANSWER or any(one.aspect is not Aspect.ANSWER for one in cause.also):
        note = "not repeated in the second round; no load excuses what an acknowledged event lost"
        return _settled(cause, again, beside, confirmed=False, notes=(note,))
    answers = [one for one in first if one.aspect is Aspect.ANSWER]
    of_cause = {id(one) for one in cause.explanation.wrong}
    places = [str(place) for place, one in enumerate(answers, 1) if id(one) in of_cause]
    more = f" and {len(places) - MOST_POSITIONS} more" if len(places) > MOST_POSITIONS else ""
    note = (
        f"not repeated in the second round; {len(places)} of {len(answers)} answers, "
        f"in the order of the plan number {', '.join(places[:MOST_POSITIONS])}{more}"
    )
    level = Level.SHOULD if len(places) >= ADVICE_SHARE * len(answers) else Level.RECORD
    if graver(level, cause.level):
        level = cause.level
    return _settled(replace(cause, level=level), again, beside, confirmed=False, notes=(note,))


# --- another explanation ---------------------------------------------------------------------------------------------


def _other(cause: Cause, rounds: Rounds) -> Cause | None:
    """The first other explanation that fits both rounds: of the alternatives, then of both rounds taken together."""
    like = cause.explanation
    both = [*rounds.first, *rounds.second]
    for explanation in _others(like, both):
        again = _under(explanation, rounds.second, inside=True)
        beside = _under(explanation, rounds.second, inside=False)
        pure = not explanation.right
        if pure and again[1] and again[0] >= LEAST_REPEATED * again[1] and not beside[0]:
            in_first = explained_by(explanation.values, like, rounds.first, like.alternatives)
            if in_first is not None:
                found = cause_of(in_first, _kept(cause, in_first), rounds.protocol, rounds.features)
                found = replace(found, id=cause.id, notes=cause.notes)
                note = f"the second round ruled out another explanation: {sentences.phrases(like.values) or 'always'}"
                return _settled(found, again, beside, confirmed=True, notes=(note,))
    return None


def _others(like: Explanation, both: Sequence[Observation]) -> Iterable[Explanation]:
    for values in like.alternatives:
        found = explained_by(values, like, both)
        if found is not None:
            yield found
    same = [one for one in both if one.aspect is like.aspect]
    mine = {(one.case, one.user) for one in like.wrong}
    for found in explain(same):
        theirs = {(one.case, one.user) for one in found.wrong}
        if found.values and found.values != like.values and found.deviation == like.deviation and mine <= theirs:
            yield found


def _kept(cause: Cause, lead: Explanation) -> list[Explanation]:
    """What the cause also explained goes on with it, in the events that it still has."""
    cases = {one.case for one in lead.wrong}
    return [one for one in cause.also if cases & {row.case for row in one.wrong}]


def _under(explanation: Explanation, second: Sequence[Observation], *, inside: bool) -> tuple[int, int]:
    """How many deviate in this way in the second round, of all under the values, or of all others."""
    known = [one for one in second if one.aspect is explanation.aspect and one.known]
    looked = [one for one in known if holds(explanation.values, one) is inside]
    return sum(one.deviation == explanation.deviation for one in looked), len(looked)
