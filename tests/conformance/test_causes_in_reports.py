"""Reports of a run with causes: they open with them, say each thing once, and draw what a picture tells better."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from certifying import FAST, TOKEN, profile
from made_causes import cause, with_causes
from made_once import Made, once
from rich.console import Console
from test_commands import camsim
from test_report import Page, check_junit, check_result

from camsim.receiver import Running, start
from camsim_conformance.certify import Outputs, certify
from camsim_conformance.commands import replay_fresh
from camsim_conformance.commands.certify import phases
from camsim_conformance.commands.extent import PHASES
from camsim_conformance.model.observation import Aspect, Explanation, Observation
from camsim_conformance.mutants import policy
from camsim_conformance.report import case_files, files, svg
from camsim_conformance.report.case_files import run_file
from camsim_conformance.report.console import show
from camsim_conformance.report.document import document
from camsim_conformance.report.document_causes import smallest
from camsim_conformance.report.document_types import CauseDocument, PictureDocument
from camsim_conformance.report.html import cited, html
from camsim_conformance.report.pictures import picture_of
from camsim_conformance.report.wording import without_markup
from camsim_conformance.requirements.verdicts import Verdict
from camsim_conformance.session.session import Session
from camsim_conformance.target.profile import Device
from camsim_conformance.verdict.judge import judge_all
from camsim_conformance.verdict.result import conclude


def made_with(name: str, out: Path, *globs: str, blamed: dict[str, str] | None = None) -> dict[str, Any]:
    """Document of a run against a broken receiver, explained by causes made by hand; its folder is `out`."""
    with start(tokens=[TOKEN], broken=policy(name)) as target:
        chosen = profile(target.url, target.readback_url, *globs)
        record = with_causes(Session(chosen).run(), blamed)
        cases = judge_all(record.observed())
        whole = document(conclude(record, cases), out)
        files.write(whole, cases, chosen, out, None)
    return dict(json.loads((out / "result.json").read_text("utf-8")))


@pytest.fixture(scope="module")
def doubled(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A receiver that stores every copy."""
    return once(tmp_path_factory, "doubled", lambda out: made_with("no-dedupe", out, "CB-DUP-*", "CB-ACK-001"))


@pytest.fixture(scope="module")
def shifted(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A receiver that loses offsets."""
    return once(tmp_path_factory, "shifted", lambda out: made_with("offset-twice", out, "CB-TIME-001"))


def printed(whole: Any, out: Path) -> str:
    text = StringIO()
    show(whole, Console(file=text, highlight=False, soft_wrap=True, width=200), str(out))
    return text.getvalue()


def test_result_json_holds_the_causes_and_is_valid(doubled: Made) -> None:
    whole = doubled[0]
    check_result(whole)
    (found,) = whole["causes"]
    assert (found["id"], found["aspect"], found["deviation"], found["verdict"]) == ("C1", "count", "doubled", "FAIL")
    assert found["counts"]["wrong"] >= len(found["cases"]) > 4
    assert found["quote"]["source"] == "V3:1170"
    example = found["example"]
    assert json.loads(example["sent"])["RealTime"]["AuthToken"] == "@AUTH_TOKEN_1@"
    assert 'HTTP 200 {"status":"done"}' in example["answered"]
    assert example["stored"].startswith("2 rows: user ")


def test_a_requirement_names_the_causes_that_fail_it_and_no_other(doubled: Made) -> None:
    blamed = {row["id"]: row["causes"] for row in doubled[0]["requirements"]}
    assert blamed["CB-DUP-001"] == blamed["CB-DUP-005"] == ["C1"]
    assert blamed["CB-DUP-003"] == ["C1"]  # advice for want of a sentence, of the same cause
    assert blamed["CB-ACK-001"] == blamed["CB-DUP-004"] == []


def test_the_console_opens_with_the_causes_and_says_them_once(doubled: Made) -> None:
    text = printed(*doubled)
    assert text.startswith("1 cause explains 4 failed requirements and 1 requirement with advice.\n")
    assert text.index("sent  ") < text.index("answered  ") < text.index("stored  ") < text.index("PASS ")
    assert text.count("is one row. see C1") >= 3
    assert text.count("export CAMSIM_AUTH_TOKEN=") == 1
    assert text.count("2 rows: ") <= 2
    assert "Failed. No grade: the run failed." in text


def test_the_summary_and_junit_name_the_cause(doubled: Made) -> None:
    text = (doubled[1] / "summary.md").read_text("utf-8")
    assert text.index("**1 cause explains 4 failed") < text.index("- ❌ CB-DUP-001 FAIL, see C1")
    root = check_junit(doubled[1] / "junit.xml")
    messages = [failure.get("message") or "" for failure in root.iter("failure")]
    assert messages
    assert [message for message in messages if "see C1: " not in message] == []
    told = [out.text or "" for out in root.iter("system-out")]
    assert sum("1 cause explains" in text and "change: Look for" in text for text in told) == 5


def test_the_page_opens_with_the_cause_and_its_picture(doubled: Made, shifted: Made) -> None:
    text = html(doubled[0])  # type: ignore[arg-type]
    page = Page()
    page.feed(text)
    assert page.loads == []
    assert text.index("1 cause explains") < text.index('class="pic"') < text.index("The run")
    assert text.count('role="img"') == 1
    assert "<title id=" in text
    assert 'title="line 1170 of the vendor' in text
    assert "Sent and stored times" in html(shifted[0])  # type: ignore[arg-type]


def test_without_a_cause_the_report_is_short(passed: Made) -> None:
    whole, out = passed
    assert printed(whole, out).startswith("PASS")
    assert "export" not in printed(whole, out)
    assert 'class="headline"' not in html(whole)  # type: ignore[arg-type]
    assert whole["causes"] == []


def test_what_was_only_recorded_or_not_looked_at_says_what_was_seen(passed: Made) -> None:
    text = printed(*passed)
    assert '\n    HTTP 200 {"status": "done"}' in text.replace('"status":"', '"status": "')
    assert "## ℹ️ Recorded, not judged\n- CB-ACK-004" in (passed[1] / "summary.md").read_text("utf-8")


def test_what_nobody_looked_at_for_one_reason_is_said_once(receiver: Running, tmp_path: Path) -> None:
    chosen = profile(receiver.url, None, "CB-DUP-*", "CB-ORD-*")
    whole = document(conclude(record := Session(chosen).run(), judge_all(record.observed())))
    text = printed(whole, tmp_path)
    assert text.count("no read-back") == 1
    assert "requirements were not looked at: no read-back" in text


def test_no_report_shows_python_or_a_page_of_html(tmp_path: Path) -> None:
    made_with("ack-page", tmp_path, "CB-ACK-001", "CB-PUNCH-001")
    for name in ("summary.md", "result.json", "junit.xml"):
        text = (tmp_path / name).read_text("utf-8")
        assert "Deviation." not in text, name
        assert "NoAnswer." not in text, name
        assert "<!doctype" not in text.lower(), name
        assert "<html" not in text.lower(), name


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("HTTP 500 <html><style>b{}</style><h1>Server &amp; Error</h1><p>no", "HTTP 500 Server & Error no"),
        ("HTTP 502 <!DOCTYPE html>\n<title>Bad</titl", "HTTP 502 Bad"),
        ("expected <b>Asha</b>; found <i>", "expected <b>Asha</b>; found <i>"),
    ],
)
def test_a_page_becomes_the_line_it_says_and_names_stay(text: str, shown: str) -> None:
    assert without_markup(text) == shown


def test_a_line_of_the_page_has_its_sentence_behind_it() -> None:
    shown = cited("<V3:1170> and V3:9999")
    assert "&lt;<abbr" in shown
    assert "Implement duplicate-detection logic" in shown
    assert "line 9999 of the vendor" in shown


PICTURES: list[PictureDocument] = [
    {
        "kind": "instants",
        "instants": [{"sent": "2026-11-24T10:00:00Z", "stored": "2026-11-24T03:00:00Z", "seconds": -25200}],
    },
    {
        "kind": "templates",
        "cells": [
            {"type": "FingerPrint", "index": "0", "told": True, "state": "missing"},
            {"type": "Card", "index": "", "told": False, "state": "extra"},
        ],
    },
    {"kind": "sequence", "sent": [{"what": "<b>", "acknowledged": True}], "stored": []},
    {
        "kind": "values",
        "factor": "offset",
        "values": [
            {"value": "-0330", "wrong": 12, "right": 0, "blamed": True},
            {"value": "+0530", "wrong": 1, "right": 999, "blamed": False},
        ],
    },
]


@pytest.mark.parametrize("shown", PICTURES, ids=lambda shown: shown["kind"])
def test_pictures_are_well_formed_and_described(shown: PictureDocument) -> None:
    drawn = svg.picture({"id": "C1", "picture": shown})  # type: ignore[typeddict-item]
    root = ET.fromstring(drawn)
    assert [child.tag for child in root][:2] == ["title", "desc"]
    assert root[1].text
    lengths = [float(one.get(name) or 0) for one in root.iter() for name in ("x", "cx", "x1", "x2")]
    assert max(lengths) <= svg.WIDTH


def test_every_value_has_a_dot_for_what_was_wrong_and_for_what_was_right() -> None:
    drawn = ET.fromstring(svg.picture({"id": "C1", "picture": PICTURES[3]}))  # type: ignore[typeddict-item]
    looks = [one.get("class") for one in drawn.iter("circle")]
    assert looks == ["bad"] * 12 + ["bad"] + ["hollow"] * 11


def test_values_are_counted_where_the_others_of_the_cause_hold() -> None:
    def one(offset: str, kind: str, deviation: str | None) -> Observation:
        values = {"offset": offset, "type": kind}
        return Observation(Aspect.ROW, "CB-TIME-003/a", (0,), "1", values, deviation)

    seen = [one("-0330", "MealIn", "missing"), one("+0530", "MealIn", None), one("+0530", "CheckIn", None)]
    explanation = Explanation(Aspect.ROW, "missing", (("offset", "-0330"), ("type", "MealIn")), (seen[0],))
    shown = picture_of(explanation, seen[0], {}, seen)
    assert shown is not None
    assert shown["values"] == [
        {"value": "-0330", "wrong": 1, "right": 0, "blamed": True},
        {"value": "+0530", "wrong": 0, "right": 1, "blamed": False},
    ]
    assert smallest(explanation, {}) is None
    assert cause(1, [seen[0]], 0, {}).cases == ("CB-TIME-003/a",)


def test_what_is_kept_of_a_run_holds_no_secret() -> None:
    key = "kT9vB2xQ7mN4pL8sW3zR6yH1cF5dG0jA"
    chosen = profile("http://127.0.0.1:1/", "sql:mysql://u:pass@word@h/db", devices=(Device(TOKEN, key=key),))
    kept = json.dumps(run_file(chosen))
    assert "sql:mysql://u:@SECRET@@h/db" in kept
    assert not any(secret in kept for secret in (TOKEN, key, "pass@word"))


def test_an_adapters_password_is_in_no_report(receiver: Running, tmp_path: Path) -> None:
    adapter = receiver.readback_url.replace("http://", "http://reader:short@")
    chosen = profile(receiver.url, adapter, "CB-DUP-001")
    certify(chosen, Outputs(out=tmp_path))
    assert [file.name for file in tmp_path.rglob("*") if file.is_file() and b"reader:short" in file.read_bytes()] == []
    told = camsim("replay", tmp_path, "CB-DUP-001/twice", "--auth-token", TOKEN)
    assert (told.exit_code, "--readback is missing" in told.stderr) == (2, True)


def test_the_phases_of_a_run_have_names(capfd: pytest.CaptureFixture[str]) -> None:
    advance = phases()
    for phase in ("preflight", "CB-DUP-001/twice", "CB-DUP-001/other", "settle", "confirm"):
        advance(phase, 0, 0)
    said = [line.strip() for line in capfd.readouterr().err.splitlines()]
    assert said == [PHASES["preflight"], "sending", PHASES["settle"], PHASES["confirm"]]


def test_the_pace_is_told_when_it_is_half_of_what_was_told(capfd: pytest.CaptureFixture[str]) -> None:
    advance = phases()
    for pace in (None, 200.0, 120.0, 90.0, 180.0, 45.0, 44.0, None):
        advance("CB-DUP-001/twice", 0, 0, pace)
    said = [line.strip() for line in capfd.readouterr().err.splitlines()]
    assert said == [
        "sending",
        *(f"the target asks to come later: {pace} requests a second for now" for pace in (200, 90, 45)),
    ]


def test_a_target_without_causes_shows_none(receiver: Running) -> None:
    chosen = profile(receiver.url, receiver.readback_url, "CB-DUP-001", **FAST)
    record = with_causes(Session(chosen).run())
    whole: list[CauseDocument] = document(conclude(record, judge_all(record.observed())))["causes"]
    assert whole == []


def _kept_cause(**more: Any) -> Any:
    told = {"id": "C1", "requirement": "CB-DUP-001", "level": "MUST", "aspect": "row", "deviation": "missing"}
    return {**told, "sentence": "Now and then a punch is not stored", **more}


def test_what_a_case_cannot_show_alone_is_not_said_to_be_repaired(receiver: Running) -> None:
    chosen = profile(receiver.url, receiver.readback_url, "CB-DUP-001")
    seen = next(one for one in Session(chosen).run().observed() if one.case.id == "CB-DUP-001/twice")
    said = {alone: list(replay_fresh._causes(seen, [_kept_cause(alone=alone)])) for alone in (True, False)}
    assert [verdict for _, verdict in said[True]] == [Verdict.PASS]
    ((line, verdict),) = said[False]
    assert verdict is Verdict.COULD_NOT_RUN
    assert "cannot show it alone" in line


@pytest.mark.parametrize(
    ("right", "repeated", "alone"), [(0, (0, 0), True), (8, (0, 0), False), (8, (2, 2), True), (0, (0, 3), False)]
)
def test_a_case_shows_alone_what_holds_always_or_came_again(right: int, repeated: Any, alone: bool) -> None:
    one = Observation(Aspect.ROW, "CB-DUP-001/twice", (0,), "7", {}, "missing")
    made = cause(1, [one], 0, {})
    found = replace(made, repeated=repeated, explanation=replace(made.explanation, right=right))
    assert case_files._kept_cause(found)["alone"] is alone
