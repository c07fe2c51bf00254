"""What an answer says once it is opened; which answers acknowledge is tested with the outbox."""

from __future__ import annotations

import pytest

from camsim.protocol.acknowledgement import answer_of, oddities, opened
from camsim.protocol.cipher import encrypt

KEY, OTHER = "a" * 32, "b" * 32
DONE = b'{"status":"done"}'


@pytest.mark.parametrize(
    ("body", "key", "plain", "encrypted"),
    [
        (DONE, KEY, DONE, False),
        (encrypt(KEY, DONE), KEY, DONE, True),
        (encrypt(KEY, DONE), None, encrypt(KEY, DONE), False),
        (encrypt(OTHER, DONE), KEY, encrypt(OTHER, DONE), False),
        (b"", KEY, b"", False),
        (b"ok", KEY, b"ok", False),
    ],
)
def test_a_device_with_a_key_takes_an_answer_plain_or_encrypted(
    body: bytes, key: str | None, plain: bytes, encrypted: bool
) -> None:
    assert opened(body, key) == (plain, encrypted)


def test_a_byte_order_mark_is_no_part_of_the_answer() -> None:
    assert answer_of(b"\xef\xbb\xbf" + DONE) == {"status": "done"}


@pytest.mark.parametrize(
    ("body", "odd"),
    [
        (DONE, ()),
        (b'{"status":"done","message":"thanks"}', ()),
        (b"\xef\xbb\xbf" + DONE, ("byte order mark",)),
        (DONE + b"\r\n", ("white space",)),
        (b"\xef\xbb\xbf " + DONE, ("byte order mark", "white space")),
    ],
)
def test_what_is_tolerated_around_an_answer_has_a_name(body: bytes, odd: tuple[str, ...]) -> None:
    """A-CB-03: "a byte order mark and white space are tolerated with lint"; the page prints it bare (V3:215)."""
    found = oddities(body)
    assert len(found) == len(odd)
    assert all(name in text for name, text in zip(odd, found, strict=True))


@pytest.mark.parametrize("body", [b"", b"ok", b"\xff", b"[" * 100_000])
def test_what_is_not_json_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        answer_of(body)
