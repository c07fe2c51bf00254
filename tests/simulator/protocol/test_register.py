"""The register of readings: complete, quoted verbatim, and every knob's values allowed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from camsim import resources
from camsim.knobs import register
from camsim.knobs.register import Profile, rows, specs

ROWS = rows()
QUOTES = {
    (quote["page"], quote["line"]): quote["text"]
    for quote in resources.load("fixtures", "vendor", "quotes.json")["quotes"]
}


def _run(prefix: str, first: int, last: int) -> set[str]:
    return {f"{prefix}-{number:02d}" for number in range(first, last + 1)}


def test_every_row_of_every_section_is_there() -> None:
    ids = {row.id for row in ROWS}
    wanted = (
        _run("A-REST", 1, 26) | _run("A-ENC", 1, 11) | _run("A-CB", 1, 30) | _run("A-DEV", 1, 21) | _run("V2", 1, 31)
    )
    wanted |= _run("C", 1, 11) | {"C-GROUP", "C-UNKNOWN"} | _run("R", 12, 38) | {"R-OTHER", "R-TWO"}
    wanted |= {"M-NATIVE", "M-SDK", "M-DB", "M-FILE"}
    assert wanted - ids == set()


def test_no_id_and_no_knob_is_used_twice() -> None:
    ids = [row.id for row in ROWS]
    knobs = [spec.knob for row in ROWS for spec in row.specs]
    assert (len(ids), len(knobs)) == (len(set(ids)), len(set(knobs)))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_says_what_is_asked_and_what_is_read(row: register.Row) -> None:
    assert "" not in (row.section, row.title)
    assert row.reading.endswith((".", ")"))


@pytest.mark.parametrize("row", [row for row in ROWS if row.quote], ids=lambda row: row.id)
def test_a_quote_stands_verbatim_in_its_line(row: register.Row) -> None:
    assert row.quote is not None
    assert row.quote.text in QUOTES[(row.quote.page, row.quote.line)]


def test_what_rests_on_the_page_quotes_it() -> None:
    assert [row.id for row in ROWS if row.evidence == "doc" and row.quote is None] == []


@pytest.mark.parametrize("spec", specs().values(), ids=lambda spec: spec.knob)
def test_a_knob_has_an_allowed_value_in_every_profile(spec: register.KnobSpec) -> None:
    assert set(spec.values) == set(Profile)
    for value in spec.values.values():
        register.check(spec.knob, value)


@pytest.mark.parametrize("spec", specs().values(), ids=lambda spec: spec.knob)
def test_a_knob_is_tied_to_a_row_that_exists(spec: register.KnobSpec) -> None:
    assert spec.row in {row.id for row in ROWS}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_reading_refers_only_to_rows_and_knobs_that_exist(row: register.Row) -> None:
    ids = {known.id for known in ROWS}
    named = set(re.findall(r"\b(?:A-(?:REST|ENC|CB|DEV)|V2|C|R)-[0-9]{2}\b", row.reading))
    knobs = set(re.findall(r"`([a-z0-9]+\.[a-z_0-9]+)`", row.reading))
    assert (named - ids, knobs - set(specs())) == (set(), set())


ALONE = [spec for spec in specs().values() if not spec.knob.startswith("v2.")]  # those go on as a group, Policy.v2


@pytest.mark.parametrize("spec", ALONE, ids=lambda spec: spec.knob)
def test_a_knob_is_read_by_the_simulator(spec: register.KnobSpec) -> None:
    """A knob that nothing reads would be a promise without effect."""
    sources = Path(register.__file__).parent.glob("**/*.py")
    assert any(f'"{spec.knob}"' in file.read_text("utf-8") for file in sources)


def test_strict_accepts_no_more_than_documented() -> None:
    loose = {"rest.strictness": "lenient", "rest.stgid_alias": True, "add.existing": "upsert"}
    strict = register.resolve(Profile.STRICT).values
    assert [name for name, value in loose.items() if strict[name] == value] == []


def test_observed_differs_where_live_integrations_do() -> None:
    observed = register.resolve(Profile.OBSERVED).values
    seen = {
        "callback.stgid": "always",
        "rest.status_text": "enum",
        "loadlog.paging": "offset",
        "enc.mode_mismatch": 19,
        "rest.stgid_alias": True,
    }
    assert {name: observed[name] for name in seen} == seen
