"""The vendor's printed messages and cited lines, as they are kept in fixtures/vendor/."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from camsim import resources
from camsim.protocol import timestamps
from camsim.protocol.catalogue import V2, V2_CALLBACKS, V2_COMMANDS, V3
from camsim.protocol.schemas import families, validate

SAMPLES: list[dict[str, Any]] = resources.load("fixtures", "vendor", "v3.json")
V2_MESSAGES: list[dict[str, Any]] = resources.load("fixtures", "vendor", "v2.json")["messages"]
SCRIPT = Path(__file__).parents[3] / "scripts" / "vendor_quotes.py"


def test_every_operation_of_v3_has_its_printed_sample() -> None:
    expected = [(row.number, row.name, str(row.direction)) for row in V3]
    assert [(sample["number"], sample["name"], sample["direction"]) for sample in SAMPLES] == expected


def test_the_lines_of_the_samples_rise() -> None:
    lines = [line for sample in SAMPLES for line in (sample["request_line"], sample["response_line"])]
    assert lines == sorted(set(lines))


def test_every_operation_of_v2_has_an_example() -> None:
    assert {row.name for row in V2} == {message["name"] for message in V2_MESSAGES} - {"LazyResponse"}


def test_only_the_printed_v2_message_is_called_verbatim() -> None:
    verbatim = [(message["name"], message["request_line"]) for message in V2_MESSAGES if message["basis"] == "verbatim"]
    assert verbatim == [("RealTimePunchLog", 245)]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample['number']:02d}")
def test_every_printed_message_has_the_form_of_its_family_alone(sample: dict[str, Any]) -> None:
    row = V3[sample["number"] - 1]
    assert [family for family in families() if not validate(family, "request", sample["request"])] == [row.family]
    assert validate(row.family, "response", sample["response"]) == []


@pytest.mark.parametrize("message", V2_MESSAGES, ids=lambda message: f"{message['name']}-{message['case']}")
def test_every_v2_example_has_the_form_of_its_family(message: dict[str, Any]) -> None:
    table = V2_CALLBACKS if message["direction"] == "callback" else V2_COMMANDS
    family = table[message["name"]].family if message["name"] in table else message["name"]
    assert validate(family, "request", message["request"], "v2") == []
    assert validate(family, "response", message["response"], "v2") == []


def _times(value: Any, key: str = "") -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [found for name, inner in value.items() for found in _times(inner, name)]
    if isinstance(value, list):
        return [found for inner in value for found in _times(inner, key)]
    return [(key, value)] if "Time" in key or key in ("ModifiedTo", "Start", "End", "StartDate", "EndDate") else []


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample['number']:02d}")
def test_every_printed_time_is_read_and_written_again_byte_for_byte(sample: dict[str, Any]) -> None:
    writers = {
        timestamps.Shape.GMT: timestamps.gmt,
        timestamps.Shape.LOCAL: timestamps.local,
        timestamps.Shape.DEVICE_INFORMATION: timestamps.device_information,
        timestamps.Shape.LICENCE_DATE: timestamps.licence_date,
    }
    found = _times(sample)
    stamps = [timestamps.parse(text) for _, text in found]
    assert [writers[stamp.shape](stamp.epoch_s, stamp.offset or 0) for stamp in stamps] == [text for _, text in found]


def _citations(name: str) -> set[tuple[str, int]]:
    return {(row["page"], row["line"]) for row in resources.load("fixtures", "vendor", name)}


def test_every_cited_line_is_quoted_once() -> None:
    quotes = resources.load("fixtures", "vendor", "quotes.json")
    places = [(quote["page"], quote["line"]) for quote in quotes["quotes"]]
    assert len(places) == len(set(places))
    assert _citations("citations.json") <= set(places)
    assert all(1 <= line <= quotes["pages"][page]["lines"] for page, line in places)


@pytest.fixture
def pages(tmp_path: Path) -> dict[str, Path]:
    """Stand-ins for the vendor's pages: the cited lines in their places, the others empty."""
    document = resources.load("fixtures", "vendor", "quotes.json")
    made = {}
    for page, facts in document["pages"].items():
        lines = [""] * facts["lines"]
        for quote in document["quotes"]:
            if quote["page"] == page:
                lines[quote["line"] - 1] = quote["text"]
        made[page] = tmp_path / f"{page}.txt"
        made[page].write_text("\n".join(lines), "utf-8")
    return made


def _run(pages: dict[str, Path], *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), "--v3", str(pages["v3"]), "--v2", str(pages["v2"]), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_script_notices_that_a_page_has_changed(pages: dict[str, Path]) -> None:
    before = resources.path("fixtures", "vendor", "quotes.json").read_bytes()
    result = _run(pages, "--check")  # the stand-ins lack the lines that nobody cites: another sha256
    assert (result.returncode, "quotes.json is stale" in result.stderr) == (1, True)
    assert resources.path("fixtures", "vendor", "quotes.json").read_bytes() == before


def test_the_script_notices_a_quotation_that_the_line_does_not_say(pages: dict[str, Path]) -> None:
    text = pages["v3"].read_text("utf-8")
    pages["v3"].write_text(text.replace("Recommended max range: 30 days", "Recommended max range: 31 days"), "utf-8")
    result = _run(pages, "--check")
    assert "v3:481 does not say 'Recommended max range: 30 days.' (quoted in fixtures/register.json)" in result.stderr


def test_the_script_refuses_a_page_that_is_not_there(pages: dict[str, Path]) -> None:
    pages["v2"].unlink()
    assert _run(pages, "--check").returncode == 2


def test_the_printed_samples_are_kept_in_the_order_of_the_page() -> None:
    """Key order is part of the sample: #11 prints OperationID first, #3 UserUpdated."""
    assert next(iter(SAMPLES[10]["request"]["RealTime"])) == "OperationID"
    assert next(iter(SAMPLES[2]["request"]["RealTime"])) == "UserUpdated"
    assert json.dumps(SAMPLES[27]["request"]["Add"]) == (
        '{"User": {"UserID": "1", "FirstName": "Manu", "LastName": "Mona", "UserType": "User"}}'
    )
