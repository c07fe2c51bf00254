"""Compare two results: what got worse, what got better, what came and went."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

from camsim.wording import one_line, why
from camsim_conformance.requirements.verdicts import Verdict, gravity
from camsim_conformance.target.profile import UsageError

from .grade import Grade

ABSENT = "absent"
_GRADES = {str(grade): rank for rank, grade in enumerate(Grade)}
# Good enough for no complaint: moving among these is no regression.
_FINE = frozenset({Verdict.PASS, Verdict.NON_STRICT, Verdict.INFO, Verdict.NOT_APPLICABLE})


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs."""

    what: str
    old: str
    new: str


class ChangeDocument(TypedDict):
    """A change as JSON."""

    what: str
    old: str
    new: str


@dataclass(slots=True)
class Changes:
    """All differences of two results."""

    worse: list[Change] = field(default_factory=list)
    better: list[Change] = field(default_factory=list)
    other: list[Change] = field(default_factory=list)

    def _named(self) -> Mapping[str, list[Change]]:
        return {"worse": self.worse, "better": self.better, "other": self.other}

    def lines(self) -> list[str]:
        """For people."""
        lines = []
        for name, changes in self._named().items():
            for change in changes:
                lines.append(f"{name:<8}{change.what}: {change.old} -> {change.new}")
        return lines or ["no difference"]

    def document(self) -> dict[str, list[ChangeDocument]]:
        """As JSON."""
        return {name: [_document(change) for change in changes] for name, changes in self._named().items()}


def _document(change: Change) -> ChangeDocument:
    return {"what": change.what, "old": change.old, "new": change.new}


@dataclass(frozen=True, slots=True)
class _Verdicts:
    """What is compared of a result: its grade, and the verdict of each requirement in order."""

    grade: str
    by_id: Mapping[str, str]


def compare(old: Path, new: Path) -> Changes:
    """The changes from one result to another. Raises: UsageError."""
    before, after = _read(old), _read(new)
    changes = Changes()
    for name in dict.fromkeys([*before.by_id, *after.by_id]):
        change = Change(name, before.by_id.get(name, ABSENT), after.by_id.get(name, ABSENT))
        if change.old != change.new:
            _place(change, changes)
    if before.grade != after.grade:
        change = Change("grade", before.grade, after.grade)
        worse = _GRADES[after.grade] < _GRADES[before.grade]
        (changes.worse if worse else changes.better).append(change)
    return changes


def _place(change: Change, changes: Changes) -> None:
    # Another profile asks for other requirements: that is no change of the target.
    if ABSENT in (change.old, change.new):
        changes.other.append(change)
        return
    old, new = Verdict(change.old), Verdict(change.new)
    if {old, new} <= _FINE:
        changes.other.append(change)
    elif gravity(new) > gravity(old):
        changes.worse.append(change)
    else:
        changes.better.append(change)


def _read(path: Path) -> _Verdicts:
    file = path / "result.json" if path.is_dir() else path
    try:
        document = json.loads(file.read_text("utf-8"))
        if document["grade"] not in _GRADES:
            raise KeyError("grade")
        return _Verdicts(document["grade"], {row["id"]: row["verdict"] for row in document["requirements"]})
    except OSError as error:
        raise UsageError(f"{file}: no result of a run ({why(error)})") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(f"{file}: no result of a run ({one_line(repr(error), 200)})") from None
