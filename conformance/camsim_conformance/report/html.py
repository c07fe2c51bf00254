"""report.html: one file, nothing from the network, readable in light, dark and on paper."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from .document import Document, RequirementDocument, counted

OPEN_AT_START = ("FAIL", "ERROR", "COULD-NOT-RUN", "ADVICE")
FIRST = (*OPEN_AT_START, "UNVERIFIED")


@cache
def _template() -> Template:
    loader = PackageLoader("camsim_conformance.report", "templates")
    # StrictUndefined: a member that is not in the document is an error here, not a hole in somebody's report.
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.get_template("report.html")


def html(document: Document) -> str:
    """The report page."""
    # What needs a person comes first; the rest stays in the catalogue's order.
    rows = sorted(document["requirements"], key=_place)
    shown = {**document, "requirements": rows}
    return _template().render(result=shown, opened=OPEN_AT_START, counts=counted(document))


def _place(row: RequirementDocument) -> int:
    if row["verdict"] not in FIRST:
        return len(FIRST)
    return FIRST.index(row["verdict"])
