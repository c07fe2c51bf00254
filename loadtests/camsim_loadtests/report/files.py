"""Write a storm's report: storm.json, an HTML page of one file, JUnit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import jinja2
import msgspec
from junitparser import Failure, JUnitXml, Skipped, TestCase, TestSuite

from camsim.shown import for_html, for_json, for_xml
from camsim_loadtests.verdict.storm_json import SecondRow, StormDocument

from .charts import Line, chart

FILES = ("storm.json", "storm.html", "junit.xml")
_TEMPLATES = Path(__file__).with_name("templates")


def write(document: StormDocument, folder: Path) -> None:
    """All three files into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "storm.json").write_text(
        for_json(msgspec.json.format(msgspec.json.encode(document), indent=1).decode()), "utf-8"
    )
    (folder / "storm.html").write_text(html(document), encoding="utf-8")
    junit(document).write(str(folder / "junit.xml"))


def html(document: StormDocument) -> str:
    """The page; it loads nothing."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {"ms": milliseconds, "count": lambda value: f"{value:,}"}
    return for_html(environment.get_template("storm.html.j2").render(storm=document, charts=charts(document)))


def charts(document: StormDocument) -> dict[str, str]:
    """The SVG texts by name."""
    rows = document["seconds"]
    flow = [
        _line("arrived", "line-a", rows, 1),
        _line("acknowledged", "line-b", rows, 3),
        _line("failed attempts", "line-c", rows, 4),
    ]
    times = [_line("p50", "line-b", rows, 6), _line("p99", "line-c", rows, 7)]
    backlog = [_line("backlog", "line-a", rows, 5)]
    return {
        "flow": chart("Arrivals and acknowledgements a second", "/s", "s", flow),
        "times": chart("Latency from the scheduled moment", "ms", "s", times),
        "backlog": chart("Not yet acknowledged", "", "s", backlog),
    }


def _line(label: str, css: str, rows: Sequence[SecondRow], column: int) -> Line:
    return Line(label=label, css=css, points=[(row[0] or 0, row[column]) for row in rows])


def milliseconds(value: float | str | None) -> str:
    """`12.3 ms`, `4.56 s`, or a dash; of seconds."""
    if not isinstance(value, int | float):
        return "–"
    if value >= 1:
        return f"{value:.2f} s"
    return f"{value * 1000:.1f} ms"


def junit(document: StormDocument) -> JUnitXml:
    """One test case a threshold, and one for the driver itself."""
    suite = TestSuite(f"camsim storm {document['profile']}")
    driver = TestCase("driver kept its schedule", classname="camsim.storm")
    if document["doubts"]:
        driver.result = [Skipped(for_xml("; ".join(document["doubts"])))]
    suite.add_testcase(driver)
    for row in document["thresholds"]:
        case = TestCase(row["text"], classname="camsim.storm")
        if row["passed"] is None:
            case.result = [Skipped("not measured")]
        elif not row["passed"]:
            case.result = [Failure(f"expected {row['text']}, measured {row['value']}", "threshold")]
        suite.add_testcase(case)
    xml = JUnitXml("camsim storm")
    xml.add_testsuite(suite)
    return xml
