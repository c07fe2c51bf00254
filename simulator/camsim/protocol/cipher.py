"""Encrypt and decrypt bodies: AES-256, ECB, PKCS#5 (= PKCS#7) padding, Base64 (v3, Encryption; A-ENC-01…06).

ECB shows equal blocks as equal (A-ENC-11): a weakness of the protocol, kept because both sides must speak it.
"""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

KEY_BYTES = 32
_BLOCK = 16
_URL_ALPHABET = bytes.maketrans(b"-_", b"+/")


class CipherError(ValueError):
    """The body cannot be decrypted: v3 status 4, Invalid Encryption (A-ENC-04)."""


def check_key(key: str) -> bytes:
    """The key as bytes, exactly 32 of UTF-8, used as they are (A-ENC-05). Raises: ValueError; never shows the key."""
    raw = key.encode()
    if len(raw) != KEY_BYTES:
        raise ValueError(f"a security key is exactly {KEY_BYTES} bytes of UTF-8, this one has {len(raw)}")
    return raw


def encrypt(key: str, plain: bytes) -> bytes:
    """Base64 text (standard alphabet, padded, one line) of the encrypted bytes. Raises: ValueError for a bad key."""
    padding = _BLOCK - len(plain) % _BLOCK
    context = _cipher(key).encryptor()
    return base64.b64encode(context.update(plain + bytes([padding]) * padding) + context.finalize())


def decrypt(key: str, body: bytes, *, strict: bool = False) -> bytes:
    """The UTF-8 bytes inside; `strict` refuses the Base64 dialects that are only lint (A-ENC-06).

    Raises: CipherError; ValueError for a bad key.
    """
    return decrypt_lenient(key, body, strict=strict)[0]


def decrypt_lenient(key: str, body: bytes, *, strict: bool = False) -> tuple[bytes, list[str]]:
    """The UTF-8 bytes inside, and what is unusual about the Base64 text. `strict`, Raises: as `decrypt`."""
    text, lint = _normalise(body)
    if strict and lint:
        raise CipherError(f"the Base64 text is not standard: {'; '.join(lint)} (A-ENC-06)")
    try:
        blocks = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise CipherError(f"the body is not Base64: {error}") from None
    if not blocks or len(blocks) % _BLOCK:
        raise CipherError(f"{len(blocks)} encrypted bytes are no whole number of {_BLOCK}-byte blocks")
    context = _cipher(key).decryptor()
    return _unpad(context.update(blocks) + context.finalize()), lint


class Encryptor:
    """Encrypts piece by piece: the joined pieces of `update` and `finish` equal `encrypt` of the joined input."""

    __slots__ = ("_context", "_length", "_text_rest")

    def __init__(self, key: str) -> None:
        self._context: CipherContext = _cipher(key).encryptor()
        self._length = 0
        self._text_rest = b""

    def update(self, plain: bytes) -> bytes:
        """The next piece of Base64 text; may be empty."""
        self._length += len(plain)
        return self._encode(self._context.update(plain))

    def finish(self) -> bytes:
        """The last piece, with padding. Use the object no more."""
        padding = _BLOCK - self._length % _BLOCK
        last = self._context.update(bytes([padding]) * padding) + self._context.finalize()
        return self._encode(last) + base64.b64encode(self._text_rest)

    def _encode(self, blocks: bytes) -> bytes:
        # Base64 turns three bytes into four letters; a rest of one or two waits for the next piece.
        data = self._text_rest + blocks
        whole = len(data) - len(data) % 3
        self._text_rest = data[whole:]
        return base64.b64encode(data[:whole])


def aes_ecb(key: bytes) -> Cipher[modes.ECB]:
    """The block cipher itself, without padding and Base64 (V3:1084)."""
    return Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305  the protocol prescribes it


def _normalise(body: bytes) -> tuple[bytes, list[str]]:
    lint = []
    text = body
    stripped = b"".join(text.split())
    if stripped != text:
        lint.append("white space inside or around it")
        text = stripped
    if b"-" in text or b"_" in text:
        lint.append("the URL alphabet (- and _)")
        text = text.translate(_URL_ALPHABET)
    return text, lint


def _unpad(padded: bytes) -> bytes:
    count = padded[-1]
    if not 1 <= count <= _BLOCK or padded[-count:] != bytes([count]) * count:
        raise CipherError("the padding is wrong: another key, another mode, or a damaged body")
    plain = padded[:-count]
    try:
        plain.decode()
    except UnicodeDecodeError as error:
        raise CipherError(
            f"what was decrypted is not UTF-8 (byte {error.start}): another key or a damaged body"
        ) from None
    return plain


@lru_cache(maxsize=4096)
def _cipher(key: str) -> Cipher[modes.ECB]:
    return aes_ecb(check_key(key))
