"""Bytes and messages of v3: raw JSON, or its Base64 AES-256 form when the device has a security key."""

from __future__ import annotations

from typing import Any

import msgspec

from camsim.protocol import cipher

encode = msgspec.json.encode
_MOST_VALUES = 100_000
_decoder = msgspec.json.Decoder()


class EnvelopeError(ValueError):
    """The bytes are no message; `fault` is `json`, `mode` (plain instead of encrypted, or the reverse) or `cipher`."""

    def __init__(self, fault: str, why: str) -> None:
        super().__init__(why)
        self.fault = fault
        self.why = why


class Opened(msgspec.Struct, frozen=True, gc=False):
    """A message read from the wire and what was odd about it."""

    message: dict[str, Any]
    plain: bytes
    lint: tuple[str, ...] = ()


def decode(body: bytes) -> dict[str, Any]:
    """Parse a JSON object. Raises: EnvelopeError `json` for anything else (A-REST-11)."""
    # A million short values would take a hundred times the memory, and half a second of everybody's time.
    if len(body) > _MOST_VALUES and body.count(b",") > _MOST_VALUES:
        raise EnvelopeError("json", f"the body has more than {_MOST_VALUES} values")
    try:
        message = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise EnvelopeError("json", f"the body is not JSON: {problem}") from None
    if not isinstance(message, dict):
        raise EnvelopeError("json", f"the body is a JSON {type(message).__name__}, an object is expected")
    return message


def looks_encrypted(body: bytes) -> bool:
    """True when the body cannot be a JSON object but could be Base64 text (A-ENC-01)."""
    text = body.strip()
    return bool(text) and text[:1] not in b'{["' and all(byte in _BASE64 for byte in text[:256])


_BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_\r\n")


def open_v3(body: bytes, key: str | None, *, strict: bool = False) -> Opened:
    """Read a request. With `key` the body must be encrypted, without it plain. Raises: EnvelopeError (A-ENC-04).

    `strict` refuses the dialects of Base64 that are lint else (A-ENC-06).
    """
    if key is None:
        # An encrypted body has a block at least, 24 characters of Base64: anything shorter is only bad JSON.
        if body[:1] != b"{" and len(body) >= 24 and looks_encrypted(body):
            raise EnvelopeError("mode", "the body looks encrypted, the device has no security key")
        return Opened(decode(body), body)
    if body.lstrip()[:1] in (b"{", b"["):
        raise EnvelopeError("mode", "the body is plain JSON, the device has a security key")
    try:
        plain, lint = cipher.decrypt_lenient(key, body, strict=strict)
    except cipher.CipherError as problem:
        raise EnvelopeError("cipher", str(problem)) from None
    return Opened(decode(plain), plain, tuple(lint))


def seal_v3(plain: bytes, key: str | None) -> bytes:
    """The bytes that go out: as they are, or bare Base64 text (A-ENC-01)."""
    if key is None:
        return plain
    return cipher.encrypt(key, plain)
