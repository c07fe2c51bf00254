"""summary.md: what a person wants to know first, as a job summary or a pull request comment."""

from __future__ import annotations

from typing import Any

_MARKS = {"FAIL": "❌", "ERROR": "💥", "COULD-NOT-RUN": "⛔", "ADVICE": "⚠️", "UNVERIFIED": "❔"}


def summary(document: dict[str, Any]) -> str:
    """The summary as Markdown."""
    head = [
        f"# Conformance: {document['outcome']}, grade {document['grade']}",
        "",
        f"`{document['target']['url']}` · {document['profile']['protocol']} · features "
        f"{', '.join(document['profile']['features'])} · seed {document['seed']} · {document['seconds']} s",
        "",
        f"**Shown:** {document['shown']}.",
        f"**Not shown:** {document['not_shown']}.",
        "",
    ]
    void = [f"> The run is void: {document['void']}", ""] if document["void"] else []
    problems = [*(f"- {text}" for text in document["problems"]), ""] if document["problems"] else []
    return "\n".join([*head, *void, *problems, *_counts(document), *_findings(document)]) + "\n"


def _counts(document: dict[str, Any]) -> list[str]:
    found = {verdict: count for verdict, count in document["counts"].items() if count}
    return [
        "| " + " | ".join(found) + " |",
        "|" + "---|" * len(found),
        "| " + " | ".join(map(str, found.values())) + " |",
        "",
    ]


def _findings(document: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for row in document["requirements"]:
        if row["verdict"] not in _MARKS or (document["void"] and row["verdict"] == "COULD-NOT-RUN"):
            continue
        waived = f" (waived by {row['waived']['owner']})" if row["waived"] else ""
        lines.append(f"## {_MARKS[row['verdict']]} {row['id']} {row['verdict']}{waived}: {row['title']}")
        lines += [f"> {quote['text']} *({quote['source']})*" for quote in row["quotes"]]
        bad = [case for case in row["cases"] if case["verdict"] == row["verdict"]]
        lines += ["", *(f"- `{case['id']}` expected {case['expected']}; found {case['actual']}" for case in bad[:5])]
        lines += [f"- and {len(bad) - 5} more"] if len(bad) > 5 else []
        lines.append("")
    return lines
