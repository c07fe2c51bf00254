"""What became of every punch, for assertions."""

from __future__ import annotations

from camsim.control import records, routes

from .wire import Api, given

_SHOWN = 5


class Judgement(int):  # bool cannot be extended
    """True or False with its reason, which a failing `assert` shows."""

    why: str

    def __new__(cls, value: bool, why: str) -> Judgement:
        """Truth `value`, explained by `why`."""
        made = super().__new__(cls, value)
        made.why = why
        return made

    def __repr__(self) -> str:
        return f"<{bool(self)}: {self.why}>"


class Ledger:
    """The ledger of the simulator; every method reads it anew."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def rows(self, device: str | None = None, user: str | None = None) -> list[records.PunchRow]:
        """One row a recorded punch, in device order."""
        return self._api.ask(routes.LEDGER, query=given(device=device, user=user)).punches

    def summary(self) -> records.Summary:
        """Counts that add up: punches = acknowledged + waiting + lost."""
        return self._api.ask(routes.LEDGER, query={"summary": 1}).summary

    def csv(self) -> str:
        """All rows as CSV, header first."""
        return self._api.ask_bytes(routes.LEDGER_CSV).decode()

    def all_acknowledged(self) -> Judgement:
        """True when punches were recorded and every one was answered done; else it says which are missing."""
        counts = self.summary()
        if counts.punches == 0:
            return Judgement(False, "no punch was recorded: what did punches() answer in `why`?")
        if counts.acknowledged == counts.punches:
            return Judgement(True, f"all {counts.punches} punches acknowledged")
        return Judgement(False, _missing(counts, self.rows()))


def _missing(counts: records.Summary, rows: list[records.PunchRow]) -> str:
    left = [row for row in rows if not row.acknowledged]
    shown = [_shown(row) for row in left[:_SHOWN]]
    if len(left) > _SHOWN:
        shown.append(f"and {len(left) - _SHOWN} more")
    return f"{counts.acknowledged} of {counts.punches} punches acknowledged, missing: {'; '.join(shown)}"


def _shown(row: records.PunchRow) -> str:
    fate = row.cause or f"{row.attempts} attempts"
    return f"{row.device} #{row.number} user {row.user} {row.log_time} ({fate})"
