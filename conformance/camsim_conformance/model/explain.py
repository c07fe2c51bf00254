"""The fewest conjunctions of factor values under which observations deviate, none of which holds for a right one."""

from __future__ import annotations

from collections.abc import Sequence

from .could import could_deviate
from .cover import Conjunction, Table, pure_cover, same_cover
from .noise import bits, noisy_cover
from .observation import STORED_WORD, Aspect, Explanation, Observation, Values
from .words import same_word

MOST_ALTERNATIVES = 5
# So many pure conjunctions are believed as they are; more may be a cause that comes and goes, told in pieces.
BELIEVED = 2
_ORDER = {aspect: number for number, aspect in enumerate(Aspect)}


def explain(observations: Sequence[Observation]) -> list[Explanation]:
    """Every wrong observation is covered by at least one explanation of its aspect and deviation.

    Observations that are not known count neither as wrong nor as right. The result depends on the order of the
    observations only in the order of `wrong` in it.
    """
    found: list[Explanation] = []
    for aspect in sorted({one.aspect for one in observations}, key=_ORDER.__getitem__):
        known = [one for one in observations if one.aspect is aspect and one.known]
        deviations = sorted({one.deviation for one in known if one.deviation is not None})
        for deviation in deviations:
            found += _explained(deviation, known)
    return found


def _explained(deviation: str, every: Sequence[Observation]) -> list[Explanation]:
    wrong = [one for one in every if one.deviation == deviation]
    known = _without_twins(wrong, every)
    right = [one for one in known if one.right and _contradicts(one, deviation, _word(wrong))]
    if len(wrong) == len(known):
        return [_explanation((), wrong, known)]
    # Where nothing at all is right, one deviation is told from the others.
    contrast = right or [one for one in known if one.deviation != deviation]
    table = Table([one.values for one in wrong], [one.values for one in contrast])
    chosen, left = _cover(table)
    found = [_of_conjunction(table, one, wrong, known) for one in chosen]
    if left:
        rest = [one for place, one in enumerate(wrong) if left >> place & 1]
        found.append(_explanation((), rest, known))
    return found


def _word(wrong: Sequence[Observation]) -> str:
    """The one word that stands in place of all wrong ones; "" when there is none."""
    words = {other.notes.get(STORED_WORD, "") for other in wrong}
    return words.pop() if len(words) == 1 else ""


def _without_twins(wrong: Sequence[Observation], every: Sequence[Observation]) -> list[Observation]:
    """Without the right count of an event that left a row too many: its own row does not speak for it."""
    if wrong[0].aspect is not Aspect.COUNT:
        return list(every)
    struck = {_event(one) for one in wrong}
    return [one for one in every if not one.right or _event(one) not in struck]


def _event(one: Observation) -> tuple[str, str, tuple[int, ...]]:
    return one.case, one.user, one.steps[:1]


def _cover(table: Table) -> tuple[list[Conjunction], int]:
    """The conjunctions, pure ones first, and the wrong ones that are left to "now and then"."""
    pure, impure = pure_cover(table)
    rest, left = noisy_cover(table, impure)
    found = [*pure, *rest]
    if len(found) <= BELIEVED:
        return found, left
    noisy, noisy_left = noisy_cover(table, table.all_wrong)
    if bits(table, noisy, noisy_left) < bits(table, found, left):
        return noisy, noisy_left
    return found, left


def _of_conjunction(
    table: Table, one: Conjunction, wrong: Sequence[Observation], known: Sequence[Observation]
) -> Explanation:
    covered = [observation for place, observation in enumerate(wrong) if one.wrong >> place & 1]
    others: list[Conjunction] = []
    if not one.right:
        others = same_cover(table, one, MOST_ALTERNATIVES)
    alternatives = tuple(_values(table, other) for other in others)
    return _explanation(_values(table, one), covered, known, alternatives)


def _values(table: Table, one: Conjunction) -> Values:
    return tuple(table.pairs[pair] for pair in one.pairs)


def holds(values: Values, observation: Observation) -> bool:
    """True when all the values hold for it."""
    return all(observation.values.get(factor) == name for factor, name in values)


def _explanation(
    values: Values,
    wrong: Sequence[Observation],
    known: Sequence[Observation],
    alternatives: tuple[Values, ...] = (),
) -> Explanation:
    """With its numbers, over all known observations of the aspect."""
    first, word = wrong[0], _word(wrong)
    inside = [one for one in known if holds(values, one)]
    outside = [one for one in known if not holds(values, one)]
    return Explanation(
        aspect=first.aspect,
        deviation=first.deviation or "",
        values=values,
        wrong=tuple(wrong),
        right=sum(_contradicts(one, first.deviation, word) for one in inside),
        without=sum(_contradicts(one, first.deviation, word) for one in outside),
        outside=(sum(one.deviation == first.deviation for one in outside), len(outside)),
        known=len(known),
        alternatives=alternatives,
    )


def _contradicts(one: Observation, deviation: str | None, word: str) -> bool:
    """Whether a right one could have deviated so: where the word that stands in place of all wrong ones happens to be
    the right one, it could not."""
    if not one.right or not could_deviate(one, deviation or ""):
        return False
    return not word or not same_word(word, one.values.get(str(one.aspect), ""))


def explained_by(
    values: Values, like: Explanation, observations: Sequence[Observation], alternatives: tuple[Values, ...] = ()
) -> Explanation | None:
    """The explanation of the same aspect and deviation by other values, with their numbers; None when none is wrong."""
    known = [one for one in observations if one.aspect is like.aspect and one.known]
    wrong = [one for one in known if one.deviation == like.deviation and holds(values, one)]
    if not wrong:
        return None
    return _explanation(values, wrong, known, alternatives)
