"""Compare two results: what got worse, what got better, what came and went."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camsim_conformance.requirements.verdicts import Verdict, gravity
from camsim_conformance.target.profile import UsageError

from .result import Grade

_GRADES = {str(grade): rank for rank, grade in enumerate(Grade)}
# Good enough for no complaint: moving among these is no regression.
_FINE = frozenset({Verdict.PASS, Verdict.NON_STRICT, Verdict.INFO, Verdict.NOT_APPLICABLE})


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs."""

    what: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Changes:
    """All differences of two results."""

    worse: tuple[Change, ...]
    better: tuple[Change, ...]
    other: tuple[Change, ...]

    def lines(self) -> list[str]:
        """For people."""
        named = (("worse", self.worse), ("better", self.better), ("other", self.other))
        lines = [f"{name:<8}{change.what}: {change.old} -> {change.new}" for name, some in named for change in some]
        return lines or ["no difference"]

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {
            name: [{"what": change.what, "old": change.old, "new": change.new} for change in some]
            for name, some in (("worse", self.worse), ("better", self.better), ("other", self.other))
        }


def compare(old: Path, new: Path) -> Changes:
    """The changes from one result to another. Raises: UsageError."""
    before, after = _read(old), _read(new)
    worse: list[Change] = []
    better: list[Change] = []
    other: list[Change] = []
    known, found = _verdicts(before), _verdicts(after)
    for name in list(known) + [name for name in found if name not in known]:
        a, b = known.get(name, "absent"), found.get(name, "absent")
        if a == b:
            continue
        change = Change(name, a, b)
        if "absent" in (a, b) or {Verdict(a), Verdict(b)} <= _FINE:
            other.append(change)
        else:
            (worse if gravity(Verdict(b)) > gravity(Verdict(a)) else better).append(change)
    if before["grade"] != after["grade"]:
        change = Change("grade", before["grade"], after["grade"])
        (worse if _GRADES[after["grade"]] < _GRADES[before["grade"]] else better).append(change)
    return Changes(tuple(worse), tuple(better), tuple(other))


def _verdicts(document: Mapping[str, Any]) -> dict[str, str]:
    return {row["id"]: row["verdict"] for row in document["requirements"]}


def _read(path: Path) -> Mapping[str, Any]:
    file = path / "result.json" if path.is_dir() else path
    try:
        document = json.loads(file.read_text("utf-8"))
        if document["grade"] not in _GRADES:
            raise KeyError("grade")
        _verdicts(document)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{file}: no result of a run ({error!r})") from None
    read: Mapping[str, Any] = document
    return read
