"""Commands that send nothing: explain, requirements, diff."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from camsim.protocol.vocabulary import Protocol
from camsim.terminal import print_json
from camsim_conformance.requirements import Requirement, by_id, catalogue
from camsim_conformance.target.profile import UsageError
from camsim_conformance.verdict.diff import compare
from camsim_conformance.verdict.result import Exit

from .errors import console, exit_on_error


def explain(
    requirement: Annotated[str, typer.Argument(help="An id, as CB-ORD-001.")],
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what a requirement asks, who asks it, and how it is checked.

    Example: camsim explain CB-ORD-001
    """
    with exit_on_error("explain"):
        row = by_id().get(requirement.upper())
        if row is None:
            raise UsageError(f"{requirement!r}: no such requirement; see camsim requirements")
    if json_:
        print_json(as_document(row))
        return
    console.say((row.id, "bold"), f"  {row.level} · evidence {row.evidence_text} · basis {row.basis} · {row.protocol}")
    console.say(row.title)
    for quote in row.quotes:
        console.say(f"  “{quote.text}” {quote.source}")
    if row.why is not None:
        console.say(f"No MUST because: {row.why}")
    console.say(f"Cases: {row.cases}")
    console.say(f"Operations: {', '.join(row.operations)} · features: {', '.join(row.features)}")
    if row.upgrade_level is not None:
        console.say(f"{row.upgrade_level} with --features {row.upgrade_feature}")


def requirements(
    protocol: Annotated[str | None, typer.Option(help="v3 or v2; both without it.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the requirements.

    Example: camsim requirements --protocol v3
    """
    with exit_on_error("requirements"):
        if protocol is not None and protocol not in set(Protocol):
            raise UsageError(f"--protocol {protocol!r}: allowed are {', '.join(Protocol)}")
    rows = _rows(protocol)
    if json_:
        print_json([as_document(row) for row in rows])
        return
    for row in rows:
        console.say(f"{row.id:<14}{row.level:<7}{row.evidence_text:<4}{row.title}")


def _rows(protocol: str | None) -> tuple[Requirement, ...]:
    if protocol is not None:
        return catalogue(Protocol(protocol))
    return catalogue(Protocol.V3) + catalogue(Protocol.V2)


def as_document(row: Requirement) -> dict[str, object]:
    """A requirement as JSON."""
    return {
        "id": row.id,
        "title": row.title,
        "level": str(row.level),
        "basis": row.basis,
        "evidence": row.evidence_text,
        "protocol": str(row.protocol),
        "features": list(row.features),
        "operations": list(row.operations),
        "quotes": [{"page": quote.page, "line": quote.line, "text": quote.text} for quote in row.quotes],
        "cases": row.cases,
        "why": row.why,
    }


def diff(
    old: Annotated[Path, typer.Argument(help="result.json or the --out folder of the earlier run.")],
    new: Annotated[Path, typer.Argument(help="The same of the later run.")],
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare two results; exit 1 when something got worse.

    Example: camsim diff before/result.json after/result.json
    """
    with exit_on_error("diff"):
        found = compare(old, new)
    if json_:
        print_json(found.document())
    else:
        for line in found.lines():
            console.say(line)
    raise typer.Exit(int(Exit.FAILED if found.worse else Exit.PASSED))
