"""What is to be certified and how: one validated value made from the options of the command line or of pytest."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from camsim.protocol import cipher
from camsim.protocol.vocabulary import Protocol
from camsim_conformance.requirements import FEATURES, Requirement, catalogue, with_parts
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

    def __post_init__(self) -> None:
        # Frozen, and made from Python too: whoever claims user-data claims its parts.
        object.__setattr__(self, "features", with_parts(self.features))

    @property
    def key(self) -> str | None:
        """The security key of the first device."""
        return self.devices[0].key

    def selected(self) -> tuple[Requirement, ...]:
        """The requirements this run is asked for."""
        return tuple(row for row in catalogue(self.protocol) if self._selects(row))

    def _selects(self, row: Requirement) -> bool:
        if row.level_for(self.features) not in LEVELS[self.level]:
            return False
        return any(fnmatch.fnmatchcase(row.id, glob) for glob in self.globs)

    @property
    def complete(self) -> bool:
        """True when every MUST of the protocol is asked for: only then a grade is possible."""
        return all(self._selects(row) for row in catalogue(self.protocol) if row.level_for(self.features) is Level.MUST)

    def secrets(self) -> Mapping[str, str]:
        """Secret text to placeholder, for every output."""
        found: dict[str, str] = {}
        for number, device in enumerate(self.devices, start=1):
            found.update(_forms(device.token, f"AUTH_TOKEN_{number}"))
            if device.key is not None:
                found[device.key] = f"@SECURITY_KEY_{number}@"
        return found


def _forms(token: str, name: str) -> Mapping[str, str]:
    # Of a short token only itself is hidden: its forms would be pieces of any word.
    if len(token) < SHORTEST_SECRET:
        return {token: f"@{name}@"}
    return {form(token): f"@{name}{suffix}@" for suffix, form in TOKEN_FORMS.items()}


SHORTEST_SECRET = 8
# Forged tokens are made from the real one: they would give it away as well.
TOKEN_FORMS: Mapping[str, Callable[[str], str]] = {
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
    # Devices of one target often share a token.
    if "token" not in fields and first is not None:
        fields["token"] = first.token
    if not fields.get("token"):
        raise UsageError("--device: token=… is missing; each device has an AuthToken")
    return Device(**fields)


def parse_features(text: str, protocol: Protocol, key: str | None) -> frozenset[str]:
    """Read `core,user-data,…`; `core` is always on, `aes` follows the key, `v2` the protocol, `names` and `templates`
    `user-data`. Raises: UsageError."""
    asked = {word.strip() for word in text.split(",") if word.strip()}
    unknown = sorted(asked - FEATURES.keys())
    if unknown:
        raise UsageError(f"--features {', '.join(unknown)}: unknown; allowed are {', '.join(FEATURES)}")
    if "aes" in asked and key is None:
        raise UsageError("--features aes needs --security-key with the 32 characters set in the API Monitor")
    if "v2" in asked and protocol is not Protocol.V2:
        raise UsageError("--features v2 needs --protocol v2")
    claimed = asked | {"core"}
    if key is not None:
        claimed.add("aes")
    if protocol is Protocol.V2:
        claimed.add("v2")
    return with_parts(frozenset(claimed))


def parse_people(text: str | None) -> tuple[str, ...]:
    """Read `--users`: a file with one id a line, or ids with commas. Raises: UsageError."""
    if not text:
        return ()
    people = [word.strip() for word in _words(text)]
    named = tuple(dict.fromkeys(filter(None, people)))
    if not named:
        raise UsageError(f"--users {text!r}: no user id found; give ids with commas or a file with one a line")
    return named


def _words(text: str) -> list[str]:
    file = Path(text)
    try:
        if file.is_file():
            return file.read_text("utf-8").split()
    except OSError:
        pass  # a long list is no legal file name
    return text.split(",")


def check_key(key: str | None) -> str | None:
    """The key when it is usable. Raises: UsageError; the key itself is never shown."""
    if key is not None:
        # The cipher's message says what is wrong with the length, and never the key.
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
    first: Device | None = None
    devices: list[Device] = []
    if token:
        first = Device(token, key=check_key(key))
        devices.append(first)
    for text in texts:
        device = parse_device(text, first)
        check_key(device.key)
        # Who names no serial number gets the next one, and the run's key.
        if "serial=" not in text:
            device = _numbered(device, len(devices) + 1, key)
        devices.append(device)
    if not devices:
        raise UsageError("--auth-token is missing: the AuthToken the target knows for the device")
    return tuple(devices)


def _numbered(device: Device, number: int, key: str | None) -> Device:
    return Device(
        token=device.token,
        serial=f"ZHM11{number:08d}",
        label=f"{device.label} {number}",
        stgid=f"CERT{number:05d}",
        key=device.key or key,
    )
