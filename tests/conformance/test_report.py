"""Reports: valid against their schemas, complete, and without secrets."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import xmlschema
from certifying import TOKEN, gathered, judged, profile, rows, told
from made_once import Made

from camsim import resources
from camsim.receiver import Running, start
from camsim_conformance import certify
from camsim_conformance.certify import Outputs
from camsim_conformance.mutants import policy
from camsim_conformance.report import junit
from camsim_conformance.report.masking import fill, mask, mask_bytes
from camsim_conformance.requirements.verdicts import Verdict
from camsim_conformance.session.record import RunRecord
from camsim_conformance.target import storm_report
from camsim_conformance.target.profile import Device

KEY = "kT9vB2xQ7mN4pL8sW3zR6yH1cF5dG0jA"


def check_result(document: dict[str, Any]) -> None:
    schema = resources.load("schemas", "result.schema.json")
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)


def check_junit(file: Path) -> ET.Element:
    xmlschema.XMLSchema(resources.path("fixtures", "junit.xsd")).validate(file)
    return ET.parse(file).getroot()


def test_result_json_is_valid_and_is_what_was_printed(passed: Made, failed: Made) -> None:
    for document, out in (passed, failed):
        check_result(document)
        assert json.loads((out / "result.json").read_text("utf-8")) == document


def test_a_void_result_is_valid_too(tmp_path: Path) -> None:
    _, document = certify.certify(profile("http://127.0.0.1:9/"), Outputs(out=tmp_path))
    check_result(document)
    root = check_junit(tmp_path / "junit.xml")
    assert root.get("failures") == "0"
    assert int(root.get("errors") or 0) > 100


def test_the_schema_refuses_another_verdict(passed: Made) -> None:
    wrong = json.loads(json.dumps(passed[0]))
    wrong["requirements"][0]["verdict"] = "GOOD"
    with pytest.raises(jsonschema.ValidationError):
        check_result(wrong)


def test_counts_are_of_requirements_and_every_verdict_is_named(passed: Made) -> None:
    counts = passed[0]["counts"]
    assert set(counts) == set(Verdict)
    assert sum(counts.values()) == len(passed[0]["requirements"])


def test_junit_is_valid_and_counts_alike(passed: Made, failed: Made) -> None:
    for document, out in (passed, failed):
        root = check_junit(out / "junit.xml")
        cases = [case for row in document["requirements"] for case in row["cases"]]
        assert int(root.get("tests") or 0) == len(cases)
        assert int(root.get("failures") or 0) == sum(case["verdict"] == "FAIL" for case in cases)


def test_junit_takes_any_text(passed: Made, tmp_path: Path) -> None:
    document = json.loads(json.dumps(passed[0]))
    document["requirements"][0]["cases"][0]["actual"] = "\x00\x07 <&]]> \ud800 \uffff 🚪"
    junit.write(document, tmp_path / "junit.xml")
    check_junit(tmp_path / "junit.xml")


class Page(HTMLParser):
    """Collects what a page loads and shows."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.opened = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [
            value or "" for name, value in attrs if name in ("src", "href") and not (value or "").startswith("#")
        ]
        self.opened += tag == "details" and ("open", None) in attrs


def test_the_page_loads_nothing_and_opens_what_failed(failed: Made) -> None:
    text = (failed[1] / "report.html").read_text("utf-8")
    page = Page()
    page.feed(text)
    assert page.loads == []
    assert text.index("cause explains") < text.index("The run")  # what failed stands open, above everything
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text
    assert "UserID + LogTime" in text


def test_the_page_escapes_what_a_target_answers(passed: Made) -> None:
    from camsim_conformance.report.html import html

    document = json.loads(json.dumps(passed[0]))
    document["requirements"][0]["cases"][0]["actual"] = "<script>alert(1)</script>"
    assert "<script>" not in html(document)


def test_the_summary_names_the_violation_its_sentence_and_what_is_not_shown(failed: Made, passed: Made) -> None:
    text = (failed[1] / "summary.md").read_text("utf-8")
    assert "CB-DUP-001 FAIL" in text
    assert "V3:1170" in text
    assert "Not shown" in (passed[1] / "summary.md").read_text("utf-8")


def test_cases_hold_the_exact_bytes_with_placeholders(failed: Made) -> None:
    folder = failed[1] / "cases" / "CB-DUP-001" / "twice"
    body = (folder / "01.body").read_bytes()
    assert json.loads(body)["RealTime"]["AuthToken"] == "@AUTH_TOKEN_1@"
    assert TOKEN.encode() in fill(body, (Device(TOKEN),))
    assert [step["what"] for step in json.loads((folder / "case.json").read_text())["steps"]] == [
        "RealTimePunchLog"
    ] * 2


def test_large_bodies_are_kept_compressed(passed: Made) -> None:
    file = passed[1] / "cases" / "CB-ROB-003" / "8-MB" / "01.body.gz"
    assert len(gzip.decompress(file.read_bytes())) > 8_000_000
    assert file.stat().st_size < 100_000


def test_the_printed_curl_sends_the_case(failed: Made, receiver: Running) -> None:
    case = rows(failed[0], "CB-DUP-001")["cases"][0]
    line = case["curl"][0].replace(failed[0]["target"]["url"], receiver.url)
    sent = subprocess.run(
        ["bash", "-c", line],
        cwd="/",
        env={"CAMSIM_AUTH_TOKEN": TOKEN, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        check=True,
    )
    assert b'{"status":"done"}' in sent.stdout.replace(b" ", b"")
    assert receiver.counts()["punch"] == 1


def test_the_clean_up_list_names_everybody_who_was_sent(passed: Made) -> None:
    listed = set((passed[1] / "cleanup.txt").read_text().split())
    bodies = b"".join(file.read_bytes() for file in passed[1].glob("cases/CB-*/*/*.body"))
    sent = {user.decode() for user in re.findall(rb'"User(?:Id|ID)":"([0-9]{9})"', bodies)}
    assert sent <= listed


def test_the_clean_up_list_is_there_when_the_run_breaks(tmp_path: Path) -> None:
    certify.certify(profile("http://127.0.0.1:9/", None, "CB-DUP-001"), Outputs(out=tmp_path))
    assert len((tmp_path / "cleanup.txt").read_text().split()) > 4


def test_no_output_holds_a_secret(tmp_path: Path) -> None:
    features = frozenset({"core", "user-data", "photo", "aes"})
    with start(tokens=[TOKEN], key=KEY, broken=policy("no-dedupe")) as made:
        # Without the rows, whose hundreds of files are made as those of all cases are.
        globs = ("CB-[A-QS-Z]*", "CB-ROB-*")
        chosen = profile(made.url, made.readback_url, *globs, features=features, devices=(Device(TOKEN, key=KEY),))
        certify.certify(chosen, Outputs(out=tmp_path))
    shown = TOKEN[:-1].encode()
    leaking = [
        str(file.relative_to(tmp_path))
        for file in tmp_path.rglob("*")
        if file.is_file()
        and any(secret in _content(file) for secret in (shown, KEY.encode(), TOKEN.swapcase().encode()))
    ]
    assert leaking == []


def _content(file: Path) -> bytes:
    return gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()


def test_masks_are_undone_by_a_replay() -> None:
    chosen = profile("http://127.0.0.1:1/")
    for text in (TOKEN, TOKEN[:-1], TOKEN.swapcase(), TOKEN + "x"):
        hidden = mask_bytes(text.encode(), chosen)
        assert TOKEN[:-1].encode() not in hidden
        assert fill(hidden, chosen.devices) == text.encode()


def test_masks_reach_every_level() -> None:
    assert mask({"a": [TOKEN, (TOKEN,)], TOKEN: 1}, profile("http://127.0.0.1:1/")) == {
        "a": ["@AUTH_TOKEN_1@", ["@AUTH_TOKEN_1@"]],
        "@AUTH_TOKEN_1@": 1,
    }


# --- grades -----------------------------------------------------------------------------------------------------------


def test_a_full_run_with_read_back_is_grade_state(passed: Made) -> None:
    assert (passed[0]["grade"], passed[0]["exit_code"]) == ("state", 0)


def test_without_read_back_the_grade_is_ack_and_says_what_was_not_shown(receiver: Running) -> None:
    result = told(profile(receiver.url))
    assert (result["grade"], result["exit_code"]) == ("ack", 0)
    assert "stored, de-duplicated, ordered, merged or authenticated" in result["not_shown"]
    assert rows(result, "CB-DUP-001")["verdict"] == "UNVERIFIED"


def test_a_part_of_the_requirements_gives_no_grade(receiver: Running) -> None:
    result = told(profile(receiver.url, receiver.readback_url, "CB-DUP-*"))
    assert (result["grade"], result["exit_code"]) == ("none", 0)


STORM = {
    "outcome": "passed",
    "doubts": [],
    "rate": {"reached": 99.5},
    "duration_s": 60,
    "latency": {"p95": 0.2},
    "ledger": {"total": 5970, "undelivered": 0},
    "readback": {"missing": 0},
}


@pytest.fixture(scope="module")
def under_load() -> RunRecord:
    """What a run that claims to bear load gathered; the storm's report is put into it."""
    with start(tokens=[TOKEN]) as made:
        return gathered(profile(made.url, made.readback_url, features=frozenset({"core", "load"})))


@pytest.mark.parametrize(
    ("changes", "grade", "verdict"),
    [
        ({}, "storm", "PASS"),
        ({"readback": None}, "state", "UNVERIFIED"),
        ({"readback": {"missing": 3}}, "none", "FAIL"),
        ({"latency": {"p95": 2.5}}, "none", "FAIL"),
    ],
)
def test_a_storm_report_makes_the_third_grade(
    under_load: RunRecord, tmp_path: Path, changes: dict[str, Any], grade: str, verdict: str
) -> None:
    file = tmp_path / "storm.json"
    file.write_text(json.dumps(STORM | changes))
    record = replace(under_load, storm=storm_report.read(file))
    result = judged(record)
    assert (result["grade"], rows(result, "CB-RES-001")["verdict"]) == (grade, verdict)


def test_a_run_reads_the_storm_report_of_its_profile(receiver: Running, tmp_path: Path) -> None:
    file = tmp_path / "storm.json"
    file.write_text(json.dumps(STORM))
    features = frozenset({"core", "load"})
    result = told(profile(receiver.url, receiver.readback_url, "CB-RES-*", features=features, storm=file))
    assert rows(result, "CB-RES-001")["verdict"] == "PASS"
