"""What was read back bears the marks of an adapter's own mistake: hashes of the wrong text, ids as numbers, a limit for
each person, rows that a JOIN multiplies. Such a run is void: what the target stored cannot be told from it."""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from camsim.protocol.vocabulary import TemplateType
from camsim.readback.model import Snapshot, StoredPunch
from camsim.readback.rows import RowReadBack
from camsim_conformance.model.judge import Seen, observe
from camsim_conformance.model.observation import Aspect, Deviation
from camsim_conformance.plan.cases import Case, Step
from camsim_conformance.readback import ReadBack, ReadBackError

SHA256_LETTERS = 64
FEWEST = 3  # people whose rows must show it: two may be a coincidence
LEAST_LIMIT = 3  # rows; a target may well keep one or two of a person
_TEXTS = frozenset({str(TemplateType.CARD).lower(), str(TemplateType.PASSWORD).lower()})
# The members of a message that hold a template: v3 and v2.
_CONTENT = frozenset({"Data", "Template"})
_KNOWN = frozenset({"user", "time", "type", "input", "device", "temperature", "mask"})


def refuse_own_mistakes(adapter: ReadBack, seen: Seen, found: Snapshot, cases: Iterable[Case]) -> None:
    """`found` is what was read of everybody. Raises: ReadBackError that names what the adapter does."""
    steps = [step for case in cases for step in case.steps]
    sure = _digests(found, steps) or _numbers(adapter, seen, found)
    if sure is not None:
        raise ReadBackError(f"{adapter.name} cannot be believed: {sure}")
    either = _limit(seen) or _multiplied(adapter, found)
    if either is not None:
        raise ReadBackError(f"read-back or target: {adapter.name} shows {either}")


def refuse_multiplied_canaries(adapter: ReadBack, new: Snapshot, people: Sequence[str]) -> None:
    """The canaries were sent once each. Raises: ReadBackError when each of them shows in several equal rows."""
    factors = {_factor(new.punches.get(person, ())) for person in people if new.punches.get(person)}
    if None in factors or 1 in factors or not factors:
        return
    if _differ_in_another_column(adapter, people):
        return
    raise ReadBackError(
        f"read-back or target: {adapter.name} shows {_times(factors)} equal rows of each plain punch that was sent "
        f"once. {_JOIN}"
    )


# --- templates --------------------------------------------------------------------------------------------------------


def _digests(found: Snapshot, steps: Iterable[Step]) -> str | None:
    """Why the hashes are no hashes of the decoded data."""
    texts: Mapping[str, str] | None = None
    for rows in found.templates.values():
        for row in rows:
            if len(row.sha256) != SHA256_LETTERS or row.sha256.strip("0123456789abcdef"):
                return f"sha256 {row.sha256[:80]!r} of user {row.user} is not 64 hexadecimal digits (MD5, or Base64?)"
            if row.type.lower() in _TEXTS:
                continue
            texts = _digests_of_texts(steps) if texts is None else texts
            if row.sha256 in texts:
                return (
                    f"the sha256 of template {row.type} of user {row.user} is that of its Base64 text, as it is in the "
                    "message. Decode the Base64 and hash the bytes; only Card and Password are hashed as text. (In the "
                    "form sql: a text column `data` is decoded for you; a binary column is hashed as it is.)"
                )
    return None


def _digests_of_texts(steps: Iterable[Step]) -> dict[str, str]:
    """The hash of every template's text as it was sent, with the text's begin."""
    found: dict[str, str] = {}
    for step in steps:
        if step.told is not None and step.told.templates:
            for text in _contents(json.loads(step.plain)):
                found[hashlib.sha256(text.encode()).hexdigest()] = text[:8]
    return found


def _contents(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _contents(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name in _CONTENT and isinstance(item, str):
                yield item
            else:
                yield from _contents(item)


# --- ids and limits ---------------------------------------------------------------------------------------------------


def _numbers(adapter: ReadBack, seen: Seen, found: Snapshot) -> str | None:
    """The adapter tells ids as numbers, and somebody whose id is no plain number has no row."""
    if not isinstance(adapter, RowReadBack) or adapter.number_id is None or adapter.tells_columns:
        return None
    for one in observe(seen).observations:
        lost = one.aspect is Aspect.ROW and one.deviation in (Deviation.MISSING, Deviation.OTHER_PERSON)
        if lost and not _is_plain_number(one.user) and not found.punches.get(one.user):
            return (
                f'it tells user ids as numbers ({adapter.number_id}, not "{adapter.number_id}"), and so cannot show '
                f'user "{one.user}", whose id is text. Tell "user" as the text that is stored; if a column holds it as '
                "a number, it is the target that cannot keep such an id: then tell its number as text, and it is said."
            )
    return None


def _is_plain_number(user: str) -> bool:
    return user.isascii() and user.isdigit() and str(int(user)) == user


def _limit(seen: Seen) -> str | None:
    """Whoever has more rows than some number shows just that many, and nobody more."""
    due: Counter[str] = Counter()
    missing: Counter[str] = Counter()
    for one in observe(seen).observations:
        if one.aspect is Aspect.ROW and one.known:
            due[one.user] += 1
            missing[one.user] += one.deviation is Deviation.MISSING
    most = max((due[user] - missing[user] for user in due), default=0)
    beyond = [user for user in due if due[user] > most]
    if most < LEAST_LIMIT or len(beyond) < FEWEST or any(due[user] - missing[user] != most for user in beyond):
        return None
    return (
        f"{most} rows of a person at most, and just so many of each of the {len(beyond)} people who punched more often "
        f"(user {beyond[0]}: {due[beyond[0]]} punches). Look for a limit in the adapter, as LIMIT {most} for each "
        "person; if the table itself has no more rows of them, it is the target that drops punches."
    )


# --- rows that are multiplied -----------------------------------------------------------------------------------------

_JOIN = (
    "A JOIN with a table that has several rows of a person (templates, devices, names) does that: read the punches "
    "without it, or with DISTINCT on the row's own id. If the table itself has these rows, tell a column with their id "
    "as well: then it is seen that they differ, and the target is judged for them."
)


def _multiplied(adapter: ReadBack, found: Snapshot) -> str | None:
    """Each row of a person is there as often as the person has templates; or rows are equal in a row id too."""
    factors = {user: factor for user, rows in found.punches.items() if (factor := _factor(rows)) is not None}
    several = [user for user in factors if factors[user] > 1]
    if len(several) < FEWEST:
        return None
    as_templates = [user for user in several if factors[user] == len(found.templates.get(user, ()))]
    # A target that stores what comes twice has two rows of just that; here it is every row, and as many as templates.
    grows = len(as_templates) >= FEWEST and len(as_templates) >= math.ceil(0.8 * len(several))
    if not grows and not _equal_in_another_column(adapter, several):
        return None
    if grows and _differ_in_another_column(adapter, several):
        return None
    user = (as_templates or several)[0]
    return (
        f"{factors[user]} equal rows of each punch of user {user}, and so of {len(several)} people, "
        f"{'as many as the person has templates' if grows else 'equal in every column that it tells'}. {_JOIN}"
    )


def _factor(rows: Sequence[StoredPunch]) -> int | None:
    """How often each row is there, when it is the same number for all; None otherwise."""
    counts = set(Counter(rows).values())
    return counts.pop() if len(counts) == 1 else None


def _times(factors: Iterable[int | None]) -> str:
    return " or ".join(str(factor) for factor in sorted(factor for factor in factors if factor is not None))


def _differ_in_another_column(adapter: ReadBack, people: Sequence[str]) -> bool:
    """Whether a column that means nothing here, as a row's id, tells the rows of a person apart."""
    return any(len(set(texts)) == len(texts) > 1 for texts in _with_more_columns(adapter, people))


def _equal_in_another_column(adapter: ReadBack, people: Sequence[str]) -> bool:
    """Whether rows of a person that differ in such a column are there several times all the same."""
    told = [texts for texts in _with_more_columns(adapter, people) if len(set(texts)) > 1]
    return bool(told) and all(len(set(texts)) < len(texts) for texts in told)


def _with_more_columns(adapter: ReadBack, people: Sequence[str]) -> Iterator[list[str]]:
    """The rows of some people as the adapter tells them whole, when it tells more than it is asked for."""
    if not isinstance(adapter, RowReadBack):
        return
    for person in people[:FEWEST]:
        rows = [row for row in adapter.raw("punches", [person]) if isinstance(row, Mapping)]
        if rows and not _KNOWN.issuperset(rows[0]):
            yield [repr(sorted(row.items(), key=str)) for row in rows]
