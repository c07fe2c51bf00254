"""What a run shows, as a grade, and what it does not show, both in words."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from camsim_conformance.requirements.verdicts import SHOWN, Evidence, Level, Verdict
from camsim_conformance.session.record import RunRecord

from .requirement import RequirementResult

NOT_SHOWN_BY_ACK = "does not show that anything was stored, de-duplicated, ordered, merged or authenticated"


QUICK = "--quick sends neither combinations of values nor histories of people, so it shows no grade above Ack"


class Grade(StrEnum):
    """What a run shows, the least first."""

    NONE = "none"
    ACK = "ack"
    STATE = "state"
    STORM = "storm"


def lacking(rows: Sequence[RequirementResult], evidence: Evidence) -> list[str]:
    """MUST requirements that ask for this evidence and are not shown by it."""
    found = []
    for row in rows:
        if row.level is not Level.MUST or evidence not in row.requirement.evidence:
            continue
        verdict = row.ack if evidence is Evidence.ANSWER else row.state
        # Advice in a MUST requirement is of what the page only recommends: nothing of the MUST is missing.
        if verdict not in SHOWN and verdict is not Verdict.ADVICE:
            found.append(row.requirement.id)
    return found


def grade_of(rows: Sequence[RequirementResult], record: RunRecord) -> Grade:
    """The highest grade whose needs are all shown, of a complete run that passed."""
    # Each grade stands on the one below it: state without acknowledgement is no grade.
    if lacking(rows, Evidence.ANSWER):
        return Grade.NONE
    if record.snapshot is None or record.profile.quick or lacking(rows, Evidence.STATE):
        return Grade.ACK
    for row in rows:
        if Evidence.STORM in row.requirement.evidence and row.verdict is Verdict.PASS:
            return Grade.STORM
    return Grade.STATE


def shown(grade: Grade, record: RunRecord) -> str:
    """What the grade means."""
    if grade is Grade.NONE:
        return "nothing: no grade"
    if grade is Grade.ACK:
        return "every callback is acknowledged as the vendor's page asks"
    settle = record.settled_s or record.profile.settle_s
    stored = f"every callback is acknowledged and rightly stored, seen through {record.adapter}"
    text = f"{stored} (settle time {settle:g} s{late(record)})"
    if grade is Grade.STATE:
        return text
    return f"{text}; under load: {record.storm.text() if record.storm else ''}"


def late(record: RunRecord) -> str:
    """What came only after the settle time, in words; empty when everything was in time."""
    if not record.late:
        return ""
    people = "1 person" if record.late == 1 else f"{record.late} people"
    return f"; of {people} something came after --settle {record.profile.settle_s:g} s, and was waited for"


def not_shown(grade: Grade, rows: Sequence[RequirementResult], record: RunRecord) -> str:
    """What a grade does not mean; `grade` is one."""
    if grade is Grade.ACK:
        if record.snapshot is None:
            return NOT_SHOWN_BY_ACK
        if record.profile.quick:
            return f"{NOT_SHOWN_BY_ACK}: {QUICK}"
        return f"{NOT_SHOWN_BY_ACK} (not verified: {', '.join(lacking(rows, Evidence.STATE))})"
    more = "" if grade is Grade.STORM else "how the target behaves under load, "
    if not record.profile.may_change_people:
        more += "what it does with names, templates and deletions (people of --users are left as they are), "
    return f"does not show {more}what it does with the data later, or that another version behaves alike"
