"""Encryption of bodies: round trips, the incremental form, refusals (v3, Encryption; A-ENC-01…06)."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camsim.protocol import cipher
from camsim.protocol.cipher import CipherError

KEY = "0123456789abcdefghijklmnopqrstuv"


@given(st.text(max_size=200))
def test_every_text_decrypts_to_itself(text: str) -> None:
    assert cipher.decrypt(KEY, cipher.encrypt(KEY, text.encode())) == text.encode()


@pytest.mark.parametrize("length", range(0, 49))
def test_every_length_mod_16_survives(length: int) -> None:
    plain = b"x" * length
    body = cipher.encrypt(KEY, plain)
    assert (len(base64.b64decode(body)), cipher.decrypt(KEY, body)) == (length - length % 16 + 16, plain)


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_encrypting_piece_by_piece_gives_the_same_bytes(pieces: list[bytes]) -> None:
    encryptor = cipher.Encryptor(KEY)
    body = b"".join([encryptor.update(piece) for piece in pieces] + [encryptor.finish()])
    assert body == cipher.encrypt(KEY, b"".join(pieces))


@given(st.binary(max_size=100))
def test_any_bytes_decrypt_or_are_refused(body: bytes) -> None:
    try:
        cipher.decrypt(KEY, body).decode()
    except CipherError:
        return


@pytest.mark.parametrize("key", ["", "short", "x" * 16, "x" * 31, "x" * 33, "é" * 32])
def test_a_key_of_another_length_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(ValueError, match=f"exactly 32 bytes of UTF-8, this one has {len(key.encode())}") as refused:
        cipher.check_key(key)
    assert not key or key not in str(refused.value)


def test_letters_of_several_bytes_count_as_bytes_of_the_key() -> None:
    assert len(cipher.check_key("é" * 16)) == 32


def test_line_breaks_are_read_with_a_note_and_refused_when_strict() -> None:
    body = cipher.encrypt(KEY, b'{"a":1}') + b"\r\n"
    assert cipher.decrypt_lenient(KEY, body) == (b'{"a":1}', ["white space inside or around it"])
    with pytest.raises(CipherError, match="not standard"):
        cipher.decrypt(KEY, body, strict=True)


def test_standard_base64_has_no_note() -> None:
    assert cipher.decrypt_lenient(KEY, cipher.encrypt(KEY, b"{}")) == (b"{}", [])


def test_equal_blocks_show_as_equal() -> None:
    """A-ENC-11: the documented weakness of ECB is kept."""
    blocks = base64.b64decode(cipher.encrypt(KEY, b"a" * 32))
    assert blocks[:16] == blocks[16:32]
