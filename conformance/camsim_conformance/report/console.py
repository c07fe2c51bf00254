"""The report on a console: the causes first, then the requirements, and the lines that show a failure again."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

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
        console.print(f"[bold yellow]The run is void:[/] {escape(document['void'])}")
    headline = gathering.headline(document)
    if headline is not None:
        console.print(f"[bold]{escape(headline)}[/]")
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
                console.print(f"    [dim]{escape(text)}[/]")
    for text, ids in unseen.items():
        console.print(f"\n{len(ids)} requirements were not looked at: {escape(text)}")
    _end(document, console, out)


def _told(document: Document, console: Console) -> list[RequirementDocument]:
    """The requirements that have a line each: of a void run only those that deviate; the others are counted."""
    if not document["void"]:
        return document["requirements"]
    unsent = [row for row in document["requirements"] if row["verdict"] == "COULD-NOT-RUN"]
    if unsent:
        console.print(f"{len(unsent)} requirements could not be judged")
    return [row for row in document["requirements"] if row["verdict"] in DEVIATES]


def _exports(document: Document, console: Console) -> None:
    """What every printed line needs, once; nothing where none is printed."""
    if document["exports"] and any("replay" in case for row in document["requirements"] for case in row["cases"]):
        console.print("[dim]What shows a failure again needs, in a shell:[/]")
        for line in document["exports"]:
            console.print(f"  {escape(line)}")


def _cause(cause: CauseDocument, document: Document, console: Console) -> None:
    numbers = gathering.numbers(cause)
    console.print()
    text = f"{cause['sentence']}: {numbers}" if numbers else cause["sentence"]
    console.print(f"[{STYLE[cause['verdict']]}]{cause['id']} {cause['verdict']}[/]  [bold]{escape(text)}[/]")
    if cause["change"]:
        console.print(f"    change     {escape(cause['change'])}")
    console.print(f"    asked by   {escape(gathering.asked(cause))}")
    _example(cause, console)
    also = gathering.also(cause)
    if also:
        console.print(f"    also       {escape(also)}")
    for note in cause["notes"]:
        console.print(f"    note       {escape(note)}")
    console.print(f"    sure       {escape(gathering.certainty(cause))}")
    rows = gathering.concerned(cause, document)
    if rows:
        console.print(f"    concerns   {', '.join(rows)}")


def _example(cause: CauseDocument, console: Console) -> None:
    example = cause["example"]
    if example is None:
        return
    more = gathering.others(cause)
    console.print(f"    example    {escape(example['case'])}{f' ({more})' if more else ''}")
    if example["before"]:
        console.print(f"    before it  {escape(', '.join(example['before']))}")
    sent = example["sent"]
    console.print(f"    sent       {escape(sent[:MOST_SENT] + '…' if len(sent) > MOST_SENT else sent)}")
    console.print(f"    answered   {escape(example['answered'])}")
    console.print(f"    stored     {escape(example['stored'])}")
    if example["expected"]:
        console.print(f"    expected   {escape(example['expected'])}")
    lines = example.get("lines", [])
    if lines:
        console.print("    again      [dim](in a shell)[/]")
    for line in lines[:MOST_LINES]:
        console.print(f"      {escape(line)}")


def _line(row: RequirementDocument, console: Console) -> None:
    style = STYLE[row["verdict"]]
    waived = " [dim](waived)[/]" if row["waived"] else ""
    see = f" [bold]see {', '.join(row['causes'])}[/]" if row["causes"] else ""
    console.print(
        f"[{style}]{row['verdict']:<15}[/]{row['id']:<14}{row['level']:<7}{escape(row['title'])}{waived}{see}"
    )


def _detail(row: RequirementDocument, causes: Sequence[CauseDocument], console: Console) -> None:
    groups = gathering.gathered(gathering.unexplained(row, causes))
    if not groups:
        return
    for quote in row["quotes"]:
        console.print(f"    [italic]“{escape(quote['text'])}”[/] {place(quote['source'])} ({quote['source']})")
    for group in groups[:MOST_GROUPS]:
        _group(group, console)
    if len(groups) > MOST_GROUPS:
        console.print(f"    and {len(groups) - MOST_GROUPS} more that differ")


def _group(group: gathering.Gathered, console: Console) -> None:
    case = group.cases[0]
    requirement = case["id"].partition("/")[0]
    console.print(f"    [bold]{escape(f'{requirement}/{group.names}')}[/]")
    console.print(f"      sent     {escape(', '.join(case['sent']))}")
    console.print(f"      expected {escape(group.expected)}")
    console.print(f"      found    {escape(group.actual)}")
    if "replay" in case:
        console.print(f"      replay   {escape(case['replay'])}")
    for line in case.get("curl", [])[:MOST_CURLS]:
        console.print(f"      curl     {escape(line)}")


def _end(document: Document, console: Console, out: str | None) -> None:
    for text in document["not_covered"]:
        console.print(f"[dim]INFO not covered: {escape(text)}[/]")
    counts = ", ".join(f"{count} {verdict}" for verdict, count in document["counts"].items() if count)
    console.print()
    console.print(f"{counts} · {document['seconds']} s · seed {document['seed']}")
    for problem in document["problems"]:
        console.print(f"[bold red]Problem:[/] {escape(problem)}")
    style = OUTCOME_STYLE.get(document["outcome"], "bold yellow")
    console.print(f"[{style}]{escape(gathering.verdict_line(document))}[/]")
    if document["grade"] != "none":
        console.print(f"  shown:     {escape(document['shown'])}")
        console.print(f"  not shown: {escape(document['not_shown'])}")
    if out:
        console.print(f"  reports:   {escape(out)}")
    elif document["outcome"] == "failed":
        console.print("  [dim]add --out DIR for the exact bytes, the curl lines and the replays[/]")
