"""The journal: bounded, masked, comparable."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from camsim.secrecy import NONE, digest, mask_secret
from camsim.state.journal import Entry, Journal, canonical, present


def _entry(seq: int, **members: object) -> Entry:
    base = {
        "at": seq * 1000,
        "device": "SIM1",
        "device_seq": seq,
        "direction": "callback",
        "operation": "RealTimePunchLog",
    }
    return Entry(seq, **{**base, **members})  # type: ignore[arg-type]


def _filled(count: int, **limits: int) -> Journal:
    journal = Journal(**limits)  # type: ignore[arg-type]
    for number in range(1, count + 1):
        journal.add(_entry(number, plain=b"x" * 100))
    return journal


def test_the_oldest_entries_go_when_there_are_too_many() -> None:
    journal = _filled(5000, max_entries=10)
    assert [entry.seq for entry in journal.select()] == list(range(4991, 5001))
    assert (journal.dropped, len(journal)) == (4990, 10)
    assert len(journal.entries) < 2500


def test_the_oldest_entries_go_when_they_hold_too_much() -> None:
    journal = _filled(100, max_bytes=4000)
    assert len(journal) == 10
    assert journal.held_bytes == sum(entry.size for entry in journal.select())


def test_an_entry_larger_than_the_bound_is_kept_alone() -> None:
    journal = _filled(3, max_bytes=1)
    assert [entry.seq for entry in journal.select()] == [3]


def test_entries_are_found_by_their_attributes() -> None:
    journal = Journal()
    for number, user in enumerate(("1", "2", "1"), 1):
        journal.add(_entry(number, user=user))
    assert [entry.seq for entry in journal.select(user="1", operation=None)] == [1, 3]
    assert [entry.seq for entry in journal.newest(1, user="1")] == [3]


def test_clearing_keeps_the_numbers_going() -> None:
    journal = _filled(3)
    journal.seq = 3
    journal.clear()
    assert (len(journal), journal.seq, journal.held_bytes) == (0, 3, 0)


@pytest.mark.parametrize(
    ("secret", "shown"), [("COJJ7eiiPBGUfmIQPvh2PJWWDLX7OuKs", "CO…Ks"), ("short", "…"), ("", ""), (None, None)]
)
def test_secrets_show_their_ends_only(secret: str | None, shown: str | None) -> None:
    assert mask_secret(secret) == shown


def test_templates_photos_and_tokens_are_masked_at_any_depth() -> None:
    message = {"RealTime": {"AuthToken": "a" * 32, "UserUpdated": {"Template": [{"Type": "Face", "Data": "x" * 40}]}}}
    shown: Any = NONE.masked(message)
    shown = shown["RealTime"]
    assert shown["AuthToken"] == "aa…aa"
    assert shown["UserUpdated"]["Template"][0] == {"Type": "Face", "Data": {"sha256": digest(b"x" * 40), "size": 40}}


def test_an_entry_shows_parsed_bodies_and_hashes_but_no_bytes_unless_full() -> None:
    entry = _entry(1, plain=b'{"a":1}', wire=b"c2VjcmV0", answer=b'{"status":"done"}')
    shown = msgspec.to_builtins(present(entry))
    assert shown["request"] == {"length": 8, "sha256": digest(b"c2VjcmV0"), "body": {"a": 1}}
    assert present(entry, None).request.bytes == "c2VjcmV0"


@pytest.mark.parametrize("plain", [b"", b"\xff", b"no json", b"[" * 100_000])
def test_a_body_that_cannot_be_parsed_is_shown_as_nothing(plain: bytes) -> None:
    assert present(_entry(1, plain=plain)).request.body is None


def test_the_canonical_form_has_no_real_clock_and_no_duration() -> None:
    one, other = Journal(), Journal()
    one.add(_entry(1, real_s=1.0, took_ms=2.0))
    other.add(_entry(1, real_s=9.0, took_ms=7.0))
    assert canonical(one) == canonical(other) != b""


def test_the_canonical_form_can_begin_with_what_its_bytes_depend_on() -> None:
    journal = Journal()
    journal.add(_entry(1))
    head, rest = canonical(journal, {"faker": "1.0"}).split(b"\n", 1)
    assert json.loads(head) == {"canonical": 1, "faker": "1.0"}
    assert rest == canonical(journal)


def test_the_canonical_form_is_ordered_by_time_device_and_sequence() -> None:
    journal = Journal()
    for seq, at, device, number in ((1, 5, "B", 1), (2, 5, "A", 2), (3, 5, "A", 1), (4, 1, "Z", 1)):
        journal.add(_entry(seq, at=at, device=device, device_seq=number))
    assert [json.loads(line)[:3] for line in canonical(journal).splitlines()] == [
        [1, "Z", 1],
        [5, "A", 1],
        [5, "A", 2],
        [5, "B", 1],
    ]
