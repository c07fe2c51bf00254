"""docs/requirements.md, made from the catalogue; `python -m camsim_conformance.requirements.page` writes it again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from camsim.protocol.vocabulary import Protocol

from . import FEATURES, Requirement, catalogue, exclusions

PAGE = Path("docs/requirements.md")
HEAD = """# Requirements of a callback URL

Made by `python -m camsim_conformance.requirements.page` from the catalogue; do not edit. `camsim explain ID` prints
one.

**Level**: MUST fails a run, SHOULD is advice, RECORD is written down and never judged.
**Basis**: *doc*: a sentence of the vendor's page asks for it; *field*: seen in live integrations; *project*: our
opinion; the last two are never above SHOULD.
**Evidence**: A is visible in the answer, S needs read-back, T a storm. `V3:61` is line 61 of the v3 page.

| feature | means |
|---|---|
"""


def page() -> str:
    """The whole page."""
    return "\n".join(_lines()).rstrip() + "\n"


def _lines() -> Iterator[str]:
    yield HEAD + "\n".join(f"| `{name}` | {text} |" for name, text in FEATURES.items())
    for protocol in (Protocol.V3, Protocol.V2):
        rows = catalogue(protocol)
        yield f"\n## {protocol}: {len(rows)} requirements\n"
        for row in rows:
            yield from _requirement(row)
        yield f"### Not checked in {protocol}\n"
        for exclusion in exclusions(protocol):
            quotes = [f"“{quote.text}” ({quote.source})" for quote in exclusion.quotes]
            yield f"- **{exclusion.id}** {'; '.join(quotes)}: {exclusion.reason}"


def _requirement(row: Requirement) -> Iterator[str]:
    upgrade = f" ({row.upgrade_level} with `{row.upgrade_feature}`)" if row.upgrade_level else ""
    yield f"### {row.id}\n"
    yield f"**{row.level}**{upgrade} · evidence {row.evidence_text} · basis {row.basis} · {', '.join(row.features)}\n"
    yield f"{row.title}\n"
    for quote in row.quotes:
        yield f"> {quote.text} *({quote.source})*\n"
    yield f"Cases: {row.cases}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    sys.stdout.write(f"{PAGE}\n")
