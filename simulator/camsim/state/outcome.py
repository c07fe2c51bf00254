"""What a device makes of a command: what it is told beside the command, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from camsim.protocol.command import Command
from camsim.protocol.facts import Fact

from .device import Device, User
from .log_blocks import LogRow, Range, Snapshot


class Context(msgspec.Struct, frozen=True, gc=False):
    """What the gateway knows that a device does not. Times: ms for now, UTC seconds else."""

    now_ms: int
    label: str
    licence: tuple[int | None, int | None] = (None, None)
    last_connected_s: int = 0
    paged: bool = False
    existing: int | str = 8  # R-14 add.existing


class Rows(msgspec.Struct, gc=False):
    """Punches an answer carries: a snapshot of the log, filtered and rendered piece by piece by whoever sends it."""

    rows: Snapshot
    start: int
    end: int
    paged: bool
    offset_rows: int
    user_key: str = "UserID"  # R-12-KEY
    only: frozenset[int] | None = None  # these log numbers and no others (R-12-NEW)

    def matching(self) -> Iterator[LogRow | None]:
        """Rows of the range in device order; None now and then, where a sender may take a breath."""
        for some in self.rows.portions(Range(self.start, self.end)):
            for row in some:
                if self.only is None or row.number in self.only:
                    yield row
            yield None


class Outcome(msgspec.Struct, gc=False):
    """What became of a command. `facts` follow as callbacks; `users` and the log rows of `resend` are told again."""

    code: int = 0
    field: str = ""
    why: str = ""
    members: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    rows: Rows | None = None
    facts: list[Fact] = msgspec.field(default_factory=list)
    resend: tuple[Snapshot, Range] | None = None
    users: list[User] = msgspec.field(default_factory=list)
    lost: list[LogRow] = msgspec.field(default_factory=list)
    lint: list[str] = msgspec.field(default_factory=list)
    opens_session: bool = False
    added: User | None = None  # who was not on the device before
    edited: User | None = None  # who was, with the templates alone that are new or changed
    removed: list[str] = msgspec.field(default_factory=list)
    reconnects: bool = False  # the device connects anew: what waits flows (A-REST-29)
    silent: bool = False  # the device does not answer: 6 after the window

    @classmethod
    def refused(cls, code: int, where: str, why: str) -> Outcome:
        """A command that changed nothing."""
        return cls(code=int(code), field=where, why=why)


Handler = Callable[[Device, Command, Context], Outcome]
