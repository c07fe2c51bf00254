"""summary.md: what a person wants to know first, as a job summary or a pull request comment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from camsim.shown import code, fenced, for_markdown, for_terminal

from . import gathering
from .document_types import CauseDocument, Document, ExampleDocument, RequirementDocument
from .wording import place

_MARKS = {"FAIL": "❌", "ERROR": "💥", "COULD-NOT-RUN": "⛔", "ADVICE": "⚠️", "UNVERIFIED": "❔", "INFO": "ℹ️"}
_DETAILED = ("FAIL", "ERROR", "COULD-NOT-RUN", "ADVICE")
_SEEN = (("UNVERIFIED", "❔ Not looked at"), ("INFO", "ℹ️ Recorded, not judged"))
MOST_GROUPS = 5


def summary(document: Document) -> str:
    """The summary as Markdown."""
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Document) -> Iterator[str]:
    yield from _head(document)
    headline = gathering.headline(document)
    if headline is not None:
        yield f"**{for_markdown(headline)}**"
        yield ""
        for cause in document["causes"]:
            yield from _cause(cause, document)
    yield from _counts(document)
    yield from _explained(document)
    for row in document["requirements"]:
        # Of a void run everything could not run: the reason above says it once.
        nothing_ran = document["void"] and row["verdict"] == "COULD-NOT-RUN"
        if row["verdict"] in _DETAILED and not nothing_ran:
            yield from _requirement(row, document["causes"])
    yield from _seen(document)


def _head(document: Document) -> Iterator[str]:
    profile = document["profile"]
    yield f"# Conformance: {for_markdown(gathering.verdict_line(document))}"
    yield ""
    yield (
        f"{code(document['target']['url'])} · {profile['protocol']} · features {', '.join(profile['features'])} · "
        f"seed {document['seed']} · {document['seconds']} s"
    )
    yield ""
    if document["grade"] != "none":
        yield f"**Shown:** {for_markdown(document['shown'])}."
        yield f"**Not shown:** {for_markdown(document['not_shown'])}."
        yield ""
    if document["void"]:
        yield f"> The run is void: {for_markdown(document['void'])}"
        yield ""
    if document["problems"]:
        for problem in document["problems"]:
            yield f"- {for_markdown(problem)}"
        yield ""


def _cause(cause: CauseDocument, document: Document) -> Iterator[str]:
    numbers = gathering.numbers(cause)
    said = for_markdown(f"{cause['sentence']}: {numbers}" if numbers else cause["sentence"])
    yield f"## {_MARKS[cause['verdict']]} {cause['id']}: {said}"
    yield ""
    if cause["change"]:
        yield f"**Change:** {for_markdown(cause['change'])}"
        yield ""
    if cause["quote"] is not None:
        source = cause["quote"]["source"]
        yield f"> {for_markdown(cause['quote']['text'])} *({place(source)}, {source})*"
        yield ""
    yield f"- asked by {cause['requirement']} ({cause['level']})"
    yield f"- {for_markdown(gathering.certainty(cause))}"
    also = gathering.also(cause)
    if also:
        yield f"- also: {for_markdown(also)}"
    for note in cause["notes"]:
        yield f"- {for_markdown(note)}"
    rows = gathering.concerned(cause, document)
    if rows:
        yield f"- concerns {', '.join(rows)}"
    yield ""
    if cause["example"] is not None:
        yield from _example(cause["example"], gathering.others(cause))


def _example(example: ExampleDocument, more: str) -> Iterator[str]:
    yield code(example["case"]) + (f", {for_markdown(more)}:" if more else ":")
    yield ""
    lines = [("before it", ", ".join(example["before"])), ("sent", example["sent"])]
    lines += [("answered", example["answered"]), ("stored", example["stored"]), ("expected", example["expected"])]
    yield fenced("\n".join(f"{name:<10} {for_terminal(text)}" for name, text in lines if text), "text")
    yield ""
    if "lines" in example:
        yield fenced("\n".join([*example.get("exports", []), *example["lines"]]), "sh")
        yield ""


def _explained(document: Document) -> Iterator[str]:
    """One line for each requirement that has its verdict from causes."""
    rows = [row for row in document["requirements"] if row["causes"]]
    for row in rows:
        names = ", ".join(row["causes"])
        title = for_markdown(row["title"])
        yield f"- {_MARKS[row['verdict']]} {row['id']} {row['verdict']}{_waived(row)}, see {names}: {title}"
    if rows:
        yield ""


def _waived(row: RequirementDocument) -> str:
    return f" (waived by {for_markdown(row['waived']['owner'])})" if row["waived"] else ""


def _counts(document: Document) -> Iterator[str]:
    found = {verdict: count for verdict, count in document["counts"].items() if count}
    yield "| " + " | ".join(found) + " |"
    yield "|" + "---|" * len(found)
    yield "| " + " | ".join(map(str, found.values())) + " |"
    yield ""


def _requirement(row: RequirementDocument, causes: Sequence[CauseDocument]) -> Iterator[str]:
    groups = gathering.gathered(gathering.unexplained(row, causes))
    if not groups:
        return
    yield f"## {_MARKS[row['verdict']]} {row['id']} {row['verdict']}{_waived(row)}: {for_markdown(row['title'])}"
    for quote in row["quotes"]:
        yield f"> {for_markdown(quote['text'])} *({place(quote['source'])}, {quote['source']})*"
    yield ""
    name = row["id"]
    for group in groups[:MOST_GROUPS]:
        found = for_markdown(group.actual)
        yield f"- {code(f'{name}/{group.names}')} expected {for_markdown(group.expected)}; found {found}"
    if len(groups) > MOST_GROUPS:
        yield f"- and {len(groups) - MOST_GROUPS} more that differ"
    yield ""


def _seen(document: Document) -> Iterator[str]:
    """What was not sent, what was recorded and what nobody looked at, a line each."""
    if document["not_covered"]:
        yield "## ℹ️ Not covered by this run"
        for text in document["not_covered"]:
            yield f"- {for_markdown(text)}"
    unseen = gathering.unseen(document)
    for verdict, title in _SEEN:
        rows = [row for row in document["requirements"] if row["verdict"] == verdict]
        if not rows:
            continue
        yield f"## {title}"
        for text, ids in unseen.items():
            if verdict == "UNVERIFIED":
                yield f"- {for_markdown(text)}: {', '.join(ids)}"
        for row in rows:
            texts = [text for text in gathering.seen(row) if text not in unseen]
            if not texts:
                continue
            more = f"; and {len(texts) - MOST_GROUPS} more that differ" if len(texts) > MOST_GROUPS else ""
            said = for_markdown("; ".join(texts[:MOST_GROUPS]))
            yield f"- {row['id']} {for_markdown(row['title'])}: {said}{more}"
        yield ""
