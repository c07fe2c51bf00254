"""The catalogue holds together: quotes are verbatim, every requirement has its check, pages are fresh."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from camsim import resources
from camsim.protocol.catalogue import CALLBACKS
from camsim.protocol.vocabulary import Protocol
from camsim_conformance.checks.sections import checks
from camsim_conformance.command import app
from camsim_conformance.mutants import MUTANTS
from camsim_conformance.proof.page import WITHOUT_ALONE, alone_of
from camsim_conformance.requirements import FEATURES, Requirement, by_id, catalogue, exclusions, page
from camsim_conformance.requirements.pairs import pairs
from camsim_conformance.requirements.verdicts import Evidence, Level

ALL = [row for protocol in Protocol for row in catalogue(protocol)]
ROOT = Path(__file__).resolve().parents[2]


def lines() -> dict[tuple[str, int], str]:
    return {
        (row["page"], row["line"]): row["text"] for row in resources.load("fixtures", "vendor", "quotes.json")["quotes"]
    }


def test_every_quote_stands_verbatim_in_its_line() -> None:
    known = lines()
    quotes = [quote for row in ALL for quote in row.quotes]
    quotes += [quote for protocol in Protocol for row in exclusions(protocol) for quote in row.quotes]
    wrong = [quote for quote in quotes if quote.text not in known.get((quote.page, quote.line), "")]
    assert wrong == []


def test_ids_are_unique() -> None:
    assert len(by_id()) == len(ALL)


def test_every_requirement_has_a_check_and_every_check_a_requirement() -> None:
    assert set(checks()) == set(by_id())


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.id)
def test_the_docstring_of_a_check_is_its_requirement(row: Requirement) -> None:
    assert " ".join((checks()[row.id].__doc__ or "").split()) == row.title


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.id)
def test_an_opinion_is_never_above_should_and_a_document_is_quoted(row: Requirement) -> None:
    assert (row.basis == "doc") == bool(row.quotes)
    assert row.basis == "doc" or row.level is not Level.MUST


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.id)
def test_a_should_says_why_it_is_no_must_and_nothing_else_does(row: Requirement) -> None:
    assert (row.level is Level.SHOULD) == (row.why is not None)
    assert row.why is None or (len(row.why) > 40 and row.why.endswith("."))


def test_a_why_cites_lines_that_are_there() -> None:
    texts = [row.why or "" for row in ALL] + [pair.why for pair in pairs()]
    cited = {(page.lower(), int(line)) for text in texts for page, line in re.findall(r"\b(V[23]):(\d+)", text)}
    assert len(cited) > 20
    assert cited - set(lines()) == set()


def test_every_requirement_stands_in_the_table_of_both_protocols_once() -> None:
    v3 = [row.id for pair in pairs() for row in pair.v3]
    v2 = [row.id for pair in pairs() for row in pair.v2]
    assert sorted(v3) == sorted(row.id for row in catalogue(Protocol.V3))
    assert sorted(v2) == sorted(row.id for row in catalogue(Protocol.V2))


def test_a_pair_says_why_it_differs() -> None:
    different = [pair for pair in pairs() if pair.where != "both" or not pair.same_level]
    assert [pair.what for pair in different if not pair.why] == []
    assert {pair.where for pair in pairs()} == {"both", "v3 only", "v2 only"}


def test_explain_says_why_a_should_is_no_must() -> None:
    asked = CliRunner().invoke(app, ["explain", "v2-auth-001"])
    assert asked.exit_code == 0, asked.output
    assert "No MUST because:" in asked.stdout
    assert "V2:37" in asked.stdout
    assert "No MUST because:" not in CliRunner().invoke(app, ["explain", "CB-AUTH-001"]).stdout


def test_features_and_evidence_are_known() -> None:
    assert {feature for row in ALL for feature in row.features} <= FEATURES.keys()
    assert all(row.evidence <= set(Evidence) for row in ALL)


def test_every_callback_of_the_catalogue_is_acknowledged_by_a_case() -> None:
    assert by_id()["CB-ACK-001"].operations == ("*",)
    assert len(CALLBACKS) == 11


def test_every_must_has_a_mutant_that_fails_it_alone_or_says_why_not() -> None:
    without = [row.id for row in ALL if row.level is Level.MUST and not alone_of(row) and row.id not in WITHOUT_ALONE]
    assert without == []


def test_mutants_name_known_requirements() -> None:
    named = {name for mutant in MUTANTS.values() for name in (*mutant.must, *mutant.may)}
    assert named <= set(by_id())


def test_the_requirement_page_is_not_stale() -> None:
    assert (ROOT / page.PAGE).read_text("utf-8") == page.page()


def test_exclusions_say_why() -> None:
    assert all(len(row.reason) > 40 and row.quotes for protocol in Protocol for row in exclusions(protocol))
