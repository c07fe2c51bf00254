"""The wire: JSON texts, UTF-8, sizes, and HTTP in its usual variations (CB-WIRE, CB-ROB-002)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Unpack
from urllib.parse import urlsplit

from camsim import chance
from camsim.protocol.facts import Template
from camsim.protocol.v3.messages import Message
from camsim.protocol.vocabulary import Protocol, TemplateType
from camsim_conformance.findings.answers import acknowledged
from camsim_conformance.findings.told import FIELDS, ROWS, as_told
from camsim_conformance.model.observation import Aspect
from camsim_conformance.observed import Observed
from camsim_conformance.plan.builder import Builder
from camsim_conformance.plan.cases import UNCHANGED, Case, Expect, Sending, Stage, Step, Transport
from camsim_conformance.plan.run_facts import MINUTE
from camsim_conformance.plan.told import told_v3

from .registry import requirement

NAMES = {
    "accents": ("José", "Müller-Øst"),
    "tamil": ("தமிழ்", "செல்வி"),
    "tamil-long": ("சுப்பிரமணியன்", "முத்துலட்சுமி"),  # 13 signs in 39 bytes each
    "arabic": ("محمد", "الأمين"),
    "chinese": ("小明", "王"),
}
# How the forms are called among the factors.
FORMS = {
    "reversed-members": "reordered",
    "shuffled-members": "reordered",
    "pretty": "pretty",
    "escaped-slash": "slashes",
    "escaped-letters": "escaped",
    "white-space-around": "pretty",
}
LABELS = {"accents": "Tür Süd – 1º", "tamil": "நுழைவு வாயில்", "emoji": "Door 🚪"}
PRINTED_FACE = 28_112  # bytes of the face the page prints
LADDER = {"60-kB": 60_000, "100-kB": 100_000, "256-kB": 256_000, "1-MB": 1_000_000, "4-MB": 4_000_000}


def _raw_json(make: Builder) -> Iterator[Case]:
    yield Case("raw-json", (make.step(make.punch(make.user())),))


@requirement("CB-WIRE-001", cases=_raw_json)
def test_raw_json_is_understood(case: Observed) -> None:
    """A raw JSON body with Content-Type application/json is understood."""
    case.ack = acknowledged(case)


def _utf8(make: Builder) -> Iterator[Case]:
    if make.claims("names") and not make.profile.may_change_people:
        yield Case("names", blocked=UNCHANGED)
    elif make.claims("names"):
        for name, (first, last) in NAMES.items():
            yield _named(make, f"name-{name}", first, last, transport=Transport.POOLED)
        # The pieces are cut inside a sign: who decodes piece by piece breaks it.
        yield _named(make, "name-in-segments", *NAMES["tamil-long"], transport=Transport.SEGMENTS)
    for name, label in LABELS.items():
        punch = make.punch(make.user())
        message = make.message(punch)
        message["RealTime"]["LabelName"] = label
        step = make.json(message, told=told_v3(punch, message), values={"label": "utf8"})
        yield Case(f"label-{name}", (step,), Expect.rows(punch))


def _named(make: Builder, name: str, first: str, last: str, *, transport: Transport) -> Case:
    user = make.user()
    step = make.step(make.updated(user, first=first, last=last), transport=transport)
    return Case(name, (step,), Expect.named(user, first, last))


@requirement("CB-WIRE-002", cases=_utf8)
def test_utf8_survives(case: Observed) -> None:
    """UTF-8 text survives: names of any script are stored as they were sent, and a label in UTF-8 loses no punch."""
    case.ack = acknowledged(case)
    case.state = as_told(case, *ROWS, Aspect.NAME)


def _same_value(make: Builder) -> Iterator[Case]:
    writers: dict[str, Callable[[Message], bytes]] = {
        "reversed-members": lambda message: _dump(_ordered(message, lambda keys: keys[::-1])),
        "shuffled-members": lambda message: _dump(_ordered(message, lambda keys: _shuffled(keys, make))),
        "pretty": lambda message: json.dumps(message, indent=4, ensure_ascii=False).encode(),
        "escaped-slash": lambda message: _dump(message).replace(b"/", b"\\/"),
        "escaped-letters": _escaped,
        "white-space-around": lambda message: b"\r\n\t " + json.dumps(message).encode() + b" \n",
    }
    for name, write in writers.items():
        punch = make.punch(make.user())
        message = make.message(punch)
        message["RealTime"]["LabelName"] = "Gate A/B"  # a slash, for the writers that escape it
        told, values = told_v3(punch, message), {"body": FORMS[name]}
        step = make.raw(write(message), what="RealTimePunchLog", told=told, values=values)
        yield Case(name, (step,), Expect.rows(punch))


def _dump(message: object) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def _ordered(value: object, order: Callable[[list[str]], list[str]]) -> object:
    """The value with the members of every object in another order."""
    if not isinstance(value, dict):
        return value
    return {key: _ordered(value[key], order) for key in order(list(value))}


def _shuffled(keys: list[str], make: Builder) -> list[str]:
    return chance.shuffled(keys, make.profile.seed, "", "member order")


def _escaped(message: Message) -> bytes:
    """Every letter of every text value as \\uXXXX; members too."""
    inside = False
    out = []
    for letter in _dump(message).decode():
        if letter == '"':
            inside = not inside
        # Beyond the basic plane JSON needs two escapes: those signs stay as they are.
        if inside and letter.isalpha() and ord(letter) < 0x10000:
            letter = f"\\u{ord(letter):04x}"
        out.append(letter)
    return "".join(out).encode()


@requirement("CB-WIRE-003", cases=_same_value)
def test_equivalent_json_is_the_same_callback(case: Observed) -> None:
    """Any JSON text of the same value is the same callback: member order, white space and escapes do not matter."""
    case.ack = acknowledged(case)
    case.state = as_told(case, *ROWS, Aspect.INSTANT, *FIELDS)


def _sizes(make: Builder) -> Iterator[Case]:
    user = make.changed_person()
    yield Case("face-28112", (make.step(make.updated(user, _face(PRINTED_FACE))),))
    yield Case("photo-20-kB", (make.step(make.photo(user, make.ago(15 * MINUTE))),))
    for name, size in LADDER.items():
        step = make.step(make.updated(user, _face(size)), transport=Transport.FRESH)
        # Larger than anything the page prints: where a target gives up is recorded, after everything else.
        yield Case(name, (step,), record=True, stage=Stage.HOSTILE)


def _face(size: int) -> Template:
    data = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(range(256)) * (size // 256 + 1)
    return Template(TemplateType.FACE, base64.b64encode(data[:size]).decode(), "0", str(size))


@requirement("CB-WIRE-004", cases=_sizes)
def test_printed_sizes_are_acknowledged(case: Observed) -> None:
    """Bodies of the sizes the page prints are acknowledged."""
    case.ack = acknowledged(case)


def http(make: Builder) -> Iterator[Case]:
    """Plain HTTP/1.1 in its usual variations, for both protocols."""
    user = make.user()
    kept = [make.punch(user, make.ago(minutes * MINUTE)) for minutes in range(20, 24)]
    yield Case("kept-connection", make.steps(kept))
    transports = {
        "new-connection": (25, Transport.FRESH),
        "chunked": (26, Transport.CHUNKED),
        "lower-case-headers": (27, Transport.LOWER_CASE),
        "expect-100-continue": (28, Transport.EXPECT),
    }
    for name, (minutes, transport) in transports.items():
        yield Case(name, (_minutes_old(make, user, minutes, transport=transport),))
    plain = _minutes_old(make, user, 29, content_type=f"{_content_type(make)}; charset=utf-8")
    yield Case("charset", (plain,))
    yield Case("tcp-segments", (_minutes_old(make, user, 31, transport=Transport.SEGMENTS),))


def _minutes_old(make: Builder, user: str, minutes: int, **sending: Unpack[Sending]) -> Step:
    return make.step(make.punch(user, make.ago(minutes * MINUTE)), **sending)


def _content_type(make: Builder) -> str:
    if make.profile.protocol is Protocol.V3:
        return "application/json"
    return "application/x-www-form-urlencoded"


@requirement("CB-WIRE-005", cases=http)
def test_usual_http_is_understood(case: Observed) -> None:
    """Plain HTTP/1.1 in its usual variations is understood."""
    case.ack = acknowledged(case)


def _queries(make: Builder) -> Iterator[Case]:
    stgid = f"stgid={make.device(0).stgid}"
    parts = urlsplit(make.profile.url)
    if "stgid=" in parts.query:
        # The URL has it already: as the live gateway joins plain texts, it is there twice then.
        queries = {"stgid": "", "stgid-doubled": f"?{stgid}"}
    elif parts.query:
        queries = {"no-query": "", "stgid": f"&{stgid}", "stgid-doubled": f"&{stgid}?{stgid}"}
    else:
        queries = {"no-query": "", "stgid": f"?{stgid}", "stgid-doubled": f"?{stgid}?{stgid}"}
    for name, query in queries.items():
        punch = make.punch(make.user())
        step = make.step(punch, query=query, values={"query": "none" if name == "no-query" else name})
        yield Case(name, (step,), Expect.rows(punch))


@requirement("CB-ROB-002", cases=_queries)
def test_the_query_does_not_matter(case: Observed) -> None:
    """The URL works without a query, with ?stgid=X as the live gateway appends it, and with a doubled one;
    the punch is stored all the same.
    """
    case.ack = acknowledged(case)
    case.state = as_told(case, *ROWS)
