"""How stored records look in read-back (conformance, Read-back)."""

from __future__ import annotations

import base64
import hashlib

from camsim.protocol import timestamps

from .records import Json, Punch, Template

CAPABILITIES: Json = {
    "time_policy": "instant",
    "keeps": ["punches", "templates", "users", "type", "input", "temperature", "mask", "device"],
}
_PLAIN_TEXT = frozenset({"Card", "Password"})


def punch_view(punch: Punch) -> Json:
    """A punch with its time as `2020-09-17T02:18:22Z`; keys that were never told are absent."""
    told = {
        "type": punch.type,
        "input": punch.input,
        "device": punch.device or None,
        "temperature": punch.temperature,
        "mask": punch.mask,
    }
    # What was never told is left out: null would say that the receiver stored it as nothing.
    known = {name: value for name, value in told.items() if value is not None}
    return {"user": punch.user, "time": instant(punch.at), **known}


def instant(at: int) -> str:
    """`2020-09-17T02:18:22Z`."""
    return timestamps.local(at).replace(" ", "T") + "Z"


def wall(at: int, offset: int) -> str:
    """`2020-09-17T07:48:22`: the clock on the device's wall."""
    return timestamps.local(at, offset).replace(" ", "T")


def template_view(template: Template) -> Json:
    """A template by its digest: the data never leaves."""
    return {
        "user": template.user,
        "type": template.type,
        "index": template.index,
        "sha256": hashlib.sha256(content(template)).hexdigest(),
    }


def content(template: Template) -> bytes:
    """The bytes a template stands for: decoded Base64, or its text for card, password and what is no Base64."""
    text = template.data.encode("utf-8", "replace")
    if template.type in _PLAIN_TEXT:
        return text
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return text
