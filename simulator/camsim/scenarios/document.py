"""Scenarios as data: what a scenario may say, read from YAML or JSON and checked whole before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import msgspec

from camsim import durations, resources
from camsim.actions.connection import ORDERS
from camsim.actions.users import SPLITS
from camsim.control.devices import DeviceSpec
from camsim.control.plain import PlainError
from camsim.knobs import register
from camsim.state import faults
from camsim.wording import WIDEST, cut, in_json
from camsim.wording import shown as told

from . import errors, reading
from .errors import ScenarioError
from .steps import Assert, Behaviour, Config, Date, DeleteUser, Duration, Online, Punches, Queue, Rest, Users, Where

SCHEMA_VERSION = 1


class Step(msgspec.Struct, frozen=True):
    """One step: `number` counts from 1, `body` is what the table ACTIONS says."""

    number: int
    action: str
    body: object
    note: str = ""


class Scenario(msgspec.Struct, frozen=True):
    """A scenario that has been checked."""

    name: str
    teaches: str
    steps: tuple[Step, ...]
    seed: int = 1
    profile: str = "documented"
    knobs: dict[str, object] = msgspec.field(default_factory=dict)
    start: str | None = None

    @property
    def moves_time(self) -> bool:
        """True when a step needs a clock that stands still."""
        return not _MOVING.isdisjoint(step.action for step in self.steps)


# `rest` moves the clock while its command waits; `punches` only with spread or shift, but a standing clock hurts none.
_MOVING = frozenset({"advance", "run_until_idle", "rest", "punches"})


class Document(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The file. `start`: virtual time of a simulator started for the scenario."""

    schemaVersion: Literal[1]
    name: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9-]{0,63}$")]
    teaches: str
    # Any, for msgspec makes no schema of object.
    steps: list[dict[str, Any]]
    seed: Annotated[int, msgspec.Meta(ge=-WIDEST - 1, le=WIDEST)] = 1
    profile: register.Profile = register.Profile.DOCUMENTED
    knobs: dict[str, Any] = msgspec.field(default_factory=dict)
    start: str | None = None


ACTIONS: Mapping[str, object] = {
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
        raw = reading.read(text)
    except PlainError as problem:
        raise ScenarioError(source, "", str(problem), problem.allowed) from None
    return _built(raw, source)


def build(raw: object, source: str = "scenario") -> Scenario:
    """Check a parsed document. Raises: ScenarioError."""
    try:
        reading.check(raw)
    except PlainError as problem:
        raise ScenarioError(source, "", str(problem), problem.allowed) from None
    return _built(raw, source)


def _built(raw: object, source: str) -> Scenario:
    document = errors.convert(raw, Document, source)
    assert isinstance(document, Document)  # noqa: S101  what it was converted to
    for name, value in document.knobs.items():
        _knob(source, f"knobs.{name}", name, value)
    if not document.steps:
        raise ScenarioError(source, "steps", "[]", "one step or more")
    steps = tuple(_step(number, item) for number, item in enumerate(document.steps, 1))
    return Scenario(
        name=document.name,
        teaches=document.teaches,
        steps=steps,
        seed=document.seed,
        profile=str(document.profile),
        knobs=document.knobs,
        start=document.start,
    )


def targets(scenario: Scenario) -> list[str]:
    """The URLs that the steps send callbacks to, beside the one that whoever runs them gives."""
    found: list[object] = []
    for step in scenario.steps:
        if step.action == "devices":
            specs = step.body if isinstance(step.body, list) else [step.body]
            found += [getattr(spec, "callback_url", None) for spec in specs]
        elif isinstance(step.body, Config):
            found.append(step.body.set.get("callback_url"))
    return [url for url in found if isinstance(url, str)]


def _step(number: int, item: Mapping[str, object]) -> Step:
    where = f"step {number}"
    named = [key for key in item if key != "note"]
    if len(named) != 1 or named[0] not in ACTIONS:
        raise ScenarioError(
            where, "", cut(", ".join(map(str, named))) or "{}", f"one of {', '.join(ACTIONS)} (and note)"
        )
    action = named[0]
    body = errors.convert(item[action], ACTIONS[action], where, action)
    check = _CHECKS.get(action)
    if check is not None:
        check(where, body)
    return Step(number, action, body, str(item.get("note", "")))


# --- what types alone cannot say --------------------------------------------------------------------------------------


def _knob(where: str, key: str, name: str, value: object) -> None:
    try:
        register.check(name, value)
    except register.KnobError as problem:
        why = str(problem).partition("; allowed: ")
        raise ScenarioError(where, key, in_json(value), why[2] or why[0]) from None


def _duration(where: str, key: str, value: object) -> None:
    try:
        durations.duration_ms(value)
    except ValueError as problem:
        raise ScenarioError(where, key, told(value), str(problem).partition("; write ")[2] or str(problem)) from None


def _word(where: str, key: str, value: str | None, allowed: tuple[str, ...]) -> None:
    if value is not None and value not in allowed:
        raise ScenarioError(where, key, repr(value), ", ".join(allowed))


def _check_online(where: str, body: object) -> None:
    if isinstance(body, Online):
        _word(where, "online.order", body.order, ORDERS)
        _duration(where, "online.pace", body.pace)


def _check_punches(where: str, body: Punches) -> None:
    for key in ("every", "ago", "spread", "over"):
        if getattr(body, key) is not None:
            _duration(where, f"punches.{key}", getattr(body, key))
    # Each of the four says when people punch: two of them would say different things.
    if [body.spread, body.shift, body.at, body.ago].count(None) < 3:
        raise ScenarioError(where, "punches", "several of spread, shift, at, ago", "one of them")


def _check_fault(where: str, body: Mapping[str, object]) -> None:
    try:
        faults.make(0, body)
    except faults.FaultError as problem:
        raise ScenarioError(where, f"fault.{problem.key}", "", problem.why) from None


def _check_receiver(where: str, body: Behaviour | str) -> None:
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
        _word(where, "config.profile", body.profile, tuple(register.Profile))


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
    found: dict[str, Scenario] = {}
    for file in sorted(folder.glob("*.yaml")):
        scenario = parse(file.read_bytes(), file.name)
        found[scenario.name] = scenario
    return found


def reseeded(scenario: Scenario, seed: int) -> Scenario:
    """The same scenario under another seed."""
    return msgspec.structs.replace(scenario, seed=seed)


def shown(scenario: Scenario) -> dict[str, object]:
    """A scenario as a document again, defaults left out."""
    document: dict[str, object] = {
        "schemaVersion": SCHEMA_VERSION,
        "name": scenario.name,
        "teaches": scenario.teaches,
        "seed": scenario.seed,
        "profile": scenario.profile,
        "knobs": scenario.knobs,
    }
    if scenario.start is not None:
        document["start"] = scenario.start
    document["steps"] = [_shown_step(step) for step in scenario.steps]
    return document


def _shown_step(step: Step) -> dict[str, object]:
    told = {step.action: _plain(step.body)}
    if step.note:
        told["note"] = step.note
    return told


def _plain(body: object) -> object:
    """Builtins without members that hold their default."""
    if isinstance(body, list):
        return [_plain(item) for item in body]
    if not isinstance(body, msgspec.Struct):
        return msgspec.to_builtins(body)
    defaults = {field.name: _default(field) for field in msgspec.structs.fields(body)}
    members = msgspec.structs.asdict(body)
    return {key: _plain(value) for key, value in members.items() if value != defaults[key]}


def _default(field: msgspec.structs.FieldInfo) -> object:
    # msgspec keeps one of the two and marks the other as absent.
    if field.default is msgspec.NODEFAULT and callable(field.default_factory):
        made: object = field.default_factory()
        return made
    return field.default
