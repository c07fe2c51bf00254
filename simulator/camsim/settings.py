"""site.toml and command-line flags become one typed site; a wrong value is named with what is allowed."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from enum import Enum
from pathlib import Path
from typing import TypeVar, get_args

import msgspec

from camsim.actions.device_spec import check_spec, identifiers
from camsim.actions.values import is_url
from camsim.bounds import Bounds
from camsim.control import plain
from camsim.control.devices import DeviceSpec, PersonSpec
from camsim.control.explaining import allowed_by
from camsim.control.plain import PlainError
from camsim.durations import duration_ms
from camsim.kernel.events import ControlError
from camsim.knobs.register import KnobError, resolve
from camsim.model_table import ModelTable
from camsim.protocol import cipher
from camsim.secrecy import shown, without_credentials
from camsim.service.clock import ClockError, parse_mode
from camsim.state.faults import FaultError, make
from camsim.state.models import MODELS, Model, UnknownModelError, find
from camsim.wording import cut
from camsim.wording import shown as told


class SiteError(ValueError):
    """A site file or flag that cannot be: names the key, the value and what is allowed."""


@dataclass
class Settings:
    """Everything a gateway needs to start."""

    seed: int = 1
    clock: str = "real"
    profile: str = "documented"
    knobs: dict[str, object] = dataclass_field(default_factory=dict)
    devices: list[DeviceSpec] = dataclass_field(default_factory=list)
    models: dict[str, Model] = dataclass_field(default_factory=dict)
    faults: list[dict[str, object]] = dataclass_field(default_factory=list)
    host: str = "127.0.0.1"
    port: int = 0
    management_host: str = "127.0.0.1"
    management_port: int = 0
    management_token: str | None = None
    allowed_hosts: tuple[str, ...] = ()
    journal_full: bool = False
    state: Path | None = None
    snapshot_every: int = 20_000
    start_ms: int | None = None
    horizon_ms: int = 48 * 3_600_000
    tls_cert: Path | None = None
    tls_key: Path | None = None
    ca: Path | None = None
    bounds: Bounds = dataclass_field(default_factory=Bounds)
    # What flags and site file say in so many words, comparable (secrets as digests); what of it is of every device.
    said: dict[str, str] = dataclass_field(default_factory=dict)
    for_devices: dict[str, object] = dataclass_field(default_factory=dict)
    head_s: float = 30.0  # for the head of a request, real seconds


class _GatewayTable(msgspec.Struct, forbid_unknown_fields=True):
    """`[gateway]` without its knobs."""

    seed: int | None = None
    clock: str | None = None
    profile: str | None = None


_MOST_VALUES = 2_000_000  # people of many devices, written one by one
_TABLES = ("gateway", "models", "devices", "people", "faults", "ledger", "journal")


def load(path: Path) -> Settings:
    """Read and check a site file as a whole. Raises: SiteError."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise SiteError(f"cannot read {path}: {problem.strerror}") from None
    except RecursionError:
        raise SiteError(f"{path} is nested too deeply") from None
    except ValueError as problem:  # no TOML, no UTF-8, or a number of more digits than Python reads
        raise SiteError(f"{path} is not TOML: {problem}") from None
    try:
        plain.check(data, _MOST_VALUES, f"{_MOST_VALUES}")
        return parse(data)
    except PlainError as problem:
        raise SiteError(f"{path}: {problem} is not allowed; allowed: {problem.allowed}") from None
    except SiteError as problem:
        raise SiteError(f"{path}: {problem}") from None


def parse(data: dict[str, object]) -> Settings:
    """Settings of the tables of a site file. Raises: SiteError."""
    for key in data:
        if key not in _TABLES:
            raise SiteError(f"table {told(key)} is unknown; allowed: {', '.join(_TABLES)}")
    settings = Settings()
    _read_gateway(settings, data.get("gateway", {}))
    for number, table in enumerate(_list(data, "models")):
        model = _convert(table, ModelTable, f"models[{number}]").model()
        settings.models[model.key] = model
    people = _people(data.get("people", 0))
    for number, table in enumerate(_list(data, "devices")):
        spec = _convert(table, DeviceSpec, f"devices[{number}]")
        if "users" not in table:  # [[people]] are for every device that names none of its own
            spec.users = people
        settings.devices.append(spec)
    settings.faults = _list(data, "faults")
    settings.bounds = _convert({key: data[key] for key in ("ledger", "journal") if key in data}, Bounds, "")
    for name in ("models", "people", "devices", "faults"):
        if name in data:
            settings.said[f"[[{name}]]"] = fingerprint(repr(data[name]))
    check(settings)
    return settings


def fingerprint(text: str) -> str:
    """Tells one text from another without telling it."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _list(data: dict[str, object], key: str) -> list[dict[str, object]]:
    tables = data.get(key, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise SiteError(f"{key} is a list of tables: write [[{key}]]")
    return tables


def _read_gateway(settings: Settings, table: object) -> None:
    if not isinstance(table, dict):
        raise SiteError("gateway is a table: write [gateway]")
    # Whatever is not one of the three is a knob.
    own = _GatewayTable.__struct_fields__
    plain = _convert({key: table[key] for key in own if key in table}, _GatewayTable, "gateway")
    for key in own:
        if getattr(plain, key) is not None:
            setattr(settings, key, getattr(plain, key))
            settings.said[f"--{key}"] = str(getattr(plain, key))
    settings.knobs = _flat({key: value for key, value in table.items() if key not in own})
    settings.said.update({f"--set {name}": str(value) for name, value in settings.knobs.items()})


def _flat(table: dict[str, object], prefix: str = "") -> dict[str, object]:
    """TOML reads `rest.latency = "1s"` as nested tables; a knob's name is the dotted path."""
    knobs: dict[str, object] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            knobs.update(_flat(value, f"{prefix}{key}."))
        else:
            knobs[f"{prefix}{key}"] = value
    return knobs


def _people(value: object) -> int | list[PersonSpec]:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 100_000:
        return value
    if isinstance(value, list):
        return [_convert(item, PersonSpec, f"people[{number}]") for number, item in enumerate(value)]
    raise SiteError(f"people = {told(value)} is not allowed; allowed: a number from 0 to 100000, or [[people]] tables")


Table = TypeVar("Table", bound=msgspec.Struct)
SEEDS = (-(1 << 63), (1 << 63) - 1)  # what a state file can hold
_PATH = re.compile(r" - at `\$\.?(.*)`$")


def _convert(value: object, kind: type[Table], where: str) -> Table:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as problem:
        raise SiteError(_explain(str(problem), value, kind, where)) from None


def _explain(text: str, value: object, kind: type[msgspec.Struct], where: str) -> str:
    """The complaint with its key, the value that caused it and what is allowed."""
    path, reason, full = "", text, where
    # msgspec ends its sentence with the place below the table; people know the table by its name.
    if found := _PATH.search(text):
        path, reason = found[1], text[: found.start()]
        full = f"{where}.{path}"
    unknown = re.search(r"unknown field `(.*?)`", reason)
    if unknown:
        allowed = ", ".join(field.name for field in msgspec.structs.fields(kind))
        return f"{cut(f'{full}.{unknown[1]}')} is unknown; allowed: {allowed}"
    said = f"{full} = {told(shown(re.split(r'[.[]', full)[-1], _at(value, path)))}: {reason}"
    # A site's tables are flat: the first name of a path is the member whose type says what is allowed.
    allowed = _allowed(kind, path.split(".", 1)[0].split("[", 1)[0])
    if not allowed:
        return said
    return f"{said}; allowed: {allowed}"


def _at(value: object, path: str) -> object:
    """What stands at a path as msgspec writes it, `a[0].b`; the last thing found where the path leads nowhere."""
    for part in re.findall(r"[^.\[\]]+", path):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            break
    return value


def _allowed(kind: type[msgspec.Struct], name: str) -> str:
    """The words of an enumeration, also within a list or beside None; the range of a number."""
    for field in msgspec.structs.fields(kind):
        if field.name != name:
            continue
        for part in _parts(field.type):
            if isinstance(part, type) and issubclass(part, Enum):
                return ", ".join(str(member.value) for member in part)
        return allowed_by(msgspec.inspect.type_info(field.type))
    return ""


def _parts(kind: object) -> Iterator[object]:
    yield kind
    for part in get_args(kind):
        yield from _parts(part)


def check(settings: Settings) -> None:
    """Everything that can be wrong without starting anything. Raises: SiteError."""
    if not SEEDS[0] <= settings.seed <= SEEDS[1]:
        raise SiteError(f"seed = {told(settings.seed)} is not allowed; allowed: {SEEDS[0]} to {SEEDS[1]}")
    if why := settings.bounds.why_not():
        raise SiteError(why)
    if settings.tls_cert is None and settings.tls_key is not None:
        raise SiteError("--tls-key without --tls-cert would serve plain HTTP; give both")
    try:
        parse_mode(settings.clock)
        resolve(settings.profile, settings.knobs)
    except (ClockError, KnobError) as problem:
        raise SiteError(str(problem)) from None
    for number, fault in enumerate(settings.faults):
        try:
            make(1, fault)
        except FaultError as problem:
            raise SiteError(f"faults[{number}].{problem}") from None
    # A pattern such as SIM{:05d} stands for many devices, which may meet those of another description.
    seen: set[str] = set()
    for number, spec in enumerate(settings.devices):
        _check_device(settings, spec, f"devices[{number}]")
        names = identifiers(spec)
        twice = seen.intersection(names)
        if twice:
            raise SiteError(f"devices[{number}].id: {min(twice)!r} occurs twice; every device needs an id of its own")
        seen.update(names)


def _check_device(settings: Settings, spec: DeviceSpec, where: str) -> None:
    try:
        find(spec.model, {**MODELS, **settings.models})
    except UnknownModelError as problem:
        raise SiteError(f"{where}.model = {told(spec.model)}: {problem}") from None
    if spec.security_key is not None:
        try:
            cipher.check_key(spec.security_key)
        except ValueError as problem:
            raise SiteError(f"{where}.security_key: {problem}") from None
    try:
        check_spec(spec)
    except ControlError as problem:
        raise SiteError(f"{where}.{problem.message}; {problem.hint}") from None


def check_url(key: str, url: str) -> None:
    """A callback URL is absolute http or https. Raises: SiteError."""
    if not is_url(url):
        raise SiteError(
            f"{key} = {without_credentials(url)!r} is not allowed; allowed: http://host[:port]/path or https://…"
        )


def seconds(key: str, text: str) -> int:
    """Milliseconds of a duration flag. Raises: SiteError."""
    try:
        return duration_ms(text)
    except ValueError as problem:
        raise SiteError(f"{key} = {told(text)}: {problem}") from None
