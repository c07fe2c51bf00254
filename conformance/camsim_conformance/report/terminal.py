"""The report on a terminal: what failed, the sentence that asks for it, and the lines that show it again."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape

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
DETAILED = ("FAIL", "ERROR", "COULD-NOT-RUN", "ADVICE")
MOST_CASES = 3


def show(document: dict[str, Any], console: Console, out: str | None) -> None:
    """Print the report."""
    void = document["void"]
    for row in document["requirements"]:
        _line(row, console)
        if row["verdict"] in DETAILED and not (void and row["verdict"] == "COULD-NOT-RUN"):
            _detail(row, console, out)
    _end(document, console, out)


def _line(row: dict[str, Any], console: Console) -> None:
    style = STYLE[row["verdict"]]
    waived = " [dim](waived)[/]" if row["waived"] else ""
    console.print(f"[{style}]{row['verdict']:<15}[/]{row['id']:<14}{row['level']:<7}{escape(row['title'])}{waived}")


def _detail(row: dict[str, Any], console: Console, out: str | None) -> None:
    for quote in row["quotes"]:
        console.print(f"    [italic]“{escape(quote['text'])}”[/] {quote['source']}")
    bad = [case for case in row["cases"] if case["verdict"] == row["verdict"]]
    for case in bad[:MOST_CASES]:
        console.print(f"    [bold]{escape(case['id'])}[/]")
        for name, text in (
            ("sent", ", ".join(case["sent"])),
            ("expected", case["expected"]),
            ("found", case["actual"]),
        ):
            console.print(f"      {name:<9}{escape(text)}")
        for line in case.get("curl", [])[:2] if out else []:
            console.print(f"      curl     {escape(line)}")
        if out and "replay" in case:
            console.print(f"      replay   {escape(case['replay'].replace('DIR', out))}")
    if len(bad) > MOST_CASES:
        console.print(f"    and {len(bad) - MOST_CASES} more cases")
    if not out and bad:
        console.print("      [dim]add --out DIR for the exact bytes, the curl line and the replay[/]")


def _end(document: dict[str, Any], console: Console, out: str | None) -> None:
    counts = ", ".join(f"{count} {verdict}" for verdict, count in document["counts"].items() if count)
    console.print()
    console.print(f"{counts} · {document['seconds']} s · seed {document['seed']}")
    if document["void"]:
        console.print(f"[bold yellow]The run is void:[/] {escape(document['void'])}")
    for problem in document["problems"]:
        console.print(f"[bold red]Problem:[/] {escape(problem)}")
    style = {"passed": "bold green", "failed": "bold red"}.get(document["outcome"], "bold yellow")
    console.print(f"[{style}]{document['outcome'].capitalize()}, grade {document['grade']}[/]")
    console.print(f"  shown:     {escape(document['shown'])}")
    console.print(f"  not shown: {escape(document['not_shown'])}")
    if out:
        console.print(f"  reports:   {escape(out)}")
