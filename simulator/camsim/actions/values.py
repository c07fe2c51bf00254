"""What people write in bodies and site files: times, zones, durations, URLs; a wrong one is named."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

from camsim.control.ranges import FIRST_S, LAST_S
from camsim.durations import duration_ms
from camsim.kernel.events import usage
from camsim.protocol import timestamps
from camsim.protocol.command import MAX_USER_ID, is_user_id
from camsim.protocol.vocabulary import UserType
from camsim.state import zones

_MOMENTS = "a moment from 1970-01-02 to January 2100"
_URL = re.compile(r"https?://[^\s/?#]+\S*")


def offset_of(zone: str, now_ms: int) -> int:
    """Minutes east of UTC of `+0530` or an IANA zone name at a moment. Raises: ControlError."""
    try:
        return zones.offset_at(zone, now_ms)
    except ValueError:
        raise usage("timezone", zone, "an offset such as +0530 or a zone such as Asia/Kolkata") from None


def instant_of(key: str, text: str | int | float | None, offset: int) -> int | None:
    """UTC seconds of the vendor's text, ISO 8601, or a number of seconds. Raises: ControlError."""
    if text is None:
        return None
    if isinstance(text, float) and not FIRST_S <= text < LAST_S:  # of nan and inf there is no whole number
        raise usage(key, text, _MOMENTS)
    epoch_s = _parsed(key, text, offset) if isinstance(text, str) else int(text)
    return writable(key, text, epoch_s)


def _parsed(key: str, text: str, offset: int) -> int:
    try:
        return timestamps.parse(text).instant(offset)
    except timestamps.TimestampError:
        pass
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:  # as on the device's display
            return int(moment.replace(tzinfo=UTC).timestamp()) - offset * 60
        return int(moment.timestamp())
    except (ValueError, OverflowError):
        raise usage(key, text, f"a time such as {timestamps.EXAMPLE} or 2020-09-17T07:48:22+05:30") from None


def writable(key: str, value: object, epoch_s: int) -> int:
    """The moment, if a device can show it. Raises: ControlError."""
    if not FIRST_S <= epoch_s < LAST_S:
        raise usage(key, value, _MOMENTS)
    return epoch_s


def user_id_of(key: str, text: str) -> str:
    """A UserID as a device can have it (A-DEV-01). Raises: ControlError."""
    if not is_user_id(text):
        raise usage(key, text, f"1 to {MAX_USER_ID} characters of A-Z a-z 0-9 _ - (A-DEV-01)")
    return text


def user_type_of(text: str, key: str = "user_type") -> str:
    """`User` or `Admin` as the page spells them, written in any case (A-DEV-03). Raises: ControlError."""
    for kind in UserType:
        if kind.lower() == text.lower():
            return str(kind)
    raise usage(key, text, ", ".join(UserType))


def is_address(text: str) -> bool:
    """An IP address as a connection shows it: origins are compared as texts."""
    try:
        return str(ip_address(text)) == text
    except ValueError:
        return False


def is_url(text: str) -> bool:
    """Whether a callback URL can be called at all: http or https, with a host and a port that can exist."""
    try:
        parts = urlsplit(text)
        (parts.hostname or "").encode("idna")
        return _URL.fullmatch(text) is not None and parts.port != 0
    except ValueError:
        return False


def milliseconds_of(key: str, value: str | float) -> int:
    """A duration such as `15s`, or seconds, in ms. Raises: ControlError."""
    try:
        return duration_ms(value)
    except ValueError as problem:
        raise usage(key, value, str(problem)) from None
