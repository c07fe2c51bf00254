"""A v2 request on its way through the checks, and what is known of it so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from camsim.kernel.events import Request
from camsim.protocol.v2.envelope import Form
from camsim.protocol.v3 import envelope
from camsim.state.gateway import RegisteredDevice


@dataclass(slots=True)
class Incoming:
    """`info`: ApiRequestInfo, empty until it can be read; `opened`: the plain request, None until it is open."""

    event: Request
    form: Form | None = None
    registered: RegisteredDevice | None = None
    info: Mapping[str, object] = field(default_factory=dict)
    opened: bytes | None = None
    lint: list[str] = field(default_factory=list)

    def shown(self) -> bytes:
        """What the journal shows: the opened request, else the form's JSON text or, unreadable, the bytes themselves.

        Written only when somebody asks: an accepted request is opened by then, and a photo in it is long.
        """
        if self.opened is not None:
            return self.opened
        if self.form is None or not isinstance(self.form.info, dict):
            return self.event.body
        try:
            return envelope.encode(self.form.message)
        except (OverflowError, RecursionError):  # a number or a depth that can be read and not written
            return self.event.body
