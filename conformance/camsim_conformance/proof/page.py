"""docs/proof.md: what the proof showed, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.mutants import BENIGN, MUTANTS
from camsim_conformance.requirements import Requirement, catalogue
from camsim_conformance.requirements.verdicts import Level
from camsim_conformance.verdict.grade import Grade

from .population_page import population_tables
from .populations import Populations
from .run import Report, killers

HEAD = """# Proof of the conformance suite

Made by `make proof`; do not edit. Every run has a receiver of its own, sends everything and judges it as
`camsim certify` does: over HTTP what is a matter of HTTP, the references, and every tenth of the rest; in process (the
same bytes, without sockets) all others and more seeds of what is right. A mutant is a reference receiver with one
fault: it has to fail each requirement it was built for (*must*), and may fail only those it names with a reason
(*may*). `camsim receiver --broken NAME` runs one.

| what | runs | result |
|---|---|---|
"""


def page(reports: Sequence[Report], generated: Populations | None = None) -> str:
    """The whole page."""
    tables = population_tables(generated) if generated is not None else ()
    lines = [*_totals(reports), "", *tables, *_kills(reports), *_unique(reports), *_benign(reports)]
    return HEAD + "\n".join(lines) + "\n"


def _kind(report: Report) -> str:
    if not report.task.variant:
        return "reference"
    return "benign" if report.task.mutant is None else "mutant"


def _totals(reports: Sequence[Report]) -> Iterator[str]:
    for protocol in Protocol:
        groups: dict[str, list[Report]] = {"reference": [], "benign": [], "mutant": []}
        for report in reports:
            if report.task.protocol is protocol:
                groups[_kind(report)].append(report)
        references = groups["reference"]
        if not references:
            continue
        graded = sum(report.grade in (Grade.STATE, Grade.STORM) and not report.failed for report in references)
        shown = f"{graded} grade State without a finding"
        title = f"both reference receivers, plain and encrypted × {_seeds(references)} seeds"
        yield f"| {protocol}: {title} | {len(references)} | {shown} |"
        alarms = sum(report.problem() is not None for report in groups["benign"])
        yield _total(protocol, "benign variants", groups["benign"], f"{alarms} false alarms")
        killed = sum(report.problem() is None for report in groups["mutant"])
        yield _total(protocol, "mutants", groups["mutant"], f"{killed} killed by their declared ids")


def _total(protocol: Protocol, what: str, group: Sequence[Report], shown: str) -> str:
    names = {report.task.name for report in group}
    return f"| {protocol}: {len(names)} {what} × {_seeds(group)} seeds | {len(group)} | {shown} |"


def _seeds(group: Sequence[Report]) -> int:
    return len({report.task.seed for report in group})


def _kills(reports: Sequence[Report]) -> Iterator[str]:
    yield "## Mutants and what kills them"
    yield ""
    yield "| mutant | fault | must | also failed |"
    yield "|---|---|---|---|"
    failed: dict[str, set[str]] = {}
    for report in reports:
        if report.task.mutant is not None:
            failed.setdefault(report.task.name, set()).update(report.failed)
    for name, ids in sorted(failed.items()):
        mutant = MUTANTS[name]
        yield f"| {name} | {mutant.title} | {' '.join(sorted(mutant.must))} | {' '.join(sorted(ids - mutant.must))} |"
    yield ""


def _unique(reports: Sequence[Report]) -> Iterator[str]:
    yield "## Requirements and their mutants"
    yield ""
    yield "*Alone*: mutants that have to fail this requirement and no other. A MUST without one says why."
    yield ""
    yield "| requirement | level | killed | alone |"
    yield "|---|---|---|---|"
    found = killers(reports)
    for protocol in Protocol:
        for row in catalogue(protocol):
            if row.level is Level.RECORD:
                continue
            why_none = WITHOUT_ALONE.get(row.id, "a SHOULD, killed together with others")
            alone = ", ".join(alone_of(row)) or f"*none: {why_none}*"
            yield f"| {row.id} | {row.level} | {len(found.get(row.id, ()))} | {alone} |"
    yield ""


def alone_of(row: Requirement) -> list[str]:
    """Mutants with must = {this requirement}."""
    return sorted(name for name, mutant in MUTANTS.items() if mutant.must == {row.id})


# MUST requirements without a mutant of their own, and why there cannot be one.
_ROWS = "every fault of one value or of two together is its own: the generated population proves it"
WITHOUT_ALONE: dict[str, str] = dict.fromkeys(("CB-ROW-001", "CB-ROW-002", "V2-ROW-001", "V2-ROW-002"), _ROWS)


def _benign(reports: Sequence[Report]) -> Iterator[str]:
    yield "## Benign variants"
    yield ""
    yield "| variant | what is unusual | why it is right |"
    yield "|---|---|---|"
    names = {report.task.name for report in reports if report.task.variant}
    for name, benign in sorted(BENIGN.items()):
        if name in names:
            yield f"| {name} | {benign.title} | {benign.why} |"
