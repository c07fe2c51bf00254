"""report.html: one file, nothing from the network, readable in light, dark and on paper."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

OPEN_AT_START = ("FAIL", "ERROR", "COULD-NOT-RUN", "ADVICE")
_RANK = {verdict: rank for rank, verdict in enumerate((*OPEN_AT_START, "UNVERIFIED"))}


@cache
def _template() -> Template:
    loader = PackageLoader("camsim_conformance.report", "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True).get_template(
        "report.html"
    )


def html(document: dict[str, Any]) -> str:
    """The report page."""
    # What needs a person comes first; the rest stays in the catalogue's order.
    rows = sorted(document["requirements"], key=lambda row: _RANK.get(row["verdict"], len(_RANK)))
    shown = {**document, "requirements": rows}
    return _template().render(result=shown, opened=OPEN_AT_START, counts=_counts(document))


def _counts(document: dict[str, Any]) -> dict[str, int]:
    return {verdict: count for verdict, count in document["counts"].items() if count}
