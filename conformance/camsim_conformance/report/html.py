"""report.html: one file, nothing from the network, readable in light, dark and on paper."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from camsim.protocol.vocabulary import Protocol
from camsim.shown import for_html
from camsim_conformance.requirements import catalogue, exclusions

from . import gathering, svg
from .document_types import Document, RequirementDocument
from .wording import place

OPEN_AT_START = ("FAIL", "ERROR", "COULD-NOT-RUN", "ADVICE")
FIRST = (*OPEN_AT_START, "UNVERIFIED")
_SOURCE = re.compile(r"\bV[23]:\d+\b")


@cache
def _template() -> Template:
    loader = PackageLoader("camsim_conformance.report", "templates")
    # StrictUndefined: a member that is not in the document is an error here, not a hole in somebody's report.
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["cited"] = cited
    environment.filters["place"] = place
    environment.globals["gathering"] = gathering
    environment.globals["svg"] = svg
    return environment.get_template("report.html")


def html(document: Document) -> str:
    """The report page."""
    # What needs a person comes first; the rest stays in the catalogue's order.
    rows = sorted(document["requirements"], key=_place)
    shown = {**document, "requirements": rows}
    opened = {row["id"] for row in rows if _opens(row, document)}
    counts = {verdict: count for verdict, count in document["counts"].items() if count}
    page = _template().render(
        result=shown,
        opened=opened,
        counts=counts,
        headline=gathering.headline(document),
        verdict_line=gathering.verdict_line(document),
    )
    return for_html(page)


def _opens(row: RequirementDocument, document: Document) -> bool:
    """What needs a person stands open, but for what a cause above says already."""
    if row["verdict"] not in OPEN_AT_START:
        return False
    return not row["causes"] or bool(gathering.unexplained(row, document["causes"]))


def _place(row: RequirementDocument) -> int:
    if row["verdict"] not in FIRST:
        return len(FIRST)
    return FIRST.index(row["verdict"])


def cited(text: str) -> Markup:
    """The text, escaped, with the sentence behind every `V3:1166` in it."""
    parts: list[Markup] = []
    end = 0
    for found in _SOURCE.finditer(text):
        parts += [escape(text[end : found.start()]), _reference(found[0])]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def _reference(source: str) -> Markup:
    sentence = _sentences().get(source)
    said = f"{place(source)}: “{sentence}”" if sentence else place(source)
    return Markup('<abbr title="{}">{}</abbr>').format(said, source)


@cache
def _sentences() -> Mapping[str, str]:
    """Every quoted sentence by its line."""
    found: dict[str, str] = {}
    for protocol in Protocol:
        quotes = [quote for row in catalogue(protocol) for quote in row.quotes]
        quotes += [quote for exclusion in exclusions(protocol) for quote in exclusion.quotes]
        for quote in quotes:
            # Of several parts of one line the longest.
            if len(quote.text) > len(found.get(quote.source, "")):
                found[quote.source] = quote.text
    return found
