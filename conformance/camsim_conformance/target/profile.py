"""What is to be certified and how: one validated value made from the options of the command line or of pytest."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from camsim.protocol import cipher
from camsim.protocol.vocabulary import Protocol
from camsim_conformance.requirements import FEATURES, Requirement, catalogue
from camsim_conformance.requirements.verdicts import Level

DEFAULT_DEADLINE_S = 2.0
DEFAULT_SETTLE_S = 3.0
DEFAULT_OFFSET = 330  # minutes east of UTC, as the printed samples
PATIENCE_S = 10.0  # how long an answer is waited for (A-CB-05)


class UsageError(ValueError):
    """A wrong option: names the value, what is allowed and the way out. Nothing was sent (exit 2)."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device of the run, as the target knows it."""

    token: str
    serial: str = "ZHM1100000001"
    label: str = "Conformance door"
    stgid: str = "CERT00001"
    key: str | None = None


_DEVICE_KEYS = ("token", "serial", "label", "stgid", "key")
LEVELS: Mapping[str, frozenset[Level]] = {
    "must": frozenset({Level.MUST}),
    "should": frozenset({Level.MUST, Level.SHOULD}),
    "all": frozenset(Level),
}


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything a run depends on but the clock. Times in seconds."""

    url: str
    devices: tuple[Device, ...]
    protocol: Protocol = Protocol.V3
    features: frozenset[str] = frozenset({"core"})
    readback: str | None = None
    sql_map: Path | None = None
    globs: tuple[str, ...] = ("*",)
    level: str = "all"
    people: tuple[str, ...] = ()
    announce: bool = False
    settle_s: float = DEFAULT_SETTLE_S
    deadline_s: float = DEFAULT_DEADLINE_S
    patience_s: float = PATIENCE_S
    seed: int = 1
    storm: Path | None = None
    ca: Path | None = None
    i_own_this: bool = False
    rate: float = 400.0
    in_flight: int = 16
    settle_after_hostile_s: float = field(default=0.0)

    @property
    def key(self) -> str | None:
        """The security key of the first device."""
        return self.devices[0].key

    def selected(self) -> tuple[Requirement, ...]:
        """The requirements this run is asked for."""
        levels = LEVELS[self.level]
        return tuple(
            row
            for row in catalogue(self.protocol)
            if row.level_for(self.features) in levels and any(fnmatch.fnmatchcase(row.id, glob) for glob in self.globs)
        )

    @property
    def complete(self) -> bool:
        """True when every MUST of the protocol is asked for: only then a grade is possible."""
        chosen = {row.id for row in self.selected()}
        return all(row.id in chosen for row in catalogue(self.protocol) if row.level_for(self.features) is Level.MUST)

    def secrets(self) -> Mapping[str, str]:
        """Secret text to placeholder, for every output."""
        found: dict[str, str] = {}
        for number, device in enumerate(self.devices, start=1):
            found.update(_forms(device.token, f"AUTH_TOKEN_{number}"))
            if device.key is not None:
                found[device.key] = f"@SECURITY_KEY_{number}@"
        return found


def _forms(token: str, name: str) -> Mapping[str, str]:
    # Forged tokens are made from the real one: they would give it away as well.
    forms = TOKEN_FORMS if len(token) >= SHORTEST_SECRET else {"": str}
    return {form(token): f"@{name}{suffix}@" for suffix, form in forms.items()}


SHORTEST_SECRET = 8
TOKEN_FORMS: Mapping[str, Any] = {
    ":swapcase": str.swapcase,
    ":reversed": lambda token: token[::-1],
    "": str,
    ":prefix": lambda token: token[:-1],
}


def parse_device(text: str, first: Device | None = None) -> Device:
    """Read `token=…,serial=…,label=…,stgid=…,key=…`. Raises: UsageError."""
    fields: dict[str, str] = {}
    for part in filter(None, text.split(",")):
        name, equals, value = part.partition("=")
        if not equals or name.strip() not in _DEVICE_KEYS:
            raise UsageError(f"--device {part!r}: write name=value with a name of {', '.join(_DEVICE_KEYS)}")
        fields[name.strip()] = value
    if "token" not in fields and first is not None:
        fields["token"] = first.token
    if not fields.get("token"):
        raise UsageError("--device: token=… is missing; each device has an AuthToken")
    return Device(**fields)


def parse_features(text: str, protocol: Protocol, key: str | None) -> frozenset[str]:
    """Read `core,user-data,…`; `core` is always on, `aes` follows the key, `v2` the protocol. Raises: UsageError."""
    asked = {word.strip() for word in text.split(",") if word.strip()}
    unknown = sorted(asked - FEATURES.keys())
    if unknown:
        raise UsageError(f"--features {', '.join(unknown)}: unknown; allowed are {', '.join(FEATURES)}")
    if "aes" in asked and key is None:
        raise UsageError("--features aes needs --security-key with the 32 characters set in the API Monitor")
    if "v2" in asked and protocol is not Protocol.V2:
        raise UsageError("--features v2 needs --protocol v2")
    implied = {"core"} | ({"aes"} if key is not None else set()) | ({"v2"} if protocol is Protocol.V2 else set())
    return frozenset(asked | implied)


def parse_people(text: str | None) -> tuple[str, ...]:
    """Read `--users`: a file with one id a line, or ids with commas. Raises: UsageError."""
    if not text:
        return ()
    file = Path(text)
    try:
        words = file.read_text("utf-8").split() if file.is_file() else text.split(",")
    except OSError:  # a long list is no legal file name
        words = text.split(",")
    people = tuple(dict.fromkeys(word.strip() for word in words if word.strip()))
    if not people:
        raise UsageError(f"--users {text!r}: no user id found; give ids with commas or a file with one a line")
    return people


def check_key(key: str | None) -> str | None:
    """The key when it is usable. Raises: UsageError; the key itself is never shown."""
    if key is not None:
        try:
            cipher.check_key(key)
        except ValueError as error:
            raise UsageError(f"--security-key: {error}") from None
    return key


def check_selection(profile: Profile) -> Profile:
    """The profile when it asks for something and its numbers make sense. Raises: UsageError."""
    if profile.level not in LEVELS:
        raise UsageError(f"--level {profile.level!r}: allowed are {', '.join(LEVELS)}")
    if not profile.selected():
        raise UsageError(f"--requirement {' '.join(profile.globs)}: matches no requirement; see `camsim requirements`")
    for name, value in (("--settle", profile.settle_s), ("--deadline", profile.deadline_s)):
        if not 0 < value <= 600:
            raise UsageError(f"{name} {value:g}: seconds, more than 0 and at most 600")
    return profile


def devices_from(token: str, key: str | None, texts: Iterable[str]) -> tuple[Device, ...]:
    """The devices of a run: the first from --auth-token, or from the first --device. Raises: UsageError."""
    others = list(texts)
    if not token and not others:
        raise UsageError("--auth-token is missing: the AuthToken the target knows for the device")
    first = Device(token, key=check_key(key)) if token else None
    made = [first] if first else []
    for number, text in enumerate(others, start=len(made) + 1):
        device = parse_device(text, first)
        check_key(device.key)
        made.append(device if "serial=" in text else _numbered(device, number, key))
    return tuple(made)


def _numbered(device: Device, number: int, key: str | None) -> Device:
    return Device(
        device.token, f"ZHM11{number:08d}", f"{device.label} {number}", f"CERT{number:05d}", device.key or key
    )
