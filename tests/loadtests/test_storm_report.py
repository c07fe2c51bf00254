"""The report's files: JSON, a page that loads nothing, JUnit."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from camsim_loadtests.driver.histogram import Latencies
from camsim_loadtests.report.charts import Line, chart
from camsim_loadtests.report.files import html, junit, milliseconds, write

TIMES = Latencies()
TIMES.record(1500)


@pytest.fixture
def document():
    """A storm with everything a page can show."""
    named = {"user": "<b>7", "what": "2023-01-01T00:00:00Z", "device": "STORM1", "sent": "x", "acknowledged_s": 1.5}
    example = {
        "at": 1.0,
        "user": "7",
        "device": "D",
        "operation": "x",
        "attempt": 1,
        "why": "<script>alert(1)</script>",
    }
    lists = {f"{kind}_named": [named] for kind in ("missing", "doubled", "foreign")}
    return {
        "version": "1",
        "outcome": "failed",
        "doubts": ["the driver was late"],
        "target": "http://127.0.0.1/",
        "profile": "steady",
        "purpose": "p",
        "seed": 1,
        "started": "2023-01-01T00:00:00Z",
        "settings": {"devices": 1},
        "deadline_s": 2.0,
        "drain_s": None,
        "rate": {"asked": 5, "reached": 4, "peak_asked": 5},
        "latency": TIMES.summary(),
        "answer": TIMES.summary(),
        "driver": {
            "workers": 1,
            "workers_done": 1,
            "start_up_s": 1,
            "rss_mb": 50,
            "cpu_s": 1.0,
            "connections": 1,
            "arrivals": 9,
            "late": 0,
            "saturated_s": 0,
            "lag": Latencies().summary(),
        },
        "counts": {"attempts": 1234, "retries": 2},
        "errors": [{"kind": "HTTP 500", "count": 3, "example": example}],
        "outages": [{"from_s": 1, "to_s": 3, "drained_s": None}],
        "ledger": {
            "total": 9,
            "acknowledged": 8,
            "undelivered": 1,
            "undelivered_named": [{"user": "9", "time": "t", "device": "D", "attempts": 3}],
        },
        "readback": {
            "url": "u",
            "users": 1,
            "of_users": 2,
            "full": False,
            "punches": 9,
            "templates": 0,
            "missing": 1,
            "doubled": 1,
            "foreign": 1,
            **lists,
        },
        "thresholds": [
            {"text": "p95<1s", "value": 2.0, "passed": False},
            {"text": "lost==0", "value": 0.0, "passed": True},
            {"text": "drain<1s", "value": None, "passed": None},
        ],
        "seconds": [[0, 5, 5, 4, 1, 1, 10.0, 20.0], [1, 4, 4, 4, 0, 1, None, None]],
    }


def test_the_three_files_are_written(document, tmp_path):
    write(document, tmp_path / "new")

    assert {path.name for path in (tmp_path / "new").iterdir()} == {"storm.json", "storm.html", "junit.xml"}
    assert json.loads((tmp_path / "new" / "storm.json").read_text()) == document


class _Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.words = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.words += data


def test_the_page_tells_what_was_found_and_loads_nothing(document):
    page = _Page(html(document))

    assert not {"src", "href"} & {name for _, attributes in page.tags for name in attributes}
    assert "script" not in {tag for tag, _ in page.tags}
    for told in (
        "failed",
        "the driver was late",
        "HTTP 500",
        "<b>7",
        "2023-01-01T00:00:00Z",
        "not measured",
        "not drained",
    ):
        assert told in page.words


def test_the_page_has_colours_for_light_and_dark(document):
    assert "prefers-color-scheme: dark" in html(document)


def test_a_page_of_an_empty_storm_can_be_made(document):
    empty = {"readback": None, "seconds": [], "errors": [], "outages": [], "doubts": []}

    assert "<svg" in html(document | empty)


def test_junit_has_a_case_for_each_threshold_and_the_driver(document):
    suite = ElementTree.fromstring(junit(document).tostring()).find("testsuite")

    results = {case.get("name"): [child.tag for child in case] for case in suite}
    assert results == {
        "driver kept its schedule": ["skipped"],
        "p95<1s": ["failure"],
        "lost==0": [],
        "drain<1s": ["skipped"],
    }


@pytest.mark.parametrize(("value", "text"), [(None, "–"), (0.0123, "12.3 ms"), (4.567, "4.57 s")])
def test_times_are_written_for_people(value, text):
    assert milliseconds(value) == text


def test_a_chart_leaves_a_gap_where_nothing_was_measured():
    svg = chart("t", "ms", "s", [Line("a", "line-a", [(0, 1.0), (1, 2.0), (2, None), (3, 1.0)])])

    assert svg.count("<polyline") == 2
    assert ElementTree.fromstring(svg).tag == "svg"
