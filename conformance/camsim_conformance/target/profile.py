"""What is to be certified and how: one validated value made from the options of the command line or of pytest."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from camsim.durations import duration_s
from camsim.protocol import cipher
from camsim.protocol.vocabulary import Protocol
from camsim_conformance.requirements import FEATURES, Requirement, catalogue, with_parts
from camsim_conformance.requirements.verdicts import Level

DEFAULT_DEADLINE_S = 2.0
DEFAULT_SETTLE_S = 3.0
DEFAULT_RATE = 400.0  # sends a second at most: the suite judges what is right, a storm judges what is fast
DEFAULT_IN_FLIGHT = 16
MOST_RATE, MOST_IN_FLIGHT = 1000, 256
DEFAULT_OFFSET = 330  # minutes east of UTC, as the printed samples
MOST_S = 600  # of --settle and --deadline
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
# What a target may do on purpose though it looks like a fault, by the word of --policy.
ERASE_ON_DELETE = "erase-on-delete"
POLICIES: Mapping[str, str] = {ERASE_ON_DELETE: "a deletion takes the punches of the person with it"}
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
    rate: float = DEFAULT_RATE
    in_flight: int = DEFAULT_IN_FLIGHT
    seed: int = 1
    storm: Path | None = None
    ca: Path | None = None
    i_own_this: bool = False
    confirm: bool = True
    allow_user_changes: bool = False
    erase_on_delete: bool = False
    quick: bool = False
    deep: bool = False

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
    def may_change_people(self) -> bool:
        """True when people may be renamed, enrolled and deleted: those of --users only where it is allowed."""
        return not self.people or self.allow_user_changes

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


def _fields_of(text: str) -> dict[str, str]:
    """Read `token=…,serial=…,label=…,stgid=…,key=…`. Raises: UsageError."""
    fields: dict[str, str] = {}
    for part in filter(None, text.split(",")):
        name, equals, value = part.partition("=")
        name = name.strip()
        if not equals or name not in _DEVICE_KEYS:
            raise UsageError(f"--device {part!r}: write name=value with a name of {', '.join(_DEVICE_KEYS)}")
        if not value:
            raise UsageError(f"--device {part!r}: {name} is empty; write --device serial=ZHM1100000001,stgid=CERT00001")
        fields[name] = value
    if not fields:
        raise UsageError("--device is empty; write --device serial=ZHM1100000001,stgid=CERT00001")
    return fields


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
    if "/" in text and "," not in text:
        raise UsageError(f"--users {text}: there is no such file; give ids with commas or a file with one a line")
    return text.split(",")


def parse_policies(words: Iterable[str]) -> frozenset[str]:
    """Read every `--policy`. Raises: UsageError."""
    asked = {word.strip() for word in words}
    unknown = sorted(asked - set(POLICIES))
    if unknown:
        raise UsageError(f"--policy {', '.join(unknown)}: unknown; allowed are {', '.join(POLICIES)}")
    return frozenset(asked)


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
    if profile.quick and profile.deep:
        raise UsageError("--quick and --deep: one of them; the one sends less than usual, the other one more")
    if profile.deep and profile.people:
        raise UsageError("--deep and --users: the rows of --deep have people of their own; leave one of them out")
    if profile.announce and not profile.may_change_people:
        raise UsageError("--announce would rename the people of --users: leave it out, or add --allow-user-changes")
    if profile.level not in LEVELS:
        raise UsageError(f"--level {profile.level!r}: allowed are {', '.join(LEVELS)}")
    if not profile.selected():
        raise UsageError(f"--requirement {' '.join(profile.globs)}: matches no requirement; see `camsim requirements`")
    try:
        urlsplit(profile.url)
    except ValueError as error:
        raise UsageError(f"{profile.url!r} is no callback URL: {error}") from None
    for name, value in (("--settle", profile.settle_s), ("--deadline", profile.deadline_s)):
        if not 0 < value <= MOST_S:
            raise UsageError(f"{name} {value:g}s: more than 0 and at most {MOST_S} s, as {name} 2s")
    if not 0 < profile.rate <= MOST_RATE:
        raise UsageError(f"--rate {profile.rate:g}: sends a second, more than 0 and at most {MOST_RATE}, as --rate 50")
    if not 1 <= profile.in_flight <= MOST_IN_FLIGHT:
        raise UsageError(f"--in-flight {profile.in_flight}: 1 to {MOST_IN_FLIGHT} sends at once, as --in-flight 4")
    return profile


def parse_seconds(option: str, text: str) -> float:
    """Seconds of `2s`, `500ms`, `1m` or a number of seconds. Raises: UsageError, which names the option."""
    try:
        return duration_s(text)
    except ValueError as error:
        raise UsageError(f"{option} {error}, as {option} 2s or {option} 500ms") from None


def devices_from(token: str, key: str | None, texts: Iterable[str]) -> tuple[Device, ...]:
    """The devices of a run, of --auth-token, --security-key and every --device. Raises: UsageError.

    Without --auth-token the first --device is the first device. With it, the first --device of that token describes the
    first device (one without `token=` has it); every other one is a further device.
    """
    described = [_fields_of(text) for text in texts]
    if not token:
        token = _first_token(described)
    first: dict[str, str] = {}
    further: list[dict[str, str]] = []
    for fields in described:
        if not first and fields.get("token", token) == token:
            first = fields
        else:
            further.append(fields)
    return tuple(_device(fields, number, token, key) for number, fields in enumerate([first, *further], start=1))


def _first_token(described: list[dict[str, str]]) -> str:
    if not described:
        raise UsageError("--auth-token is missing: the AuthToken the target knows for the device")
    if "token" not in described[0]:
        raise UsageError("--auth-token is missing, and the first --device has no token=…: each device has an AuthToken")
    return described[0]["token"]


def _device(fields: Mapping[str, str], number: int, token: str, key: str | None) -> Device:
    """Device `number`: who names no serial number, label or stgid gets the next one, and the run's token and key."""
    label = "Conformance door" if number == 1 else f"Conformance door {number}"
    return Device(
        token=fields.get("token", token),
        serial=fields.get("serial", f"ZHM11{number:08d}"),
        label=fields.get("label", label),
        stgid=fields.get("stgid", f"CERT{number:05d}"),
        key=check_key(fields.get("key", key)),
    )
