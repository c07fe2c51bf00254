"""summary.md: what a person wants to know first, as a job summary or a pull request comment."""

from __future__ import annotations

from collections.abc import Iterator

from .document import Document, RequirementDocument, counted, decisive

_MARKS = {"FAIL": "❌", "ERROR": "💥", "COULD-NOT-RUN": "⛔", "ADVICE": "⚠️", "UNVERIFIED": "❔"}
MOST_CASES = 5


def summary(document: Document) -> str:
    """The summary as Markdown."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Document) -> Iterator[str]:
    profile = document["profile"]
    yield f"# Conformance: {document['outcome']}, grade {document['grade']}"
    yield ""
    yield (
        f"`{document['target']['url']}` · {profile['protocol']} · features {', '.join(profile['features'])} · "
        f"seed {document['seed']} · {document['seconds']} s"
    )
    yield ""
    yield f"**Shown:** {document['shown']}."
    yield f"**Not shown:** {document['not_shown']}."
    yield ""
    if document["void"]:
        yield f"> The run is void: {document['void']}"
        yield ""
    if document["problems"]:
        for problem in document["problems"]:
            yield f"- {problem}"
        yield ""
    yield from _counts(document)
    for row in document["requirements"]:
        # Of a void run everything could not run: the reason above says it once.
        nothing_ran = document["void"] and row["verdict"] == "COULD-NOT-RUN"
        if row["verdict"] in _MARKS and not nothing_ran:
            yield from _requirement(row)


def _counts(document: Document) -> Iterator[str]:
    found = counted(document)
    yield "| " + " | ".join(found) + " |"
    yield "|" + "---|" * len(found)
    yield "| " + " | ".join(map(str, found.values())) + " |"
    yield ""


def _requirement(row: RequirementDocument) -> Iterator[str]:
    waived = f" (waived by {row['waived']['owner']})" if row["waived"] else ""
    yield f"## {_MARKS[row['verdict']]} {row['id']} {row['verdict']}{waived}: {row['title']}"
    for quote in row["quotes"]:
        yield f"> {quote['text']} *({quote['source']})*"
    yield ""
    cases = decisive(row)
    for case in cases[:MOST_CASES]:
        yield f"- `{case['id']}` expected {case['expected']}; found {case['actual']}"
    if len(cases) > MOST_CASES:
        yield f"- and {len(cases) - MOST_CASES} more"
    yield ""
