"""A v3 request being read: its members checked one by one, its problems collected; and the page's own spelling."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from camsim.knobs.policy import RestPolicy
from camsim.protocol.command import MAX_NAME, MAX_OPERATION_ID, MAX_USER_ID, Command, Refusal, is_user_id
from camsim.protocol.timestamps import Shape, Stamp, TimestampError, oddities, parse, spelt_out


def inner(message: Mapping[str, object], *path: str) -> Mapping[str, object]:
    """The object under a path of the message, where recognition has found one; else the empty object."""
    for key in path:
        found = message.get(key)
        if not isinstance(found, (dict, Mapping)):  # hot: dict answers without asking the ABC
            return {}
        message = found
    return message


class Reading(msgspec.Struct, gc=False):
    """A request being read: problems are collected, the one that the order of checks puts first decides (A-REST-10)."""

    command: Command
    device_offset: int
    rest: RestPolicy
    problems: list[Refusal] = msgspec.field(default_factory=list)

    @property
    def strict(self) -> bool:
        """Whether whatever the page does not show is refused (A-REST-12)."""
        return self.rest.strictness == "strict"

    def refuse(self, code: int, where: str, why: str) -> None:
        """Note a problem."""
        self.problems.append(Refusal(code, where, why))

    def tolerate(self, code: int, where: str, why: str, instead: str) -> None:
        """A problem that `rest.strictness = lenient` only notes, with what is done instead."""
        if self.rest.strictness == "lenient":
            self.command.lint.append(f"{where}: {why}, {instead}")
        else:
            self.refuse(code, where, why)

    def text(self, body: Mapping[str, object], key: str, where: str, *, required: bool = True) -> str | None:
        """A text member; missing is 3 where required, a wrong type is 1 (A-REST-11)."""
        if key not in body:
            if required:
                self.refuse(3, f"{where}.{key}", f"required{_hint(body, key)}")
            return None
        value = body[key]
        if not isinstance(value, str):
            self.refuse(1, f"{where}.{key}", f"a text is expected, not {type(value).__name__}")
            return None
        return value

    def operation_id(self, message: Mapping[str, object]) -> None:
        """`OperationID`: a text of 1-64 characters (A-REST-13), or none at all where that is served (A-REST-27)."""
        number = message.get("OperationID")
        if number in (None, "") and self.rest.live.missing_operation_id == "serve":
            self.command.lint.append("OperationID is missing (A-REST-27)")
            return
        if not isinstance(number, str) or not 0 < len(number) <= MAX_OPERATION_ID:
            self.refuse(1, "OperationID", f"a text of 1-{MAX_OPERATION_ID} characters is expected")

    def user_id(self, body: Mapping[str, object], where: str) -> None:
        """`UserID`: 1-24 of A-Z a-z 0-9 _ - (A-DEV-01)."""
        value = self.text(body, "UserID", where)
        if value is None:
            return
        if not is_user_id(value):
            self.refuse(1, f"{where}.UserID", f"{value[:40]!r} is not 1-{MAX_USER_ID} characters of A-Z a-z 0-9 _ -")
            return
        self.command.user_id = value

    def name(self, body: Mapping[str, object], key: str, where: str) -> str | None:
        """`FirstName` or `LastName`: optional, at most 24 characters, lenient any number (A-DEV-02)."""
        value = self.text(body, key, where, required=False)
        if value is not None and len(value) > MAX_NAME:
            why = f"{len(value)} characters, at most {MAX_NAME} fit (A-DEV-02)"
            self.tolerate(1, f"{where}.{key}", why, "kept whole")
        return value

    def time(self, body: Mapping[str, object], key: str, where: str, printed: Shape = Shape.GMT) -> Stamp | None:
        """A timestamp, which the page prints in the shape `printed` here; one that cannot be read is 1 (R-TIME)."""
        value = self.text(body, key, where)
        if value is None:
            return None
        try:
            return self._stamp(value, f"{where}.{key}", printed)
        except TimestampError as problem:
            self.refuse(1, f"{where}.{key}", str(problem))
            return None

    def request_time(self, message: Mapping[str, object]) -> None:
        """`Time`: nothing hangs on it, so a wrong one is lint; strict refuses it (A-REST-12, R-TIME)."""
        refuse = self._lint
        if self.strict:
            refuse = self.refuse
        if "Time" not in message:
            refuse(3, "Time", "required (A-REST-12)")
            return
        try:
            self._stamp(message["Time"], "Time", Shape.GMT)
        except TimestampError as problem:
            refuse(1, "Time", f"{problem} (A-REST-12)")

    def _stamp(self, value: object, where: str, printed: Shape) -> Stamp:
        """The moment; another shape than the printed one is named: refused with 1 by strict, else lint (R-TIME)."""
        written = value
        if self.rest.strictness == "lenient":
            written = spelt_out(value)
        stamp = parse(written)
        if stamp.shape is printed and written is value:
            return stamp
        odd = oddities(str(value), printed)
        if odd:
            refuse = self.refuse if self.strict else self._lint
            refuse(1, where, f"{value!r}: {', '.join(odd)}; the page prints {printed.value} (R-TIME)")
        return stamp

    def _lint(self, code: int, where: str, why: str) -> None:
        """What strict would refuse with that code is only noted."""
        self.command.lint.append(f"{where}: {why}")


def _hint(body: Mapping[str, object], key: str) -> str:
    """What a missing member may have been meant by: the page itself writes UserID here and UserId there (A-REST-15)."""
    for name in body:
        if name.lower() == key.lower():
            return f' (found "{name}"; the spelling is exact)'
    return ""


# --- the page's own spelling ------------------------------------------------------------------------------------------

_KEYS = """
    OperationID AuthToken Time Load Add Delete Resend Enroll Update PunchLog Filter StartTime EndTime DeviceInformation
    User UserID FirstName LastName UserType Template Type Size Index Data Log PunchPhoto AccessTime Start End Access
"""
_PRINTED = frozenset(_KEYS.split())
_BY_LOWER = {key.lower(): key for key in _PRINTED}
_DEEPEST = 8  # levels of any printed message, and some more: what is deeper would only exhaust the stack
_OFFSET = "Load.PunchLog.Filter.OffSet"
_MOST_UNPRINTED = 10  # a message of unknown members alone says nothing new with the eleventh


def note_unprinted(reading: Reading, message: Mapping[str, object]) -> None:
    """Every member that no printed message has is ignored with lint; strict answers 3 (A-REST-14)."""
    if _is_printed(message, 0):
        return
    found: list[str] = []
    _find_unprinted(message, "", 0, found)
    for where in found[:_MOST_UNPRINTED]:
        if where == _OFFSET and reading.rest.loadlog_paging == "offset" and not reading.strict:
            continue  # what live gateways page by is read
        if reading.strict:
            reading.refuse(3, where, "the page prints no such member (A-REST-14)")
        else:
            reading.command.lint.append(f"{where}: the page prints no such member, ignored (A-REST-14)")


def _is_printed(value: Mapping[str, object], level: int) -> bool:
    """Whether all is as printed, which it nearly always is: asked of each request, so without a word of where."""
    if level > _DEEPEST or not _PRINTED.issuperset(value):
        return False
    for item in value.values():
        if isinstance(item, dict):
            if not _is_printed(item, level + 1):
                return False
        elif isinstance(item, list) and not all(isinstance(one, dict) and _is_printed(one, level + 1) for one in item):
            return False
    return True


def _find_unprinted(value: object, where: str, level: int, found: list[str]) -> None:
    """Collect the places of unprinted members; what is deeper than any printed message is one too."""
    if len(found) >= _MOST_UNPRINTED:
        return
    if level > _DEEPEST:
        found.append(where[:80])
    elif isinstance(value, dict):
        found.extend(f"{where}{key[:40]}" for key in value if key not in _PRINTED)
        for key, item in value.items():
            if isinstance(item, (dict, list)) and key in _PRINTED:
                _find_unprinted(item, f"{where}{key}.", level + 1, found)
    elif isinstance(value, list):
        for item in value:
            _find_unprinted(item, where, level + 1, found)


def leniently(message: Mapping[str, object]) -> dict[str, object]:
    """The message with its keys in the page's spelling, for `rest.strictness = lenient` (A-REST-13, A-REST-15)."""
    return _spelt(message, 0)


def _spelt(message: Mapping[str, object], level: int) -> dict[str, object]:
    if level > _DEEPEST:
        return dict(message)
    spelt: dict[str, object] = {}
    for key, item in message.items():
        spelt[_BY_LOWER.get(key.lower(), key)] = _spelt_item(item, level + 1)
    number = spelt.get("OperationID")
    if isinstance(number, int) and not isinstance(number, bool):
        spelt["OperationID"] = str(number)
    return spelt


def _spelt_item(item: object, level: int) -> object:
    if isinstance(item, list) and level <= _DEEPEST:
        return [_spelt_item(one, level + 1) for one in item]
    if isinstance(item, Mapping):
        return _spelt(item, level)
    return item
