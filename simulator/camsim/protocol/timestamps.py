"""Read and write the times of the wire, in the four shapes the v3 page prints.

`2020-09-17 07:48:22 GMT +0530` (V3:148, 1217) · `2022-07-11 00:00:00` (#36) · `13-11-2025 18:03:48 GMT +0530` and
`03/04/2024` (#13). Field programs also send one-digit days and bare dates: read too, told apart by `shape`,
and `oddities` names what is not as printed.
"""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Any

import msgspec

DAY_S = 86_400
FIRST_YEAR, LAST_YEAR = 1970, 2100
MAX_OFFSET = 14 * 60 + 59
_EPOCH = date(1970, 1, 1).toordinal()
EXAMPLE = "2020-09-17 07:48:22 GMT +0530"


class TimestampError(ValueError):
    """The text is no time of the protocol; the message shows it and what is allowed."""


class Shape(StrEnum):
    """Which of the printed shapes a text has; LOOSE ones are lint."""

    GMT = "YYYY-MM-DD HH:mm:ss GMT +zzzz"
    LOCAL = "YYYY-MM-DD HH:mm:ss"
    DEVICE_INFORMATION = "DD-MM-YYYY HH:mm:ss GMT +zzzz"
    LICENCE_DATE = "DD/MM/YYYY"
    DATE = "YYYY-MM-DD"
    LOOSE = "another order or one-digit parts"


class Stamp(msgspec.Struct, frozen=True):
    """A moment: `epoch_s` UTC seconds when `offset` (minutes east) is known, else the wall clock counted as UTC."""

    epoch_s: int
    offset: int | None
    shape: Shape = Shape.GMT

    def instant(self, default_offset: int) -> int:
        """UTC epoch seconds; a text without offset is read at `default_offset` minutes (the device's own)."""
        return self.epoch_s if self.offset is not None else self.epoch_s - default_offset * 60


def parse(text: Any) -> Stamp:
    """The moment a text of the wire means. Raises: TimestampError."""
    if not isinstance(text, str):
        raise TimestampError(f"a time is a text such as {EXAMPLE!r}, not {type(text).__name__}")
    if len(text) != len(EXAMPLE) or text[10] != " ":
        return _parse_loose(text)
    midnight, shape = _date(text[:10])
    if shape is Shape.LICENCE_DATE:
        raise _refuse(text, "a date with slashes has no clock")
    if shape is not Shape.GMT and shape is not Shape.DEVICE_INFORMATION:
        return _parse_loose(text)
    offset = _zone(text[19:])
    return Stamp(midnight + _clock(text[11:19]) - offset * 60, offset, shape)


def spelt_out(text: Any) -> Any:
    """The text with a zone by name as the page would write it: live clients send `IST` (R-TIME)."""
    if not isinstance(text, str):
        return text
    for name, written in _NAMED_ZONES.items():
        if text.endswith(name):
            return text.removesuffix(name) + written
    return text


def oddities(text: str, printed: Shape) -> list[str]:
    """In what a text that can be read differs from the shape the page prints at its place, each by name (R-TIME)."""
    written = spelt_out(text)
    found = _LOOSE.fullmatch(written)
    if found is None:
        return ["unknown shape"]
    parts = [found[name] for name in ("m", "d", "D", "M") if found[name]]
    odd = []
    if found["D"]:
        odd.append("day before year")
    if found["s"] == "/":
        odd.append("slashes")
    if found["clock"]:
        parts += found["clock"][1:].split(":")
    if any(len(part) < 2 for part in parts):
        odd.append("one-digit parts")
    if not found["clock"]:
        odd.append("no time of day, read as 00:00:00")
    if printed is Shape.GMT and not found["zone"]:
        odd.append("no UTC offset, read as the device's wall clock")
    if printed is not Shape.GMT and found["zone"]:
        odd.append("has an offset, the page prints none")
    if written != text:
        odd.append("a zone by name")
    return odd


def gmt(epoch_s: int, offset: int = 0) -> str:
    """`2020-09-17 07:48:22 GMT +0530` of UTC seconds at an offset in minutes (v3, Common Fields)."""
    day, second = divmod(epoch_s + offset * 60, DAY_S)
    return f"{_date_text(day)} {_clock_text(second)}{_zone_text(offset)}"


def local(epoch_s: int, offset: int = 0) -> str:
    """`2022-07-11 00:00:00`: the wall clock at an offset, which the text does not tell (#36)."""
    day, second = divmod(epoch_s + offset * 60, DAY_S)
    return f"{_date_text(day)} {_clock_text(second)}"


def device_information(epoch_s: int, offset: int = 0) -> str:
    """`13-11-2025 18:03:48 GMT +0530` (#13, LastConnectedTime)."""
    day, second = divmod(epoch_s + offset * 60, DAY_S)
    year, month, number = _date_text(day).split("-")
    return f"{number}-{month}-{year} {_clock_text(second)}{_zone_text(offset)}"


def licence_date(epoch_s: int, offset: int = 0) -> str:
    """`03/04/2024`, day first (#13, StartDate and EndDate; R-13)."""
    year, month, number = _date_text((epoch_s + offset * 60) // DAY_S).split("-")
    return f"{number}/{month}/{year}"


@lru_cache(maxsize=2048)
def parse_offset(text: str) -> int:
    """Minutes east of UTC: `+0530` is 330. Raises: TimestampError."""
    if len(text) != 5 or text[0] not in "+-" or not _digits(text[1:]) or int(text[3:]) > 59:
        raise TimestampError(f"{text[:40]!r} is no offset: a sign, two digits of hours, two of minutes, as +0530")
    minutes = int(text[1:3]) * 60 + int(text[3:])
    if minutes > MAX_OFFSET:
        raise TimestampError(f"{text!r} is beyond any time zone: -1459 to +1459")
    return -minutes if text[0] == "-" else minutes


@lru_cache(maxsize=2048)
def format_offset(offset: int) -> str:
    """`+0530` of 330 minutes. Raises: TimestampError outside ±14:59."""
    if not -MAX_OFFSET <= offset <= MAX_OFFSET:
        raise TimestampError(f"an offset of {offset} minutes is beyond any time zone: {-MAX_OFFSET} to {MAX_OFFSET}")
    hours, minutes = divmod(abs(offset), 60)
    return f"{'-' if offset < 0 else '+'}{hours:02d}{minutes:02d}"


# The parts are cached whole: times of one run share few dates and offsets, and a day has 86,400 clocks.


@lru_cache(maxsize=4096)
def _date(text: str) -> tuple[int, Shape]:
    if len(text) == 10 and text[2] in "-/" and text[5] == text[2] and text[2] != text[4]:
        number, month, year = text[:2], text[3:5], text[6:]
        shape = Shape.LICENCE_DATE if text[2] == "/" else Shape.DEVICE_INFORMATION
    elif len(text) == 10 and text[4] == text[7] == "-":
        year, month, number = text[:4], text[5:7], text[8:]
        shape = Shape.GMT
    else:
        return 0, Shape.LOOSE
    return _midnight(year, month, number, text), shape


def _midnight(year: str, month: str, number: str, text: str) -> int:
    if not (_digits(year) and _digits(month) and _digits(number)):
        raise _refuse(text, "a date is made of digits")
    if not FIRST_YEAR <= int(year) <= LAST_YEAR:
        raise _refuse(text, f"the year is outside {FIRST_YEAR} to {LAST_YEAR}")
    try:
        day = date(int(year), int(month), int(number)).toordinal()
    except ValueError as error:
        raise _refuse(text, f"no such day: {error}") from None
    return (day - _EPOCH) * DAY_S


@lru_cache(maxsize=DAY_S)
def _clock(text: str) -> int:
    hours, minutes, seconds = text[:2], text[3:5], text[6:]
    if len(text) != 8 or text[2] != ":" or text[5] != ":" or not _digits(hours + minutes + seconds):
        raise _refuse(text, "a clock is HH:mm:ss")
    if int(hours) > 23 or int(minutes) > 59 or int(seconds) > 59:
        raise _refuse(text, "a clock runs from 00:00:00 to 23:59:59")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


@lru_cache(maxsize=2048)
def _zone(text: str) -> int:
    if text[:5] != " GMT ":
        raise _refuse(text, 'the offset is written " GMT +0530"')
    return parse_offset(text[5:])


# Seen from live clients, whose server was in India.
_NAMED_ZONES = {" IST": " GMT +0530"}
_LOOSE = re.compile(
    r"(?:(?P<y>[0-9]{4})-(?P<m>[0-9]{1,2})-(?P<d>[0-9]{1,2})|(?P<D>[0-9]{1,2})(?P<s>[-/])(?P<M>[0-9]{1,2})(?P=s)(?P<Y>[0-9]{4}))"
    r"(?P<clock> [0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2})?(?P<zone> GMT .*)?",
    re.ASCII,
)


def _parse_loose(text: str) -> Stamp:
    """Read what is not the 29 printed characters: no offset, date only, licence date, one-digit parts."""
    found = _LOOSE.fullmatch(text)
    if found is None:
        raise _refuse(text, "the shape is unknown")
    if found["zone"] and not found["clock"]:
        raise _refuse(text, "an offset needs a clock before it")
    if found["s"] == "/" and found["clock"]:
        raise _refuse(text, "a date with slashes has no clock")
    year, month, number = (found["y"] or found["Y"], found["m"] or found["M"], found["d"] or found["D"])
    wall = _midnight(year, month, number, text)
    if found["clock"]:
        wall += _clock(":".join(part.zfill(2) for part in found["clock"][1:].split(":")))
    offset = _zone(found["zone"]) if found["zone"] else None
    return Stamp(wall - (offset or 0) * 60, offset, _loose_shape(text, found))


def _loose_shape(text: str, found: re.Match[str]) -> Shape:
    if found["zone"] or found["s"] == "-":
        return Shape.LOOSE
    if found["clock"]:
        return Shape.LOCAL if len(text) == 19 else Shape.LOOSE
    if len(text) != 10:
        return Shape.LOOSE
    return Shape.LICENCE_DATE if found["s"] else Shape.DATE


@lru_cache(maxsize=4096)
def _date_text(day: int) -> str:
    try:
        written = date.fromordinal(_EPOCH + day)
    except (ValueError, OverflowError):
        written = date(1, 1, 1)
    if not FIRST_YEAR <= written.year <= LAST_YEAR:
        raise TimestampError(f"day {day} since 1970 cannot be written: years {FIRST_YEAR} to {LAST_YEAR}")
    return written.isoformat()


@lru_cache(maxsize=DAY_S)
def _clock_text(second: int) -> str:
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"


@lru_cache(maxsize=2048)
def _zone_text(offset: int) -> str:
    return f" GMT {format_offset(offset)}"


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _refuse(text: str, why: str) -> TimestampError:
    return TimestampError(f"{text[:60]!r} is no time of the protocol: {why}; write it as {EXAMPLE!r}")
