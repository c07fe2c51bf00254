"""docs/requirements.md, made from the catalogue; `python -m camsim_conformance.requirements.page` writes it again."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from camsim.protocol.vocabulary import Protocol

from . import FEATURES, Requirement, catalogue, exclusions
from .pairs import pairs

PAGE = Path("docs/requirements.md")
HEAD = """# Requirements of a callback URL

Made by `python -m camsim_conformance.requirements.page` from the catalogue; do not edit. `camsim explain ID` prints
one.

**Level**: MUST fails a run, SHOULD is advice, RECORD is written down and never judged.
**Basis**: *doc*: a sentence of the vendor's page asks for it; *field*: seen in live integrations; *project*: our
opinion; the last two are never above SHOULD. *No MUST because* says of every SHOULD what is missing.
**Evidence**: A is visible in the answer, S needs read-back, T a storm. `V3:61` is line 61 of the v3 page.

| feature | means |
|---|---|
"""


def page() -> str:
    """The whole page."""
    return "\n".join(_lines()).rstrip() + "\n"


def _lines() -> Iterator[str]:
    yield HEAD + "\n".join(f"| `{name}` | {text} |" for name, text in FEATURES.items())
    yield from _both()
    for protocol in (Protocol.V3, Protocol.V2):
        rows = catalogue(protocol)
        yield f"\n## {protocol}: {len(rows)} requirements\n"
        for row in rows:
            yield from _requirement(row)
        yield f"### Not checked in {protocol}\n"
        for exclusion in exclusions(protocol):
            quotes = [f"“{quote.text}” ({quote.source})" for quote in exclusion.quotes]
            yield f"- **{exclusion.id}** {'; '.join(quotes)}: {exclusion.reason}"


def _both() -> Iterator[str]:
    yield "\n## v3 and v2 side by side\n"
    yield "What is asked of both, and what of one: each with its level and the first line that asks for it.\n"
    yield "| what is checked | where | v3 | v2 | what differs |"
    yield "|---|---|---|---|---|"
    for pair in pairs():
        yield f"| {pair.what} | {pair.where} | {_cell(pair.v3)} | {_cell(pair.v2)} | {pair.why} |"


def _cell(rows: Iterable[Requirement]) -> str:
    found = [f"[{row.id}](#{row.id.lower()}) {row.level}, {_asked_by(row)}" for row in rows]
    return "<br>".join(found) or "–"


def _asked_by(row: Requirement) -> str:
    """The line of the page, or whose opinion it is."""
    return row.quotes[0].source if row.quotes else row.basis


def _requirement(row: Requirement) -> Iterator[str]:
    upgrade = f" ({row.upgrade_level} with `{row.upgrade_feature}`)" if row.upgrade_level else ""
    yield f"### {row.id}\n"
    yield f"**{row.level}**{upgrade} · evidence {row.evidence_text} · basis {row.basis} · {', '.join(row.features)}\n"
    yield f"{row.title}\n"
    for quote in row.quotes:
        yield f"> {quote.text} *({quote.source})*\n"
    if row.why is not None:
        yield f"No MUST because: {row.why}\n"
    yield f"Cases: {row.cases}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    sys.stdout.write(f"{PAGE}\n")
