"""How much of the past is kept: in a site file, in flags, in a state that is there already."""

from __future__ import annotations

from typing import Any

import pytest

from camsim.bounds import Bounds
from camsim.cli import flags
from camsim.model_table import ModelTable
from camsim.settings import SiteError, parse
from camsim.state.gateway import State

_NO_FLAGS: dict[str, Any] = {"keep_days": None, "ledger_punches": None, "journal_entries": None}


def _kept(state: State) -> tuple[object, ...]:
    ledger, journal = state.ledger, state.journal
    return ledger.max_punches, ledger.max_age_ms, journal.max_entries, journal.max_bytes, journal.max_age_ms


def test_a_site_file_bounds_ledger_and_journal() -> None:
    tables: dict[str, object] = {
        "ledger": {"punches": 1000, "days": 30},
        "journal": {"entries": 50, "megabytes": 2, "days": 0.5},
    }
    state = State()
    parse(tables).bounds.put_in_force(state)
    assert _kept(state) == (1000, 30 * 86_400_000, 50, 2 * 1024 * 1024, 43_200_000)


def test_what_is_not_said_stays_as_it_was() -> None:
    state = State()
    before = _kept(state)
    parse({}).bounds.put_in_force(state)
    assert _kept(state) == before == (500_000, None, 10_000, 64 * 1024 * 1024, None)


def test_flags_override_a_site_file() -> None:
    bounds = parse({"ledger": {"punches": 1000, "days": 30}}).bounds
    flags.keep(bounds, _NO_FLAGS)
    assert bounds.ledger.days == 30
    flags.keep(bounds, {"keep_days": 7.0, "ledger_punches": 5, "journal_entries": 6})
    assert (bounds.ledger.punches, bounds.ledger.days, bounds.journal.entries, bounds.journal.days) == (5, 7, 6, 7)


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("ledger", "punches", 0),
        ("ledger", "punches", 2**64),
        ("ledger", "days", float("nan")),
        ("ledger", "days", -1),
        ("journal", "entries", 1e9),
        ("journal", "megabytes", float("inf")),
        ("journal", "days", 0),
        ("ledger", "punches", "many"),
        ("journal", "hours", 1),
    ],
)
def test_a_bound_that_cannot_be_is_named(table: str, key: str, value: object) -> None:
    with pytest.raises(SiteError, match=rf"{table}\.{key}"):
        parse({table: {key: value}})


def test_bounds_are_told_apart_from_nothing() -> None:
    assert Bounds().why_not() is None
    assert ModelTable("k").model().name == "k"
