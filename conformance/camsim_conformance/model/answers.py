"""Every answer is looked at, wherever it was sent: also those of preparation, of copies and of concurrent requests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from camsim_conformance.plan.cases import Step, Transport
from camsim_conformance.plan.size_factors import size_values
from camsim_conformance.plan.told import Deed, Keep
from camsim_conformance.requirements.verdicts import Level
from camsim_conformance.sending import ack
from camsim_conformance.sending.exchange import Exchange, NoAnswer
from camsim_conformance.target.profile import Profile

from .history import Occurrence
from .observation import Aspect, Observation

ANSWER = 'HTTP 200 and a JSON object with "status": "done"'
# What is dropped on purpose has no answer to look at.
_MEANT = frozenset({Transport.LOST_ACK, Transport.LOST_EARLY, Transport.CUT})
_NUMBERS = re.compile(r"\d{3,}")


def observe_answers(
    sent: Iterable[Occurrence], values: Mapping[tuple[str, int], Mapping[str, str]], profile: Profile
) -> Iterator[Observation]:
    """One observation an answer; `values` are those of a step, by case and number."""
    for one in sent:
        if one.step.transport in _MEANT or not _is_asked_for(one):
            continue
        for exchange in one.exchanges:
            yield _observed(one, exchange, values.get((one.id, one.number), {}), profile)


def _is_asked_for(one: Occurrence) -> bool:
    """An acknowledgement is asked for whatever a device may send; to what none sends any answer is right."""
    if one.told.deed is Deed.OTHER:
        return one.step.judged
    return one.told.keep is not Keep.NEVER


def _observed(one: Occurrence, exchange: Exchange, values: Mapping[str, str], profile: Profile) -> Observation:
    why = signature(exchange, profile, one.step)
    return Observation(
        aspect=Aspect.ANSWER,
        case=one.id,
        steps=(one.number,),
        user=one.told.user,
        values=values,
        deviation=why,
        # No answer is nobody's fault while our own loop could not look.
        known=why is None or exchange.answered or not exchange.lagged,
        # Bodies larger than any printed one: where a target gives up is recorded.
        level=Level.RECORD if one.case.record else Level.MUST,
        expected=ANSWER,
        actual="" if why is None else exchange.text(),
        requirement=one.case.requirement,
    )


def signature(exchange: Exchange, profile: Profile, step: Step) -> str | None:
    """None for an acknowledgement, else what the answer was in the words that answers of one cause share: status, shape
    and first line, numbers that differ left out."""
    why = ack.why_not(exchange, profile, step)
    if why is None:
        return None
    if not exchange.answered:
        return f"no answer: {exchange.no_answer or NoAnswer.BROKEN}"
    if exchange.status != 200:
        first = _first_line(ack.opened(exchange, profile, step)[0])
        return f"HTTP {exchange.status}" + (f" {first}" if first else "")
    return _NUMBERS.sub("…", why)


def _first_line(body: bytes) -> str:
    """The first line of a body as text, without markup; long ones are cut."""
    text = re.sub(r"<[^>]{0,200}>", " ", body[:2000].decode("utf-8", "replace"))
    for line in text.splitlines():
        words = " ".join(line.split())
        if words:
            return _NUMBERS.sub("…", words)[:60]
    return ""


def step_values(one: Occurrence, earlier: Iterable[Occurrence]) -> dict[str, str]:
    """What is particular about a step that is no punch: its operation, and whether the person was known before."""
    known, gone = "no", "no"
    for before in earlier:
        if before.told.keep is Keep.NEVER:
            continue
        if before.told.deed is Deed.UPDATE:
            known, gone = "yes", "no"
        elif before.told.deed is Deed.DELETE:
            known, gone = "no", "yes"
    found = {
        "operation": one.step.what,
        "deed": str(one.told.deed),
        "sent": "now",
        "role": "user",
        "known": known,
        "deleted": gone,
        "transport": str(one.step.transport),
    }
    return {**found, **size_values(one.step), **one.step.values}
