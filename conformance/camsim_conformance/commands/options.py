"""The options of a run, once for the command line and once for pytest, and the profile they make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.certify import Outputs
from camsim_conformance.target.profile import (
    DEFAULT_DEADLINE_S,
    DEFAULT_SETTLE_S,
    LEVELS,
    Profile,
    UsageError,
    check_key,
    check_selection,
    devices_from,
    parse_features,
    parse_people,
)


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its flag, default, kind and help text."""

    flag: str
    default: Any
    help: str
    kind: Callable[[str], Any] = str
    many: bool = False
    switch: bool = False

    @property
    def name(self) -> str:
        """`auth_token` of `--auth-token`."""
        return self.flag.removeprefix("--").replace("-", "_")


OPTIONS: tuple[Option, ...] = (
    Option("--auth-token", "", "AuthToken of the first device."),
    Option("--security-key", None, "AES-256 key, 32 characters: everything is sent encrypted."),
    Option("--protocol", "v3", "v3 or v2."),
    Option("--features", "core", "core,user-data,photo,aes,multi-zone,multi-device,load"),
    Option("--readback", None, "http://…, sql:URL, cmd:./dump.sh or py:module:object."),
    Option("--map", None, "map.toml with the SELECTs of --readback sql:…", Path),
    Option("--requirement", [], "Only requirements of this pattern, as CB-DUP-*; repeatable.", many=True),
    Option("--level", "all", f"{', '.join(LEVELS)}: judge only these levels."),
    Option("--device", [], "token=…,serial=…,label=…,stgid=…,key=… of a further device; repeatable.", many=True),
    Option("--users", None, "Ids the target knows, with commas or a file with one a line."),
    Option("--announce", False, "Send #3 for everybody first.", switch=True),
    Option("--waivers", None, "TOML file of accepted violations.", Path),
    Option("--settle", DEFAULT_SETTLE_S, "Seconds the target gets to store everything.", float),
    Option("--deadline", DEFAULT_DEADLINE_S, "Seconds within which an answer is due.", float),
    Option("--seed", 1, "Seed of synthetic data and shuffles.", int),
    Option("--storm", None, "JSON report of camsim storm.", Path),
    Option("--ca", None, "Certificate authority of an https target, PEM.", Path),
    Option("--out", None, "Folder for result.json, junit.xml, report.html, cases/, certificate.json.", Path),
    Option("--sign-key", None, "issuer.key of camsim key new; signs the certificate.", Path),
    Option("--i-own-this", False, "The target is public and mine.", switch=True),
)


def profile_of(url: str, told: dict[str, Any]) -> tuple[Profile, Outputs]:
    """The profile and outputs of options by name. Raises: UsageError."""
    protocol = _protocol(told["protocol"])
    key = check_key(told["security_key"])
    profile = Profile(
        url=url,
        devices=devices_from(told["auth_token"], key, told["device"]),
        protocol=protocol,
        features=parse_features(told["features"], protocol, key),
        readback=told["readback"],
        sql_map=told["map"],
        globs=tuple(told["requirement"]) or ("*",),
        level=told["level"],
        people=parse_people(told["users"]),
        announce=told["announce"],
        settle_s=told["settle"],
        deadline_s=told["deadline"],
        seed=told["seed"],
        storm=told["storm"],
        ca=_existing(told["ca"]),
        i_own_this=told["i_own_this"],
    )
    return check_selection(profile), Outputs(told["out"], told["waivers"], told["sign_key"])


def _protocol(text: str) -> Protocol:
    try:
        return Protocol(text)
    except ValueError:
        raise UsageError(f"--protocol {text!r}: allowed are {', '.join(Protocol)}") from None


def _existing(file: Path | None) -> Path | None:
    if file is not None and not file.is_file():
        raise UsageError(f"--ca {file}: no such file")
    return file


def defaults(options: Sequence[Option] = OPTIONS) -> dict[str, Any]:
    """Every option by name at its default."""
    return {option.name: option.default for option in options}
