"""report.html: one file, nothing from the network, readable in light, dark and on paper."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

OPEN_AT_START = ("FAIL", "ERROR", "COULD-NOT-RUN", "ADVICE")


@cache
def _template() -> Template:
    loader = PackageLoader("conformance.report", "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True).get_template(
        "report.html"
    )


def html(document: dict[str, Any]) -> str:
    """The report page."""
    return _template().render(result=document, opened=OPEN_AT_START, counts=_counts(document))


def _counts(document: dict[str, Any]) -> dict[str, int]:
    return {verdict: count for verdict, count in document["counts"].items() if count}
