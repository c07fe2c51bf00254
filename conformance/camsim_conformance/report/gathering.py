"""What every report opens with, and what it says once instead of many times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from .document_types import CaseDocument, CauseDocument, Document, RequirementDocument
from .wording import counted, place

MOST_NAMES = 3
_DIGITS = re.compile(r"\d+")
_NUMBERS = re.compile(r"\b\d+ of \d+\b")


@dataclass(frozen=True, slots=True)
class Gathered:
    """Cases of one requirement of which the same was expected and found, but for ids and times; the first shows it."""

    cases: tuple[CaseDocument, ...]

    @property
    def names(self) -> str:
        """`twice, three-times and 4 more`."""
        names = [case["id"].partition("/")[2] for case in self.cases]
        if len(names) <= MOST_NAMES + 1:
            return ", ".join(names)
        return f"{', '.join(names[:MOST_NAMES])} and {len(names) - MOST_NAMES} more"

    @property
    def expected(self) -> str:
        """What was expected of each."""
        return self.cases[0]["expected"]

    @property
    def actual(self) -> str:
        """What was found of each."""
        return self.cases[0]["actual"]


def gathered(cases: Iterable[CaseDocument]) -> list[Gathered]:
    """The cases by what was expected and found, in the order of their first."""
    groups: dict[tuple[str, str], list[CaseDocument]] = {}
    for case in cases:
        groups.setdefault((_shape(case, "expected"), _shape(case, "actual")), []).append(case)
    return [Gathered(tuple(group)) for group in groups.values()]


def _shape(case: CaseDocument, member: Literal["expected", "actual"]) -> str:
    """The text without numbers and names of messages: every case has people, times and messages of its own."""
    text = case[member]
    for what in case["sent"]:
        text = text.replace(what, "#")
    return _DIGITS.sub("#", text)


def alike(row: RequirementDocument) -> list[Gathered]:
    """All cases of a requirement, those with the same verdicts and texts together."""
    groups: dict[tuple[str, ...], list[CaseDocument]] = {}
    for case in row["cases"]:
        key = (case["ack"], case["state"], case["verdict"], _shape(case, "expected"), _shape(case, "actual"))
        groups.setdefault(key, []).append(case)
    return [Gathered(tuple(group)) for group in groups.values()]


def decisive(row: RequirementDocument) -> list[CaseDocument]:
    """The cases that gave a requirement its verdict."""
    return [case for case in row["cases"] if case["verdict"] == row["verdict"]]


def unexplained(row: RequirementDocument, causes: Sequence[CauseDocument]) -> list[CaseDocument]:
    """The decisive cases that no cause names."""
    named = {case for cause in causes for case in cause["cases"]}
    return [case for case in decisive(row) if case["id"] not in named]


def seen(row: RequirementDocument) -> list[str]:
    """What was seen of a requirement that is recorded or was not looked at, the same once."""
    groups = [group for group in gathered(decisive(row)) if group.actual]
    if len(groups) == 1:
        return [groups[0].actual]
    return [f"{group.names}: {group.actual}" for group in groups]


def unseen(document: Document) -> dict[str, list[str]]:
    """Why many requirements were not looked at, where it is the same for all of them, with their ids."""
    found: dict[str, list[str]] = {}
    for row in document["requirements"]:
        texts = seen(row)
        if row["verdict"] == "UNVERIFIED" and len(texts) == 1:
            found.setdefault(texts[0], []).append(row["id"])
    return {text: ids for text, ids in found.items() if len(ids) > MOST_NAMES}


def verdict_line(document: Document) -> str:
    """`Passed, grade State.` or `Failed. No grade: the run failed.`"""
    outcome = document["outcome"].capitalize()
    if document["grade"] == "none":
        return f"{outcome}. No grade: {document['not_shown']}."
    return f"{outcome}, grade {document['grade'].capitalize()}."


def headline(document: Document) -> str | None:
    """`3 causes explain 20 failed requirements.`; None when there is no cause."""
    causes = document["causes"]
    if not causes:
        return None
    verb = "explains" if len(causes) == 1 else "explain"
    parts = list(_explained(document))
    if not parts:
        return f"{counted(len(causes), 'thing')} deviated that no requirement asks for."
    return f"{counted(len(causes), 'cause')} {verb} {' and '.join(parts)}."


def _explained(document: Document) -> Iterator[str]:
    words = {"FAIL": "failed requirement", "ADVICE": "requirement with advice", "INFO": "recorded requirement"}
    for verdict, word in words.items():
        rows = [row for row in document["requirements"] if row["verdict"] == verdict]
        explained = [row for row in rows if row["causes"]]
        if not explained:
            continue
        text = _plural(len(explained), word)
        # Of what is only recorded nobody asks for the rest.
        if len(explained) < len(rows) and verdict != "INFO":
            text = f"{len(explained)} of {_plural(len(rows), word)}"
        yield text


def _plural(count: int, word: str) -> str:
    return counted(count, word, word.replace("requirement", "requirements"))


def numbers(cause: CauseDocument) -> str:
    """How often it was seen: nothing when the sentence says so itself."""
    if _NUMBERS.search(cause["sentence"]):
        return ""
    counts = cause["counts"]
    text = f"{counts['wrong']} of {counts['wrong'] + counts['right']}"
    if counts["without"]:
        text += f"; without it 0 of {counts['without']}"
    return text


def certainty(cause: CauseDocument) -> str:
    """What the second round said."""
    if cause["confirmed"] is None:
        return "Not tried a second time."
    again, tries = cause["repeated"]
    clean, others = cause["unaffected"]
    text = f"shown {again} of {counted(tries, 'more time', 'more times')}"
    if others:
        text += f", and absent {clean} of {counted(others, 'time')} without these values"
    if cause["confirmed"]:
        return f"Confirmed with new people: {text}."
    return f"Not confirmed: {text}."


def also(cause: CauseDocument) -> str:
    """What else deviates under the same values."""
    texts = []
    for other in cause["also"]:
        texts.append(f"{other['aspect']} {other['deviation']} ({counted(other['counts']['wrong'], 'time')})")
    return ", ".join(texts)


def concerned(cause: CauseDocument, document: Document) -> list[str]:
    """Ids of the requirements that a cause gives their verdict."""
    return [row["id"] for row in document["requirements"] if cause["id"] in row["causes"]]


def asked(cause: CauseDocument) -> str:
    """`CB-TIME-003 (MUST): “…” (line 1217 of the vendor's v3 page)`."""
    text = f"{cause['requirement']} ({cause['level']})"
    quote = cause["quote"]
    return f"{text}: “{quote['text']}” ({place(quote['source'])}, {quote['source']})" if quote else text


def others(cause: CauseDocument) -> str:
    """The cases that show it beside the example: `and 7 more cases`."""
    count = len(cause["cases"]) - (cause["example"] is not None)
    return f"and {counted(count, 'more case')}" if count > 0 else ""
