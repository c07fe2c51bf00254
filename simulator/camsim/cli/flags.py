"""Flags of `camsim serve`: how many there are of what, how much of the past is kept."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from camsim.bounds import RANGES, Bounds

_PUNCHES, _ENTRIES, _DAYS = RANGES["ledger.punches"], RANGES["journal.entries"], RANGES["ledger.days"]

Devices = Annotated[
    int | None, typer.Option(help="Number of devices, SIM00001… or of a site's one kind.", min=0, max=100_000)
]
Users = Annotated[int | None, typer.Option(help="People enrolled on each device, UserIDs 1…N.", min=0, max=100_000)]
KnobsSet = Annotated[
    list[str] | None, typer.Option("--set", help="knob=value; `camsim register` lists them. May repeat.")
]
LedgerPunches = Annotated[
    int | None,
    typer.Option(help="How many punches the ledger keeps; 500,000.", min=int(_PUNCHES[0]), max=int(_PUNCHES[1])),
]
JournalEntries = Annotated[
    int | None,
    typer.Option(help="How many entries the journal keeps; 10,000.", min=int(_ENTRIES[0]), max=int(_ENTRIES[1])),
]
KeepDays = Annotated[
    float | None,
    typer.Option(help="Days of virtual time that both keep, at most; no limit.", min=_DAYS[0], max=_DAYS[1]),
]


def keep(bounds: Bounds, flags: dict[str, Any]) -> None:
    """Let flags that were given override what a site file says."""
    if flags["keep_days"] is not None:
        bounds.keep_days(flags["keep_days"])
    if flags["ledger_punches"] is not None:
        bounds.ledger.punches = flags["ledger_punches"]
    if flags["journal_entries"] is not None:
        bounds.journal.entries = flags["journal_entries"]
