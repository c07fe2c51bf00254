"""The causes as result.json holds them: what explains the deviations, with the smallest example of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from camsim_conformance.model.observation import Aspect, Cause, Explanation, Observation
from camsim_conformance.model.texts import stored_text
from camsim_conformance.observed import Observed
from camsim_conformance.plan.rows import is_one_of_two
from camsim_conformance.requirements import by_id
from camsim_conformance.target.profile import Profile
from camsim_conformance.verdict.requirement import verdict_of
from camsim_conformance.verdict.result import Result

from . import reproduction
from .document_types import AlsoDocument, CauseDocument, CountsDocument, ExampleDocument, QuoteDocument
from .masking import mask, mask_bytes
from .pictures import picture_of
from .ways_out import notes_of
from .wording import answer_text, counted, without_markup

MOST_SENT = 1500  # letters of a body
MOST_ROWS = 4
MOST_BEFORE = 8


def causes_of(result: Result, out: Path | None) -> list[CauseDocument]:
    """All causes, gravest first as they were found."""
    cases = _cases(result)
    everything = result.record.judgement().view.observations
    found = [_cause(cause, cases, everything, result.record.profile, out) for cause in result.causes]
    capabilities = result.record.capabilities if result.record.snapshot is not None else None
    for cause, told in zip(result.causes, found, strict=True):
        told["notes"] += notes_of(cause, result.record.profile, capabilities)
    return found


def factors_of(result: Result, causes: Iterable[CauseDocument]) -> dict[str, dict[str, str]]:
    """The factor values of the cases that causes name, as far as the cases are made of some."""
    cases = _cases(result)
    found: dict[str, dict[str, str]] = {}
    for cause in causes:
        for name in cause["cases"]:
            if name in cases and cases[name].case.values:
                found[name] = dict(cases[name].case.values)
    return found


def _cases(result: Result) -> dict[str, Observed]:
    return {case.case.id: case for row in result.requirements for case in row.cases}


def _shown_by(cause: Cause, cases: Iterable[Observed]) -> list[str]:
    """Ids of the cases that show it: where it was observed, and later copies of the same punches."""
    later = [case.case.id for case in cases if any(one.id == cause.id for one in case.causes)]
    return list(dict.fromkeys([*cause.cases, *later]))


def _cause(
    cause: Cause,
    cases: Mapping[str, Observed],
    everything: Sequence[Observation],
    profile: Profile,
    out: Path | None,
) -> CauseDocument:
    explanation = cause.explanation
    shown = smallest(explanation, cases)
    return {
        "id": cause.id,
        "requirement": cause.requirement,
        "level": str(cause.level),
        "verdict": str(verdict_of(cause)),
        "sentence": without_markup(cause.sentence),
        "change": cause.change,
        "aspect": str(explanation.aspect),
        "deviation": without_markup(str(explanation.deviation)),
        "values": dict(explanation.values),
        "counts": _counts(explanation),
        "confirmed": cause.confirmed,
        "repeated": list(cause.repeated),
        "unaffected": list(cause.unaffected),
        "cases": _shown_by(cause, cases.values()),
        "also": [_also(other) for other in cause.also],
        "notes": list(cause.notes),
        "quote": _quote(cause.requirement),
        "example": _example(shown, cases[shown.case], profile, out) if shown is not None else None,
        "picture": picture_of(explanation, shown, cases, everything),
    }


def _counts(explanation: Explanation) -> CountsDocument:
    return {"wrong": len(explanation.wrong), "right": explanation.right, "without": explanation.without}


def _also(explanation: Explanation) -> AlsoDocument:
    deviation = without_markup(str(explanation.deviation))
    return {"aspect": str(explanation.aspect), "deviation": deviation, "counts": _counts(explanation)}


def _quote(requirement: str) -> QuoteDocument | None:
    row = by_id().get(requirement)
    if row is None or not row.quotes:
        return None
    return {"source": row.quotes[0].source, "text": row.quotes[0].text}


def smallest(explanation: Explanation, cases: Mapping[str, Observed]) -> Observation | None:
    """The deviating observation of the case that takes least to understand: one that stands alone, fewest steps, then
    fewest bytes."""
    kept = [one for one in explanation.wrong if one.case in cases and one.steps]
    return min(kept, key=lambda one: _effort(cases[one.case]), default=None)


def _effort(observed: Observed) -> tuple[bool, int, int, str]:
    steps = observed.case.steps
    copies = sum(step.copies for step in steps)
    size = sum(len(step.kept) for step in steps)
    return is_one_of_two(observed.case), copies, size, observed.case.id


def _example(shown: Observation, observed: Observed, profile: Profile, out: Path | None) -> ExampleDocument:
    case = observed.case
    number = shown.steps[-1]
    step = case.steps[number]
    example: ExampleDocument = {
        "case": case.id,
        "what": step.what,
        "before": [other.what for other in case.steps[:number]][-MOST_BEFORE:],
        # The plain message, of v2 too: nobody reads the escapes of a form. Masked before it is cut: half a token is
        # still a secret.
        "sent": _cut(mask_bytes(step.plain, profile).decode("utf-8", "replace")),
        "answered": _answered(shown, observed, profile),
        "stored": _stored(shown, observed, profile),
        "expected": shown.expected,
    }
    if out is not None:
        example["exports"] = reproduction.exports(profile)
        curls = reproduction.curl_lines(case, profile, observed.target.url, out)
        example["lines"] = [reproduction.replay_line(case.id, profile, out), *curls]
    return example


def _cut(text: str) -> str:
    if len(text) <= MOST_SENT:
        return text
    return f"{text[:MOST_SENT]}… ({len(text)} letters in all)"


def _answered(shown: Observation, observed: Observed, profile: Profile) -> str:
    """The answers to the steps that show it; the same one several times is said once."""
    texts: dict[str, int] = {}
    for exchange in observed.exchanges:
        if exchange.step in shown.steps:
            step = observed.case.steps[exchange.step]
            text = answer_text(exchange, profile, step)
            # Of several the time of each says nothing.
            if len(shown.steps) > 1 or step.copies > 1:
                text = _timeless(text)
            texts[text] = texts.get(text, 0) + 1
    if not texts:
        return "not sent"
    return "; ".join(f"{count} times {text}" if count > 1 else text for text, count in texts.items())


def _timeless(text: str) -> str:
    return text.rpartition(" (")[0] if text.endswith(" ms)") else text


def _stored(shown: Observation, observed: Observed, profile: Profile) -> str:
    """What the judge saw of it; of an answer, the rows of the person."""
    if observed.snapshot is None:
        return "not looked at: there was no read-back"
    if shown.aspect is not Aspect.ANSWER and shown.actual:
        return mask(without_markup(shown.actual), profile)
    rows = observed.snapshot.punches.get(shown.user, ())
    if not rows:
        return "no punch of this person"
    texts = [stored_text(row, observed.snapshot) for row in rows[:MOST_ROWS]]
    more = f"; and {len(rows) - MOST_ROWS} more" if len(rows) > MOST_ROWS else ""
    return f"{counted(len(rows), 'row')}: {'; '.join(texts)}{more}"
