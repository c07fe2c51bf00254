"""The report on a console: what failed, the sentence that asks for it, and the lines that show it again."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from .document import CaseDocument, Document, RequirementDocument, counted, decisive

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
DETAILED = ("FAIL", "ERROR", "COULD-NOT-RUN", "ADVICE")
MOST_CASES = 3
MOST_CURLS = 2


def show(document: Document, console: Console, out: str | None) -> None:
    """Print the report."""
    void = document["void"]
    for row in document["requirements"]:
        _line(row, console)
        # Of a void run everything could not run: the end says why, once.
        if row["verdict"] in DETAILED and not (void and row["verdict"] == "COULD-NOT-RUN"):
            _detail(row, console, out)
    _end(document, console, out)


def _line(row: RequirementDocument, console: Console) -> None:
    style = STYLE[row["verdict"]]
    waived = " [dim](waived)[/]" if row["waived"] else ""
    console.print(f"[{style}]{row['verdict']:<15}[/]{row['id']:<14}{row['level']:<7}{escape(row['title'])}{waived}")


def _detail(row: RequirementDocument, console: Console, out: str | None) -> None:
    for quote in row["quotes"]:
        console.print(f"    [italic]“{escape(quote['text'])}”[/] {quote['source']}")
    cases = decisive(row)
    for case in cases[:MOST_CASES]:
        _case(case, console, out)
    if len(cases) > MOST_CASES:
        console.print(f"    and {len(cases) - MOST_CASES} more cases")
    if not out and cases:
        console.print("      [dim]add --out DIR for the exact bytes, the curl line and the replay[/]")


def _case(case: CaseDocument, console: Console, out: str | None) -> None:
    console.print(f"    [bold]{escape(case['id'])}[/]")
    console.print(f"      sent     {escape(', '.join(case['sent']))}")
    console.print(f"      expected {escape(case['expected'])}")
    console.print(f"      found    {escape(case['actual'])}")
    # Without --out there is no file that these lines could send.
    if not out:
        return
    for line in case.get("curl", [])[:MOST_CURLS]:
        console.print(f"      curl     {escape(line)}")
    if "replay" in case:
        console.print(f"      replay   {escape(case['replay'].replace('DIR', out))}")


def _end(document: Document, console: Console, out: str | None) -> None:
    counts = ", ".join(f"{count} {verdict}" for verdict, count in counted(document).items())
    console.print()
    console.print(f"{counts} · {document['seconds']} s · seed {document['seed']}")
    if document["void"]:
        console.print(f"[bold yellow]The run is void:[/] {escape(document['void'])}")
    for problem in document["problems"]:
        console.print(f"[bold red]Problem:[/] {escape(problem)}")
    style = OUTCOME_STYLE.get(document["outcome"], "bold yellow")
    console.print(f"[{style}]{document['outcome'].capitalize()}, grade {document['grade']}[/]")
    console.print(f"  shown:     {escape(document['shown'])}")
    console.print(f"  not shown: {escape(document['not_shown'])}")
    if out:
        console.print(f"  reports:   {escape(out)}")
