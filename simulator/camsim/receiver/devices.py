"""What a receiver is told about its devices: plain data, so that the two receivers share no logic."""

from __future__ import annotations

from dataclasses import dataclass

from camsim.protocol import cipher

DEFAULT_OFFSET = 330
MAX_BODY = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """A device whose callbacks are stored. `offset` is minutes east of UTC and used for v2 alone (V2-01)."""

    token: str
    key: str | None = None
    label: str = ""
    stgid: str = ""
    offset: int = DEFAULT_OFFSET


@dataclass(frozen=True, slots=True)
class Settings:
    """How a receiver behaves. No device means that any token is accepted; `key` then serves every body."""

    devices: tuple[KnownDevice, ...] = ()
    key: str | None = None
    offset: int = DEFAULT_OFFSET
    readback: bool = False
    max_body: int = MAX_BODY


class DeviceTextError(ValueError):
    """A `--device` text that cannot be understood."""


def parse_device(text: str) -> KnownDevice:
    """Read `token=…,key=…,label=…,stgid=…,offset=…` (offset in minutes or as +0530). Raises: DeviceTextError."""
    fields = dict(_pair(part, text) for part in text.split(",") if part)
    if not fields.get("token"):
        raise DeviceTextError(f"{text!r}: token=… is required")
    key = fields.get("key")
    if key is not None:
        _check_key(key)
    return KnownDevice(
        token=fields["token"],
        key=key,
        label=fields.get("label", ""),
        stgid=fields.get("stgid", ""),
        offset=parse_minutes(fields.get("offset", str(DEFAULT_OFFSET))),
    )


def _pair(part: str, text: str) -> tuple[str, str]:
    name, equals, value = part.partition("=")
    allowed = ("token", "key", "label", "stgid", "offset", "serial")
    if not equals or name not in allowed:
        raise DeviceTextError(f"{part!r} in {text!r}: name=value is expected with a name of {', '.join(allowed)}")
    return name, value


def _check_key(key: str) -> None:
    try:
        cipher.check_key(key)
    except ValueError as error:
        raise DeviceTextError(str(error)) from None


def parse_minutes(text: str) -> int:
    """Read minutes east of UTC from `330`, `-210`, `+0530` or `+05:30`. Raises: DeviceTextError."""
    digits = text.replace(":", "")
    bare = digits.lstrip("+-")
    if not bare.isdigit() or len(bare) > 4:
        raise DeviceTextError(f"offset {text!r}: minutes such as 330, or a text such as +0530")
    minutes = int(bare)
    if len(bare) == 4:  # hours and minutes; minutes alone have three digits at most
        minutes = int(bare[:2]) * 60 + int(bare[2:])
    if minutes > 14 * 60:
        raise DeviceTextError(f"offset {text!r}: at most 14 hours, as +1400 or 840")
    return -minutes if digits.startswith("-") else minutes
