"""What others wrote, shown: nothing in it moves a cursor, hides, links or computes, and every name stays readable."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from camsim.cli import output
from camsim.shown import (
    code,
    fenced,
    for_html,
    for_json,
    for_lines,
    for_markdown,
    for_spreadsheet,
    for_terminal,
    for_xml,
    json_text,
    spreadsheet_row,
)
from camsim.state.ledger import Ledger, Record, as_csv
from camsim.terminal import Terminal, print_json, say
from hostile_text import HOSTILE, HOSTILE_BITS, READABLE, controls_in

TURNS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
ANY = st.text(alphabet=st.characters(), max_size=60)


@pytest.mark.parametrize("text", HOSTILE_BITS)
def test_every_hostile_bit_is_seen_and_obeyed_nowhere(text: str) -> None:
    for shown in (for_terminal(text), for_lines(text), for_markdown(text), code(text)):
        assert controls_in(shown) == []
    for shown in (for_xml(text), for_html(text)):
        assert controls_in(shown.replace("##vso[", "")) == []
    assert "\n" not in for_terminal(f"{text}\n{text}")


@pytest.mark.parametrize("text", READABLE)
def test_names_of_every_script_stay_as_they_are(text: str) -> None:
    assert for_terminal(text) == text
    assert for_xml(text) == text
    assert json.loads(json_text(text)) == text
    assert json_text(text) == json.dumps(text, ensure_ascii=False)


@given(ANY)
def test_nothing_that_nobody_sees_is_left_of_any_text(text: str) -> None:
    for character in for_terminal(text):
        assert unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
        assert unicodedata.bidirectional(character) not in TURNS


@given(st.recursive(ANY, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY, inner, max_size=3)))
def test_json_stays_the_same_value(value: object) -> None:
    for indent in (None, 1):
        text = json_text(value, indent)
        assert json.loads(text) == value
        assert controls_in(text) == []
    assert json.loads(for_json(json.dumps(value, indent="\t", ensure_ascii=False))) == value


def test_a_pipeline_takes_nothing_for_its_own_command() -> None:
    for text in ("::error file=x::bad", "  ::set-output name=a::b", "##vso[task.setvariable]x", "a ##[error]x"):
        shown = for_terminal(text)
        assert not shown.lstrip().startswith("::")
        assert "##vso[" not in shown
        assert "##[" not in shown
        assert json.loads(json_text(text)) == text


@given(ANY)
def test_xml_can_be_written_and_read_with_any_text(text: str) -> None:
    element = ElementTree.Element("a", {"b": for_xml(text)})
    element.text = for_xml(text)
    assert ElementTree.fromstring(ElementTree.tostring(element)).text == (for_xml(text) or None)


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "<img src=x onerror=y>", "![p](http://x/)", "[l](javascript:x)", "`a`", "**b**",
     "| c |", "# h", "- l", "1. l", "> q", "~~~", "@someone", "https://x.example/", "&lt;", "\\", "$x$", "+ l", "=== "],
)  # fmt: skip
def test_markdown_is_text(text: str) -> None:
    shown = for_markdown(text)
    assert "<script" not in shown.replace("\\<", "")
    assert shown != text


def test_code_and_blocks_of_markdown_end_where_we_end_them() -> None:
    assert code("a`b``c") == "``` a`b``c ```"
    assert fenced("x\n````\ny", "text").splitlines()[0] == "`````text"
    assert fenced("x\n````\ny").splitlines()[-1] == "`````"


# --- spreadsheets -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-x", "@SUM(A1)", "\t=1", "\r=1", "\n1", " =1", "'=1", '"=1', "\u200b=1", "\ufeff=1", "＝1", "＋1",
     "－x", "＠x", "﹦1", "−1", "|x", "=cmd|' /C calc'!A0", "-1+1", "-2-3|x", "\u00a0=1", "  \t -x", "--1"],
)  # fmt: skip
def test_a_cell_that_would_be_computed_is_text(cell: str) -> None:
    assert for_spreadsheet(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", [-5, -5.5, "-5", "-5.25", "-1e9", "5", "", "Anna", "a=b", "x-y", None, True, "SIM-1"])
def test_numbers_and_words_stay(cell: object) -> None:
    assert for_spreadsheet(cell) == cell
    assert spreadsheet_row({"a": cell}) == {"a": cell}


def test_the_ledger_as_csv_holds_no_formula() -> None:
    ledger = Ledger()
    for number, user in enumerate(("=cmd|' /C calc'!A0", "+1", "@x", "-1+2", "7", "-7"), 1):
        ledger.recorded("=SIM(1)", Record(number, user, 0, 0, "CheckIn", 0))
    rows = list(csv.DictReader(io.StringIO(as_csv(ledger))))
    assert [row["user"] for row in rows] == ["'=cmd|' /C calc'!A0", "'+1", "'@x", "'-1+2", "7", "-7"]
    assert {row["device"] for row in rows} == {"'=SIM(1)"}


# --- consoles ---------------------------------------------------------------------------------------------------------


def test_a_terminal_shows_markup_as_it_is_and_obeys_nothing() -> None:
    sink = io.StringIO()
    console = Terminal(file=sink, width=200)
    table = Table("[/x]", title="[/y]\x1b[2J")
    table.add_row(HOSTILE, "[bold]\x9b31m")
    for what in (HOSTILE, "[/x]", Text(HOSTILE), table):
        console.print(what)
    console.say(HOSTILE, ("[/z]\n", "bold"))
    say(console, HOSTILE)
    assert controls_in(sink.getvalue()) == []
    assert sink.getvalue().count("[/x]") >= 2
    assert ":smile:" in sink.getvalue()


def test_what_commands_print_is_one_line_or_json(capsys: pytest.CaptureFixture[str]) -> None:
    output.say(f"a\n{HOSTILE}")
    output.say_json({"a": HOSTILE})
    print_json({"a": HOSTILE})
    said, first, *rest = capsys.readouterr().out.split("\n", 2)
    assert controls_in("".join([said, first, *rest])) == []
    assert said.startswith("a\\n")


def test_no_module_prints_past_the_two_places_that_escape() -> None:
    """`print` and rich's own Console stand nowhere else; what is printed so is JSON or a file's text."""
    root = Path(__file__).resolve().parents[2]
    found = []
    for package in ("simulator/camsim", "conformance/camsim_conformance", "loadtests/camsim_loadtests"):
        for file in (root / package).rglob("*.py"):
            text = file.read_text("utf-8")
            if file.name != "terminal.py" and re.search(r"(?<!class )\bConsole\(|rich\.markup|rich import print", text):
                found.append(str(file))
    assert found == []
