"""How much of the past a gateway keeps: the bounds of ledger and journal, of a site file or of flags."""

from __future__ import annotations

import msgspec

from camsim.state.gateway import State

_DAY_MS = 86_400_000
RANGES = {
    "ledger.punches": (1, 100_000_000),
    "ledger.days": (0.01, 36_500),
    "journal.entries": (1, 10_000_000),
    "journal.megabytes": (1, 100_000),
    "journal.days": (0.01, 36_500),
}


class LedgerTable(msgspec.Struct, forbid_unknown_fields=True):
    """`[ledger]`: how many punches it keeps, and for how long; None leaves it as it is."""

    punches: int | None = None
    days: float | None = None


class JournalTable(msgspec.Struct, forbid_unknown_fields=True):
    """`[journal]`: how many entries it keeps, how much they may hold, and for how long."""

    entries: int | None = None
    megabytes: float | None = None
    days: float | None = None


class Bounds(msgspec.Struct):
    """Both tables."""

    ledger: LedgerTable = msgspec.field(default_factory=LedgerTable)
    journal: JournalTable = msgspec.field(default_factory=JournalTable)

    def why_not(self) -> str | None:
        """What is wrong with them, in words; None when nothing is."""
        for key, (least, most) in RANGES.items():
            table, name = key.split(".")
            value = getattr(getattr(self, table), name)
            if value is not None and not least <= value <= most:
                return f"{key} = {value!r} is not allowed; allowed: {least} to {most}"
        return None

    def keep_days(self, days: float) -> None:
        """So long are both kept."""
        self.ledger.days = self.journal.days = days

    def put_in_force(self, state: State) -> None:
        """A state keeps within what is given here; what is not given stays as it was."""
        ledger, journal = self.ledger, self.journal
        if ledger.punches is not None:
            state.ledger.max_punches = ledger.punches
        if ledger.days is not None:
            state.ledger.max_age_ms = int(ledger.days * _DAY_MS)
        if journal.entries is not None:
            state.journal.max_entries = journal.entries
        if journal.megabytes is not None:
            state.journal.max_bytes = int(journal.megabytes * 1024 * 1024)
        if journal.days is not None:
            state.journal.max_age_ms = int(journal.days * _DAY_MS)
