"""The options of a run, once for the command line and once for pytest, and the profile they make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, cast

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.certify import Outputs
from camsim_conformance.target.profile import (
    DEFAULT_IN_FLIGHT,
    DEFAULT_RATE,
    ERASE_ON_DELETE,
    LEVELS,
    POLICIES,
    Profile,
    UsageError,
    check_key,
    check_selection,
    devices_from,
    parse_features,
    parse_people,
    parse_policies,
    parse_seconds,
)

DEFAULT_SETTLE, DEFAULT_DEADLINE = "3s", "2s"
# Help texts that certify prints as well.
DEVICE = (
    "token=…,serial=…,label=…,stgid=…,key=…; repeatable. The first describes the first device (serial ZHM1100000001, "
    "label Conformance door, stgid CERT00001 unless given), every other one a further device; with --auth-token the "
    "first one without a token= of its own."
)
SETTLE = "Time the target gets to store everything, as 3s or 500ms."
DEADLINE = "Time within which an answer is due, as 2s or 500ms."
RATE = "Sends a second at most; lowered when the target answers 429."
USER_CHANGES = "People of --users may be renamed, enrolled and deleted; else what would do so is not applicable."
POLICY = (
    f"What the target does on purpose: {'; '.join(f'{word} ({what})' for word, what in POLICIES.items())}; repeatable."
)
QUICK = "The named cases alone, without combinations and histories: seconds; no grade above Ack."
DEEP = "Every three values together as well: up to 4,000 further punches, minutes."
NO_CONFIRM = "Leave out the second round, which sends again what deviated."
IN_FLIGHT = "Sends in flight at most; lowered while the target answers one after another."


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its flag, default, kind and help text."""

    flag: str
    default: object
    help: str
    kind: Callable[[str], object] = str
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
    Option("--features", "core", "core,user-data,names,templates,photo,aes,multi-zone,multi-device,load"),
    Option("--readback", None, "http://…, sql:URL, cmd:./dump.sh or py:module:object."),
    Option("--map", None, "map.toml with the SELECTs of --readback sql:…", Path),
    Option("--requirement", [], "Only requirements of this pattern, as CB-DUP-*; repeatable.", many=True),
    Option("--level", "all", f"{', '.join(LEVELS)}: judge only these levels."),
    Option("--device", [], DEVICE, many=True),
    Option("--users", None, "Ids the target knows, with commas or a file with one a line."),
    Option("--allow-user-changes", False, USER_CHANGES, switch=True),
    Option("--policy", [], POLICY, many=True),
    Option("--quick", False, QUICK, switch=True),
    Option("--deep", False, DEEP, switch=True),
    Option("--no-confirm", False, NO_CONFIRM, switch=True),
    Option("--announce", False, "Send #3 for everybody first.", switch=True),
    Option("--waivers", None, "TOML file of accepted violations.", Path),
    Option("--settle", DEFAULT_SETTLE, SETTLE),
    Option("--deadline", DEFAULT_DEADLINE, DEADLINE),
    Option("--rate", DEFAULT_RATE, RATE, float),
    Option("--in-flight", DEFAULT_IN_FLIGHT, IN_FLIGHT, int),
    Option("--seed", 1, "Seed of synthetic data and shuffles.", int),
    Option("--storm", None, "JSON report of camsim storm.", Path),
    Option("--ca", None, "Certificate authority of an https target, PEM.", Path),
    Option("--out", None, "Folder for result.json, junit.xml, report.html, cases/, certificate.json.", Path),
    Option("--sign-key", None, "issuer.key of camsim key new; signs the certificate.", Path),
    Option("--i-own-this", False, "The target is public and mine.", switch=True),
)


class Given(TypedDict):
    """The options as typer and pytest parsed them, by name."""

    auth_token: str
    security_key: str | None
    protocol: str
    features: str
    readback: str | None
    map: Path | None
    requirement: list[str]
    level: str
    device: list[str]
    users: str | None
    allow_user_changes: bool
    policy: list[str]
    quick: bool
    deep: bool
    no_confirm: bool
    announce: bool
    waivers: Path | None
    settle: str
    deadline: str
    rate: float
    in_flight: int
    seed: int
    storm: Path | None
    ca: Path | None
    out: Path | None
    sign_key: Path | None
    i_own_this: bool


# The parsers, typer's and pytest's, have made each value what the option says; only mypy has to be told.
def given(values: Mapping[str, object]) -> Given:
    """The options among these values. Raises: KeyError for one that is missing, an error of ours."""
    return cast("Given", {option.name: values[option.name] for option in OPTIONS})


def profile_of(url: str, options: Given) -> tuple[Profile, Outputs]:
    """The profile and outputs that options ask for. Raises: UsageError."""
    protocol = _protocol(options["protocol"])
    key = check_key(options["security_key"])
    profile = Profile(
        url=url,
        devices=devices_from(options["auth_token"], key, options["device"]),
        protocol=protocol,
        features=parse_features(options["features"], protocol, key),
        readback=options["readback"],
        sql_map=options["map"],
        globs=tuple(options["requirement"]) or ("*",),
        level=options["level"],
        people=parse_people(options["users"]),
        announce=options["announce"],
        settle_s=parse_seconds("--settle", options["settle"]),
        deadline_s=parse_seconds("--deadline", options["deadline"]),
        rate=options["rate"],
        in_flight=options["in_flight"],
        seed=options["seed"],
        storm=options["storm"],
        ca=_existing(options["ca"]),
        i_own_this=options["i_own_this"],
        confirm=not options["no_confirm"],
        allow_user_changes=options["allow_user_changes"],
        erase_on_delete=ERASE_ON_DELETE in parse_policies(options["policy"]),
        quick=options["quick"],
        deep=options["deep"],
    )
    outputs = Outputs(out=options["out"], waivers=options["waivers"], sign_key=options["sign_key"])
    return check_selection(profile), outputs


def _protocol(text: str) -> Protocol:
    try:
        return Protocol(text)
    except ValueError:
        raise UsageError(f"--protocol {text!r}: allowed are {', '.join(Protocol)}") from None


def _existing(file: Path | None) -> Path | None:
    if file is not None and not file.is_file():
        raise UsageError(f"--ca {file}: no such file")
    return file
