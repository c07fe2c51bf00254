"""What a v2 command asks for, checked before any device sees it: a typed Command and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from camsim.knobs.policy import RestPolicy
from camsim.protocol.catalogue import Family, Operation
from camsim.protocol.command import MAX_OPERATION_ID, MAX_USER_ID, Command, Refusal, is_user_id
from camsim.protocol.statuses import StatusV2
from camsim.protocol.templates import PLACEHOLDER
from camsim.protocol.v2 import signatures as signatures_v2
from camsim.state.models import Model

# V2-12: which of several problems is told; 11 has its place among them and is the gateway's to find.
ORDER = (
    StatusV2.INVALID_START_TIME,
    StatusV2.INVALID_USERID,
    StatusV2.INVALID_API_CONFIGURATION,
    StatusV2.INVALID_API_REQUEST_INFO,
    StatusV2.INVALID_OPERATION_DATA,
    StatusV2.INVALID_TEMPLATE,
)
# Answered at once with their result; everything else is answered twice (V2-10, V2-19, V2-20).
SYNCHRONOUS = frozenset({Family.LOAD_LOG, Family.LOAD_DEVICE_INFORMATION})
_NO_END = 99_999_999_999
_LONGEST_NUMBER = 11  # digits of a Unix time until the year 5138: more is a mistake, milliseconds for one


@dataclass(slots=True)
class Reading:
    """A command being read; problems are collected, `first` picks the one that V2-12 puts first."""

    command: Command
    model: Model
    rest: RestPolicy
    problems: list[Refusal] = field(default_factory=list)

    @property
    def strict(self) -> bool:
        """Whether whatever the page does not show is refused (A-REST-12)."""
        return self.rest.strictness == "strict"

    def refuse(self, code: StatusV2, where: str, why: str) -> None:
        """Note a problem."""
        self.problems.append(Refusal(code, where, why))

    def first(self) -> Refusal | None:
        """The problem that is told."""
        return min(self.problems, key=lambda problem: ORDER.index(StatusV2(problem.code)), default=None)

    def text(self, value: object, where: str, code: StatusV2) -> str | None:
        """A text; a number is taken for one with lint, anything else is refused with `code`."""
        if isinstance(value, str):
            return value
        if not self.strict and _is_whole(value):
            self.command.lint.append(f"{where}: a number where the page shows a text")
            return str(value)
        self.refuse(code, where, f"a text is expected, not {type(value).__name__}")
        return None


def read(info: Mapping[str, object], operation: Operation, model: Model, rest: RestPolicy) -> Reading:
    """Read `ApiRequestInfo` of a known operation; `problems` is empty when all is well."""
    reading = Reading(Command(operation.family, operation.name, user_type=""), model, rest)
    _read_reference(reading, info)
    _read_user_id(reading, info, required=operation.family in _NEED_USER)
    _READERS[operation.family](reading, info.get("OperationData"))
    return reading


def reference(info: Mapping[str, object]) -> str:
    """`OperationReferenceId` as it is echoed; the empty text when it cannot be (V2-10)."""
    value = info.get("OperationReferenceId")
    if isinstance(value, str):
        return value if len(value) <= MAX_OPERATION_ID else ""
    return str(value) if _is_whole(value) else ""


def _is_whole(value: object) -> bool:
    """A number that stands for a text: no true or false, and nothing that other JSON parsers would round."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 53


def _read_reference(reading: Reading, info: Mapping[str, object]) -> None:
    """`OperationReferenceId`: "any alphanumeric value", or empty (V2:52); missing is odd and no more."""
    value = info.get("OperationReferenceId")
    if value is None:
        reading.command.lint.append("OperationReferenceId is missing, the empty text is echoed")
        return
    text = reading.text(value, "OperationReferenceId", StatusV2.INVALID_API_REQUEST_INFO)
    if text is not None and len(text) > MAX_OPERATION_ID:
        why = f"{len(text)} characters, at most {MAX_OPERATION_ID} are possible"
        reading.refuse(StatusV2.INVALID_API_REQUEST_INFO, "OperationReferenceId", why)


def _read_user_id(reading: Reading, info: Mapping[str, object], *, required: bool) -> None:
    """`UserId`: 1-24 of A-Z a-z 0-9 _ - (A-DEV-01); missing or malformed is 10."""
    value = info.get("UserId")
    if value in (None, ""):
        if required:
            reading.refuse(StatusV2.INVALID_USERID, "UserId", "required")
        return
    text = reading.text(value, "UserId", StatusV2.INVALID_USERID)
    if text is None:
        return
    if not is_user_id(text):
        why = f"{text[:40]!r} is not 1-{MAX_USER_ID} characters of A-Z a-z 0-9 _ -"
        reading.refuse(StatusV2.INVALID_USERID, "UserId", why)
    reading.command.user_id = text


# --- OperationData, by family -----------------------------------------------------------------------------------------


def _read_nothing(reading: Reading, data: object) -> None:
    """The page wants the empty text here; absent and null are the same, anything else is ignored (V2-15)."""
    if data in (None, ""):
        return
    if reading.strict:
        reading.refuse(StatusV2.INVALID_OPERATION_DATA, "OperationData", "the empty text is expected")
    reading.command.lint.append("OperationData: the empty text is expected, what is there is ignored")


def _read_add(reading: Reading, data: object) -> None:
    samples = reading.rest.live.vendor_samples
    if samples and data in (None, ""):
        reading.command.lint.append("OperationData is missing, a user without a name is added (V2-32)")
        return
    longest = None if reading.rest.strictness == "lenient" else signatures_v2.NAME_LENGTH
    try:
        user = signatures_v2.user(data, longest=longest, words=samples)
    except signatures_v2.SignatureError as problem:
        reading.refuse(problem.code, problem.field, problem.why)
        return
    command = reading.command
    if user.first_name or user.last_name:  # the empty names of a biometric message erase nothing (V2:89)
        command.first_name, command.last_name = user.first_name, user.last_name
    if isinstance(data, Mapping) and data.get("Priority") not in (None, ""):  # else who is there stays what he was
        command.user_type = str(user.user_type)
    command.templates = user.templates
    command.lint.extend(user.lint)
    rejects_samples = reading.strict or reading.rest.placeholders == "reject"  # A-DEV-07
    for template in user.templates:
        if not reading.model.stores(template.type):
            why = f"model {reading.model.name} cannot store {template.type}"
            reading.refuse(StatusV2.INVALID_TEMPLATE, "OperationData.Signature", why)
        elif rejects_samples and template.data.endswith(PLACEHOLDER):
            why = f"{template.type} is a shortened sample ending in {PLACEHOLDER}"
            reading.refuse(StatusV2.INVALID_TEMPLATE, "OperationData.Signature", why)


def _read_range(reading: Reading, data: object) -> None:
    """Command.start and .end are seconds as the device counts them (V2-01)."""
    if reading.rest.live.vendor_samples and data in (None, ""):
        reading.command.lint.append("OperationData is missing, the whole log is read (V2-32)")
        reading.command.start, reading.command.end = 0, _NO_END
        return
    if not isinstance(data, Mapping):
        why = f"an object with StartTime and EndTime is expected, not {type(data).__name__}"
        reading.refuse(StatusV2.INVALID_OPERATION_DATA, "OperationData", why)
        return
    start, end = _read_time(reading, data, "StartTime"), _read_time(reading, data, "EndTime")
    if start is not None and end is not None:
        if end == 0 and reading.rest.live.vendor_samples:
            reading.command.lint.append('OperationData.EndTime: "0", read as no end (V2-32)')
            end = _NO_END
        reading.command.start, reading.command.end = start, end
        if start > end:
            why = f"StartTime {start} is after EndTime {end}"
            reading.refuse(StatusV2.INVALID_START_TIME, "OperationData.StartTime", why)
    _read_offset(reading, data.get("OffSet"))


def _read_time(reading: Reading, data: Mapping[str, object], key: str) -> int | None:
    """StartTime or EndTime: missing is wrong data, 14, while one that cannot be read is a wrong time, 9 (V2-12)."""
    where = f"OperationData.{key}"
    if key not in data:
        reading.refuse(StatusV2.INVALID_OPERATION_DATA, where, "required")
        return None
    text = reading.text(data[key], where, StatusV2.INVALID_START_TIME)
    if text is None:
        return None
    if not _is_number(text.removeprefix("-")):
        reading.refuse(StatusV2.INVALID_START_TIME, where, f"{text[:40]!r} is no Unix time in seconds")
        return None
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER


def _read_offset(reading: Reading, value: object) -> None:
    """`OffSet`, as the page spells it (V2:105): the row at which the page begins; empty is the first (V2-19)."""
    if value in (None, ""):
        return
    text = reading.text(value, "OperationData.OffSet", StatusV2.INVALID_OPERATION_DATA)
    if text is None:
        return
    if not _is_number(text):
        why = f"{text[:40]!r} is no row number"
        reading.refuse(StatusV2.INVALID_OPERATION_DATA, "OperationData.OffSet", why)
        return
    reading.command.offset_rows = int(text)


def _read_message(reading: Reading, data: object) -> None:
    """The text itself, or `{"Message": text}`: the page does not say (V2-17)."""
    value = data
    if isinstance(data, Mapping):
        value = data.get("Message")
    if not isinstance(value, str) or not value:
        why = 'a text to show is expected, or {"Message": text}'
        reading.refuse(StatusV2.INVALID_OPERATION_DATA, "OperationData", why)
        return
    reading.command.message = value


def _read_switch(reading: Reading, data: object) -> None:
    """Empty switches photos on, `"off"` off again (V2-18)."""
    word = data.lower() if isinstance(data, str) else data
    if word not in (None, "", "on", "off"):
        reading.refuse(StatusV2.INVALID_OPERATION_DATA, "OperationData", 'the empty text or "off" is expected')
        return
    reading.command.enable = word != "off"


_NEED_USER = frozenset(
    {Family.ADD_USER, Family.DELETE_USER, Family.ENROLL, Family.ENABLE_MESSAGE, Family.DISABLE_MESSAGE}
)
_READERS: Mapping[Family, Callable[[Reading, object], None]] = {
    Family.ADD_USER: _read_add,
    Family.DELETE_USER: _read_nothing,
    Family.ENROLL: _read_nothing,
    Family.ENABLE_MESSAGE: _read_message,
    Family.DISABLE_MESSAGE: _read_nothing,
    Family.SEND_ATTENDANCE_PHOTO: _read_switch,
    Family.LOAD_LOG: _read_range,
    Family.LOAD_DEVICE_INFORMATION: _read_nothing,
    Family.DELETE_LOG_ALL: _read_nothing,
    Family.RESEND_ALL_USER: _read_nothing,
}
