"""Findings on user data: templates by Type and Index, names, deletions."""

from __future__ import annotations

from collections.abc import Mapping

from camsim.readback.model import Snapshot, StoredTemplate, StoredUser
from camsim_conformance.observed import Observed
from camsim_conformance.plan.cases import Expect, StoredName
from camsim_conformance.plan.told import INDEXED, TemplateKey
from camsim_conformance.requirements.verdicts import Finding

from .texts import MOST_SHOWN, unverified
from .words import same_word

_INDEXED = frozenset(map(str, INDEXED))


def templates_as_sent(case: Observed) -> Finding:
    """The stored templates of each user are the expected ones, by Type, Index and content; none is there twice."""
    snapshot = case.snapshot
    if snapshot is None:
        return unverified("no read-back")
    if not snapshot.keeps("templates"):
        return unverified("the adapter shows no templates")
    problems: list[str] = []
    names: list[str] = []
    for user, wanted in case.case.expect.templates.items():
        names += map(_name, wanted)
        problems += _template_problems(user, wanted, _by_key(snapshot, user, wanted))
    return Finding(
        holds=not problems,
        expected=f"{len(names)} templates: {', '.join(names)}",
        actual="; ".join(problems[:MOST_SHOWN]) or "all there, with the right content",
    )


def _name(key: TemplateKey) -> str:
    return " ".join(key).strip()


def _by_key(snapshot: Snapshot, user: str, wanted: Mapping[TemplateKey, str]) -> dict[TemplateKey, list[str]]:
    found: dict[TemplateKey, list[str]] = {}
    for row in snapshot.templates.get(user, ()):
        found.setdefault(_key(row, wanted), []).append(row.sha256)
    return found


def _key(row: StoredTemplate, wanted: Mapping[TemplateKey, str]) -> TemplateKey:
    """The key of a stored row in the vendor's words; its own word stays when none of those wanted is meant."""
    kind = row.type
    for known, _ in wanted:
        if same_word(row.type, known):
            kind = known
            break
    # Card and password have one place each: whatever index a target keeps of them says nothing.
    return kind, str(row.index or "0") if kind in _INDEXED else ""


def _template_problems(
    user: str, wanted: Mapping[TemplateKey, str], found: Mapping[TemplateKey, list[str]]
) -> list[str]:
    problems = []
    for key, sha in wanted.items():
        stored = found.get(key, [])
        if not stored:
            problems.append(f"user {user}: {_name(key)} is missing")
        elif sha not in stored:
            problems.append(f"user {user}: {_name(key)} has other content")
        elif len(stored) > 1:
            problems.append(f"user {user}: {_name(key)} is there {len(stored)} times")
    for key in found:
        if key not in wanted:
            problems.append(f"user {user}: {_name(key)} was never sent")
    return problems


def users_as_sent(case: Observed) -> Finding:
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
    return Finding(holds=not problems, expected=_wanted(expect), actual="; ".join(problems) or "as sent")


def _wanted(expect: Expect) -> str:
    parts = []
    for user, name in expect.users.items():
        parts.append(f"user {user} is {_full(name.first_name, name.last_name)!r}")
    for user in expect.gone:
        parts.append(f"user {user} is gone")
    return "; ".join(parts)


def _name_problems(user: str, wanted: StoredName, found: StoredUser | None) -> list[str]:
    if found is None:
        return [f"user {user} is not there"]
    stored, sent = (found.first_name, found.last_name), (wanted.first_name, wanted.last_name)
    # None is a part that the target does not keep: it is not held against it, unless it keeps no part at all.
    kept = all(mine in (None, theirs) for mine, theirs in zip(stored, sent, strict=True)) and any(stored)
    # A target with one column for the name keeps both parts in it.
    if kept or _full(*stored) == _full(*sent):
        return []
    return [f"user {user} is stored as {_full(*stored)!r}"]


def _full(first: str | None, last: str | None) -> str:
    return " ".join(filter(None, (first, last)))
