"""What the command shows: live percentiles while a storm runs, a table at its end."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from .files import milliseconds

QUIET_EVERY_S = 10.0
_COLOURS = {"passed": "green", "failed": "red", "could-not-judge": "yellow"}


class Watch:
    """Follows the progress: one living line on a terminal, a line every ten seconds elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, transient=True, auto_refresh=False) if console.is_terminal else None
        self._next_s = 0.0

    def __enter__(self) -> Watch:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def __call__(self, progress: dict[str, Any]) -> None:
        """Show one step."""
        if self._live:
            self._live.update(Text(sentence(progress)), refresh=True)
        elif progress["at_s"] >= self._next_s:
            self._next_s = progress["at_s"] + QUIET_EVERY_S
            self._console.print(sentence(progress), markup=False)


def sentence(progress: dict[str, Any]) -> str:
    """One line of progress."""
    times = "  ".join(f"{name} {milliseconds(progress[name])}" for name in ("p50", "p95", "p99"))
    return (
        f"{progress['at_s']:7.1f} s  {progress['acked']:,}/{progress['total']:,} acknowledged  "
        f"{progress['reached']:,}/s  open {progress['open']:,}  {times}  "
        f"errors {progress['errors']:,}  retries {progress['retries']:,}"
    )


def summary(document: dict[str, Any]) -> Table:
    """The end of a storm in a few rows."""
    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in _rows(document):
        table.add_row(name, value)
    return table


def _rows(document: dict[str, Any]) -> list[tuple[str, str]]:
    latency, driver, ledger, counts = (document[name] for name in ("latency", "driver", "ledger", "counts"))
    rate = document["rate"]
    colour = _COLOURS[document["outcome"]]
    rows = [
        ("outcome", f"[{colour}]{document['outcome']}[/]"),
        ("rate", f"{rate['reached']:,}/s reached of {rate['asked']:,}/s asked"),
        (
            "latency",
            "  ".join(f"{name} {milliseconds(latency[name])}" for name in ("p50", "p95", "p99", "p99.9", "max")),
        ),
        (
            "ledger",
            f"{ledger['acknowledged']:,} of {ledger['total']:,} acknowledged, {ledger['undelivered']:,} undelivered",
        ),
        ("attempts", f"{counts['attempts']:,}, {counts['retries']:,} retries, {counts['duplicates']:,} duplicates"),
        ("drained in", milliseconds(document["drain_s"])),
        ("driver", f"{driver['late_share']:.2%} of arrivals late, {driver['rss_mb']:.0f} MB a worker"),
        ("started in", f"{driver['start_up_s']:.1f} s"),
    ]
    rows += [
        (f"outage {row['from_s']}-{row['to_s']} s", f"drained in {row['drained_s']} s")
        for row in document["outages"][:5]
    ]
    rows += [
        (f"failed: {row['kind']}", f"{row['count']:,}, as: {row['example']['why'][:100]}")
        for row in document["errors"][:8]
    ]
    return rows + _stored_rows(document) + _threshold_rows(document)


def _stored_rows(document: dict[str, Any]) -> list[tuple[str, str]]:
    found = document["readback"]
    if found is None:
        return [("read-back", "none: what is stored was not seen")]
    which = "all" if found["full"] else f"{found['users']:,} of {found['of_users']:,}"
    counts = f"{found['missing']:,} missing, {found['doubled']:,} doubled, {found['foreign']:,} never sent"
    rows = [("read-back", f"{which} users: {counts}")]
    for kind in ("missing", "doubled", "foreign"):
        rows += [(kind, f"user {row['user']} {row['what']} {row['device']}") for row in found[f"{kind}_named"][:10]]
    return rows


def _threshold_rows(document: dict[str, Any]) -> list[tuple[str, str]]:
    words = {True: "[green]holds[/]", False: "[red]broken[/]", None: "[yellow]not measured[/]"}
    return [(f"must hold: {row['text']}", f"{words[row['passed']]} ({row['value']})") for row in document["thresholds"]]
