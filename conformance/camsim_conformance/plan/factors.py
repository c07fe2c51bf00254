"""The factors of a punch: every property of it that a target may stumble over, with its values.

Every punch has one value of each factor; `usual` is the plain one. A deviation under a value belongs to the value's
requirement, and is never graver than its `cap`: what no page prints is SHOULD at most.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from camsim.protocol.vocabulary import AttendanceType, InputType
from camsim_conformance.requirements.verdicts import Level

from .crowd_factors import CROWD_FACTORS
from .event_factors import EVENT_FACTORS
from .first_factors import FIRST_FACTORS
from .forgery_factors import BESIDE_FACTORS, FORGERY_FACTORS
from .history_factors import HISTORY_FACTORS
from .moment_factors import MOMENT_FACTORS
from .relation_factors import RELATION_FACTORS
from .size_factors import SIZE_FACTORS
from .values import Factor, Value

__all__ = ["AGES", "BY_NAME", "NEIGHBOURS", "OFFSETS", "PUNCH_FACTORS", "Factor", "Value", "usual_values", "value_of"]

MINUTE, HOUR, DAY = 60, 3600, 86400
# Seconds to the nearest other punch of the person; `offset` is as far as the punch's own offset is from UTC.
NEIGHBOURS: Mapping[str, int] = {"1s": 1, "59s": 59, "61s": 61, "24h": DAY}
OWN_OFFSET = "offset"
NEAR_S = 120  # what lies no nearer is no neighbour, but at these two distances
OFFSETS: Mapping[str, int] = {"+0530": 330, "+0000": 0, "-0330": -210, "+0545": 345, "+1400": 840, "-1100": -660}
# Seconds before the run. No value lies at a day's edge: the edges are a group of their own.
AGES: Mapping[str, int] = {
    "now": 15 * MINUTE,
    "today": 5 * HOUR,
    "yesterday": DAY + 5 * HOUR,
    "8-days": 8 * DAY,
    "29-days": 29 * DAY - 2 * HOUR,  # so that a neighbour a day older is still within the month
}
MONTH_S, QUARTER_S = 30 * DAY, 90 * DAY  # up to here a loss is MUST, and up to here SHOULD
BETWEEN, BEYOND = "90-days", "older"
SHOULD, RECORD = Level.SHOULD, Level.RECORD


def _types() -> Iterator[Value]:
    for kind in AttendanceType:
        yield Value(str(kind), f"of Type {kind}", "CB-PUNCH-002", "V2-PUNCH-002", usual=kind == "CheckIn")
    yield Value("None", "of AttendanceType None", "", "V2-PUNCH-002")


def _inputs() -> Iterator[Value]:
    for kind in InputType:
        yield Value(str(kind), f"by {kind}", "CB-PUNCH-001", "V2-PUNCH-001", usual=kind == "Face")


def _offsets() -> Iterator[Value]:
    # v2 has no offset in its messages.
    for name in OFFSETS:
        yield Value(name, f"with offset {name}", "CB-TIME-003", "", usual=name == "+0530")


def _ages() -> Iterator[Value]:
    phrases = {
        "now": "of this hour",
        "today": "some hours old",
        "yesterday": "a day old",
        "8-days": "8 days old",
        "29-days": "29 days old",
    }
    for name, phrase in phrases.items():
        yield Value(name, phrase, "CB-ORD-004", "V2-ORD-001", usual=name == "now")
    yield Value(BETWEEN, "30 to 90 days old", "CB-ORD-004", "V2-ORD-001", SHOULD, crossed=False)
    yield Value(BEYOND, "older than 90 days", "CB-ORD-004", "V2-ORD-001", RECORD, crossed=False)


def _neighbours() -> Iterator[Value]:
    yield Value("none", "with no other punch of the person near it", "", "", usual=True)
    for name in NEIGHBOURS:
        yield Value(name, f"{name} from another of the same person", "CB-PUNCH-003", "V2-PUNCH-003")
    phrase = "exactly its offset from another of the same person"
    yield Value(OWN_OFFSET, phrase, "CB-PUNCH-003", "V2-PUNCH-003")
    # One row or two: no page says.
    phrase = "in the same second as another of the same person"
    yield Value("0s", phrase, "CB-PUNCH-008", "V2-PUNCH-003", RECORD, crossed=False)


def _repeats() -> Iterator[Value]:
    yield Value("none", "sent once", "", "", usual=True)
    yield Value("bytes", "sent again byte for byte", "CB-DUP-001", "V2-DUP-001")
    yield Value("retold", "sent again with a new OperationID and Time", "CB-DUP-002", "")
    # Copies at one moment are covered by no sentence of the page.
    yield Value("concurrent", "sent eight times at one moment", "CB-DUP-003", "V2-DUP-001", SHOULD)
    yield Value("after-20", "sent again after twenty others", "CB-DUP-001", "V2-DUP-001")
    yield Value("lost-answer", "sent again because its answer was lost", "CB-DUP-005", "V2-DUP-001")
    yield Value("old-again", "sent again after newer punches of the person", "CB-DUP-007", "V2-DUP-001")
    yield Value("late", "sent again when everything had settled", "CB-DUP-001", "V2-DUP-001")


def _lengths() -> Iterator[Value]:
    for rest in range(16):
        phrase = f"of a length of {rest} modulo 16"
        yield Value(str(rest), phrase, "CB-ENC-002", "V2-ENC-002", usual=rest == 3, crossed=False)


def _edges() -> Iterator[Value]:
    yield Value("none", "on a plain day", "", "", usual=True)
    phrases = {
        "midnight": "beside midnight of the device",
        "utc-midnight": "beside midnight in UTC",
        "month": "beside the end of a month",
        "quarter": "beside the end of a quarter",
        "year": "beside the end of a year",
        "iso-week": "beside the end of a week",
        "29-february": "of 29 February",
        "night-shift": "of a shift from 22:00 to 06:00",
        "in-alone": "of a person who came and never went",
        "out-alone": "of a person who went and never came",
    }
    for name, phrase in phrases.items():
        yield Value(name, phrase, "CB-ORD-004", "V2-ORD-001", crossed=False)
    # No page says that a clock may be fast: it is seen in the field.
    yield Value("ahead", "of a clock that is some seconds fast", "CB-ORD-004", "V2-ORD-001", SHOULD, crossed=False)
    # v2 has no offset in its messages.
    repeated = "in the hour that comes twice when daylight saving ends"
    yield Value("repeated-hour", repeated, "CB-ORD-004", "", crossed=False)
    again = "in the second pass of the hour that comes twice when daylight saving ends"
    yield Value("repeated-hour-again", again, "CB-ORD-004", "", crossed=False)
    yield Value("skipped-hour", "beside the hour that daylight saving skips", "CB-ORD-004", "", crossed=False)


def _ids() -> Iterator[Value]:
    yield Value("digits", "of a UserID of seven to nine digits", "", "", usual=True)
    kinds: Mapping[str, tuple[str, Level]] = {
        "short": ("of a UserID of at most six digits", Level.MUST),
        "letters": ("of a UserID with letters, as User123", SHOULD),
        "leading-zeros": ("of a UserID with leading zeros", SHOULD),
        "hyphen": ("of a UserID with a hyphen", SHOULD),
        "underscore": ("of a UserID with an underscore", SHOULD),
        "ten-digits": ("of a UserID of ten digits", SHOULD),
        "beyond-32-bits": ("of a UserID of ten digits that is beyond 32 bits", SHOULD),
        "12-digits": ("of a UserID of more than ten digits", SHOULD),
        "case-alone": ("of a UserID that differs from another in case alone", RECORD),
        "other": ("of a UserID with other signs", RECORD),
    }
    for name, (phrase, cap) in kinds.items():
        yield Value(name, phrase, "CB-PUNCH-006", "V2-PUNCH-006", cap, crossed=False)


PUNCH_FACTORS: tuple[Factor, ...] = (
    Factor("type", tuple(_types())),
    Factor("input", tuple(_inputs())),
    Factor(
        "temperature",
        (
            Value("decimal", "with a Temperature", "CB-PUNCH-004", "V2-PUNCH-004", usual=True),
            Value("whole", "with a whole Temperature (37.0)", "CB-PUNCH-004", "V2-PUNCH-004"),
            Value("number", "with a Temperature that is a JSON number", "CB-PUNCH-004", "", SHOULD),
            Value("absent", "without Temperature", "CB-PUNCH-004", "V2-PUNCH-004"),
        ),
    ),
    Factor(
        "mask",
        (
            Value("false", "with FaceMask false", "CB-PUNCH-004", "V2-PUNCH-004", usual=True),
            Value("true", "with FaceMask true", "CB-PUNCH-004", "V2-PUNCH-004"),
            Value("absent", "without FaceMask", "CB-PUNCH-004", "V2-PUNCH-004"),
        ),
    ),
    Factor("offset", tuple(_offsets())),
    Factor("age", tuple(_ages())),
    Factor("neighbour", tuple(_neighbours())),
    Factor(
        "order",
        (
            Value("in-order", "that comes in order", "", "", usual=True),
            Value("after-newer", "that comes after a newer one", "CB-ORD-001", "V2-ORD-001"),
        ),
    ),
    Factor("repeat", tuple(_repeats())),
    Factor(
        "device",
        (
            Value("first", "from the first device", "", "", usual=True),
            Value("second", "from the second device", "CB-DEV-001", "V2-DUP-003"),
        ),
        "multi-device",
    ),
    Factor(
        "frame",
        (
            Value("full", "with SerialNumber and LabelName", "", "", usual=True),
            Value("no-serial", "without SerialNumber", "CB-PUNCH-007", "", SHOULD),
            Value("no-label", "without LabelName", "CB-PUNCH-007", "", SHOULD),
            Value("neither", "without SerialNumber and LabelName", "CB-PUNCH-007", "", SHOULD),
        ),
    ),
    Factor(
        "label",
        (
            Value("ascii", "with a LabelName in ASCII", "", "", usual=True),
            Value("utf8", "with a LabelName that is not ASCII", "CB-WIRE-002", ""),
            Value("quotes", "with quotes in its LabelName", "CB-WIRE-003", ""),
        ),
    ),
    Factor(
        "photo",
        (
            Value("none", "without a photo", "", "", usual=True),
            Value("before", "whose photo of the same moment came before it", "CB-PHOTO-001", "V2-PHOTO-001"),
            Value("after", "whose photo of the same moment came after it", "CB-PHOTO-001", "V2-PHOTO-001"),
        ),
        "photo",
    ),
    Factor(
        "body",
        (
            Value("plain", "written as the page prints it", "", "", usual=True),
            Value("reordered", "with its members in another order", "CB-WIRE-003", "V2-WIRE-001"),
            Value("pretty", "written over several lines", "CB-WIRE-003", "V2-WIRE-001"),
            Value("escaped", "with its letters written as \\u escapes", "CB-WIRE-003", "V2-WIRE-001"),
            Value("slashes", "with escaped slashes", "CB-WIRE-003", ""),
            Value("another-field", "beside another form field", "", "V2-WIRE-001"),
        ),
    ),
    Factor(
        "transport",
        (
            Value("pooled", "on a kept connection", "", "", usual=True),
            Value("fresh", "on a connection of its own", "CB-WIRE-005", "V2-WIRE-004"),
            Value("chunked", "in a chunked body", "CB-WIRE-005", "V2-WIRE-004", SHOULD),
            Value("expect", "sent with Expect: 100-continue", "CB-WIRE-005", "V2-WIRE-004", SHOULD),
            Value("lower-case", "with header names in lower case", "CB-WIRE-005", "V2-WIRE-004", SHOULD),
            Value("segments", "in several TCP segments", "CB-WIRE-005", "V2-WIRE-004", SHOULD),
        ),
    ),
    Factor(
        "query",
        (
            Value("none", "to the plain URL", "", "", usual=True),
            Value("stgid", "to the URL with ?stgid=", "CB-ROB-002", "", SHOULD),
            Value("stgid-doubled", "to the URL with ?stgid= twice", "CB-ROB-002", "", SHOULD, crossed=False),
        ),
    ),
    Factor("length", tuple(_lengths()), "aes"),
    Factor("edge", tuple(_edges())),
    Factor(
        "same-wall",
        (
            Value("no", "whose wall clock no other punch of the person shows", "", "", usual=True),
            Value("yes", "whose wall clock another punch shows at another offset", "CB-TIME-002", "", crossed=False),
        ),
    ),
    Factor("id", tuple(_ids())),
)
# What is nearer to a cause comes first: how large a body is follows from what it tells, and an hour or a count from
# when a run is and what it sends.
_EVERY = (
    *EVENT_FACTORS,
    *FORGERY_FACTORS,
    *PUNCH_FACTORS,
    *RELATION_FACTORS,
    *FIRST_FACTORS,
    *HISTORY_FACTORS,
    *BESIDE_FACTORS,
    *MOMENT_FACTORS,
    *CROWD_FACTORS,
    *SIZE_FACTORS,
)
BY_NAME: Mapping[str, Factor] = {factor.name: factor for factor in _EVERY}


def neighbour_s(name: str, offset: int) -> int:
    """Seconds to a neighbour, for a punch whose offset is so many minutes; `4s` is four. Raises: ValueError."""
    if name == OWN_OFFSET:
        return abs(offset) * MINUTE
    return NEIGHBOURS[name] if name in NEIGHBOURS else int(name.removesuffix("s"))


def usual_values() -> dict[str, str]:
    """The plain value of every factor of a punch."""
    return {factor.name: factor.usual.name for factor in PUNCH_FACTORS}


def value_of(factor: str, name: str) -> Value | None:
    """A value of a punch or of a person's history, by factor and name; None for a factor that is not in the tables."""
    known = BY_NAME.get(factor)
    return known.value(name) if known is not None else None
