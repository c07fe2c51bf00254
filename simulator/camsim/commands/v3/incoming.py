"""A v3 request on its way through the checks, and what is known of it so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from camsim.kernel.events import Request
from camsim.state.gateway import RegisteredDevice


@dataclass(slots=True)
class Incoming:
    """`plain`: the body as far as it could be opened; `operation`: its name once it is recognised."""

    event: Request
    plain: bytes
    registered: RegisteredDevice | None = None
    message: Mapping[str, object] = field(default_factory=dict)
    operation: str = "?"
    lint: list[str] = field(default_factory=list)
