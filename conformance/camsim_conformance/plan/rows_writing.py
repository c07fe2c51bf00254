"""Writes one punch as a row of an array asks: members, label, form of the JSON text, fields of the form, length."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from camsim.protocol import cipher
from camsim.protocol.facts import Punch
from camsim.protocol.v2 import envelope as envelope_v2
from camsim.protocol.v3 import envelope
from camsim.protocol.v3.messages import DOCUMENTED, Message, Style, callback_name
from camsim.protocol.vocabulary import Protocol

from . import framing_v2
from .builder import Builder
from .cases import Step, Transport
from .factors import value_of
from .punch_values import BLOCK
from .told import told_v2, told_v3

Write = Callable[[object], bytes]
_LABELS = {"utf8": "Tür Süd – 1º", "quotes": "Door \"A\", 'B'"}
_SLASH = " A/B"  # something to be escaped
_MISSING = {
    "no-serial": ("SerialNumber",),
    "no-label": ("LabelName",),
    "neither": ("SerialNumber", "LabelName"),
}
FILL = "."  # one byte in every form, also where letters and digits are escaped


@dataclass(frozen=True, slots=True)
class Retelling:
    """How a v3 message is told anew: another OperationID and another Time, epoch seconds; of the same device, so with
    the LabelName that it had (None: with the row's own)."""

    operation_id: str
    time_s: int
    label: str | None = None


def punch_step(make: Builder, punch: Punch, values: Mapping[str, str], again: Retelling | None = None) -> Step:
    """The step that tells a punch as the values say; `again` only has a place in v3."""
    device = device_of(values)
    if make.profile.protocol is Protocol.V2:
        return _step_v2(make, punch, device, values)
    style = Style(temperature="number") if values["temperature"] == "number" else DOCUMENTED
    told_anew = again or Retelling(make.operation_id(), make.now)
    message = make.message(punch, device, operation_id=told_anew.operation_id, time_s=told_anew.time_s, style=style)
    plain = _text_v3(make, message, device, values, told_anew.label)
    return make.raw(
        plain,
        device,
        callback_name(punch),
        told=told_v3(punch, message),
        values=_declared(values),
        transport=Transport(values["transport"]),
        query=_query(make, device, values),
    )


def device_of(values: Mapping[str, str]) -> int:
    """The number of the device that tells a row."""
    return 1 if values["device"] == "second" else 0


def _declared(values: Mapping[str, str]) -> dict[str, str]:
    """What cannot be seen in what a step tells."""
    found = {name: values[name] for name in ("frame", "label", "body")}
    if values["temperature"] == "number":
        found["temperature"] = "number"
    for name in ("edge", "id"):
        value = value_of(name, values[name])
        if value is None or not value.usual:
            found[name] = values[name]
    return found


def _query(make: Builder, device: int, values: Mapping[str, str]) -> str:
    if values["query"] == "none":
        return ""
    return make.tag(device)


def label_of(step: Step) -> str | None:
    """The LabelName of a v3 step; None without one."""
    label = envelope.decode(step.plain)["RealTime"].get("LabelName")
    return None if label is None else str(label)


def _text_v3(
    make: Builder, message: Message, device: int, values: Mapping[str, str], label: str | None = None
) -> bytes:
    frame = message["RealTime"]
    frame["LabelName"] = _LABELS.get(values["label"], frame["LabelName"])
    if values["body"] == "slashes":
        frame["LabelName"] += _SLASH
    for member in _MISSING.get(values["frame"], ()):
        del frame[member]
    write = WRITERS[values["body"]]
    # Without a label there is nothing to fill up: such a row has the length that it has.
    if "LabelName" in frame and label is not None:
        frame["LabelName"] = label
    elif make.device(device).key is not None and "LabelName" in frame:
        frame["LabelName"] += FILL * ((int(values["length"]) - len(write(message))) % BLOCK)
    return write(message)


def _step_v2(make: Builder, punch: Punch, device: int, values: Mapping[str, str]) -> Step:
    message = framing_v2.messages(make, punch, device)[0]
    told = told_v2(punch, message)
    write = WRITERS[values["body"]]
    key = make.device(device).key
    declared = _declared(values)
    sealed = message
    if key is not None:
        info = message["ApiRequestInfo"]
        # A member that no page prints fills the text up, so that nothing printed changes.
        info["Note"] = ""
        info["Note"] = FILL * ((int(values["length"]) - len(write(info))) % BLOCK)
        declared["length"] = values["length"]
        sealed = {**message, "ApiRequestInfo": cipher.encrypt(key, write(info)).decode()}
    wire = envelope_v2.seal_v2(write(sealed), None)
    if values["body"] == "another-field":
        wire = b"v=2&" + wire + b"&last=1"
    return Step(
        what=callback_name(punch),
        plain=write(message),
        wire=wire,
        device=device,
        content_type=framing_v2.CONTENT_TYPE,
        transport=Transport(values["transport"]),
        query=_query(make, device, values),
        # A replay would write the message in its own way: other forms are kept as they travel.
        sealed=key is not None and values["body"] == "plain",
        told=told,
        values=declared,
    )


# --- forms of JSON ---------------------------------------------------------------------------------------------------


def _dump(message: object) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def _reversed(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {key: _reversed(value[key]) for key in reversed(value)}


def _pretty(message: object) -> bytes:
    return json.dumps(message, indent=4, ensure_ascii=False).encode()


def _escaped(value: object) -> str:
    """JSON with every letter and digit of every text written as an escape, names of members too."""
    if isinstance(value, str):
        return f'"{"".join(map(_escaped_sign, value))}"'
    if isinstance(value, dict):
        members = [f"{_escaped(key)}:{_escaped(inner)}" for key, inner in value.items()]
        return f"{{{','.join(members)}}}"
    if isinstance(value, list):
        return f"[{','.join(map(_escaped, value))}]"
    return json.dumps(value)


def _escaped_sign(sign: str) -> str:
    # Beyond the basic plane JSON needs two escapes: those signs stay as they are.
    if sign.isalnum() and ord(sign) < 0x10000:
        return f"\\u{ord(sign):04x}"
    return json.dumps(sign, ensure_ascii=False)[1:-1]


WRITERS: Mapping[str, Write] = {
    "plain": envelope.encode,
    "reordered": lambda message: _dump(_reversed(message)),
    "pretty": _pretty,
    "escaped": lambda message: _escaped(message).encode(),
    "slashes": lambda message: _dump(message).replace(b"/", b"\\/"),
    "another-field": envelope.encode,
}
