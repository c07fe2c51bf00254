"""What a plan is made of: cases of steps, and what the read-back must show after them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TypedDict

from camsim.protocol.facts import Punch

from .told import TemplateKey, Told


class Transport(StrEnum):
    """How the bytes of a step travel."""

    POOLED = "pooled"  # a kept connection
    FRESH = "fresh"  # a connection of its own, closed after it
    CHUNKED = "chunked"  # Transfer-Encoding: chunked
    EXPECT = "expect"  # Expect: 100-continue
    LOWER_CASE = "lower-case"  # header names in lower case
    SEGMENTS = "segments"  # the body in several TCP segments
    LOST_ACK = "lost-ack"  # dropped when the answer begins
    LOST_EARLY = "lost-early"  # dropped as soon as the body is out
    CUT = "cut"  # the connection closes before the promised length is there


class Stage(IntEnum):
    """When a case runs. HOSTILE comes last, after the read-back: it may kill the target."""

    QUIET = 1  # alone on the line: latency is measured
    MAIN = 2  # many at once
    BUSY = 3  # a burst of its own
    LATE = 4  # after the main read-back: copies that come when all has settled
    FORGED = 5  # one at a time, each token form once
    HOSTILE = 6


@dataclass(frozen=True, slots=True)
class Step:
    """One stimulus. `plain` is the message; `wire` what travels; `retries` > 0 sends until acknowledged.

    `sealed`: the wire bytes are the plain ones under the device's key. `told` is what a right target understands; None
    for what no device sends. `values` are factor values that `told` does not show: how the body is written, a label.
    """

    what: str
    plain: bytes
    wire: bytes
    device: int = 0
    content_type: str = "application/json"
    transport: Transport = Transport.POOLED
    query: str = ""
    copies: int = 1
    retries: int = 0
    judged: bool = True
    sealed: bool = False
    told: Told | None = None
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def kept(self) -> bytes:
        """What is kept for a replay: the plain bytes of a sealed step, else exactly what travelled."""
        return self.plain if self.sealed else self.wire


class Sending(TypedDict, total=False):
    """How a step is sent: the fields of Step that do not depend on its message."""

    content_type: str
    transport: Transport
    query: str
    copies: int
    retries: int
    judged: bool
    told: Told | None
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StoredName:
    """A user as the read-back should show it; None is not looked at."""

    first_name: str | None = None
    last_name: str | None = None


@dataclass(frozen=True, slots=True)
class Expect:
    """What must be stored after a case, by user. People without a row must have none."""

    people: tuple[str, ...] = ()
    punches: tuple[Punch, ...] = ()
    templates: Mapping[str, Mapping[TemplateKey, str]] = field(default_factory=dict)
    users: Mapping[str, StoredName] = field(default_factory=dict)
    gone: tuple[str, ...] = ()

    @classmethod
    def rows(cls, *punches: Punch) -> Expect:
        """One row for each punch, and no other row of the people who punch."""
        return cls(people_of(punches), punches)

    @classmethod
    def named(cls, user: str, first: str, last: str) -> Expect:
        """One user of this name."""
        return cls((user,), users={user: StoredName(first, last)})

    @classmethod
    def kept(cls, user: str, templates: Mapping[TemplateKey, str]) -> Expect:
        """These templates of one user, by key and sha256."""
        return cls((user,), templates={user: templates})


ANNOUNCEMENT = "announce"  # the `what` of a step that tells of a person before anything else is told
# Why a case is not sent: nobody of --users is changed unasked.
UNCHANGED = "it would rename, delete or enrol people of --users: allow it with --allow-user-changes"


def people_of(punches: Iterable[Punch]) -> tuple[str, ...]:
    """The people who punch, each once."""
    return tuple(dict.fromkeys(punch.user_id for punch in punches))


@dataclass(frozen=True, slots=True)
class Case:
    """One case of one requirement: `name` is stable between runs; `blocked` says why it does not apply.

    A section gives the name alone: the plan fills `requirement` in from the table row that the case comes from.
    Steps go one after another, or `at_once` at the same time. `spares` are the same steps with other people: sent
    when an answer was late, because a machine under load is late once, and a slow target always. An `introduced` case
    may be told its people first (--announce). `values` are what a row of an array is made of.
    """

    name: str
    steps: tuple[Step, ...] = ()
    expect: Expect = Expect()
    requirement: str = ""
    stage: Stage = Stage.MAIN
    record: bool = False
    at_once: int = 1
    introduced: bool = True
    blocked: str | None = None
    spares: tuple[tuple[Step, ...], ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """`CB-DUP-001/same-bytes`."""
        return f"{self.requirement}/{self.name}"
