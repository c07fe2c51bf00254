"""Receivers that decrypt another cipher than the page's."""

from __future__ import annotations

import base64
import hashlib

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import Json, UnreadableError

from .groups import EVERYTHING
from .model import because, mutant

_AES = "aes"
_BLIND = because("no encrypted callback is understood", *EVERYTHING)
_SOME = because("some lengths are not understood", *EVERYTHING)
_BLOCK = 16


def _blocks(key: bytes, sealed: bytes, mode: modes.CBC | modes.ECB) -> bytes:
    worker = Cipher(algorithms.AES(key), mode).decryptor()
    return worker.update(sealed) + worker.finalize()


@mutant("cipher-cbc", "takes the first block for the IV of CBC", "CB-ENC-001", _BLIND, features=_AES)
class CipherCbc(Policy):
    def decrypt(self, key: str, sealed: bytes) -> bytes:
        raw = base64.b64decode(sealed)
        plain = _blocks(key.encode(), raw[_BLOCK:], modes.CBC(raw[:_BLOCK]))
        return plain[: -plain[-1]] if plain else plain


@mutant("cipher-hashed-key", "uses the SHA-256 of the key", "CB-ENC-001", _BLIND, features=_AES)
class CipherHashedKey(Policy):
    def decrypt(self, key: str, sealed: bytes) -> bytes:
        # ECB is what the protocol prescribes; only the key is wrong here.
        plain = _blocks(hashlib.sha256(key.encode()).digest(), base64.b64decode(sealed), modes.ECB())  # noqa: S305
        return plain[: -plain[-1]] if plain else plain


@mutant("cipher-zero-padding", "strips zeros in place of PKCS#5 padding", "CB-ENC-001", _BLIND, features=_AES)
class CipherZeroPadding(Policy):
    def decrypt(self, key: str, sealed: bytes) -> bytes:
        return _blocks(key.encode(), base64.b64decode(sealed), modes.ECB()).rstrip(b"\0")  # noqa: S305


@mutant("cipher-none", "never decrypts", "CB-ENC-001", _BLIND, features=_AES)
class CipherNone(Policy):
    def decrypt(self, key: str, sealed: bytes) -> bytes:
        return sealed


class Residue(Policy):
    """Fails on some lengths of the plain text modulo 16."""

    def fails(self, residue: int) -> bool:
        """Whether plain texts of this length modulo 16 are not understood."""
        raise NotImplementedError

    def decrypt(self, key: str, sealed: bytes) -> bytes:
        plain = super().decrypt(key, sealed)
        if self.fails(len(plain) % _BLOCK):
            raise UnreadableError("padding")
        return plain


@mutant("padding-whole-block", "fails when the padding is a whole block", "CB-ENC-002", _SOME, features=_AES)
class PaddingWholeBlock(Residue):
    def fails(self, residue: int) -> bool:
        return residue == 0


@mutant("padding-one", "fails when the padding is one byte", "CB-ENC-002", _SOME, features=_AES)
class PaddingOne(Residue):
    def fails(self, residue: int) -> bool:
        return residue == _BLOCK - 1


@mutant("padding-long", "takes padding of more than eight bytes for text", "CB-ENC-002", _SOME, features=_AES)
class PaddingLong(Residue):
    def fails(self, residue: int) -> bool:
        return residue < 8


@mutant("cipher-ascii", "fails on UTF-8 inside an encrypted body", "CB-ENC-002", _SOME, features=_AES)
class CipherAscii(Policy):
    _sealed = False

    def unlock(self, sealed: bytes, stgid: str) -> tuple[bytes, str]:
        self._sealed = True
        return super().unlock(sealed, stgid)

    def loads(self, text: bytes) -> Json:
        sealed, self._sealed = self._sealed, False
        if sealed and not text.isascii():
            raise UnreadableError("not ASCII")
        return super().loads(text)
