"""What a second round has to show when a cause is the right one, and what it says of it.

The second round sends some of the first round's cases again, with fresh people, under the same case ids. They tell what
comes and goes from what does not. Which of several explanations is the right one shows in new rows (probes): all usual
but the values in question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.plan.factors import BY_NAME, usual_values
from camsim_conformance.requirements.verdicts import Level

from . import sentences
from .causes import cause_of
from .cover import BY_CHANCE, is_usual
from .explain import explain, explained_by, holds
from .homes import graver
from .observation import Aspect, Cause, Explanation, Observation, Values

MOST_CASES = 6
# So many wrong observations, and no other explanation of them, are beyond doubt.
SURE, MOST_PROBES = 3, 24
# A row has these from whose punch it is and from its moment: nothing can be made to have them.
NOT_MADE = frozenset({"id", "edge", "same-wall"})
LEAST_REPEATED = 0.8
# Answers that deviated once and never again: from this share of all answers on they are worth advice.
ADVICE_SHARE = 0.01
MOST_POSITIONS = 5


@dataclass(frozen=True, slots=True)
class Rounds:
    """The observations of the first and the second round, and what is needed to place another explanation.

    `probes`: by a cause's id the ids of the cases that were made of its probes; only the second round has them.
    """

    first: Sequence[Observation]
    second: Sequence[Observation]
    protocol: Protocol
    features: frozenset[str]
    probes: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Probe:
    """A row that the first round did not have, and whether it should deviate."""

    values: Mapping[str, str]
    deviates: bool


# --- before the second round -----------------------------------------------------------------------------------------


def predictions(cause: Cause, observations: Sequence[Observation]) -> tuple[list[str], list[str]]:
    """Ids of at most six cases that should deviate again, and of at most six near them that should not."""
    explanation = cause.explanation
    wrong = _smallest(explanation)
    return wrong, _nearest(explanation, observations, wrong)


def probes(cause: Cause) -> list[Probe]:
    """New rows: the values alone among usual ones, these without each of them, and when there is doubt more.

    In doubt the smallest row that deviates comes as often as it has unusual values, each time without one of them: what
    then is right names the value. At most MOST_PROBES. Empty for what always deviates, what comes and goes, for values
    that no row can be made to have, and for whatever is no punch: a history is not made of values.
    """
    explanation = cause.explanation
    models = [one.values for one in explanation.wrong if set(one.values) >= set(usual_values())]
    named = {factor for factor, _ in explanation.values}
    if not explanation.values or explanation.right or not models or named & (NOT_MADE | BY_CHANCE):
        return []
    least = min(models, key=lambda values: len(_unusual(values)))
    # When it was and among how many follows from the run.
    model = {factor: name for factor, name in least.items() if factor not in BY_CHANCE}
    plain = {factor: _plain(factor, name) for factor, name in model.items()}
    model |= {factor: plain[factor] for factor in NOT_MADE}
    alone = plain | dict(explanation.values)
    rows = [alone]
    rows += [alone | {factor: plain[factor]} for factor, _ in explanation.values]
    if explanation.alternatives or len(explanation.wrong) < SURE:
        rows += [{**model, factor: plain[factor]} for factor in _unusual(model)]
    found: list[Probe] = []
    for row in rows:
        probe = Probe(row, set(explanation.values) <= set(row.items()))
        if probe not in found:
            found.append(probe)
    return found[:MOST_PROBES]


def _unusual(values: Mapping[str, str]) -> list[str]:
    return [factor for factor, name in values.items() if name != _plain(factor, name)]


def _plain(factor: str, name: str) -> str:
    known = BY_NAME.get(factor)
    return known.usual.name if known is not None else name


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
    if cause.explanation.aspect is Aspect.UNCHANGED:
        return cause  # nothing hostile is sent a second time
    second = _of_cause(cause, rounds)
    again, beside = _counts(cause.explanation, second)
    if not again[1]:
        return cause
    shown = _shown(cause.explanation, again) and not beside[0]
    if shown and (cause.explanation.right or again[0] == again[1]):
        return _settled(cause, again, beside, confirmed=True)
    # Also where four of five deviated: the fifth may show that one more value is needed.
    other = _other(cause, rounds, second) if again[0] or beside[0] else None
    if other is not None:
        return other
    if shown:
        return _settled(cause, again, beside, confirmed=True)
    if not again[0]:
        return _not_repeated(cause, again, beside, rounds.first)
    return _settled(cause, again, beside, confirmed=False, notes=_doubts(again, beside))


def _of_cause(cause: Cause, rounds: Rounds) -> list[Observation]:
    """What the second round says of this cause: other causes deviate in it as well."""
    explanation = cause.explanation
    expected_wrong, expected_right = predictions(cause, rounds.first)
    others = {*expected_right, *rounds.probes.get(cause.id, ())}
    found: list[Observation] = []
    for one in rounds.second:
        # Whatever else the cases that should deviate look at may be another cause's.
        mine = one.case in others or (one.case in expected_wrong and holds(explanation.values, one))
        if mine and one.known and one.aspect is explanation.aspect:
            found.append(one)
    return found


def _counts(explanation: Explanation, second: Iterable[Observation]) -> tuple[tuple[int, int], tuple[int, int]]:
    """In how many cases it showed, of how many: under the values, and without one of them."""
    sides: dict[bool, dict[str, bool]] = {True: {}, False: {}}
    for one in second:
        side = sides[holds(explanation.values, one)]
        side[one.case] = side.get(one.case, False) or one.deviation == explanation.deviation
    under, without = sides[True].values(), sides[False].values()
    return (sum(under), len(under)), (sum(without), len(without))


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
    elsewhere = f" where it was foretold ({beside[0]} of {beside[1]} elsewhere)" if beside[0] else ""
    note = (
        f"not repeated in the second round{elsewhere}; {len(places)} of {len(answers)} answers, "
        f"in the order of the plan number {', '.join(places[:MOST_POSITIONS])}{more}"
    )
    level = Level.SHOULD if len(places) >= ADVICE_SHARE * len(answers) else Level.RECORD
    if graver(level, cause.level):
        level = cause.level
    return _settled(replace(cause, level=level), again, beside, confirmed=False, notes=(note,))


# --- another explanation ---------------------------------------------------------------------------------------------


def _other(cause: Cause, rounds: Rounds, second: Sequence[Observation]) -> Cause | None:
    """The first other explanation that fits both rounds: of the alternatives, then of both rounds taken together."""
    like = cause.explanation
    both = [*rounds.first, *rounds.second]
    for explanation in _others(like, both):
        again, beside = _counts(explanation, second)
        if again[1] and not explanation.right and _shown(explanation, again) and not beside[0]:
            in_first = explained_by(explanation.values, like, rounds.first)
            if in_first is not None:
                found = cause_of(in_first, _kept(cause, in_first), rounds.protocol, rounds.features)
                found = replace(found, id=cause.id, notes=cause.notes)
                phrases = sentences.in_words_of(rounds.protocol, sentences.phrases(like.values))
                note = f"the second round ruled out another explanation: {phrases or 'always'}"
                return _settled(found, again, beside, confirmed=True, notes=(note,))
    return None


def _others(like: Explanation, both: Sequence[Observation]) -> Iterator[Explanation]:
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
    """What the cause also explained goes on with it: other values, other aspects of the events it has."""
    cases = {one.case for one in lead.wrong}
    return [one for one in cause.also if one.aspect is lead.aspect or cases & {row.case for row in one.wrong}]
