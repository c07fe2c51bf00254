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

from .rows import NoteRow, PersonRow, PunchRow, RemovalRow, Row, TemplateRow

_FORM = re.compile(rb"(?:^|&)request_data=")
_TIME = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)[ T](\d\d?):(\d\d):(\d\d) *(?:GMT|UTC)? *(?:([+-])(\d\d):?(\d\d)|Z)?$")
_NAMED_BY = frozenset({"Card", "Password"})
_LAST_YEAR = 9998
Fields = dict[str, Any]  # a JSON object as it came
_V2_PHOTO = ("AttendancePhoto", "AttendancePhotoe")


class UnreadableError(ValueError):
    """The body is not a callback at all: not JSON, not Base64 of our key, not an object."""


@dataclass(frozen=True, slots=True)
class Callback:
    """A body that could be read; `body` is the object the protocol puts its fields in."""

    version: str
    token: str
    body: Fields
    stgid: str = ""


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


def _object(data: bytes) -> Fields:
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
    for key in filter(None, dict.fromkeys([*named, *others, settings.key])):
        plain = _decrypt(key, data)
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
    # The padding of a wrong key fits by chance once in 256; an object does not begin by chance as well.
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
    if sign == "-":
        shift = -shift
    year, month, day, hour, minute, second = map(int, parts)
    if not 1970 <= year <= _LAST_YEAR:
        raise ValueError(f"{text!r}: the year is out of range")
    return int(datetime(year, month, day, hour, minute, second, tzinfo=timezone(shift)).timestamp())


def rows(callback: Callback, settings: Settings) -> list[Row]:
    """What a callback asks to be stored, in order; never raises for a value it cannot use, but notes it."""
    if callback.version == "v2":
        return list(_v2_rows(callback, settings))
    return list(_v3_rows(callback))


def _v3_rows(callback: Callback) -> Iterator[Row]:
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


def _user(item: Fields) -> str:
    # #11 writes UserId, every other message UserID.
    return _text(item.get("UserId")) if item.get("UserId") is not None else _text(item.get("UserID"))


def _objects(value: object) -> list[Fields]:
    """The objects of an array, and nothing of what is none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _punches(punch: Fields, device: str) -> Iterator[Row]:
    batch = punch.get("Log")  # some gateways tell several punches at once (A-CB-23)
    if not isinstance(batch, list):
        yield _punch(punch, device)
    for item in _objects(batch):
        yield _punch(item, device)


def _punch(item: Fields, device: str) -> Row:
    user, stamp = _user(item), _text(item.get("LogTime"))
    try:
        at = instant(stamp)
    except ValueError:
        return NoteRow("odd-time", user, stamp)
    temperature, mask = _health(item)
    return PunchRow(
        user=user,
        at=at,
        slot="",
        device=device,
        type=_text(item.get("Type") or item.get("AttendanceType")) or None,
        input=_text(item.get("InputType")) or None,
        temperature=temperature,
        mask=mask,
    )


def _health(item: Fields) -> tuple[str | None, bool | None]:
    """Temperature as it was told, and whether a mask was worn; a text may stand where the page shows true or false."""
    worn = {"true": True, "false": False}.get(_text(item.get("FaceMask")).lower())
    return _text(item.get("Temperature")) or None, worn


def _update(update: Fields) -> Iterator[Row]:
    user = _user(update)
    items = _objects(update.get("Template"))
    photo = update.get("Photo")
    if isinstance(photo, dict):
        items.append({**photo, "Type": "UserPhoto", "Index": None})
    if user:
        yield PersonRow(user, _text(update.get("FirstName")), _text(update.get("LastName")))
    # #6 to #8 name the user in the templates alone: known from then on, without a name.
    for name in dict.fromkeys(map(_user, items)):
        if name not in ("", user):
            yield PersonRow(name, "", "")
    for item in items:
        kind, index, data = _text(item.get("Type")), _text(item.get("Index")), _text(item.get("Data"))
        yield TemplateRow(_user(item) or user, kind, index, data)


def _v2_rows(callback: Callback, settings: Settings) -> Iterator[Row]:
    info = callback.body
    user, operation = _text(info.get("UserId")), _text(info.get("Operation"))
    data = info.get("OperationData")
    if not isinstance(data, dict):
        data = {}
    has_photo = any(key in data for key in _V2_PHOTO)
    reference = _text(info.get("OperationReferenceId"))
    if reference:  # it answers a command of ours (V2-11)
        yield NoteRow("lazy", user, f"{operation} {reference} {json.dumps(data)}")
    elif operation in ("RealTimePunchLog", "PunchLog") and not has_photo:
        yield _v2_punch(callback, settings, user, data)
    elif operation == "ManuallyUserUpdated":
        yield from _v2_update(user, data)
    elif operation == "ManuallyUserDeleted":
        yield RemovalRow(user)
    else:
        yield NoteRow("photo" if has_photo else "other", user, operation)


def _v2_punch(callback: Callback, settings: Settings, user: str, data: Fields) -> Row:
    stamp = _text(callback.body.get("OperationTime"))
    if not re.fullmatch(r"\d{1,10}", stamp):
        return NoteRow("odd-time", user, stamp)
    # The device's wall clock stands there as if it were UTC (V2-01); the configured offset makes it an instant.
    at = int(stamp) - 60 * _offset(callback, settings)
    temperature, mask = _health(data)
    return PunchRow(
        user=user,
        at=at,
        slot=callback.stgid,
        device=callback.stgid,
        type=_text(data.get("AttendanceType")) or None,
        input=_text(data.get("InputType")) or None,
        temperature=temperature,
        mask=mask,
    )


def _offset(callback: Callback, settings: Settings) -> int:
    def rank(device: KnownDevice) -> int:
        return 2 * (device.stgid == callback.stgid) + (device.token == callback.token)

    # The tag outweighs the token: two devices may have the same token.
    best = max(settings.devices, key=rank, default=None)
    if best is None or not rank(best):
        return settings.offset
    return best.offset


def _v2_update(user: str, data: Fields) -> Iterator[Row]:
    items = _objects(data.get("Signature"))
    # Only with cards and passwords do the names mean something ("don't read on other cases", v2, Signature).
    named = all(item.get("Type") in _NAMED_BY for item in items)
    if named:
        yield PersonRow(user, _text(data.get("FirstName")) or _text(data.get("Name")), _text(data.get("LastName")))
    else:
        yield PersonRow(user, "", "")
    for item in items:
        template = _text(item.get("Template"))
        if template:
            yield TemplateRow(user, _text(item.get("Type")), _text(item.get("AdditionalData1")), template)


def iso(at: int) -> str:
    """`2020-09-17T02:18:22Z`."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
