"""The report on a console: the causes first, then the requirements, and the lines that show a failure again."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from camsim.terminal import say

from . import gathering
from .document_types import CauseDocument, Document, RequirementDocument
from .wording import place

STYLE = {
    "PASS": "green",
    "NON-STRICT": "green",
    "FAIL": "bold red",
    "ERROR": "bold red",
    "ADVICE": "yellow",
    "COULD-NOT-RUN": "yellow",
    "UNVERIFIED": "yellow",
    "INFO": "dim",
    "NOT-APPLICABLE": "dim",
}
OUTCOME_STYLE = {"passed": "bold green", "failed": "bold red"}
DEVIATES = ("FAIL", "ERROR", "ADVICE")
DETAILED = ("FAIL", "ERROR", "COULD-NOT-RUN", "ADVICE")
SEEN = ("INFO", "UNVERIFIED")
MOST_GROUPS = 3
MOST_CURLS = 2
MOST_LINES = 4
MOST_SENT = 400  # letters of a body; all of it is in the file


def show(document: Document, console: Console, out: str | None) -> None:
    """Print the report."""
    if document["void"]:
        # Nothing was judged: what is to be done about it comes before anything else, and once.
        say(console, ("The run is void:", "bold yellow"), f" {document['void']}")
    headline = gathering.headline(document)
    if headline is not None:
        say(console, (headline, "bold"))
    if not document["void"]:
        _exports(document, console)
    if headline is not None:
        for cause in document["causes"]:
            _cause(cause, document, console)
        console.print()
    unseen = gathering.unseen(document)
    for row in _told(document, console):
        _line(row, console)
        if row["verdict"] in DETAILED:
            _detail(row, document["causes"], console)
        elif row["verdict"] in SEEN:
            texts = [text for text in gathering.seen(row) if text not in unseen]
            for text in texts[:MOST_GROUPS]:
                say(console, "    ", (text, "dim"))
    for text, ids in unseen.items():
        console.print()
        say(console, f"{len(ids)} requirements were not looked at: {text}")
    _end(document, console, out)


def _told(document: Document, console: Console) -> list[RequirementDocument]:
    """The requirements that have a line each: of a void run only those that deviate; the others are counted."""
    if not document["void"]:
        return document["requirements"]
    unsent = [row for row in document["requirements"] if row["verdict"] == "COULD-NOT-RUN"]
    if unsent:
        say(console, f"{len(unsent)} requirements could not be judged")
    return [row for row in document["requirements"] if row["verdict"] in DEVIATES]


def _exports(document: Document, console: Console) -> None:
    """What every printed line needs, once; nothing where none is printed."""
    if document["exports"] and any("replay" in case for row in document["requirements"] for case in row["cases"]):
        say(console, ("What shows a failure again needs, in a shell:", "dim"))
        for line in document["exports"]:
            say(console, f"  {line}")


def _cause(cause: CauseDocument, document: Document, console: Console) -> None:
    numbers = gathering.numbers(cause)
    console.print()
    text = f"{cause['sentence']}: {numbers}" if numbers else cause["sentence"]
    say(console, (f"{cause['id']} {cause['verdict']}", STYLE[cause["verdict"]]), "  ", (text, "bold"))
    if cause["change"]:
        say(console, f"    change     {cause['change']}")
    say(console, f"    asked by   {gathering.asked(cause)}")
    _example(cause, console)
    also = gathering.also(cause)
    if also:
        say(console, f"    also       {also}")
    for note in cause["notes"]:
        say(console, f"    note       {note}")
    say(console, f"    sure       {gathering.certainty(cause)}")
    rows = gathering.concerned(cause, document)
    if rows:
        say(console, f"    concerns   {', '.join(rows)}")


def _example(cause: CauseDocument, console: Console) -> None:
    example = cause["example"]
    if example is None:
        return
    more = gathering.others(cause)
    say(console, f"    example    {example['case']}{f' ({more})' if more else ''}")
    if example["before"]:
        say(console, f"    before it  {', '.join(example['before'])}")
    sent = example["sent"]
    say(console, f"    sent       {sent[:MOST_SENT] + '…' if len(sent) > MOST_SENT else sent}")
    say(console, f"    answered   {example['answered']}")
    say(console, f"    stored     {example['stored']}")
    if example["expected"]:
        say(console, f"    expected   {example['expected']}")
    lines = example.get("lines", [])
    if lines:
        say(console, "    again      ", ("(in a shell)", "dim"))
    for line in lines[:MOST_LINES]:
        say(console, f"      {line}")


def _line(row: RequirementDocument, console: Console) -> None:
    say(
        console,
        (f"{row['verdict']:<15}", STYLE[row["verdict"]]),
        f"{row['id']:<14}{row['level']:<7}{row['title']}",
        (" (waived)" if row["waived"] else "", "dim"),
        (f" see {', '.join(row['causes'])}" if row["causes"] else "", "bold"),
    )


def _detail(row: RequirementDocument, causes: Sequence[CauseDocument], console: Console) -> None:
    groups = gathering.gathered(gathering.unexplained(row, causes))
    if not groups:
        return
    for quote in row["quotes"]:
        say(console, "    ", (f"“{quote['text']}”", "italic"), f" {place(quote['source'])} ({quote['source']})")
    for group in groups[:MOST_GROUPS]:
        _group(group, console)
    if len(groups) > MOST_GROUPS:
        say(console, f"    and {len(groups) - MOST_GROUPS} more that differ")


def _group(group: gathering.Gathered, console: Console) -> None:
    case = group.cases[0]
    requirement = case["id"].partition("/")[0]
    say(console, "    ", (f"{requirement}/{group.names}", "bold"))
    say(console, f"      sent     {', '.join(case['sent'])}")
    say(console, f"      expected {group.expected}")
    say(console, f"      found    {group.actual}")
    if "replay" in case:
        say(console, f"      replay   {case['replay']}")
    for line in case.get("curl", [])[:MOST_CURLS]:
        say(console, f"      curl     {line}")


def _end(document: Document, console: Console, out: str | None) -> None:
    for text in document["not_covered"]:
        say(console, (f"INFO not covered: {text}", "dim"))
    counts = ", ".join(f"{count} {verdict}" for verdict, count in document["counts"].items() if count)
    console.print()
    say(console, f"{counts} · {document['seconds']} s · seed {document['seed']}")
    for problem in document["problems"]:
        say(console, ("Problem:", "bold red"), f" {problem}")
    style = OUTCOME_STYLE.get(document["outcome"], "bold yellow")
    say(console, (gathering.verdict_line(document), style))
    if document["grade"] != "none":
        say(console, f"  shown:     {document['shown']}")
        say(console, f"  not shown: {document['not_shown']}")
    if out:
        say(console, f"  reports:   {out}")
    elif document["outcome"] == "failed":
        say(console, "  ", ("add --out DIR for the exact bytes, the curl lines and the replays", "dim"))
