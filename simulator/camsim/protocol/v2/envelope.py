"""Bytes and messages of v2: the form field `request_data`, of which only `ApiRequestInfo` is encrypted (A-ENC-10)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

from camsim.protocol import cipher
from camsim.protocol.v3.envelope import EnvelopeError, Opened, decode, encode, seal_v3

CONTENT_TYPE = "application/x-www-form-urlencoded"
FIELD = "request_data"

_SAFE = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.~*-"
# The signs that escapes are made of come first and the blank, which becomes one of them, last.
_RANK = {0x25: -2, 0x2B: -1, 0x20: 256}
_ESCAPES = {byte: b"+" if byte == 0x20 else b"%%%02X" % byte for byte in range(256)}
_PART_NAME = re.compile(rb'name="?request_data"?[;\r]')


@dataclass(frozen=True, slots=True)
class Form:
    """A request whose sender is known but whose `info` may still be encrypted; `tag` is empty when there is none."""

    message: dict[str, Any]
    tag: str
    info: object
    lint: tuple[str, ...] = ()


def read_form(body: bytes) -> Form:
    """Find and parse `request_data`. Raises: EnvelopeError `form` (no such field) or `json`; both are v2 code 1."""
    text, lint = _field(body)
    message = decode(text)
    tag = message.get("ServiceTagId")
    return Form(message, tag if isinstance(tag, str) else "", message.get("ApiRequestInfo"), lint)


def open_v2(form: Form, key: str | None, *, strict: bool = False) -> Opened:
    """The message with a readable `ApiRequestInfo`; `strict` refuses dialects of Base64 (A-ENC-06).

    Raises: EnvelopeError `info` (12: missing or no object), `mode` (13: plain where encrypted is due, or the reverse),
    `cipher` (4), `json` (1: decrypts to something else).
    """
    if isinstance(form.info, dict):
        if key is not None:
            raise EnvelopeError("mode", "ApiRequestInfo is plain, the device has a security key")
        return Opened(form.message, encode(form.message), form.lint)
    if not form.info:
        raise EnvelopeError("info", "ApiRequestInfo is missing")
    if not isinstance(form.info, str):
        raise EnvelopeError("info", "ApiRequestInfo is no object")
    if key is None:
        raise EnvelopeError("mode", "ApiRequestInfo looks encrypted, the device has no security key")
    info, lint = _decrypted(form.info, key, strict=strict)
    message = {**form.message, "ApiRequestInfo": info}
    return Opened(message, encode(message), form.lint + lint)


def _decrypted(text: str, key: str, *, strict: bool) -> tuple[dict[str, Any], tuple[str, ...]]:
    lint: list[str] = []
    if " " in text.strip() and not strict:
        # A client that does not escape its form turns every + of the Base64 text into a blank.
        lint.append("ApiRequestInfo: + signs were not percent-encoded in the form")
        text = text.strip().replace(" ", "+")
    try:
        plain, notes = cipher.decrypt_lenient(key, text.encode(), strict=strict)
    except cipher.CipherError as problem:
        raise EnvelopeError("cipher", str(problem)) from None
    return decode(plain), (*lint, *notes)


def seal_v2(plain: bytes, key: str | None) -> bytes:
    """The form body of a message given as JSON bytes; with `key` its `ApiRequestInfo` is encrypted."""
    if key is not None:
        message = decode(plain)
        message["ApiRequestInfo"] = cipher.encrypt(key, encode(message["ApiRequestInfo"])).decode()
        plain = encode(message)
    return b"request_data=" + _escaped(plain)


def _escaped(plain: bytes) -> bytes:
    """As a form writes it; replacing sign by sign is far faster than place by place."""
    for byte in sorted(set(plain.translate(None, _SAFE)), key=lambda byte: _RANK.get(byte, byte)):
        plain = plain.replace(bytes((byte,)), _ESCAPES[byte])
    return plain


def seal_answer(plain: bytes, key: str | None) -> bytes:
    """An answer or acknowledgement, encrypted whole (A-ENC-10)."""
    return seal_v3(plain, key)


def _field(body: bytes) -> tuple[bytes, tuple[str, ...]]:
    found = _multipart(body) if body.startswith(b"--") else _urlencoded(body)
    if not found:
        shown = body[:20].decode(errors="replace")
        raise EnvelopeError(
            "form", f"no form field {FIELD} in the body (it begins {shown!r}); send {FIELD}=<JSON text>"
        )
    if len(found) > 1:
        return found[0], (f"{FIELD} occurs {len(found)} times, the first one counts",)
    return found[0], ()


def _urlencoded(body: bytes) -> list[bytes]:
    pairs = (part.partition(b"=") for part in body.split(b"&"))
    return [unquote_to_bytes(value.replace(b"+", b" ")) for name, _, value in pairs if name == FIELD.encode()]


def _multipart(body: bytes) -> list[bytes]:
    # PHP sends multipart/form-data when its curl is given an array, so the boundary is read from the body itself.
    boundary = body.split(b"\r\n", 1)[0]
    parts = (part.partition(b"\r\n\r\n") for part in body.split(boundary))
    return [value.removesuffix(b"\r\n") for head, _, value in parts if _PART_NAME.search(head + b"\r")]
