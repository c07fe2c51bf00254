"""What a v3 request asks for, before any device sees it: a typed Command, or a Refusal with code, field, reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from camsim.knobs.policy import RestPolicy
from camsim.protocol.catalogue import Family, Recognition
from camsim.protocol.command import Command, Refusal
from camsim.protocol.facts import Template
from camsim.protocol.statuses import StatusV3
from camsim.protocol.templates import check as check_template
from camsim.protocol.timestamps import Shape
from camsim.protocol.vocabulary import TemplateType, UserType

from . import live
from .reading import Reading, inner, note_unprinted

_ORDER = (StatusV3.INVALID_REQUEST, StatusV3.INVALID_REQUEST_DATA, StatusV3.FEATURE_NOT_SUPPORTED)  # A-REST-10
_MOST_TEMPLATES = 64
_RECOMMENDED_S = 30 * 86_400  # "Recommended max range: 30 days" (V3:481): recommended, so more is served
_LONGEST_ROW_NUMBER = 9


def check(
    message: Mapping[str, object], recognition: Recognition, device_offset: int, rest: RestPolicy
) -> Command | Refusal:
    """Read a recognised request. Problems come in the order 3, 1, 15 (A-REST-10); 10 waits for the device."""
    reading = Reading(Command(recognition.family, recognition.name), device_offset, rest)
    note_unprinted(reading, message)
    reading.operation_id(message)
    reading.request_time(message)
    _READERS[recognition.family](reading, message)
    for code in _ORDER:
        for problem in reading.problems:
            if problem.code == code:
                return problem
    return reading.command


def _read_range(word: str) -> Callable[[Reading, Mapping[str, object]], None]:
    """The reader of `Load` or `Resend`, whose filters are printed alike."""
    where = f"{word}.PunchLog.Filter"

    def read(reading: Reading, message: Mapping[str, object]) -> None:
        wanted = inner(message, word, "PunchLog").get("Filter")
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
        if command.end - command.start > _RECOMMENDED_S:
            command.lint.append(f"{where}: more than the recommended 30 days (R-12)")

    return read


def _read_offset(reading: Reading, wanted: Mapping[str, object], where: str) -> None:
    """`OffSet`: not on the v3 page, but live gateways page by it (R-12, loadlog.paging)."""
    value = wanted.get("OffSet")
    if value in (None, "") or reading.rest.loadlog_paging != "offset":
        return  # where nobody pages it is an unprinted member like any other (A-REST-14)
    text = value
    if isinstance(value, int) and not isinstance(value, bool):
        text = str(value)
    if not isinstance(text, str) or not _is_row_number(text):
        reading.refuse(1, f"{where}.OffSet", f"{str(value)[:40]!r} is no row number")
        return
    reading.command.offset_rows = int(text)


def _is_row_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_ROW_NUMBER


def _read_add(reading: Reading, message: Mapping[str, object]) -> None:
    user, command = inner(message, "Add", "User"), reading.command
    reading.user_id(user, "Add.User")
    command.first_name = reading.name(user, "FirstName", "Add.User")
    command.last_name = reading.name(user, "LastName", "Add.User")
    word = reading.text(user, "UserType", "Add.User", required=False)
    if word is not None:
        command.user_type = _user_type(reading, word)
    _read_templates(reading, inner(message, "Add").get("Template"))


def _user_type(reading: Reading, word: str) -> str:
    """`User` or `Admin` in the page's spelling, whatever the case it came in (A-DEV-03)."""
    for kind in UserType:
        if kind.lower() == word.lower():
            return kind
    reading.refuse(1, "Add.User.UserType", f"{word[:40]!r} is neither User nor Admin")
    return UserType.USER


def _read_templates(reading: Reading, items: object) -> None:
    if items is None:
        return
    if not isinstance(items, list):
        reading.refuse(1, "Add.Template", f"an array is expected, not {type(items).__name__}")
        return
    found: dict[str, Template] = {}
    for number, item in enumerate(items[:_MOST_TEMPLATES]):
        where = f"Add.Template[{number}]"
        template = _read_template(reading, item, where)
        if template is None:
            continue
        if template.key in found:
            why = f"{template.type} index {template.index or '0'} occurs twice (A-DEV-10)"
            reading.tolerate(1, where, why, "the last one counts")
        found[template.key] = template
    if len(items) > _MOST_TEMPLATES:
        reading.refuse(1, "Add.Template", f"{len(items)} items, at most {_MOST_TEMPLATES} are possible")
    reading.command.templates = tuple(found.values())


def _read_template(reading: Reading, item: object, where: str) -> Template | None:
    if not isinstance(item, Mapping):
        reading.refuse(1, where, f"an object is expected, not {type(item).__name__}")
        return None
    owner = reading.text(item, "UserID", where)
    if owner is not None and reading.command.user_id and owner != reading.command.user_id:
        why = f"{owner[:40]!r} is not the user {reading.command.user_id!r} (A-DEV-09)"
        reading.tolerate(1, f"{where}.UserID", why, "the outer one counts")
    checked = check_template(item, strict=reading.strict or reading.rest.placeholders == "reject")
    reading.command.lint.extend(f"{where}: {note}" for note in checked.lint)
    if checked.code == StatusV3.TEMPLATE_ERROR:
        return _with_bad_content(reading, item, Refusal(10, f"{where}.{checked.field}", checked.why))
    if checked.template is None:
        reading.refuse(int(checked.code or 1), f"{where}.{checked.field}", checked.why)
    return checked.template


def _with_bad_content(reading: Reading, item: Mapping[str, object], refusal: Refusal) -> Template:
    """A template of a known Type whose content is not what its Type says (A-DEV-08).

    Whether it fits a model comes first (15 before 10, A-DEV-04), and so does whether the user exists: the first such
    refusal waits in the command, with a template that has its key alone.
    """
    kind = TemplateType(str(item["Type"]))
    index = str(item.get("Index", "0")) if kind in _INDEXED else None
    if reading.rest.content == "any":
        return Template(kind, str(item.get("Data", "")), index, str(item["Size"]) if "Size" in item else None)
    if reading.command.content is None:
        reading.command.content = refusal
    return Template(kind, "", index)


_INDEXED = frozenset({TemplateType.FINGERPRINT, TemplateType.FACE, TemplateType.PALM})


def _read_delete(reading: Reading, message: Mapping[str, object]) -> None:
    reading.user_id(inner(message, "Delete", "User"), "Delete.User")


def _read_enroll(reading: Reading, message: Mapping[str, object]) -> None:
    user, command = inner(message, "Enroll", "User"), reading.command
    reading.user_id(user, "Enroll.User")
    kind = reading.text(user, "Type", "Enroll.User")
    if kind is not None and kind != TemplateType.FINGERPRINT:
        _read_enrolment(reading, kind)
    command.first_name = reading.name(user, "FirstName", "Enroll.User")
    command.last_name = reading.name(user, "LastName", "Enroll.User")


def _read_enrolment(reading: Reading, kind: str) -> None:
    """A `Type` other than the printed `Fingerprint` (V3:999): 15 for a type without session, 1 for no type (R-35)."""
    where = "Enroll.User.Type"
    if kind in list(TemplateType):
        reading.refuse(15, where, f"{kind!r} has no session, only Fingerprint has one (V3:1197)")
    elif kind.lower() == TemplateType.FINGERPRINT.lower():
        reading.tolerate(1, where, f"{kind!r}; the spelling is exact: {TemplateType.FINGERPRINT}", "taken for it")
    else:
        reading.refuse(1, where, f"{kind[:40]!r} is none of {', '.join(TemplateType)}")


def _read_access_time(reading: Reading, message: Mapping[str, object]) -> None:
    body, where = inner(message, "Update", "AccessTime"), "Update.AccessTime"
    reading.user_id(body, where)
    start, end = _local_time(reading, body, "Start", where), _local_time(reading, body, "End", where)
    if start is None or end is None:
        return
    if start > end:
        reading.refuse(1, where, f"Start {body['Start']} is after End {body['End']}")
    reading.command.access = (start, end)


def _local_time(reading: Reading, body: Mapping[str, object], key: str, where: str) -> int | None:
    """Wall-clock seconds of the device; printed without an offset (V3:1018), and one is taken into account (R-36)."""
    stamp = reading.time(body, key, where, Shape.LOCAL)
    if stamp is None:
        return None
    if stamp.offset is None:
        return stamp.instant(0)
    return stamp.instant(0) + reading.device_offset * 60


def _read_user_access(reading: Reading, message: Mapping[str, object]) -> None:
    user = inner(message, "Update", "User")
    reading.user_id(user, "Update.User")
    word = reading.text(user, "Access", "Update.User")
    if word is None:
        return
    if word.lower() not in ("enable", "disable"):
        reading.refuse(1, "Update.User.Access", f'{word[:40]!r} is neither "enable" nor "disable"')
    elif word != word.lower():
        reading.command.lint.append("Update.User.Access: the page prints it in lower case (R-37)")
    reading.command.enable = word.lower() == "enable"


def _nothing(reading: Reading, message: Mapping[str, object]) -> None:
    """Recognition has already checked the literal."""


_READERS: Mapping[Family, Callable[[Reading, Mapping[str, object]], None]] = {
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
    **live.READERS,
}
