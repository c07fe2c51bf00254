"""What the command shows: live percentiles while a storm runs, a table at its end."""

from __future__ import annotations

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from camsim.shown import for_terminal
from camsim.terminal import say
from camsim_loadtests.verdict.storm_json import FindingRow, StormDocument
from camsim_loadtests.workers.collector import Progress

from .files import milliseconds

QUIET_EVERY_S = 10.0
_MOST_ROWS = 10  # of a kind: the files hold the rest
_COLOURS = {"passed": "green", "failed": "red", "could-not-judge": "yellow"}


class Watch:
    """Follows the progress: one living line on a terminal, a line every ten seconds elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        if console.is_terminal:
            self._live = Live(console=console, transient=True, auto_refresh=False)
        self._next_s = 0.0

    def __enter__(self) -> Watch:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def __call__(self, progress: Progress) -> None:
        """Show one step."""
        if self._live:
            self._live.update(Text(sentence(progress)), refresh=True)
        elif progress.at_s >= self._next_s:
            self._next_s = progress.at_s + QUIET_EVERY_S
            say(self._console, sentence(progress))


def sentence(progress: Progress) -> str:
    """One line of progress."""
    p50, p95, p99 = milliseconds(progress.p50), milliseconds(progress.p95), milliseconds(progress.p99)
    return (
        f"{progress.at_s:7.1f} s  {progress.acked:,}/{progress.total:,} acknowledged  "
        f"{progress.reached:,}/s  open {progress.open:,}  p50 {p50}  p95 {p95}  p99 {p99}  "
        f"errors {progress.errors:,}  retries {progress.retries:,}"
    )


def summary(document: StormDocument) -> Table:
    """The end of a storm in a few rows."""
    table = Table(show_header=False, box=None, pad_edge=False)
    parts = (_delivery_rows, _driver_rows, _problem_rows, _stored_rows, _threshold_rows)
    for rows in parts:
        for name, value in rows(document):
            table.add_row(for_terminal(name), value if isinstance(value, Text) else for_terminal(value))
    return table


Rows = list[tuple[str, str | Text]]


def _delivery_rows(document: StormDocument) -> Rows:
    rate, latency = document["rate"], document["latency"]
    ledger, counts = document["ledger"], document["counts"]
    colour = _COLOURS[document["outcome"]]
    times = [f"{name} {milliseconds(latency[name])}" for name in ("p50", "p95", "p99", "p99.9", "max")]
    return [
        ("outcome", Text(document["outcome"], colour)),
        ("rate", f"{rate['reached']:,}/s reached of {rate['asked']:,}/s asked"),
        ("latency", "  ".join(times)),
        (
            "ledger",
            f"{ledger['acknowledged']:,} of {ledger['total']:,} acknowledged, {ledger['undelivered']:,} undelivered",
        ),
        ("attempts", f"{counts['attempts']:,}, {counts['retries']:,} retries, {counts['duplicates']:,} duplicates"),
        ("drained in", milliseconds(document["drain_s"])),
    ]


def _driver_rows(document: StormDocument) -> Rows:
    driver = document["driver"]
    return [
        ("driver", f"{driver['late_share']:.2%} of arrivals late, {driver['rss_mb']:.0f} MB a worker"),
        ("started in", f"{driver['start_up_s']:.1f} s"),
    ]


def _problem_rows(document: StormDocument) -> Rows:
    rows: Rows = []
    for outage in document["outages"][:5]:
        rows.append((f"outage {outage['from_s']}-{outage['to_s']} s", f"drained in {outage['drained_s']} s"))
    for error in document["errors"][:8]:
        rows.append((f"failed: {error['kind']}", f"{error['count']:,}, as: {error['example']['why'][:100]}"))
    return rows


def _stored_rows(document: StormDocument) -> Rows:
    found = document["readback"]
    if found is None:
        return [("read-back", "none: what is stored was not seen")]
    which = "all"
    if not found["full"]:
        which = f"{found['users']:,} of {found['of_users']:,}"
    counts = f"{found['missing']:,} missing, {found['doubled']:,} doubled, {found['foreign']:,} never sent"
    return [
        ("read-back", f"{which} users: {counts}"),
        *_named("missing", found["missing_named"]),
        *_named("doubled", found["doubled_named"]),
        *_named("foreign", found["foreign_named"]),
    ]


def _named(kind: str, findings: list[FindingRow]) -> Rows:
    return [(kind, f"user {row['user']} {row['what']} {row['device']}") for row in findings[:_MOST_ROWS]]


def _threshold_rows(document: StormDocument) -> Rows:
    words = {True: ("holds", "green"), False: ("broken", "red"), None: ("not measured", "yellow")}
    return [
        (f"must hold: {row['text']}", Text.assemble(words[row["passed"]], f" ({row['value']})"))
        for row in document["thresholds"]
    ]
