"""The finding on what an answer gives away."""

from __future__ import annotations

import re

from camsim_conformance.observed import Observed
from camsim_conformance.requirements.verdicts import Finding

from .answers import acknowledged, survived

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


def leaks(text: str, sent: str) -> list[str]:
    """What an answer gives away; an echo of what was sent is none."""
    found = []
    for name, pattern in LEAKS.items():
        match = pattern.search(text)
        # The pattern may take in the bracket or quote before a path, which is no part of what was sent.
        if match is not None and match.group(0).strip(" \"'(>") not in sent:
            found.append(f"{name}: {match.group(0)[:80]!r}")
    return found


def nothing_leaked(case: Observed) -> Finding:
    """No answer leaks, and the next good punch is acknowledged."""
    leaked: list[str] = []
    for step, exchange in case.last(judged=False):
        leaked += leaks(exchange.body.decode("utf-8", "replace"), step.plain.decode("utf-8", "replace"))
    expected = "no stack trace, SQL or path in the answer, and the next good punch acknowledged"
    if leaked:
        return Finding(holds=False, expected=expected, actual=f"the answer shows {'; '.join(leaked)}")
    if all(step.judged for step in case.case.steps):
        after = acknowledged(case)
    else:
        after = survived(case, closing_is_an_answer=True)
    return Finding(holds=after.holds, expected=expected, actual=after.actual)
