"""The words of judgement: levels, kinds of evidence, verdicts, and how several verdicts become one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How strongly something is asked."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    RECORD = "RECORD"


class Evidence(StrEnum):
    """What shows a requirement: the answer, the read-back, a storm."""

    ANSWER = "A"
    STATE = "S"
    STORM = "T"


class Verdict(StrEnum):
    """The judgement of a case, a requirement or one of a case's two sides."""

    PASS = "PASS"  # noqa: S105  a verdict, not a secret
    NON_STRICT = "NON-STRICT"
    INFO = "INFO"
    NOT_APPLICABLE = "NOT-APPLICABLE"
    UNVERIFIED = "UNVERIFIED"
    ADVICE = "ADVICE"
    COULD_NOT_RUN = "COULD-NOT-RUN"
    FAIL = "FAIL"
    ERROR = "ERROR"


# From harmless to grave; the gravest of several decides.
_GRAVITY: Mapping[Verdict, int] = {
    Verdict.NOT_APPLICABLE: 0,
    Verdict.INFO: 1,
    Verdict.PASS: 2,
    Verdict.NON_STRICT: 3,
    Verdict.UNVERIFIED: 4,
    Verdict.ADVICE: 5,
    Verdict.COULD_NOT_RUN: 6,
    Verdict.FAIL: 7,
    Verdict.ERROR: 8,
}
# What a grade may stand on; a recorded or needless requirement is no gap.
SHOWN = frozenset({Verdict.PASS, Verdict.NON_STRICT, Verdict.INFO, Verdict.NOT_APPLICABLE})
VIOLATED: Mapping[Level, Verdict] = {
    Level.MUST: Verdict.FAIL,
    Level.SHOULD: Verdict.ADVICE,
    Level.RECORD: Verdict.INFO,
}


_RANKS: Mapping[Level, int] = {Level.RECORD: 0, Level.SHOULD: 1, Level.MUST: 2}


def rank(level: Level) -> int:
    """0 is the weakest."""
    return _RANKS[level]


def gravity(verdict: Verdict) -> int:
    """0 is harmless; greater is graver."""
    return _GRAVITY[verdict]


def gravest(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict that decides; NOT-APPLICABLE when there is none."""
    return max(verdicts, key=gravity, default=Verdict.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check saw on one side of a case: whether it holds, and the two texts a report prints. `applies` is false
    where an option of the run lets the target do as it likes."""

    holds: bool
    expected: str
    actual: str
    strict: bool = True
    verified: bool = True
    applies: bool = True

    def verdict(self, level: Level) -> Verdict:
        """The judgement under a level; a RECORD never fails."""
        if not self.applies:
            return Verdict.NOT_APPLICABLE
        # Before the level: what nobody looked at is not even recorded.
        if not self.verified:
            return Verdict.UNVERIFIED
        if level is Level.RECORD:
            return Verdict.INFO
        if not self.holds:
            return VIOLATED[level]
        return Verdict.PASS if self.strict else Verdict.NON_STRICT
