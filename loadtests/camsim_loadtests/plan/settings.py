"""What a storm is asked to be: one typed record that travels as JSON from the command line to every worker."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec

from camsim.ownership import Origin, origin_of
from camsim.protocol.catalogue import Direction
from camsim.protocol.cipher import check_key
from camsim.protocol.vocabulary import Protocol
from camsim.wording import shown

from .profiles import PROFILES, Profile

DEFAULT_TOKEN = "camsimStormAuthToken000000000000"  # noqa: S105  32 characters, as the page prints tokens; not a secret
ONLY_YOURS = "A storm may only go to what is yours."
LONGEST_USER_ID = 999_999_999  # run-unique ids are at most nine digits


class SettingsError(ValueError):
    """A setting is out of range; the message names the option, the value and what is allowed."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides what is sent and how. Seconds and requests a second; probabilities from 0 to 1."""

    url: str
    devices: int = 100
    people: int = 1000
    profile: str = "steady"
    rate: float = 50.0
    duration_s: float = 60.0
    deadline_s: float = 2.0
    seed: int = 1
    start_s: int = 0  # LogTime of the storm's first moment, UTC epoch seconds
    first_user: int = 0  # 0: a block of nine-digit ids drawn from the seed
    auth_token: str = DEFAULT_TOKEN
    security_key: str = ""
    protocol: str = ""  # "": as the profile says
    retry_s: float = 1.0
    drain_limit_s: float = 60.0
    lost_ack: float = 0.0
    duplicates: float = -1.0  # -1: as the profile says
    connections: int = 0  # over all workers; 0: one for each device
    timeout_s: float = 10.0
    ca_file: str = ""
    address: str = ""  # the one the URL's host stands for during the storm; looked up once, by whoever checked it

    @property
    def profile_row(self) -> Profile:
        """The row of the profile table."""
        return PROFILES[self.profile]

    @property
    def ca(self) -> Path | None:
        """The authority of an HTTPS target: its callback URL, challenge file and read-back are one's own alike."""
        return Path(self.ca_file) if self.ca_file else None

    @property
    def origin(self) -> Origin:
        """Where everything goes, pinned to the address that was checked."""
        return replace(origin_of(self.url), address=self.address)

    @property
    def total(self) -> int:
        """How many arrivals the storm has: the mean rate times the duration, at least one."""
        return max(1, round(self.rate * self.duration_s))

    @property
    def duplicate_share(self) -> float:
        """Share of punches that are sent again."""
        if self.duplicates < 0:
            return self.profile_row.duplicates
        return self.duplicates

    def connections_each(self, workers: int) -> int:
        """How many connections a worker may open: one for each device and concurrent copy, unless told otherwise."""
        if self.connections:
            return max(1, self.connections // workers)
        devices = -(-self.devices // workers)  # rounded up: the first workers own one more
        if not self.duplicate_share:
            return devices
        return devices * (1 + self.profile_row.copies)


def checked(settings: Settings) -> Settings:
    """The same settings when they can be run. Raises: SettingsError naming the option and the way out."""
    for rule in (_check_choices, _check_numbers, _check_people, _check_secrets):
        rule(settings)
    return settings


def _check_choices(settings: Settings) -> None:
    if settings.profile not in PROFILES:
        raise SettingsError(f"--profile {settings.profile!r} is unknown: {', '.join(PROFILES)}")
    if settings.protocol not in ("", *Protocol):
        raise SettingsError(f"--protocol {settings.protocol!r} is unknown: {', '.join(Protocol)}")
    if settings.protocol == Protocol.V2 and settings.profile_row.direction is Direction.REST:
        raise SettingsError(f"--profile {settings.profile} floods the v3 endpoint: leave --protocol out")
    if not settings.url.startswith(("http://", "https://")):
        raise SettingsError(f"URL {settings.url!r} must start with http:// or https://")


_LOWEST = {"devices": 1, "people": 1, "connections": 0, "first_user": 0}
_ABOVE_ZERO = ("rate", "duration_s", "deadline_s", "retry_s", "timeout_s")


_MOST = {
    **{"rate": 1_000_000, "seed": (1 << 63) - 1, "people": 100_000_000, "devices": 1_000_000, "connections": 1_000_000},
    **{"duration_s": 366 * 86_400, "start_s": 4_102_444_800},
}


def _check_numbers(settings: Settings) -> None:
    for name, most in _MOST.items():
        value = getattr(settings, name)
        if not -most - 1 <= value <= most:  # not a number is not within either
            raise SettingsError(f"--{_option(name)} {shown(value, 40)}: at most {most}")
    for name, lowest in _LOWEST.items():
        if getattr(settings, name) < lowest:
            raise SettingsError(f"--{_option(name)} {getattr(settings, name)} is too low: at least {lowest}")
    for name in _ABOVE_ZERO:
        if getattr(settings, name) <= 0:
            raise SettingsError(f"--{_option(name)} {getattr(settings, name)} must be above 0")
    if settings.drain_limit_s < 0:
        raise SettingsError(f"--drain-limit {settings.drain_limit_s} must not be negative")
    for name, value in (("lost-ack", settings.lost_ack), ("duplicates", settings.duplicate_share)):
        if not 0 <= value <= 1:
            raise SettingsError(f"--{name} {value} is a share: from 0 to 1")
    if settings.lost_ack == 1:
        raise SettingsError("--lost-ack 1 loses every first acknowledgement; below 1")


def _check_people(settings: Settings) -> None:
    # A punch is known by user and second (V3:1170), whatever device tells it.
    if settings.people < settings.devices:
        raise SettingsError(
            f"--people {settings.people} is fewer than --devices {settings.devices}: each device needs a person of its "
            "own, else two devices could send one user at one second; raise --people"
        )
    each = settings.total / settings.people
    if each > max(1.0, settings.duration_s / 2):
        enough = 2 * settings.total // max(1, int(settings.duration_s)) + 1
        raise SettingsError(
            f"--people {settings.people} would punch {each:.0f} times each in {settings.duration_s:.0f} s, and a punch "
            f"is known by user and second; raise --people to {enough} or more"
        )
    if settings.first_user + settings.people - 1 > LONGEST_USER_ID:
        raise SettingsError(f"--first-user {settings.first_user} and --people {settings.people} pass {LONGEST_USER_ID}")


def _check_secrets(settings: Settings) -> None:
    if not settings.auth_token.strip():
        raise SettingsError("--auth-token is empty: no device has such a token")
    if settings.security_key:
        try:
            check_key(settings.security_key)
        except ValueError as error:
            raise SettingsError(f"--security-key: {error}") from None
    if settings.profile_row.encrypted_share > 0 and not settings.security_key:
        raise SettingsError(
            f"--profile {settings.profile} encrypts: give the --security-key of the callback URL (32 characters)"
        )


def _option(name: str) -> str:
    return name.removesuffix("_s").replace("_", "-")
