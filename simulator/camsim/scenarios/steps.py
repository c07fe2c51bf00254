"""What the steps and assertions of a scenario may say, as types."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from camsim.control.actions import DateSpec, OnlineSpec, TemplateSpec
from camsim.control.ranges import MOST_TIMES, Celsius, Moment, Seconds
from camsim.protocol.vocabulary import AttendanceType, InputType, TemplateType

Where = (
    str | list[str] | None
)  # a device, a pattern such as SIM*, a list of them; nothing is every device of the scenario
Duration = str | Seconds
Natural = Annotated[int, msgspec.Meta(ge=0, le=MOST_TIMES)]
Code = Annotated[int, msgspec.Meta(ge=0, le=9999)]
Status = Annotated[int, msgspec.Meta(ge=100, le=599)]


class Range(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A number that is not exactly known."""

    at_least: Natural | None = None
    at_most: Natural | None = None


Count = Natural | Range

# --- steps: the body of each action -----------------------------------------------------------------------------------


class Online(OnlineSpec, forbid_unknown_fields=True, kw_only=True):
    """Devices are back; their cached records flow in `order`, `pace` apart."""

    device: Where = None


class Punches(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """People punch. With `count` and `every` the records reach back from now (or `at`, or `ago`) and the clock stays.

    With `spread` (count moments in that time) or `shift` (`start`: everybody arrives within `over`; `day`: a whole
    working day) the clock moves from punch to punch.
    """

    device: Where = None
    user: str | list[str] | None = None
    type: AttendanceType = AttendanceType.CHECK_IN
    input: InputType | None = None
    at: str | Moment | None = None
    ago: Duration | None = None
    photo: bool = False
    temperature: Celsius | None = None
    mask: bool | None = None
    count: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 1
    every: Duration = "1s"
    redetect: Annotated[int, msgspec.Meta(ge=0, le=10)] = 0
    spread: Duration | None = None
    shift: Literal["start", "day"] | None = None
    over: Duration = "30m"


class Users(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Somebody adds or edits users in the menu: `user`, or `count` synthetic people from UserID `first` on."""

    device: Where = None
    user: str | None = None
    count: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 1
    first: Annotated[int, msgspec.Meta(ge=1, le=MOST_TIMES)] = 1
    first_name: str | None = None
    last_name: str | None = None
    user_type: str | None = None
    templates: list[TemplateType | TemplateSpec] = msgspec.field(default_factory=list)
    split: str | None = None
    order: Literal["fifo", "shuffle"] = "fifo"
    announce: bool = True


class DeleteUser(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Somebody deletes a user in the menu."""

    device: Where = None
    user: str


class Date(DateSpec, forbid_unknown_fields=True, kw_only=True):
    """Somebody changes the date in the menu: `to`, `by`, `timezone`, `drift_ppm`, or back to `true`."""

    device: Where = None


class Behaviour(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """How the built-in receiver answers. `only`: the member of RealTime, in v2 the Operation, it concerns."""

    behave: Literal["done", "status", "answer", "hang", "reset", "down", "sequence"] = "done"
    status: Annotated[int, msgspec.Meta(ge=200, le=599)] = 500
    answer: str = ""
    only: str | None = None
    sequence: list[str | int] = msgspec.field(default_factory=list)
    then: str = "done"


class Rest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A command as a client would send it; OperationID, AuthToken and Time are added unless the body has them.

    For a v2 device the body is what stands in ApiRequestInfo: Operation, UserId, OperationData; the rest is added.
    """

    body: dict[str, Any] | str
    device: str | None = None
    expect: Code | None = None
    http: Status | None = None
    closed: bool = False
    not_json: bool = False


class Config(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Another profile, other knobs, or (`set`) another configuration of devices: token, key, licence, URL, switches."""

    profile: str | None = None
    knobs: dict[str, Any] = msgspec.field(default_factory=dict)
    device: Where = None
    set: dict[str, Any] = msgspec.field(default_factory=dict)


class Queue(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What an operator does with callback queues."""

    do: Literal["hold", "resume", "retry-now", "reset"]
    device: Where = None


# --- assertions -------------------------------------------------------------------------------------------------------


class Callbacks(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Callbacks of the journal. `has`: dotted path in the body -> value, text with * and ?, or null for absent."""

    operation: str | None = None
    user: str | None = None
    device: str | None = None
    fault: str | None = None
    verdict: str | None = None
    has: dict[str, Any] = msgspec.field(default_factory=dict)
    count: Count = msgspec.field(default_factory=lambda: Range(at_least=1))


class Answer(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The answer to the last `rest` step."""

    code: Code | None = None
    http: Status | None = None
    closed: bool | None = None
    has: dict[str, Any] = msgspec.field(default_factory=dict)


class Order(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The order of the first attempts: of punches by log number (`how`), or of callbacks by name (`operations`)."""

    how: Literal["fifo", "lifo", "mixed"] | None = None
    operations: list[str] | None = None
    users: list[str] | None = None
    device: str | None = None


class LedgerCounts(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What became of the punches of the scenario's devices. `causes`: cause -> how many were lost by it."""

    punches: Count | None = None
    acknowledged: Count | None = None
    waiting: Count | None = None
    lost: Count | None = None
    attempts: Count | None = None
    redelivered: Count | None = None
    reordered: Count | None = None
    causes: dict[str, Natural] | None = None
    all_acknowledged: bool | None = None


class QueueIs(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The callback queue of a device: `state` idle, sending, hold, held or frozen; `why` the last answer was no ack."""

    device: str
    state: str | None = None
    queued: Count | None = None
    cached: Count | None = None
    why: str | None = None


class Received(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What the built-in receiver got: `count` requests, `unique` bodies; `text` and `query` with * and ?."""

    count: Count | None = None
    unique: Count | None = None
    text: str | None = None
    query: str | None = None
    content_type: str | None = None
    complete: bool | None = None
    has: dict[str, Any] = msgspec.field(default_factory=dict)


class Assert(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What must be true now; one or more of them."""

    delivered: Callbacks | list[Callbacks] | None = None
    attempted: Callbacks | list[Callbacks] | None = None
    never: Callbacks | list[Callbacks] | None = None
    answer: Answer | None = None
    order: Order | None = None
    ledger: LedgerCounts | None = None
    queue: QueueIs | list[QueueIs] | None = None
    received: Received | list[Received] | None = None
