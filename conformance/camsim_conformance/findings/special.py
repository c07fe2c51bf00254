"""Findings of single requirements: forgeries, the form of an answer, leaks, storms."""

from __future__ import annotations

import re

from camsim_conformance.requirements.verdicts import Finding
from camsim_conformance.sending import ack
from camsim_conformance.session.observed import Observed

from .punches import acknowledged, same_set, survived
from .users import people, templates

# What a stranger must not learn from an answer. Kept narrow: a word like "error" alone is no leak.
LEAKS = {
    "a stack trace": re.compile(
        r"Traceback \(most recent call last\)|\bat [\w.$<>]+\([\w.]+\.(?:java|kt|cs|js|ts):\d+|"
        r"\bat .{1,200}\.(?:js|ts|cjs|mjs):\d+:\d+|\.go:\d+ \+0x|<b>(?:Fatal error|Warning|Notice)</b>:|"
        r"Stack trace:\s*#0|File \"[^\"]+\.py\", line \d+"
    ),
    "SQL": re.compile(
        r"SQLSTATE\[|\b(?:sqlite3|psycopg2?|pymysql|mysqli?|sqlalchemy)\.\w*(?:Error|Exception)|ORA-\d{5}|"
        r"You have an error in your SQL syntax|\b(?:INSERT INTO|SELECT .{1,80} FROM|UPDATE .{1,80} SET) ",
        re.IGNORECASE,
    ),
    "a file path": re.compile(
        r"(?:^|[\s\"'(>])(?:/(?:usr|var|home|opt|srv|root|app|etc)/[\w.-]+/[\w./-]+|[A-Z]:\\[\w.\\ -]+\\[\w.-]+)"
    ),
    "a system file": re.compile(r"root:x:0:0"),
}


def untouched(case: Observed) -> Finding:
    """Nothing of the forged steps is stored; what the honest steps stored is still there."""
    expect = case.case.expect
    if expect.templates:
        return templates(case)
    return people(case) if expect.users else same_set(case)


def wire_form(case: Observed) -> Finding:
    """The whole answer in words."""
    step, exchange = next(case.last())
    if not exchange.answered:
        return Finding(True, "recorded only", exchange.text())
    odd = ack.oddities(exchange, case.profile, step)
    place = exchange.header("Location")
    kind = exchange.header("Content-Type") or "no Content-Type"
    moved = f", redirected to {place} (not followed)" if place else ""
    return Finding(True, "recorded only", f"{exchange.text()}, {kind}{moved}{f', {chr(59).join(odd)}' if odd else ''}")


def leaks(text: str, sent: str) -> list[str]:
    """What an answer gives away; an echo of what was sent is none."""
    found = []
    for name, pattern in LEAKS.items():
        match = pattern.search(text)
        if match is not None and match.group(0).strip(" \"'(>") not in sent:
            found.append(f"{name}: {match.group(0)[:80]!r}")
    return found


def tight(case: Observed) -> Finding:
    """No answer leaks, and the next good punch is acknowledged."""
    told: list[str] = []
    for step, exchange in case.last(judged=False):
        told += leaks(exchange.body.decode("utf-8", "replace"), step.plain.decode("utf-8", "replace"))
    expected = "no stack trace, SQL or path in the answer, and the next good punch acknowledged"
    if told:
        return Finding(False, expected, f"the answer shows {'; '.join(told)}")
    hostile = any(not step.judged for step in case.case.steps)
    after = survived(case, closing_is_an_answer=True) if hostile else acknowledged(case)
    return Finding(after.holds, expected, after.actual)


def withstood(case: Observed) -> Finding:
    """The storm's report shows that nothing was lost and that acknowledgements stayed in time."""
    expected = f"no punch lost by read-back, p95 within {case.profile.deadline_s:g} s"
    if case.storm is None:
        return Finding(True, expected, "no report of camsim storm was given (--storm)", verified=False)
    if not case.storm.read_back:
        return Finding(True, expected, f"{case.storm.text()}; without read-back", verified=False)
    holds = case.storm.lost == 0 and case.storm.p95_s <= case.profile.deadline_s
    return Finding(holds, expected, case.storm.text())
