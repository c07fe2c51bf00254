"""Findings on user data: templates by Type and Index, names, deletions."""

from __future__ import annotations

from collections.abc import Mapping

from camsim.readback.model import Snapshot, StoredTemplate, StoredUser
from camsim_conformance.plan.cases import INDEXED, StoredName, TemplateKey
from camsim_conformance.requirements.verdicts import Finding
from camsim_conformance.session.observed import Observed

from .matching import same_word
from .punches import MOST_SHOWN, unverified

_INDEXED = {str(kind) for kind in INDEXED}


def templates(case: Observed) -> Finding:
    """The stored templates of each user are the expected ones, by Type, Index and content; none is there twice."""
    snapshot = case.snapshot
    if snapshot is None:
        return unverified("no read-back")
    if not snapshot.keeps("templates"):
        return unverified("the adapter shows no templates")
    problems, count = [], 0
    for user, wanted in case.case.expect.templates.items():
        found = _keyed(snapshot, user, wanted)
        count += len(wanted)
        problems += _differences(user, wanted, found)
    expected = f"{count} templates: {_listed(case)}"
    return Finding(not problems, expected, "; ".join(problems[:MOST_SHOWN]) or "all there, with the right content")


def _listed(case: Observed) -> str:
    keys = [key for wanted in case.case.expect.templates.values() for key in wanted]
    return ", ".join(_name(key) for key in keys)


def _name(key: TemplateKey) -> str:
    return f"{key[0]} {key[1]}".strip()


def _keyed(snapshot: Snapshot, user: str, wanted: Mapping[TemplateKey, str]) -> dict[TemplateKey, list[str]]:
    found: dict[TemplateKey, list[str]] = {}
    for row in snapshot.templates.get(user, ()):
        found.setdefault(_key(row, wanted), []).append(row.sha256)
    return found


def _key(row: StoredTemplate, wanted: Mapping[TemplateKey, str]) -> TemplateKey:
    kind = next((key[0] for key in wanted if same_word(row.type, key[0])), row.type)
    return kind, (str(row.index or "0") if kind in _INDEXED else "")


def _differences(user: str, wanted: Mapping[TemplateKey, str], found: Mapping[TemplateKey, list[str]]) -> list[str]:
    problems = []
    for key, sha in wanted.items():
        stored = found.get(key, [])
        if not stored:
            problems.append(f"user {user}: {_name(key)} is missing")
        elif sha not in stored:
            problems.append(f"user {user}: {_name(key)} has other content")
        elif len(stored) > 1:
            problems.append(f"user {user}: {_name(key)} is there {len(stored)} times")
    problems += [f"user {user}: {_name(key)} was never sent" for key in found if key not in wanted]
    return problems


def people(case: Observed) -> Finding:
    """Users have the expected names, and the deleted ones are gone."""
    snapshot = case.snapshot
    if snapshot is None:
        return unverified("no read-back")
    if not snapshot.keeps("users"):
        return unverified("the adapter shows no users")
    expect = case.case.expect
    problems = [f"user {user} is still there" for user in expect.gone if user in snapshot.users]
    for user, name in expect.users.items():
        problems += _name_problems(user, name, snapshot.users.get(user))
    wanted = [f"user {user} is {_full(name.first_name, name.last_name)!r}" for user, name in expect.users.items()]
    wanted += [f"user {user} is gone" for user in expect.gone]
    return Finding(not problems, "; ".join(wanted), "; ".join(problems) or "as sent")


def _name_problems(user: str, wanted: StoredName, found: StoredUser | None) -> list[str]:
    if found is None:
        return [f"user {user} is not there"]
    told, sent = (found.first_name, found.last_name), (wanted.first_name, wanted.last_name)
    kept = all(mine is None or mine == theirs for mine, theirs in zip(told, sent, strict=True)) and any(told)
    # A target with one column for the name keeps both parts in it.
    if kept or _full(*told) == _full(*sent):
        return []
    return [f"user {user} is stored as {_full(*told)!r}"]


def _full(first: str | None, last: str | None) -> str:
    return " ".join(part for part in (first, last) if part)
