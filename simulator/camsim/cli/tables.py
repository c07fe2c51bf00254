"""Tables of the command line: operations, register, journal."""

from __future__ import annotations

from typing import Any, TypedDict

from rich.table import Table

from camsim.protocol.catalogue import V2, V3, Operation
from camsim.shown import for_terminal
from camsim.terminal import Terminal


class OperationRow(TypedDict):
    """A row of the catalogue, as `--json` prints it."""

    number: int | None
    name: str
    direction: str
    family: str
    templates: list[str]
    purpose: str


def operations(protocol: str) -> list[OperationRow]:
    """The catalogue as plain rows; empty for an unknown protocol."""
    return [_operation(row) for row in {"v3": V3, "v2": V2}.get(protocol, ())]


def _operation(row: Operation) -> OperationRow:
    return {
        "number": row.number,
        "name": row.name,
        "direction": str(row.direction),
        "family": str(row.family),
        "templates": sorted(row.kinds),
        "purpose": row.purpose,
    }


def show_operations(rows: list[OperationRow]) -> None:
    """A table of operations."""
    table = Table("#", "operation", "direction", "what for", title=f"{len(rows)} operations")
    for row in rows:
        table.add_row(str(row["number"] or ""), row["name"], row["direction"], row["purpose"])
    Terminal().print(table, soft_wrap=False)


def show_register(rows: list[dict[str, Any]], profile: str) -> None:
    """A table of readings."""
    table = Table("id", "evidence", "reading", "knob", "in force", title=f"{len(rows)} readings, profile {profile}")
    for row in rows:
        names, values = "\n".join(row["in_force"]), "\n".join(map(str, row["in_force"].values()))
        table.add_row(row["id"], _evidence(row), row["reading"], names, values)
    Terminal().print(table, soft_wrap=False)


def _evidence(row: dict[str, Any]) -> str:
    """Where a reading comes from and, where it was seen, how certain that is."""
    return f"{row['evidence']}, {row['certainty']}" if row["certainty"] else str(row["evidence"])


def show_journal(entries: list[dict[str, Any]]) -> None:
    """One line an entry."""
    table = Table("seq", "device", "direction", "operation", "user", "try", "verdict", "why")
    for entry in entries:
        verdict, why = entry["verdict"], entry["why"]
        if entry["status_code"] is not None:  # 0 is a code, and a good one
            verdict = f"{verdict} {entry['status_code']}"
        if entry["field"]:
            why = f"{entry['field']}: {why}"
        who = (entry["device"], entry["direction"], entry["operation"], entry["user"])
        cells = (entry["seq"], *who, entry["attempt"] or "", verdict, why)
        table.add_row(*(for_terminal(str(cell)) for cell in cells))
    Terminal().print(table, soft_wrap=False)
