"""Scenarios as data: what a scenario may say, read from YAML or JSON and checked whole before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import msgspec
import yaml

from . import faults, profiles, resources, scenario_errors
from .controls import ORDERS
from .fleet import DeviceSpec
from .person import SPLITS, DateSpec, TemplateSpec
from .protocol.vocabulary import AttendanceType, InputType, TemplateType
from .scenario_errors import ScenarioError

SCHEMA_VERSION = 1

Where = (
    str | list[str] | None
)  # a device, a pattern such as SIM*, a list of them; nothing is every device of the scenario
Duration = str | float
Natural = Annotated[int, msgspec.Meta(ge=0)]


class Range(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A number that is not exactly known."""

    at_least: Natural | None = None
    at_most: Natural | None = None


Count = Natural | Range

# --- steps: the body of each action -----------------------------------------------------------------------------------


class Online(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Devices are back; their cached records flow in `order`, `pace` apart."""

    device: Where = None
    order: str | None = None
    pace: Duration = 0
    announce_users: bool | None = None


class Punches(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """People punch. With `count` and `every` the records reach back from now (or `at`, or `ago`) and the clock stays.

    With `spread` (count moments in that time) or `shift` (`start`: everybody arrives within `over`; `day`: a whole
    working day) the clock moves from punch to punch.
    """

    device: Where = None
    user: str | list[str] | None = None
    type: AttendanceType = AttendanceType.CHECK_IN
    input: InputType | None = None
    at: str | int | None = None
    ago: Duration | None = None
    photo: bool = False
    temperature: float | None = None
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
    first: Annotated[int, msgspec.Meta(ge=1)] = 1
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
    expect: int | None = None
    http: int | None = None
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

    code: int | None = None
    http: int | None = None
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
    causes: dict[str, int] | None = None
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


# --- the whole --------------------------------------------------------------------------------------------------------


class Step(msgspec.Struct, frozen=True):
    """One step: `number` counts from 1, `body` is what the table ACTIONS says."""

    number: int
    action: str
    body: Any
    note: str = ""


class Scenario(msgspec.Struct, frozen=True):
    """A scenario that has been checked."""

    name: str
    teaches: str
    steps: tuple[Step, ...]
    seed: int = 1
    profile: str = "documented"
    knobs: dict[str, Any] = msgspec.field(default_factory=dict)
    start: str | None = None

    @property
    def moves_time(self) -> bool:
        """True when a step needs a clock that stands still."""
        return any(step.action in ("advance", "run_until_idle", "rest", "punches") for step in self.steps)


class Document(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The file. `start`: virtual time of a simulator started for the scenario."""

    schemaVersion: Literal[1]
    name: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9-]{0,63}$")]
    teaches: str
    steps: list[dict[str, Any]]
    seed: int = 1
    profile: profiles.Profile = profiles.Profile.DOCUMENTED
    knobs: dict[str, Any] = msgspec.field(default_factory=dict)
    start: str | None = None


ACTIONS: Mapping[str, Any] = {
    "devices": DeviceSpec | list[DeviceSpec],
    "online": Online | Where,
    "offline": Where,
    "power_cycle": Where,
    "uplink": Literal["up", "down"],
    "punches": Punches,
    "users": Users,
    "delete_user": DeleteUser,
    "date": Date,
    "enrol_finger": DeleteUser,
    "fault": dict[str, Any],
    "clear_faults": Literal["all"],
    "receiver": Behaviour | str,
    "wait": Duration,
    "advance": Duration,
    "run_until_idle": Literal[True],
    "rest": Rest,
    "config": Config,
    "queue": Queue,
    "restart": Literal[True],
    "reset": Literal["all", "journal", "faults", "devices"],
    "assert": Assert,
}


def parse(text: str | bytes, source: str = "scenario") -> Scenario:
    """Read YAML or JSON and check it as a whole. Raises: ScenarioError naming step, key, value and what is allowed."""
    try:
        raw = yaml.load(text, Loader=_LOADER)  # noqa: S506  a safe loader, in C where it exists
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as problem:
        raise ScenarioError(source, "", str(problem).replace("\n", " "), "YAML or JSON") from None
    return build(raw, source)


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def build(raw: Any, source: str = "scenario") -> Scenario:
    """Check a parsed document. Raises: ScenarioError."""
    document: Document = scenario_errors.convert(raw, Document, source)
    for name, value in document.knobs.items():
        _knob(source, f"knobs.{name}", name, value)
    if not document.steps:
        raise ScenarioError(source, "steps", "[]", "one step or more")
    steps = tuple(_step(number, item) for number, item in enumerate(document.steps, 1))
    return Scenario(
        document.name, document.teaches, steps, document.seed, str(document.profile), document.knobs, document.start
    )


def _step(number: int, item: Mapping[str, Any]) -> Step:
    where = f"step {number}"
    named = [key for key in item if key != "note"]
    if len(named) != 1 or named[0] not in ACTIONS:
        raise ScenarioError(where, "", ", ".join(map(str, named)) or "{}", f"one of {', '.join(ACTIONS)} (and note)")
    action = named[0]
    body = scenario_errors.convert(item[action], ACTIONS[action], where, action)
    check = _CHECKS.get(action)
    if check is not None:
        check(where, body)
    return Step(number, action, body, str(item.get("note", "")))


# --- what types alone cannot say --------------------------------------------------------------------------------------


def _knob(where: str, key: str, name: str, value: Any) -> None:
    try:
        profiles.check(name, value)
    except profiles.KnobError as problem:
        why = str(problem).partition("; allowed: ")
        raise ScenarioError(where, key, msgspec.json.encode(value).decode(), why[2] or why[0]) from None


def _duration(where: str, key: str, value: Any) -> None:
    try:
        profiles.duration_ms(value)
    except ValueError as problem:
        raise ScenarioError(where, key, repr(value), str(problem).partition("; write ")[2] or str(problem)) from None


def _word(where: str, key: str, value: str | None, allowed: tuple[str, ...]) -> None:
    if value is not None and value not in allowed:
        raise ScenarioError(where, key, repr(value), ", ".join(allowed))


def _check_online(where: str, body: Any) -> None:
    if isinstance(body, Online):
        _word(where, "online.order", body.order, ORDERS)
        _duration(where, "online.pace", body.pace)


def _check_punches(where: str, body: Punches) -> None:
    for key in ("every", "ago", "spread", "over"):
        if getattr(body, key) is not None:
            _duration(where, f"punches.{key}", getattr(body, key))
    if sum(value is not None for value in (body.spread, body.shift, body.at, body.ago)) > 1:
        raise ScenarioError(where, "punches", "several of spread, shift, at, ago", "one of them")


def _check_fault(where: str, body: Mapping[str, Any]) -> None:
    try:
        faults.make(0, body)
    except faults.FaultError as problem:
        raise ScenarioError(where, f"fault.{problem.key}", "", problem.why) from None


def _check_receiver(where: str, body: Any) -> None:
    words = ("done", "status", "hang", "reset", "down")
    if isinstance(body, str):
        _word(where, "receiver", body, words)
        return
    for item in [*body.sequence, body.then]:
        if not (item in words[:4] or (isinstance(item, int) and 200 <= item <= 599)):
            raise ScenarioError(where, "receiver.sequence", repr(item), f"{', '.join(words[:4])} or an HTTP status")


def _check_config(where: str, body: Config) -> None:
    for name, value in body.knobs.items():
        _knob(where, f"config.knobs.{name}", name, value)
    if body.profile is not None:
        _word(where, "config.profile", body.profile, tuple(profiles.Profile))


_CHECKS: Mapping[str, Callable[[str, Any], None]] = {
    "online": _check_online,
    "punches": _check_punches,
    "users": lambda where, body: _word(where, "users.split", body.split, SPLITS),
    "fault": _check_fault,
    "receiver": _check_receiver,
    "wait": lambda where, body: _duration(where, "wait", body),
    "advance": lambda where, body: _duration(where, "advance", body),
    "config": _check_config,
}


# --- the library ------------------------------------------------------------------------------------------------------


def library() -> dict[str, Scenario]:
    """The scenarios that come with camsim, by name."""
    folder = resources.path("fixtures", "scenarios")
    found = (parse(file.read_bytes(), file.name) for file in sorted(folder.glob("*.yaml")))
    return {scenario.name: scenario for scenario in found}


def reseeded(scenario: Scenario, seed: int) -> Scenario:
    """The same scenario under another seed."""
    return msgspec.structs.replace(scenario, seed=seed)


def shown(scenario: Scenario) -> dict[str, Any]:
    """A scenario as a document again, defaults left out."""
    steps = [{step.action: _plain(step.body), **({"note": step.note} if step.note else {})} for step in scenario.steps]
    head = {"schemaVersion": SCHEMA_VERSION, "name": scenario.name, "teaches": scenario.teaches}
    extras = {"seed": scenario.seed, "profile": scenario.profile, "knobs": scenario.knobs, "start": scenario.start}
    return {**head, **{key: value for key, value in extras.items() if value is not None}, "steps": steps}


def _plain(body: Any) -> Any:
    """Builtins without members that hold their default."""
    if isinstance(body, list):
        return [_plain(item) for item in body]
    if not isinstance(body, msgspec.Struct):
        return msgspec.to_builtins(body)
    defaults = {field.name: _default(field) for field in msgspec.structs.fields(body)}
    members = msgspec.structs.asdict(body)
    return {key: _plain(value) for key, value in members.items() if value != defaults[key]}


def _default(field: msgspec.structs.FieldInfo) -> Any:
    return (
        field.default_factory()
        if field.default is msgspec.NODEFAULT and callable(field.default_factory)
        else field.default
    )
