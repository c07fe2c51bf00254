"""Receivers with one bug each (scripts/first_sentences.py): the right ones pass, and what is said first is the bug."""

from __future__ import annotations

from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
SOME = ("CB-ACK-001", "CB-PUNCH-002", "CB-PHOTO-*", "CB-ORD-005")


@pytest.mark.parametrize(
    ("stack", "bug"),
    [
        ("flask", "none"),
        ("flask", "mealout-is-out"),
        ("node", "none"),
        ("node", "photo-400"),
        ("php", "none"),
        ("express", "none"),
    ],
)
def test_the_first_sentence_is_the_bug(stack: str, bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import first_sentences as script

    row = script.known()[stack][bug]
    try:
        with script.receiver(stack, bug) as address:
            result = script.certified(address, SOME, settle_s=0.3)
    except script.SkippedError as reason:
        pytest.skip(str(reason))
    assert script.is_said(script.first_sentence(result), row.get("says", ()))
    assert (result.violated == []) is (bug == "none")
