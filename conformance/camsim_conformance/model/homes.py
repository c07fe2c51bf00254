"""Whose finding a deviation is, and how grave: as data, for v2 and v3."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.plan.factors import Value, value_of
from camsim_conformance.plan.history_factors import requirement_of
from camsim_conformance.plan.relation_factors import cap_of, of_a_punch, requirement_after
from camsim_conformance.plan.then_factors import TOUCHES_NONE
from camsim_conformance.requirements import Requirement, by_id
from camsim_conformance.requirements.verdicts import Evidence, Level

from .cover import is_usual
from .observation import Aspect, Deviation, Explanation

_ORDER = {Level.RECORD: 0, Level.SHOULD: 1, Level.MUST: 2}
DOUBLED, INVENTED, OTHER, MISSING = Deviation.DOUBLED, Deviation.INVENTED, Deviation.OTHER_PERSON, Deviation.MISSING
# Whose values say that something destroyed a template which carried none.
_DESTROYS = frozenset({TOUCHES_NONE, "V2-USR-002"})
# What is not here is MUST: it costs pay, lets somebody in, or makes the gateway send for ever.
_SHOULD_ASPECTS = frozenset({Aspect.INPUT, Aspect.TEMPERATURE, Aspect.MASK, Aspect.DEVICE})
_SHOULD_DEVIATIONS = frozenset({Deviation.STILL_THERE, Deviation.LATE})
# v2 says that a token "can" be validated (V2:37), and that it is "suggested" to merge templates (V2:101).
_MILD_IN_V2 = frozenset({Aspect.FORGERY, Aspect.TEMPLATE})
# What costs pay is MUST wherever a sentence of the page covers it, also in a case of a SHOULD requirement.
_PAY = frozenset({Aspect.ROW, Aspect.COUNT, Aspect.INSTANT, Aspect.TYPE})
# Who is unusual or old may be lost, but what is stored is stored rightly: these caps do not speak of these deviations.
_UNCAPPED: frozenset[tuple[str, str]] = frozenset({("age", Aspect.INSTANT), ("id", OTHER)})
# Unusual ids are their own limit; but whose punch it is is MUST for any id.
_OF_IDS = frozenset({"CB-PUNCH-006", "V2-PUNCH-006"})

# What is said of forgeries, and of nothing else.
_OF_FORGERIES = frozenset({"CB-AUTH-001", "V2-AUTH-001"})

# --- requirements by aspect, then by deviation ("" is every other one), in v3 and v2 ----------------------------------
Home = tuple[str, str]
_DEFAULTS: Mapping[Aspect, Mapping[str, Home]] = {
    Aspect.ANSWER: {"": ("CB-ACK-001", "V2-ACK-001"), Deviation.LATE: ("CB-ACK-003", "V2-ACK-003")},
    Aspect.ROW: {
        "": ("CB-ORD-002", "V2-ORD-002"),
        DOUBLED: ("CB-DUP-001", "V2-DUP-001"),
    },
    Aspect.COUNT: {
        "": ("CB-DUP-001", "V2-DUP-001"),
        INVENTED: ("CB-ORD-002", "V2-ORD-002"),
        OTHER: ("CB-ORD-002", "V2-ORD-002"),
        Deviation.MISSING: ("CB-ORD-002", "V2-ORD-002"),
    },
    Aspect.INSTANT: {"": ("CB-TIME-001", "V2-TIME-001")},
    Aspect.TYPE: {"": ("CB-PUNCH-002", "V2-PUNCH-002")},
    Aspect.INPUT: {"": ("CB-PUNCH-001", "V2-PUNCH-001")},
    Aspect.TEMPERATURE: {"": ("CB-PUNCH-004", "V2-PUNCH-004")},
    Aspect.MASK: {"": ("CB-PUNCH-004", "V2-PUNCH-004")},
    Aspect.DEVICE: {"": ("CB-DEV-001", "V2-DUP-003")},
    Aspect.TEMPLATE: {
        "": ("CB-TPL-002", "V2-TPL-002"),
        Deviation.MISSING: ("CB-TPL-001", "V2-TPL-001"),
        Deviation.STILL_THERE: ("CB-USR-001", "V2-USR-001"),
    },
    Aspect.NAME: {"": ("CB-USR-001", "V2-USR-001")},
    Aspect.PERSON: {"": ("CB-USR-001", "V2-USR-001")},
    Aspect.FORGERY: {"": ("CB-AUTH-001", "V2-AUTH-001")},
    Aspect.UNCHANGED: {"": ("CB-ORD-002", "V2-ORD-002")},
}
# A name that has to be kept (MUST): of any script in v3; in v2 beside a signature that does not carry it (V2:89).
_NAME_KEPT: Home = ("CB-WIRE-002", "V2-TPL-003")
# What an answer was for, by a part of the callback's name.
_ANSWERS: Mapping[str, Home] = {
    "UserUpdated": ("CB-ACK-005", "V2-ACK-001"),
    "AttendancePhoto": ("CB-PHOTO-002", "V2-PHOTO-001"),
}
# Requirements whose evidence is the store have a sister whose evidence is the answer.
_SISTERS: Mapping[str, str] = {
    "CB-DUP-001": "CB-DUP-004",
    "CB-DUP-002": "CB-DUP-004",
    "CB-DUP-003": "CB-DUP-004",
    "CB-DUP-005": "CB-DUP-004",
    "CB-DUP-007": "CB-DUP-004",
    "V2-DUP-001": "V2-DUP-002",
}


def graver(one: Level, other: Level) -> bool:
    """True when the first level is above the second."""
    return _ORDER[one] > _ORDER[other]


def home(explanation: Explanation, protocol: Protocol, features: frozenset[str]) -> tuple[str, Level]:
    """The id of the requirement that is violated, and the level of the finding.

    The level is that of what deviates, never above what the observations, the values and the named cases allow.
    """
    level = _level(explanation, protocol, features)
    for row in _candidates(explanation, protocol):
        if _fits(row, explanation.aspect) and not graver(level, row.level_for(features)):
            return row.id, level
    return default_home(explanation.aspect, explanation.deviation, protocol, level), level


def default_home(aspect: Aspect, deviation: str, protocol: Protocol, level: Level = Level.MUST) -> str:
    """The requirement of an aspect and a deviation that no value and no named case is closer to."""
    if aspect is Aspect.NAME and level is Level.MUST:
        return _of(_NAME_KEPT, protocol)
    rows = _DEFAULTS[aspect]
    return _of(rows.get(deviation, rows[""]), protocol)


def base_level(aspect: Aspect, deviation: str, protocol: Protocol) -> Level:
    """How grave a deviation is when nothing excuses it."""
    mild = aspect in _SHOULD_ASPECTS or deviation in _SHOULD_DEVIATIONS
    if mild or (protocol is Protocol.V2 and aspect in _MILD_IN_V2):
        return Level.SHOULD
    return Level.MUST


def _of(pair: Home, protocol: Protocol) -> str:
    return pair[1] if protocol is Protocol.V2 else pair[0]


# --- the level -------------------------------------------------------------------------------------------------------


def _level(explanation: Explanation, protocol: Protocol, features: frozenset[str]) -> Level:
    limits = [base_level(explanation.aspect, explanation.deviation, protocol)]
    if _touched_by_none(explanation, protocol):
        limits = [Level.MUST]
    limits.append(max((one.level for one in explanation.wrong), key=_ORDER.__getitem__))
    if explanation.aspect is Aspect.NAME and _by_case_alone(explanation):
        limits.append(Level.SHOULD)
    for factor, name in explanation.values:
        value = value_of(factor, name)
        free = {(factor, str(explanation.aspect)), (factor, explanation.deviation)} & _UNCAPPED
        # Who forges chooses how: nothing that a forgery is wrapped in excuses that it is stored.
        if value is not None and not free and explanation.aspect is not Aspect.FORGERY:
            limits.append(cap_of(str(explanation.aspect), factor, value))
    named = _named(explanation)
    if named is not None and not _costs_pay(explanation, named):
        limits.append(named.level_for(features))
    return min(limits, key=_ORDER.__getitem__)


def _touched_by_none(explanation: Explanation, protocol: Protocol) -> bool:
    """True for a v2 template that what carries none has destroyed: no sentence excuses that as one of merging."""
    if protocol is not Protocol.V2 or (explanation.aspect, explanation.deviation) != (Aspect.TEMPLATE, MISSING):
        return False
    values = [value_of(*pair) for pair in explanation.values]
    return any(value is not None and value.v2 in _DESTROYS and not value.usual for value in values)


def _by_case_alone(explanation: Explanation) -> bool:
    """True when every wrong name differs from the right one in capital letters alone."""
    pairs = [(one.expected.casefold(), one.actual.casefold()) for one in explanation.wrong]
    return all(actual and expected == actual for expected, actual in pairs)


def _costs_pay(explanation: Explanation, named: Requirement) -> bool:
    """True when the loss is MUST although the named requirement asks less."""
    # Every callback that the page speaks of is to be acknowledged, whatever its case asks beside.
    if named.level is Level.RECORD or not _is_lost(explanation):
        return False
    if explanation.deviation == OTHER:
        return True
    if explanation.deviation == Deviation.LATE:
        return False
    if named.id in _OF_IDS:
        # One to nine digits are the ids of the page's samples; every other form is asked for less.
        return ("id", "short") in explanation.values
    return named.basis == "doc"


def _is_lost(explanation: Explanation) -> bool:
    if explanation.aspect in (Aspect.TEMPLATE, Aspect.PERSON):
        return explanation.deviation == MISSING
    return explanation.aspect in (*_PAY, Aspect.ANSWER)


def _named(explanation: Explanation) -> Requirement | None:
    """The requirement that all wrong ones are named cases of; None when there is none, or more than one."""
    ids = {one.requirement for one in explanation.wrong}
    only = ids.pop()
    if ids or only is None:
        return None
    return by_id().get(only)


# --- the requirement -------------------------------------------------------------------------------------------------


def _candidates(explanation: Explanation, protocol: Protocol) -> Iterator[Requirement]:
    """The nearest first: of a value that is not usual, of a named case, of a usual value, of the callback."""
    # Lateness is nobody's but the deadline's, and a forgery nobody's but the token's.
    if explanation.deviation == Deviation.LATE or explanation.aspect is Aspect.FORGERY:
        return
    plain: list[str] = []
    for factor, name in explanation.values:
        value = value_of(factor, name)
        found = ""
        if value is not None:
            found = _requirement_of(str(explanation.aspect), factor, value, protocol)
        if is_usual(factor, name):
            plain.append(found)
        else:
            yield from _rows(found, explanation.aspect)
    named = _named(explanation)
    if named is not None:
        yield from _rows(named.id, explanation.aspect)
    for one in plain:
        yield from _rows(one, explanation.aspect)
    for part, pair in _ANSWERS.items():
        if explanation.aspect is Aspect.ANSWER and part in _operation(explanation):
            yield by_id()[_of(pair, protocol)]


def _requirement_of(aspect: str, factor: str, value: Value, protocol: Protocol) -> str:
    if not value.usual and of_a_punch(aspect, factor):
        return requirement_after(factor, protocol)
    return requirement_of(aspect, factor, value, protocol)


def _rows(requirement: str, aspect: Aspect) -> Iterator[Requirement]:
    for one in (requirement, _SISTERS.get(requirement, "") if aspect is Aspect.ANSWER else ""):
        if one in by_id():
            yield by_id()[one]


def _operation(explanation: Explanation) -> str:
    """The callback's name, when all wrong ones are answers to one part of them."""
    names = {one.values.get("operation", "") for one in explanation.wrong}
    return dict(explanation.values).get("operation", names.pop() if len(names) == 1 else "")


def _fits(row: Requirement, aspect: Aspect) -> bool:
    # Who is told of by a forgery too, and is stored wrongly, has stored no forgery by that.
    if row.id in _OF_FORGERIES:
        return aspect is Aspect.FORGERY
    wanted = Evidence.ANSWER if aspect is Aspect.ANSWER else Evidence.STATE
    return wanted in row.evidence
