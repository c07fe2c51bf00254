"""Named, seeded faults that compose: data in, decisions out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeGuard

import msgspec

from camsim import chance
from camsim.control import records
from camsim.wording import cut, shown

# What each fault does, by where it strikes. The texts are the documentation.
DOES: Mapping[str, Mapping[str, str]] = {
    "callback.request": {
        "duplicate": "deliver the same bytes once more after they are acknowledged",
        "duplicate_new": "deliver the event once more with a new OperationID and Time",
        "concurrent": "send `copies` (default 2) at once on separate connections",
        "wrong_token": "send a token that nobody configured",
        "old_token": "send the token from before the last change",
        "wrong_key": "encrypt with a key that nobody configured",
        "old_key": "encrypt with the key from before the last change",
        "plain_body": "send plain JSON although a key is set",
        "delay": "wait `ms` (default 1000, real time) before connecting",
        "slow": "send the body in pieces, `ms` (default 500, real time) in all",
        "truncate": "announce the whole body, send half of it and close",
        "reset_before": "connect and reset before a byte is sent",
        "reset_after": "send all and reset without reading the answer",
        "stgid": "append ?stgid=<tag> to the URL",
        "double_stgid": "append ?stgid=<tag> twice",
        "attendance_type": "write AttendanceType for Type in a punch",
        "user_photo": "add UserUpdated.Photo beside Template",
        "batch": "send a punch in the batch form, without RealTime",
        "unknown_operation": "rename the operation to one that does not exist yet",
        "shuffle_keys": "write the members in another order",
        "escape": "escape slashes and everything beyond ASCII",
        "charset": "add ; charset=utf-8 to the Content-Type",
    },
    "callback.answer": {
        "drop": "throw the receiver's answer away after it was sent in full: a lost ack",
        "delay": "take note of the answer `ms` (default 1000, real time) late",
    },
    "rest.request": {
        "drop": "close the connection before anything is carried out",
        "delay": "take the request up `ms` (default 1000, real time) late",
        "code": "answer `code` (default 999) and carry nothing out",
        "lose_command": "the device never acknowledges: 6 after the window, nothing carried out",
    },
    "rest.answer": {
        "drop": "carry out, then close the connection without an answer",
        "code": "carry out, but answer `code` (default 999)",
        "garbage": "carry out, but answer bytes that are no JSON",
        "close": "carry out, send half of the answer and close",
        "delay": "hold the answer back `ms` (default 1000, real time)",
        "http": "carry out, but answer with HTTP status `http` (default 502)",
    },
}
_MATCH = ("device", "operation", "user")
_WHEN = ("next", "every", "p", "between")


class FaultError(ValueError):
    """A fault that cannot be: `key` says where."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(f"{key}: {why}")
        self.key = key
        self.why = why


Options = dict[str, int | float]


class Fault(msgspec.Struct):
    """One fault. `when`: empty (always), next (N in all), every (Nth of each device), p, between (virtual seconds)."""

    id: int
    where: str
    do: str
    match: dict[str, str] = msgspec.field(default_factory=dict)
    when: dict[str, Any] = msgspec.field(default_factory=dict)
    options: Options = msgspec.field(default_factory=dict)
    seen: dict[str, int] = msgspec.field(default_factory=dict)
    hits: int = 0
    implied: bool = False  # made by a knob, not by a person
    key: str = ""  # what its draws are keyed by

    @property
    def label(self) -> str:
        """How the journal names it."""
        return f"{self.where}:{self.do}"

    def strikes(self, seed: int, device: str, operation: str, user: str, now_ms: int) -> bool:
        """Decide once for this occasion; counts it."""
        if not self._matches(device, operation, user):
            return False
        count = self.seen[device] = self.seen.get(device, 0) + 1
        if not self._due(seed, device, count, now_ms):
            return False
        self.hits += 1
        return True

    def _matches(self, device: str, operation: str, user: str) -> bool:
        match = self.match
        return (
            match.get("device", device) == device
            # `LazyResponse[AddUser]` is also meant by LazyResponse.
            and match.get("operation", operation) in (operation, operation.split("[", 1)[0])
            and match.get("user", user) == user
        )

    def _due(self, seed: int, device: str, count: int, now_ms: int) -> bool:
        when = self.when
        if "p" in when:  # keyed by the fault's own key, so that one fault more does not change what another one draws
            return chance.happens(when["p"], seed, device, f"fault:{self.label}:{self.key or 'knob'}", count)
        if "next" in when:
            return self.hits < int(when["next"])
        if "every" in when:
            return count % int(when["every"]) == 0  # of each device, so that another device changes nothing
        if "between" in when:
            first, last = when["between"]
            return bool(first * 1000 <= now_ms <= last * 1000)
        return True


def make(number: int, wanted: Mapping[str, Any], others: Iterable[Fault] = ()) -> Fault:
    """A fault from its description, beside the `others`. Raises: FaultError naming the key and what is allowed."""
    unknown = set(wanted) - {"where", "do", "match", "when", "with"}
    if unknown:
        raise FaultError(cut(sorted(map(str, unknown))[0]), "unknown key; allowed are where, match, when, do, with")
    where, do = str(wanted.get("where"))[:40], str(wanted.get("do"))[:40]
    if where not in DOES:
        raise FaultError("where", f"{shown(wanted.get('where'))} is not one of {', '.join(DOES)}")
    if do not in DOES[where]:
        raise FaultError("do", f"{shown(wanted.get('do'))} is not one of {', '.join(DOES[where])} (at {where})")
    match, when, options = (_table(wanted, key) for key in ("match", "when", "with"))
    _check_match(match)
    _check_when(when)
    _check_options(options)
    fault = Fault(number, where, do, {key: str(value) for key, value in match.items()}, when, options)
    fault.key = _key(fault, others)
    return fault


def _key(fault: Fault, others: Iterable[Fault]) -> str:
    """Tells faults of the same kind apart; one that never strikes does not count, so that it changes nothing."""
    alike = sum(f.label == fault.label and f.match == fault.match and f.when.get("p") != 0 for f in others)
    return f"{sorted(fault.match.items())}:{alike}"


def _table(wanted: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = wanted.get(key) or {}
    if not isinstance(value, Mapping):
        raise FaultError(key, f"an object is expected, not {type(value).__name__}")
    return dict(value)


def _check_match(match: Mapping[str, object]) -> None:
    for key, value in match.items():
        if key not in _MATCH:
            raise FaultError(cut(f"match.{key}"), f"unknown; allowed are {', '.join(_MATCH)}")
        if not isinstance(value, str) and not _is_within(value, -_MOST, _MOST):
            raise FaultError(f"match.{key}", f"{shown(value)} is no text")


def _check_when(when: Mapping[str, object]) -> None:
    if len(when) > 1:
        raise FaultError("when", f"one of {', '.join(_WHEN)}, not several")
    for key, value in when.items():
        if key not in _WHEN:
            raise FaultError(cut(f"when.{key}"), f"unknown; allowed are {', '.join(_WHEN)}")
        if not _WHEN_RULES[key](value):
            raise FaultError(f"when.{key}", f"{shown(value)} is not {_WHEN_TEXTS[key]}")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and _is_within(value, 1, _MOST)


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_within(value: object, low: float, high: float) -> bool:
    return _is_number(value) and low <= value <= high


_MOST = 1_000_000_000
_LAST_S = 4_105_123_200  # the year 2100, where virtual time ends
_WHEN_RULES: Mapping[str, Callable[[object], bool]] = {
    "next": _is_count,
    "every": _is_count,
    "p": lambda value: _is_within(value, 0, 1),
    "between": lambda value: (
        isinstance(value, (list, tuple)) and len(value) == 2 and all(_is_within(item, 0, _LAST_S) for item in value)
    ),
}
_WHEN_TEXTS: Mapping[str, str] = {
    "next": f"a whole number from 1 to {_MOST}",
    "every": f"a whole number from 1 to {_MOST}",
    "p": "a probability from 0 to 1",
    "between": f"two numbers, virtual seconds since 1970, from 0 to {_LAST_S}",
}
_OPTIONS: Mapping[str, tuple[int, int]] = {"ms": (0, 600_000), "code": (0, 9999), "copies": (2, 64), "http": (200, 599)}


def _check_options(options: Mapping[str, object]) -> None:
    for key, value in options.items():
        if key not in _OPTIONS:
            raise FaultError(cut(f"with.{key}"), f"unknown; allowed are {', '.join(_OPTIONS)}")
        low, high = _OPTIONS[key]
        if not _is_within(value, low, high) or (key != "ms" and not isinstance(value, int)):
            raise FaultError(f"with.{key}", f"{shown(value)} is not a number from {low} to {high}")


def present(fault: Fault) -> records.Fault:
    """A fault as the control API shows it."""
    return records.Fault(
        id=fault.id,
        where=fault.where,
        match=fault.match,
        when=fault.when,
        do=fault.do,
        options=fault.options,
        hits=fault.hits,
        seen=sum(fault.seen.values()),
        from_knob=fault.implied,
    )
