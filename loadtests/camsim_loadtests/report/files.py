"""Write a storm's report: storm.json, an HTML page of one file, JUnit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
import msgspec
from junitparser import Failure, JUnitXml, Skipped, TestCase, TestSuite

from .charts import Line, chart

FILES = ("storm.json", "storm.html", "junit.xml")
_TEMPLATES = Path(__file__).with_name("templates")


def write(document: dict[str, Any], folder: Path) -> None:
    """All three files into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "storm.json").write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=1))
    (folder / "storm.html").write_text(html(document), encoding="utf-8")
    junit(document).write(str(folder / "junit.xml"))


def html(document: dict[str, Any]) -> str:
    """The page; it loads nothing."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters |= {"ms": milliseconds, "count": lambda value: f"{value:,}"}
    return environment.get_template("storm.html.j2").render(storm=document, charts=charts(document))


def charts(document: dict[str, Any]) -> dict[str, str]:
    """The SVG texts by name."""
    rows = document["seconds"]
    flow = [
        Line("arrived", "line-a", [(row[0], row[1]) for row in rows]),
        Line("acknowledged", "line-b", [(row[0], row[3]) for row in rows]),
        Line("failed attempts", "line-c", [(row[0], row[4]) for row in rows]),
    ]
    times = [
        Line("p50", "line-b", [(row[0], row[6]) for row in rows]),
        Line("p99", "line-c", [(row[0], row[7]) for row in rows]),
    ]
    return {
        "flow": chart("Arrivals and acknowledgements a second", "/s", "s", flow),
        "times": chart("Latency from the scheduled moment", "ms", "s", times),
        "backlog": chart(
            "Not yet acknowledged", "", "s", [Line("backlog", "line-a", [(row[0], row[5]) for row in rows])]
        ),
    }


def milliseconds(value: float | None) -> str:
    """`12.3 ms`, `4.56 s`, or a dash."""
    if value is None:
        return "–"
    return f"{value:.2f} s" if value >= 1 else f"{value * 1000:.1f} ms"


def junit(document: dict[str, Any]) -> JUnitXml:
    """One test case a threshold, and one for the driver itself."""
    suite = TestSuite(f"camsim storm {document['profile']}")
    driver = TestCase("driver kept its schedule", classname="camsim.storm")
    if document["doubts"]:
        driver.result = [Skipped("; ".join(document["doubts"]))]
    suite.add_testcase(driver)
    for row in document["thresholds"]:
        case = TestCase(row["text"], classname="camsim.storm")
        told = f"expected {row['text']}, measured {row['value']}"
        if row["passed"] is None:
            case.result = [Skipped("not measured")]
        elif not row["passed"]:
            case.result = [Failure(told, "threshold")]
        suite.add_testcase(case)
    xml = JUnitXml("camsim storm")
    xml.add_testsuite(suite)
    return xml
