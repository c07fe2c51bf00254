"""Findings on answers: acknowledged, in time, recorded, and what was answered to a hostile body."""

from __future__ import annotations

from camsim_conformance.observed import Observed
from camsim_conformance.requirements.verdicts import Finding
from camsim_conformance.sending import ack
from camsim_conformance.sending.exchange import Exchange, NoAnswer

from .texts import MOST_SHOWN

ACK = 'HTTP 200 and a JSON object with "status": "done"'
RECORDED = "recorded only"


def acknowledged(case: Observed) -> Finding:
    """Every judged answer is an acknowledgement; unusual ones are accepted as not strict."""
    oddities: list[str] = []
    for step, exchange in case.last():
        why = ack.why_not(exchange, case.profile, step)
        if why is not None and not exchange.answered and exchange.lagged:
            return _not_judged(case, exchange, f"{ACK} to {step.what}")
        if why is not None:
            actual = f"{exchange.text()}: {why}" if exchange.answered else why
            return Finding(holds=False, expected=f"{ACK} to {step.what}", actual=actual)
        oddities += ack.oddities(exchange, case.profile, step)
    if not oddities:
        return Finding(holds=True, expected=ACK, actual="acknowledged")
    actual = f"acknowledged, but {'; '.join(dict.fromkeys(oddities))}"
    return Finding(holds=True, expected=ACK, actual=actual, strict=False)


def _not_judged(case: Observed, exchange: Exchange, expected: str) -> Finding:
    """What our own load may have made late is neither right nor wrong."""
    case.because = f"this machine was too busy to say: its own event loop was {exchange.lag_s * 1000:.0f} ms late"
    return Finding(holds=True, expected=expected, actual=f"{case.because}; {exchange.text()}", verified=False)


def in_time(case: Observed) -> Finding:
    """Every answer came within the deadline."""
    deadline = case.profile.deadline_s
    expected = f"an answer within {deadline:g} s"
    slowest, excused = 0.0, None
    for _, exchange in case.last():
        if exchange.lagged and not (exchange.answered and exchange.seconds <= deadline):
            excused = exchange
            continue
        if not exchange.answered:
            return Finding(holds=False, expected=expected, actual=exchange.text())
        slowest = max(slowest, exchange.seconds)
    if excused is not None and slowest <= deadline:
        return _not_judged(case, excused, expected)
    return Finding(holds=slowest <= deadline, expected=expected, actual=f"the slowest answer took {slowest:.2f} s")


def survived(case: Observed, *, closing_is_an_answer: bool) -> Finding:
    """The hostile step was answered in time, and the next good punch is acknowledged."""
    answer = _to_the_hostile_step(case)
    deadline = case.profile.deadline_s
    expected = f"an answer within {deadline:g} s, and the next good punch acknowledged"
    closed = closing_is_an_answer and answer.no_answer in (NoAnswer.CLOSED, NoAnswer.MEANT)
    if not closed and (not answer.answered or answer.seconds > deadline):
        if answer.lagged:
            return _not_judged(case, answer, expected)
        return Finding(holds=False, expected=expected, actual=answer.text())
    after = acknowledged(case)
    actual = f"to the hostile body: {answer.text(80)}; then: {after.actual}"
    return Finding(holds=after.holds, expected=expected, actual=actual)


def _to_the_hostile_step(case: Observed) -> Exchange:
    return next(exchange for step, exchange in case.last(judged=False) if not step.judged)


def recorded(case: Observed) -> Finding:
    """The answers as they came; nothing is judged."""
    texts = [exchange.text() for _, exchange in case.last(judged=False)]
    return Finding(holds=True, expected=RECORDED, actual=" | ".join(texts[:MOST_SHOWN]))


def wire_form(case: Observed) -> Finding:
    """The whole answer in words."""
    step, exchange = next(case.last())
    if not exchange.answered:
        return Finding(holds=True, expected=RECORDED, actual=exchange.text())
    parts = [exchange.text(), exchange.header("Content-Type") or "no Content-Type"]
    place = exchange.header("Location")
    if place:
        parts.append(f"redirected to {place} (not followed)")
    oddities = ack.oddities(exchange, case.profile, step)
    if oddities:
        parts.append(";".join(oddities))
    return Finding(holds=True, expected=RECORDED, actual=", ".join(parts))
