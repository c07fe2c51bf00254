"""docs/observed.md is made from the register, and every difference of `observed` says on what evidence."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from camsim.knobs import register
from camsim.knobs.live import compile_live
from camsim.knobs.register import Profile, resolve

ROOT = Path(__file__).resolve().parents[2]
PAIRS = [(row, spec) for row in register.rows() for spec in row.specs]
OTHERWISE = [pair for pair in PAIRS if pair[1].values[Profile.OBSERVED] != pair[1].values[Profile.DOCUMENTED]]


def test_the_page_is_what_the_register_gives() -> None:
    script = runpy.run_path(str(ROOT / "scripts" / "make_observed_page.py"))
    page = (ROOT / "docs" / "observed.md").read_text("utf-8")
    assert page == script["page"](), "run scripts/make_observed_page.py"


@pytest.mark.parametrize(("row", "spec"), OTHERWISE, ids=[spec.knob for _, spec in OTHERWISE])
def test_what_observed_does_otherwise_has_been_seen(row: register.Row, spec: register.KnobSpec) -> None:
    assert (row.certainty in ("live", "code", "claim"), bool(row.seen)) == (True, True), row.id


@pytest.mark.parametrize("row", [row for row in register.rows() if row.evidence == "obs" and row.specs])
def test_live_evidence_is_in_force_in_observed(row: register.Row) -> None:
    """One row says why not: an explanation of one owner against what others show (R-12-NEW, a claim)."""
    if row.certainty == "live":
        assert any(spec.values[Profile.OBSERVED] != spec.values[Profile.DOCUMENTED] for spec in row.specs)


def test_the_new_knobs_of_live_systems_reach_the_policy() -> None:
    documented, observed = (compile_live(resolve(profile).values) for profile in ("documented", "observed"))
    assert (documented.missing_operation_id, observed.missing_operation_id) == ("refuse", "serve")
    assert (documented.sync_words, observed.sync_words) == ("refuse", "serve")
    assert (documented.api1, observed.api1) == (False, False)
