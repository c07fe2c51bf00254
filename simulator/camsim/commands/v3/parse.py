"""What a v3 request asks for, before any device sees it: a typed Command, or a Refusal with code, field, reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from camsim.knobs.policy import RestPolicy
from camsim.protocol.catalogue import Family, Recognition
from camsim.protocol.command import MAX_NAME, MAX_OPERATION_ID, MAX_USER_ID, Command, Refusal, is_user_id
from camsim.protocol.facts import Template
from camsim.protocol.statuses import StatusV3
from camsim.protocol.templates import check as check_template
from camsim.protocol.timestamps import Stamp, TimestampError, parse
from camsim.protocol.vocabulary import TemplateType, UserType


class _Reading(msgspec.Struct, gc=False):
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
        self.problems.append(Refusal(code, where, why))

    def text(self, body: Mapping[str, Any], key: str, where: str, *, required: bool = True) -> str | None:
        """A text member; missing is 3 where required, a wrong type is 1 (A-REST-11)."""
        if key not in body:
            if required:
                near = next((name for name in body if isinstance(name, str) and name.lower() == key.lower()), None)
                hint = f' (found "{near}"; the spelling is exact)' if near else ""
                self.refuse(3, f"{where}.{key}", f"required{hint}")
            return None
        value = body[key]
        if not isinstance(value, str):
            self.refuse(1, f"{where}.{key}", f"a text is expected, not {type(value).__name__}")
            return None
        return value

    def operation_id(self, message: Mapping[str, Any]) -> None:
        """`OperationID`: a text of 1-64 characters (A-REST-13)."""
        number = message.get("OperationID")
        if not isinstance(number, str) or not 0 < len(number) <= MAX_OPERATION_ID:
            self.refuse(1, "OperationID", f"a text of 1-{MAX_OPERATION_ID} characters is expected")

    def user_id(self, body: Mapping[str, Any], where: str) -> None:
        """`UserID`: 1-24 of A-Z a-z 0-9 _ - (A-DEV-01)."""
        value = self.text(body, "UserID", where)
        if value is None:
            return
        if not is_user_id(value):
            self.refuse(1, f"{where}.UserID", f"{value[:40]!r} is not 1-{MAX_USER_ID} characters of A-Z a-z 0-9 _ -")
            return
        self.command.user_id = value

    def name(self, body: Mapping[str, Any], key: str, where: str) -> str | None:
        """`FirstName` or `LastName`: optional, at most 24 characters (A-DEV-02)."""
        value = self.text(body, key, where, required=False)
        if value is not None and len(value) > MAX_NAME:
            self.refuse(1, f"{where}.{key}", f"{len(value)} characters, at most {MAX_NAME} fit")
        return value

    def time(self, body: Mapping[str, Any], key: str, where: str) -> Stamp | None:
        """A timestamp; one that cannot be read is 1 (R-12)."""
        value = self.text(body, key, where)
        if value is None:
            return None
        try:
            stamp = parse(value)
        except TimestampError as problem:
            self.refuse(1, f"{where}.{key}", str(problem))
            return None
        if stamp.offset is None:
            if self.strict:
                self.refuse(1, f"{where}.{key}", "no UTC offset")
            self.command.lint.append(f"{where}.{key}: no UTC offset, read as the device's wall clock (R-12)")
        return stamp


def check(
    message: Mapping[str, Any], recognition: Recognition, device_offset: int, rest: RestPolicy
) -> Command | Refusal:
    """Read a recognised request. Problems come in the order 3, 1, 15 (A-REST-10); 10 waits for the device."""
    reading = _Reading(Command(recognition.family, recognition.name), device_offset, rest)
    if reading.strict:
        _refuse_unprinted(reading, message, "")
    reading.operation_id(message)
    _READERS[recognition.family](reading, message)
    for code in (3, 1, 15):
        for problem in reading.problems:
            if problem.code == code:
                return problem
    return reading.command


_KEYS = """
    OperationID AuthToken Time Load Add Delete Resend Enroll Update PunchLog Filter StartTime EndTime DeviceInformation
    User UserID FirstName LastName UserType Template Type Size Index Data Log PunchPhoto AccessTime Start End Access
"""


_PRINTED = frozenset(_KEYS.split())


_BY_LOWER = {key.lower(): key for key in _PRINTED}


_DEEPEST = 8  # levels of any printed message, and some more


def _refuse_unprinted(reading: _Reading, value: Any, where: str, level: int = 0) -> None:
    if level > _DEEPEST:
        reading.refuse(3, where[:80], f"deeper than {_DEEPEST} levels")
        return
    for key, item in value.items() if isinstance(value, Mapping) else ():
        if key not in _PRINTED:
            reading.refuse(3, f"{where}{key[:40]}", "the page prints no such member (A-REST-14)")
        _refuse_unprinted(reading, item, f"{where}{key}.", level + 1)
    for item in value if isinstance(value, list) else ():
        _refuse_unprinted(reading, item, where, level + 1)


def leniently(message: Any, level: int = 0) -> Any:
    """The message with its keys in the page's spelling, for `rest.strictness = lenient` (A-REST-13, A-REST-15)."""
    if level > _DEEPEST:
        return message
    if isinstance(message, list):
        return [leniently(item, level + 1) for item in message]
    if not isinstance(message, Mapping):
        return message
    spelt = {_BY_LOWER.get(key.lower(), key): leniently(item, level + 1) for key, item in message.items()}
    number = spelt.get("OperationID")
    if isinstance(number, int) and not isinstance(number, bool):
        spelt["OperationID"] = str(number)
    return spelt


def _read_range(word: str) -> Callable[[_Reading, Mapping[str, Any]], None]:
    def read(reading: _Reading, message: Mapping[str, Any]) -> None:
        where = f"{word}.PunchLog.Filter"
        wanted = message[word]["PunchLog"].get("Filter")
        if not isinstance(wanted, Mapping):
            reading.refuse(3, where, "required, an object" if wanted is None else "an object is expected")
            return
        start, end = reading.time(wanted, "StartTime", where), reading.time(wanted, "EndTime", where)
        _read_offset(reading, wanted, where)
        if start is None or end is None:
            return
        command = reading.command
        command.start = start.instant(reading.device_offset)
        command.end = end.instant(reading.device_offset)
        if command.start > command.end:
            reading.refuse(1, where, f"StartTime {wanted['StartTime']} is after EndTime {wanted['EndTime']}")
        if command.end - command.start > 30 * 86400:
            command.lint.append(f"{where}: more than the recommended 30 days (R-12)")

    return read


def _read_offset(reading: _Reading, wanted: Mapping[str, Any], where: str) -> None:
    value = wanted.get("OffSet")
    if value in (None, ""):
        return
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not text.isascii() or not text.isdigit() or len(text) > 9:
        reading.refuse(1, f"{where}.OffSet", f"{str(value)[:40]!r} is no row number")
        return
    reading.command.offset_rows = int(text)


def _read_add(reading: _Reading, message: Mapping[str, Any]) -> None:
    body = message["Add"]
    user, command = body["User"], reading.command
    reading.user_id(user, "Add.User")
    command.first_name = reading.name(user, "FirstName", "Add.User")
    command.last_name = reading.name(user, "LastName", "Add.User")
    word = reading.text(user, "UserType", "Add.User", required=False)
    if word is not None:
        known = {kind.lower(): kind for kind in UserType}.get(word.lower())  # A-DEV-03
        if known is None:
            reading.refuse(1, "Add.User.UserType", f"{word[:40]!r} is neither User nor Admin")
        command.user_type = known or "User"
    _read_templates(reading, body.get("Template"))


def _read_templates(reading: _Reading, items: Any) -> None:
    if items is None:
        return
    if not isinstance(items, list):
        reading.refuse(1, "Add.Template", f"an array is expected, not {type(items).__name__}")
        return
    found: dict[str, Template] = {}
    for number, item in enumerate(items[:64]):
        where = f"Add.Template[{number}]"
        template = _read_template(reading, item, where)
        if template is None:
            continue
        if template.key in found:
            reading.refuse(1, where, f"{template.type} index {template.index or '0'} occurs twice (A-DEV-10)")
        found[template.key] = template
    if len(items) > 64:
        reading.refuse(1, "Add.Template", f"{len(items)} items, at most 64 are possible")
    reading.command.templates = tuple(found.values())


def _read_template(reading: _Reading, item: Any, where: str) -> Template | None:
    if not isinstance(item, Mapping):
        reading.refuse(1, where, f"an object is expected, not {type(item).__name__}")
        return None
    owner = reading.text(item, "UserID", where)
    if owner is not None and reading.command.user_id and owner != reading.command.user_id:
        reading.refuse(1, f"{where}.UserID", f"{owner[:40]!r} is not the user {reading.command.user_id!r} (A-DEV-09)")
    checked = check_template(item, strict=reading.strict or reading.rest.placeholders == "reject")
    reading.command.lint.extend(f"{where}: {note}" for note in checked.lint)
    if checked.code == StatusV3.TEMPLATE_ERROR and reading.rest.content == "any":
        return _as_it_is(item)  # A-DEV-08: template.content = any
    if checked.code == StatusV3.TEMPLATE_ERROR:
        reading.command.content = reading.command.content or Refusal(10, f"{where}.{checked.field}", checked.why)
        kind = TemplateType(item["Type"])
        return Template(kind, "", str(item.get("Index", "0")) if kind in _INDEXED else None)
    if checked.template is None:
        reading.refuse(int(checked.code or 1), f"{where}.{checked.field}", checked.why)
    return checked.template


def _as_it_is(item: Mapping[str, Any]) -> Template:
    kind = TemplateType(item["Type"])
    index = str(item.get("Index", "0")) if kind in _INDEXED else None
    return Template(kind, str(item.get("Data", "")), index, str(item["Size"]) if "Size" in item else None)


_INDEXED = frozenset({TemplateType.FINGERPRINT, TemplateType.FACE, TemplateType.PALM})


def _read_delete(reading: _Reading, message: Mapping[str, Any]) -> None:
    reading.user_id(message["Delete"]["User"], "Delete.User")


def _read_enroll(reading: _Reading, message: Mapping[str, Any]) -> None:
    user, command = message["Enroll"]["User"], reading.command
    reading.user_id(user, "Enroll.User")
    kind = reading.text(user, "Type", "Enroll.User")
    if kind is not None and kind != TemplateType.FINGERPRINT:
        reading.refuse(15, "Enroll.User.Type", f"{kind[:40]!r} cannot be enrolled, only Fingerprint")
    command.first_name = reading.name(user, "FirstName", "Enroll.User")
    command.last_name = reading.name(user, "LastName", "Enroll.User")


def _read_access_time(reading: _Reading, message: Mapping[str, Any]) -> None:
    body, where = message["Update"]["AccessTime"], "Update.AccessTime"
    reading.user_id(body, where)
    start, end = _local_time(reading, body, "Start", where), _local_time(reading, body, "End", where)
    if start is None or end is None:
        return
    if start > end:
        reading.refuse(1, where, f"Start {body['Start']} is after End {body['End']}")
    reading.command.access = (start, end)


def _local_time(reading: _Reading, body: Mapping[str, Any], key: str, where: str) -> int | None:
    """Wall-clock seconds of the device; an offset is accepted and noted (R-36)."""
    value = reading.text(body, key, where)
    if value is None:
        return None
    try:
        stamp = parse(value)
    except TimestampError as problem:
        reading.refuse(1, f"{where}.{key}", str(problem))
        return None
    if stamp.offset is None:
        return stamp.instant(0)
    reading.command.lint.append(f"{where}.{key}: has an offset, the page prints none (R-36)")
    return stamp.instant(0) + reading.device_offset * 60


def _read_user_access(reading: _Reading, message: Mapping[str, Any]) -> None:
    user = message["Update"]["User"]
    reading.user_id(user, "Update.User")
    word = reading.text(user, "Access", "Update.User")
    if word is None:
        return
    if word.lower() not in ("enable", "disable"):
        reading.refuse(1, "Update.User.Access", f'{word[:40]!r} is neither "enable" nor "disable"')
    elif word != word.lower():
        reading.command.lint.append("Update.User.Access: the page prints it in lower case (R-37)")
    reading.command.enable = word.lower() == "enable"


def _nothing(reading: _Reading, message: Mapping[str, Any]) -> None:
    """Recognition has already checked the literal."""


_READERS: Mapping[Family, Callable[[_Reading, Mapping[str, Any]], None]] = {
    Family.LOAD_LOG: _read_range("Load"),
    Family.RESEND_ATTENDANCE: _read_range("Resend"),
    Family.LOAD_DEVICE_INFORMATION: _nothing,
    Family.ADD_USER: _read_add,
    Family.DELETE_USER: _read_delete,
    Family.DELETE_ALL_USER: _nothing,
    Family.DELETE_LOG_ALL: _nothing,
    Family.DELETE_ATTENDANCE_PHOTO: _nothing,
    Family.RESEND_ALL_USER: _nothing,
    Family.ENROLL: _read_enroll,
    Family.UPDATE_ACCESS_TIME: _read_access_time,
    Family.UPDATE_USER_ACCESS: _read_user_access,
}
