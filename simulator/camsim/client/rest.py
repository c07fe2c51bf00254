"""The RESTful API of a device as a customer's program would call it: every operation of the catalogue by its name."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from camsim.protocol.vocabulary import Protocol, TemplateType

from .device import Secrets
from .wire import Wire

if TYPE_CHECKING:
    from camsim.protocol.facts import Template

# Catalogue, messages, cipher and people are imported at the first call that needs them: most clients send no command.
_NUMBERS = itertools.count(1)


class RestAnswer(msgspec.Struct, frozen=True):
    """The gateway's answer. `body` is decrypted and parsed; `raw` the bytes on the wire."""

    http: int
    body: dict[str, Any]
    raw: bytes

    @property
    def ok(self) -> bool:
        """True for HTTP 200 and StatusCode 0; LoadLog prints `Status` alone."""
        return self.http == 200 and self.body.get("StatusCode", 0) == 0 and self.status == "done"

    @property
    def status_code(self) -> int | None:
        """`StatusCode`, None when there is none."""
        return self.body.get("StatusCode")

    @property
    def status(self) -> str | None:
        """`Status`, None when there is none."""
        return self.body.get("Status")


class RestClient:
    """Commands to one device. A call returns when the device has answered, which takes virtual time."""

    def __init__(
        self, wire: Wire, stgid: str, secrets: Secrets, watch: Callable[[], Callable[[], None]] | None = None
    ) -> None:
        self.stgid, self.auth_token, self.security_key = stgid, secrets.auth_token, secrets.security_key
        self._wire, self._watch = wire, watch

    def call(self, operation: str, **fields: Any) -> RestAnswer:
        """Carry out an operation of the catalogue, `AddUserWithCard` for one.

        Fields by operation: `user_id`, `first_name`, `last_name`, `user_type`, `templates` (default: synthetic ones of
        the kinds the name says), `start` and `end` (vendor's text), `operation_id`.
        Raises: ValueError for an unknown operation or a missing field; ApiError when nothing answers.
        """
        from camsim.protocol import catalogue
        from camsim.protocol.v3 import messages

        row = catalogue.BY_NAME.get(operation)
        if row is None or row.direction is not catalogue.Direction.REST:
            names = ", ".join(command.name for command in catalogue.COMMANDS)
            raise ValueError(f"operation = {operation!r} is not allowed; allowed: {names}")
        number = fields.pop("operation_id", None) or f"client{next(_NUMBERS):06d}"
        if row.kinds and "templates" not in fields:
            fields["templates"] = _synthetic(row.kinds, fields.get("user_id", ""))
        try:
            message = messages.command(row, number, self.auth_token, _now_text(), **fields)
        except KeyError as problem:
            raise ValueError(f"{operation} needs {problem.args[0]}=…") from None
        return self.send(message)

    def send(self, message: dict[str, Any]) -> RestAnswer:
        """POST any message, encrypted when the device has a key. Raises: ApiError when nothing answers."""
        body = msgspec.json.encode(message)
        if self.security_key is not None:
            from camsim.protocol import cipher

            body = cipher.encrypt(self.security_key, body)
        target = f"{Protocol.V3.path}?stgid={quote(self.stgid, safe='')}"
        watch = None if self._watch is None else self._watch()
        http, raw = self._wire.exchange("POST", target, body, {"Content-Type": "application/json"}, watch)
        return RestAnswer(http, _read(raw, self.security_key), raw)


def _synthetic(kinds: frozenset[TemplateType], user_id: str) -> tuple[Template, ...]:
    from camsim.synthetic import people

    return tuple(people.template(1, user_id, kind) for kind in TemplateType if kind in kinds)


def _now_text() -> str:
    from camsim.protocol.timestamps import gmt

    return gmt(int(time.time()), 0)


def _read(raw: bytes, key: str | None) -> dict[str, Any]:
    """The message inside; {} when the answer holds none (a fault, or an HTTP error)."""
    if key is not None and raw[:1] != b"{":
        from camsim.protocol import cipher

        try:
            raw = cipher.decrypt(key, raw)
        except cipher.CipherError:
            return {}
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
