"""Cases of the wire: JSON texts, UTF-8, sizes, and HTTP in its usual variations (CB-WIRE, CB-ROB-002)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

from camsim import chance
from camsim.protocol.facts import Punch, Template
from camsim.protocol.v3 import messages
from camsim.protocol.vocabulary import Protocol, TemplateType

from .builder import MINUTE, Maker
from .cases import Case, Expect, Stage, Step, StoredName, Transport

NAMES = {
    "accents": ("José", "Müller-Øst"),
    "tamil": ("தமிழ்", "செல்வி"),
    "tamil-long": ("சுப்பிரமணியன்", "முத்துலட்சுமி"),  # 13 signs in 39 bytes each
    "arabic": ("محمد", "الأمين"),
    "chinese": ("小明", "王"),
}
LADDER = {"100-kB": 100_000, "256-kB": 256_000, "1-MB": 1_000_000, "4-MB": 4_000_000}


def cases(make: Maker) -> Iterator[Case]:
    """All of them."""
    yield Case("CB-WIRE-001", "raw-json", (make.step(make.punch(make.user())),))
    yield from _utf8(make)
    yield from _same_value(make)
    yield from _sizes(make)
    yield from http(make, "CB-WIRE-005")
    for name, query in {"no-query": "", "stgid": "?stgid={}", "stgid-doubled": "?stgid={0}?stgid={0}"}.items():
        step = make.step(make.punch(make.user()), query=query.format(make.device(0).stgid))
        yield Case("CB-ROB-002", name, (step,))


def _utf8(make: Maker) -> Iterator[Case]:
    if "user-data" in make.profile.features:
        for name, (first, last) in NAMES.items():
            user = make.user()
            step = make.step(make.updated(user, first=first, last=last))
            yield Case("CB-WIRE-002", f"name-{name}", (step,), Expect((user,), users={user: StoredName(first, last)}))
        user = make.user()
        first, last = NAMES["tamil-long"]
        step = make.step(make.updated(user, first=first, last=last), transport=Transport.SEGMENTS)
        yield Case("CB-WIRE-002", "name-in-segments", (step,), Expect((user,), users={user: StoredName(first, last)}))
    for name, label in {"accents": "Tür Süd – 1º", "tamil": "நுழைவு வாயில்", "emoji": "Door 🚪"}.items():
        punch = make.punch(make.user())
        message = make.message(punch)
        message["RealTime"]["LabelName"] = label
        yield _stored("CB-WIRE-002", f"label-{name}", punch, make.json(message))


def _stored(requirement: str, name: str, punch: Punch, *steps: Step) -> Case:
    return Case(requirement, name, steps, Expect((punch.user_id,), (punch,)))


def _same_value(make: Maker) -> Iterator[Case]:
    writers: dict[str, Callable[[Any], bytes]] = {
        "reversed-members": lambda message: _dump(_reordered(message, make, "reversed")),
        "shuffled-members": lambda message: _dump(_reordered(message, make, "shuffled")),
        "pretty": lambda message: json.dumps(message, indent=4, ensure_ascii=False).encode(),
        "escaped-slash": lambda message: _dump(message).replace(b"/", b"\\/"),
        "escaped-letters": _escaped,
        "white-space-around": lambda message: b"\r\n\t " + json.dumps(message).encode() + b" \n",
    }
    for name, write in writers.items():
        punch = make.punch(make.user())
        message = make.message(punch)
        message["RealTime"]["LabelName"] = "Gate A/B"
        yield _stored("CB-WIRE-003", name, punch, make.raw(write(message), what="RealTimePunchLog"))


def _dump(message: Any) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def _reordered(value: Any, make: Maker, how: str) -> Any:
    if not isinstance(value, dict):
        return value
    keys = list(value)[::-1] if how == "reversed" else chance.shuffled(value, make.profile.seed, "", "member order")
    return {key: _reordered(value[key], make, how) for key in keys}


def _escaped(message: Any) -> bytes:
    """Every letter of every text value as \\uXXXX; members too."""
    text = _dump(message).decode()
    inside = False
    out = []
    for letter in text:
        inside = inside != (letter == '"')
        out.append(f"\\u{ord(letter):04x}" if inside and letter.isalpha() and ord(letter) < 0x10000 else letter)
    return "".join(out).encode()


def _sizes(make: Maker) -> Iterator[Case]:
    user = make.user()
    yield Case("CB-WIRE-004", "face-28112", (make.step(make.updated(user, _face(28_112))),))
    yield Case("CB-WIRE-004", "photo-20-kB", (make.step(make.photo(user, make.ago(15 * MINUTE))),))
    for name, size in LADDER.items():
        step = make.step(make.updated(user, _face(size)), transport=Transport.FRESH)
        yield Case("CB-WIRE-004", name, (step,), record=True, stage=Stage.HOSTILE)


def _face(size: int) -> Template:
    data = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)) * (size // 256 + 1)
    return Template(TemplateType.FACE, base64.b64encode(data[:size]).decode(), "0", str(size))


def http(make: Maker, requirement: str) -> Iterator[Case]:
    """Plain HTTP/1.1 in its usual variations, for both protocols."""
    user = make.user()
    kind = "application/json" if make.profile.protocol is Protocol.V3 else "application/x-www-form-urlencoded"

    def step(n: int, **more: Any) -> Step:
        return make.step(make.punch(user, make.ago(n * MINUTE)), **more)

    yield Case(requirement, "kept-connection", tuple(step(n) for n in range(20, 24)))
    yield Case(requirement, "new-connection", (step(25, transport=Transport.FRESH),))
    yield Case(requirement, "chunked", (step(26, transport=Transport.CHUNKED),))
    yield Case(requirement, "lower-case-headers", (step(27, transport=Transport.LOWER_CASE),))
    yield Case(requirement, "expect-100-continue", (step(28, transport=Transport.EXPECT),))
    yield Case(requirement, "charset", (step(29, content_type=f"{kind}; charset=utf-8"),))
    yield Case(requirement, "tcp-segments", (step(31, transport=Transport.SEGMENTS),))


STYLE_NUMBER = messages.Style(temperature="number")
