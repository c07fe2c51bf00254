"""Turns the bytes of a callback into plain rows; own parser, own cipher use, nothing shared with the other receiver."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from camsim.receiver.devices import KnownDevice, Settings

_FORM = re.compile(rb"(?:^|&)request_data=")
_TIME = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)[ T](\d\d?):(\d\d):(\d\d) *(?:GMT|UTC)? *(?:([+-])(\d\d):?(\d\d)|Z)?$")
_NAMED_BY = frozenset({"Card", "Password"})
_LAST_YEAR = 9998
_V2_PHOTO = ("AttendancePhoto", "AttendancePhotoe")


class UnreadableError(ValueError):
    """The body is not a callback at all: not JSON, not Base64 of our key, not an object."""


@dataclass(frozen=True, slots=True)
class Callback:
    """A body that could be read; `body` is the object the protocol puts its fields in."""

    version: str
    token: str
    body: dict[str, Any]
    stgid: str = ""


@dataclass(frozen=True, slots=True)
class PunchRow:
    """A punch. `at` is UTC epoch seconds; `slot` is what besides user and time tells punches apart (V2-30)."""

    user: str
    at: int
    slot: str
    device: str
    type: str | None
    input: str | None
    temperature: str | None
    mask: bool | None


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A user as told; an empty name means "not told"."""

    user: str
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """One template; `index` is empty for kinds without one."""

    user: str
    type: str
    index: str
    data: str


@dataclass(frozen=True, slots=True)
class RemovalRow:
    """A user that was deleted on the device."""

    user: str


@dataclass(frozen=True, slots=True)
class NoteRow:
    """Anything acknowledged and only recorded: photos, clock changes, lazy replies, unknown operations."""

    kind: str
    user: str
    text: str


Row = PunchRow | PersonRow | TemplateRow | RemovalRow | NoteRow


def read(body: bytes, settings: Settings) -> Callback:
    """Open a body, v2 form field or v3 text, encrypted or not. Raises: UnreadableError."""
    text = body.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text[:1] != b"{" and _FORM.search(text[:4096]):
        return _read_v2(body, settings)
    message = _object(text if text[:1] == b"{" else _first_plain(text, settings, ""))
    inner = message.get("RealTime")
    if isinstance(inner, dict):
        return Callback("v3", _text(inner.get("AuthToken")), inner)
    return Callback("v3", _text(message.get("AuthToken")), message)


def _read_v2(body: bytes, settings: Settings) -> Callback:
    try:
        fields = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=100)
    except ValueError as error:
        raise UnreadableError(f"form: {error}") from None
    message = _object(fields["request_data"][0].encode())
    stgid = _text(message.get("ServiceTagId"))
    info = message.get("ApiRequestInfo")
    if isinstance(info, str):
        info = _object(_first_plain(info.replace(" ", "+").encode(), settings, stgid))
    if not isinstance(info, dict):
        raise UnreadableError("ApiRequestInfo: an object or its encryption is expected")
    return Callback("v2", _text(info.get("AuthToken")), info, stgid)


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"JSON: {type(error).__name__}") from None
    if not isinstance(value, dict):
        raise UnreadableError("JSON: an object is expected")
    return value


def _first_plain(data: bytes, settings: Settings, stgid: str) -> bytes:
    """The body itself does not say whose it is, so every key is tried, that of the named device first (A-ENC-08)."""
    named = [device.key for device in settings.devices if stgid and device.stgid == stgid]
    others = [device.key for device in settings.devices]
    for key in dict.fromkeys([*named, *others, settings.key]):
        plain = _decrypt(key, data) if key else None
        if plain is not None:
            return plain
    raise UnreadableError("neither JSON nor an encryption with a known key")


def _decrypt(key: str, data: bytes) -> bytes | None:
    """AES-256/ECB/PKCS#7 under the key's own bytes (v3, Encryption); None when this key does not fit."""
    try:
        sealed = base64.b64decode(data, validate=False)
        # ECB is what the protocol prescribes (A-ENC-11).
        worker = Cipher(algorithms.AES(key.encode()), modes.ECB()).decryptor()  # noqa: S305
        padded = worker.update(sealed) + worker.finalize()
        strip = padding.PKCS7(128).unpadder()
        plain = strip.update(padded) + strip.finalize()
    except (ValueError, binascii.Error):
        return None
    return plain if plain.lstrip()[:1] == b"{" else None


def _text(value: object) -> str:
    """Any scalar as storable text; lone surrogates and missing values become harmless."""
    if value is None or isinstance(value, dict | list):
        return ""
    return str(value).encode("utf-8", "replace").decode()


def instant(text: str) -> int:
    """UTC epoch seconds of a vendor time of the years 1970 to 9998; no offset means UTC. Raises: ValueError."""
    found = _TIME.match(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no time")
    *parts, sign, hours, minutes = found.groups()
    shift = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    zone = timezone(-shift if sign == "-" else shift)
    year, month, day, hour, minute, second = (int(part) for part in parts)
    if not 1970 <= year <= _LAST_YEAR:
        raise ValueError(f"{text!r}: the year is out of range")
    return int(datetime(year, month, day, hour, minute, second, tzinfo=zone).timestamp())


def rows(callback: Callback, settings: Settings) -> list[Row]:
    """What a callback asks to be stored, in order; never raises for a value it cannot use, but notes it."""
    reader = _v2_rows if callback.version == "v2" else _v3_rows
    return list(reader(callback, settings))


def _v3_rows(callback: Callback, _settings: Settings) -> Iterator[Row]:
    body = callback.body
    device = _text(body.get("SerialNumber") or body.get("LabelName"))
    if isinstance(punch := body.get("PunchLog"), dict):
        yield from _punches(punch, device)
    elif isinstance(update := body.get("UserUpdated"), dict):
        yield from _update(update)
    elif isinstance(deleted := body.get("UserDeleted"), dict):
        yield RemovalRow(_user(deleted))
    elif isinstance(log := body.get("Log"), dict):
        yield NoteRow("photo", _user(log), _text(log.get("LogTime")))
    else:
        yield NoteRow("other", "", ",".join(_text(key) for key in body))


def _user(item: dict[str, Any]) -> str:
    return _text(item.get("UserId") if item.get("UserId") is not None else item.get("UserID"))


def _punches(punch: dict[str, Any], device: str) -> Iterator[Row]:
    batch = punch.get("Log")
    for item in batch if isinstance(batch, list) else [punch]:
        if isinstance(item, dict):
            yield _punch(item, device)


def _punch(item: dict[str, Any], device: str) -> Row:
    user, stamp = _user(item), _text(item.get("LogTime"))
    try:
        at = instant(stamp)
    except ValueError:
        return NoteRow("odd-time", user, stamp)
    kind = _text(item.get("Type") or item.get("AttendanceType")) or None
    return PunchRow(user, at, "", device, kind, _text(item.get("InputType")) or None, *_health(item))


def _health(item: dict[str, Any]) -> tuple[str | None, bool | None]:
    mask = item.get("FaceMask")
    worn = {"true": True, "false": False}.get(_text(mask).lower()) if mask is not None else None
    return _text(item.get("Temperature")) or None, worn


def _update(update: dict[str, Any]) -> Iterator[Row]:
    user = _user(update)
    items = update.get("Template")
    items = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    photo = update.get("Photo")
    if isinstance(photo, dict):
        items.append({**photo, "Type": "UserPhoto", "Index": None})
    for name in dict.fromkeys([user, *(_user(item) for item in items)]):
        if name:
            told = update if name == user else {}
            yield PersonRow(name, _text(told.get("FirstName")), _text(told.get("LastName")))
    for item in items:
        kind, index, data = (_text(item.get(name)) for name in ("Type", "Index", "Data"))
        yield TemplateRow(_user(item) or user, kind, index, data)


def _v2_rows(callback: Callback, settings: Settings) -> Iterator[Row]:
    info = callback.body
    user, operation = _text(info.get("UserId")), _text(info.get("Operation"))
    data = info.get("OperationData")
    data = data if isinstance(data, dict) else {}
    if _text(info.get("OperationReferenceId")):
        yield NoteRow("lazy", user, f"{operation} {_text(info.get('OperationReferenceId'))} {json.dumps(data)}")
    elif operation in ("RealTimePunchLog", "PunchLog") and not any(key in data for key in _V2_PHOTO):
        yield _v2_punch(callback, settings, user, data)
    elif operation == "ManuallyUserUpdated":
        yield from _v2_update(user, data)
    elif operation == "ManuallyUserDeleted":
        yield RemovalRow(user)
    else:
        yield NoteRow("photo" if any(key in data for key in _V2_PHOTO) else "other", user, operation)


def _v2_punch(callback: Callback, settings: Settings, user: str, data: dict[str, Any]) -> Row:
    stamp = _text(callback.body.get("OperationTime"))
    if not re.fullmatch(r"\d{1,10}", stamp):
        return NoteRow("odd-time", user, stamp)
    # The device's wall clock stands there as if it were UTC (V2-01); the configured offset makes it an instant.
    at = int(stamp) - 60 * _offset(callback, settings)
    kind, source = _text(data.get("AttendanceType")) or None, _text(data.get("InputType")) or None
    return PunchRow(user, at, callback.stgid, callback.stgid, kind, source, *_health(data))


def _offset(callback: Callback, settings: Settings) -> int:
    def rank(device: KnownDevice) -> int:
        return 2 * (device.stgid == callback.stgid) + (device.token == callback.token)

    best = max(settings.devices, key=rank, default=None)
    return best.offset if best is not None and rank(best) else settings.offset


def _v2_update(user: str, data: dict[str, Any]) -> Iterator[Row]:
    items = data.get("Signature")
    items = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    # Only with cards and passwords do the names mean something ("don't read on other cases", v2, Signature).
    named = all(item.get("Type") in _NAMED_BY for item in items)
    first = _text(data.get("FirstName")) or _text(data.get("Name"))
    yield PersonRow(user, first if named else "", _text(data.get("LastName")) if named else "")
    for item in items:
        kind, index, template = (_text(item.get(name)) for name in ("Type", "AdditionalData1", "Template"))
        if template:
            yield TemplateRow(user, kind, index, template)


def iso(at: int) -> str:
    """`2020-09-17T02:18:22Z`."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
