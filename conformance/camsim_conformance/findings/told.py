"""The finding on what a case told: the model's observations of it, as far as a requirement looks at them."""

from __future__ import annotations

from camsim_conformance.model.observation import ALLOWED, Aspect, Deviation, Observation
from camsim_conformance.observed import Observed
from camsim_conformance.requirements.verdicts import Finding, Level

from .texts import some, unverified

ROWS = (Aspect.ROW, Aspect.COUNT)
FIELDS = (Aspect.TYPE, Aspect.INPUT)
SENSORS = (Aspect.TEMPERATURE, Aspect.MASK)
PEOPLE = (Aspect.TEMPLATE, Aspect.NAME, Aspect.PERSON)
EVERYTHING = (*ROWS, Aspect.INSTANT, *FIELDS, *SENSORS, Aspect.DEVICE, *PEOPLE)


def as_told(case: Observed, *aspects: Aspect) -> Finding:
    """What is stored is what the case told, under these aspects. Of a case whose set-up deviated nothing is known: it
    could not run."""
    if case.snapshot is None:
        return unverified("no read-back")
    mine = [one for one in case.observations if one.aspect in aspects]
    wrong = [one for one in mine if one.wrong]
    expected = _expected(mine)
    if wrong:
        return Finding(holds=False, expected=expected, actual=some([_actual(one) for one in wrong]))
    if not any(one.known for one in mine):
        return _nothing_known(case, mine, aspects)
    return Finding(holds=True, expected=expected, actual="stored as told", strict=not _merged(case, mine))


def _expected(mine: list[Observation]) -> str:
    texts = dict.fromkeys(one.expected for one in mine if one.expected)
    return some(list(texts)) or "what was told is stored, and nothing else"


def _actual(one: Observation) -> str:
    text = f"{one.aspect} {one.deviation}"
    if one.deviation == Deviation.MISSING:
        return f"{text}: {one.expected}"
    return f"{text}: {one.actual}" if one.actual else text


def _nothing_known(case: Observed, mine: list[Observation], aspects: tuple[Aspect, ...]) -> Finding:
    allowed = dict.fromkeys(one.notes[ALLOWED] for one in mine if ALLOWED in one.notes)
    if allowed and all(ALLOWED in one.notes for one in mine):
        return Finding(holds=True, expected=_expected(mine), actual="; ".join(allowed), applies=False)
    if mine:
        names = ", ".join(cause.id for cause in case.causes)
        why = "what it stands on was not acknowledged" + (f" ({names})" if names else "")
        # Explained by nothing but advice, it is no gap in the run: who only refuses odd ids is not incomplete.
        if not case.causes or any(cause.level is Level.MUST for cause in case.causes):
            case.because = why
        return unverified(why)
    names = ", ".join(map(str, aspects))
    return unverified(f"the adapter shows nothing of: {names}")


def _merged(case: Observed, mine: list[Observation]) -> bool:
    """True when a type is told as in or out only: right, but not canonical."""
    return any(one.notes.get("type") == "direction" for one in mine)
