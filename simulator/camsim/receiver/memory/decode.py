"""First steps of the policy: from a request's bytes to an opened callback whose sender is known."""

from __future__ import annotations

import hmac
from urllib.parse import unquote_to_bytes

import msgspec
from aiohttp import web

from camsim.protocol import cipher
from camsim.protocol.vocabulary import Protocol
from camsim.receiver.devices import KnownDevice, Settings

from .records import Json, Received, Reply, UnreadableError

_FIELD = b"request_data="
_BOM = b"\xef\xbb\xbf"


class Opening:
    """Steps 1 to 3: gate, read, open, authentic. Each is a method of its own, so that a variant replaces one."""

    settings = Settings()

    async def gate(self, request: web.Request) -> Reply | None:
        """Look at the head of a request; an answer here ends it unread."""
        del request
        return None

    async def read(self, request: web.Request) -> bytes:
        """The body, whole. Raises: aiohttp.web.HTTPRequestEntityTooLarge."""
        return await request.read()

    def open(self, body: bytes, stgid: str) -> Received:
        """Know the form by the body, decrypt what is encrypted. Raises: UnreadableError."""
        field = self.form_field(body)
        if field is not None:
            return self.open_v2(field)
        return self.open_v3(body, stgid)

    def form_field(self, body: bytes) -> bytes | None:
        """The text of `request_data`, None when the body is no form."""
        if body.lstrip()[:1] == b"{" or _FIELD not in body[:4096]:
            return None
        for part in body.split(b"&"):
            if part.startswith(_FIELD):
                return unquote_to_bytes(part[len(_FIELD) :].replace(b"+", b" "))
        return None

    def open_v3(self, body: bytes, stgid: str) -> Received:
        """Raw JSON, or the bare Base64 of its encryption (A-ENC-01)."""
        text = body.removeprefix(_BOM).strip()
        key = None
        if not text.startswith((b"{", b"[")):
            text, key = self.unlock(text, stgid)
        message = self.loads(text)
        inner = message.get("RealTime")
        if not isinstance(inner, dict):
            inner = message  # no callback; the token is looked for where a command has it
        return Received(Protocol.V3, message, inner, text, stgid, key)

    def open_v2(self, field: bytes) -> Received:
        """The form field; only `ApiRequestInfo` may be encrypted (A-ENC-10)."""
        message = self.loads(field)
        stgid = scalar(message.get("ServiceTagId"))
        info, key = message.get("ApiRequestInfo"), None
        if isinstance(info, str):
            # A form that was not escaped turns every + of the Base64 text into a blank.
            plain, key = self.unlock(info.replace(" ", "+").encode(), stgid)
            info = self.loads(plain)
        if not isinstance(info, dict):
            raise UnreadableError("ApiRequestInfo is no object")
        return Received(Protocol.V2, message, info, field, stgid, key)

    def loads(self, text: bytes) -> Json:
        """A JSON object of UTF-8 text. Raises: UnreadableError."""
        try:
            value: object = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
            raise UnreadableError(f"no JSON: {error}") from None
        if not isinstance(value, dict):
            raise UnreadableError("JSON, but no object")
        return value

    def unlock(self, sealed: bytes, stgid: str) -> tuple[bytes, str]:
        """Plain text and the key that fits. Raises: UnreadableError when none does."""
        for key in self.keys(stgid):
            try:
                plain = self.decrypt(key, sealed)
            except (cipher.CipherError, ValueError):
                continue
            # A wrong key unpads by chance once in 256: what is no object was not meant for this key.
            if plain.lstrip().startswith(b"{"):
                return plain, key
        raise UnreadableError("neither JSON nor encrypted with a known key")

    def decrypt(self, key: str, sealed: bytes) -> bytes:
        """Undo the Base64 and the cipher (v3, Encryption). Raises: CipherError, ValueError."""
        return cipher.decrypt(key, sealed)

    def keys(self, stgid: str) -> list[str]:
        """Keys to try, that of the named device first (A-ENC-08)."""
        devices = sorted(self.settings.devices, key=lambda device: not stgid or device.stgid != stgid)
        keys = dict.fromkeys([*(device.key for device in devices), self.settings.key])
        return [key for key in keys if key]

    def authentic(self, received: Received) -> bool:
        """Whether the token is one of ours; with no device configured every token is."""
        devices = self.settings.devices
        return not devices or any(_same(received.token, device.token) for device in devices)

    def device_of(self, received: Received) -> KnownDevice | None:
        """The configured device that speaks: by service tag, else by token."""
        # Only v2 names its device in the message; two devices may share a token, so the tag goes first.
        for device in self.settings.devices:
            if received.stgid and device.stgid == received.stgid:
                return device
        for device in self.settings.devices:
            if device.token == received.token:
                return device
        return None


def _same(given: str, known: str) -> bool:
    # In constant time: how long a comparison takes must not tell how much of a token was right.
    return hmac.compare_digest(given.encode("utf-8", "replace"), known.encode("utf-8"))


def scalar(value: object) -> str:
    """A JSON scalar as text, everything else as the empty text."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, dict | list):
        return ""
    return str(value)
