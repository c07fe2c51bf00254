"""v2 messages: the printed sample to the letter, the structures of the page, the readings V2-01 … V2-31."""

from __future__ import annotations

import json
from typing import Any

import pytest

from camsim import resources
from camsim.protocol import facts, schemas
from camsim.protocol.catalogue import V2_COMMANDS, Family
from camsim.protocol.facts import Template
from camsim.protocol.statuses import StatusV2, StatusV3
from camsim.protocol.v2 import messages as messages_v2
from camsim.protocol.v2 import signatures as signatures_v2
from camsim.protocol.v3.messages import Sender
from camsim.protocol.vocabulary import AttendanceType, Protocol, TemplateType
from camsim.synthetic import people

VENDOR = resources.load("fixtures", "vendor", "v2.json")["messages"]
SENDER = Sender("k3wgUszWcH4EjXM7sUWI38yJPkXhmvao", stgid="ST-KY19123123")
WALL = 1556637142  # 15:12:22 on the device's clock
OFFSET = 330
AT = WALL - OFFSET * 60
PICTURE = "/9j/4AAQSkZJRgABAQAAAQABAAD..."
CARD = Template(TemplateType.CARD, "102836")
PIN = Template(TemplateType.PASSWORD, "123456")
TRUE_UTC = messages_v2.StyleV2(epoch="true_utc")


def finger(index: str) -> Template:
    return Template(TemplateType.FINGERPRINT, "SjNTUzIxAAADcHcECAUHCc7Q...", index, "1176")


def updated(*templates: Template, kind: str = "User") -> facts.UserUpdated:
    return facts.UserUpdated("852", "Manu", "Mona", kind, AT, OFFSET, templates)


def punch(**members: Any) -> facts.Punch:
    return facts.Punch(
        **{"user_id": "852", "log_time": AT, "offset": OFFSET, "type": "CheckIn", "input": "Card", **members}
    )


def printed(name: str, case: str) -> dict[str, Any]:
    return next(dict(row) for row in VENDOR if (row["name"], row["case"]) == (name, case))


CALLBACKS: list[tuple[str, str, facts.Fact]] = [
    ("RealTimePunchLog", "sample", punch()),
    ("RealTimePunchLog", "with sensors", punch(type="CheckOut", input="Face", temperature=36.8, mask=False)),
    ("SendAttendancePhoto", "photo", facts.AttendancePhoto("852", AT, OFFSET, PICTURE)),
    ("ManuallyUserUpdated", "card and password", updated(CARD, PIN)),
    ("ManuallyUserUpdated", "finger", updated(finger("6"))),
    ("ManuallyUserUpdated", "face part", updated(Template(TemplateType.FACE, PICTURE, "0", "25072"))),
    ("ManuallyUserUpdated", "photo", updated(Template(TemplateType.USER_PHOTO, PICTURE))),
    ("ManuallyUserUpdated", "name only", updated(kind="Admin")),
    ("ManuallyUserDeleted", "deleted", facts.UserDeleted("852", AT, OFFSET)),
    ("ManuallyDateModified", "date", facts.DateModified(AT + 60, OFFSET, AT, OFFSET)),
]


@pytest.mark.parametrize(("name", "case", "fact"), CALLBACKS, ids=[f"{row[0]}: {row[1]}" for row in CALLBACKS])
def test_a_fact_is_told_as_the_page_shows_it(name: str, case: str, fact: facts.Fact) -> None:
    assert messages_v2.callback(fact, SENDER) == [printed(name, case)["request"]]


def test_every_callback_of_the_page_has_its_case_here() -> None:
    shown = {(row["name"], row["case"]) for row in VENDOR if row["direction"] == "callback"}

    assert {(name, case) for name, case, _ in CALLBACKS} == shown - {("LazyResponse", "lazy reply to AddUser")}


def test_the_keys_stand_in_the_order_of_the_printed_sample() -> None:
    """V2:245."""
    told = messages_v2.callback(punch(), SENDER)[0]

    assert json.dumps(told) == json.dumps(printed("RealTimePunchLog", "sample")["request"])


@pytest.mark.parametrize(("name", "case", "fact"), CALLBACKS, ids=[f"{row[0]}: {row[1]}" for row in CALLBACKS])
def test_a_callback_is_valid_against_its_schema(name: str, case: str, fact: facts.Fact) -> None:
    families = {
        facts.Punch: Family.PUNCH_LOG,
        facts.AttendancePhoto: Family.ATTENDANCE_PHOTO,
        facts.UserUpdated: Family.USER_UPDATED,
        facts.UserDeleted: Family.USER_DELETED,
        facts.DateModified: Family.DATE_MODIFIED,
    }

    for message in messages_v2.callback(fact, SENDER):
        assert schemas.validate(families[type(fact)], "request", message, Protocol.V2) == []


def test_callback_name_is_the_operation_of_the_message() -> None:
    for _, _, fact in CALLBACKS:
        assert messages_v2.callback(fact, SENDER)[0]["ApiRequestInfo"]["Operation"] == messages_v2.callback_name(fact)


@pytest.mark.parametrize(("offset", "wall"), [(330, AT + 19800), (-210, AT - 12600), (0, AT), (345, AT + 20700)])
def test_the_time_is_the_wall_clock_of_the_device_written_as_if_it_were_utc(offset: int, wall: int) -> None:
    """V2-01."""
    told = messages_v2.callback(punch(offset=offset), SENDER)[0]

    assert told["ApiRequestInfo"]["OperationTime"] == str(wall)


def test_the_time_is_true_utc_when_the_knob_says_so() -> None:
    told = messages_v2.callback(punch(), SENDER, TRUE_UTC)[0]

    assert told["ApiRequestInfo"]["OperationTime"] == str(AT)


@pytest.mark.parametrize("how", [messages_v2.DOCUMENTED, TRUE_UTC])
def test_moment_reads_what_epoch_writes(how: messages_v2.StyleV2) -> None:
    assert messages_v2.moment(messages_v2.epoch(AT, OFFSET, how), OFFSET, how) == AT


def test_the_observed_text_of_the_time_says_the_same_moment() -> None:
    """V2-31."""
    told = messages_v2.callback(punch(), SENDER, messages_v2.StyleV2(operation_time_ex=True))[0]

    assert told["ApiRequestInfo"]["OperationTimeEx"] == "2019-04-30 15:12:22 GMT +0530"


@pytest.mark.parametrize("key", ["AttendancePhoto", "AttendancePhotoe"])
def test_the_key_of_a_photo_is_a_knob(key: str) -> None:
    """V2-05."""
    told = messages_v2.callback(
        facts.AttendancePhoto("852", AT, OFFSET, PICTURE), SENDER, messages_v2.StyleV2(photo_key=key)
    )

    assert told[0]["ApiRequestInfo"]["OperationData"] == {key: PICTURE}


def test_knobs_make_a_style() -> None:
    made = messages_v2.style(
        {"epoch": "true_utc", "photo_key": "AttendancePhotoe", "operation_time_ex": True, "lazy": "on"}
    )

    assert made == messages_v2.StyleV2("true_utc", "AttendancePhotoe", True)


@pytest.mark.parametrize("kind", list(AttendanceType))
def test_every_punch_type_has_a_v2_word(kind: AttendanceType) -> None:
    """V2-04: MealStart and MealEnd, the others alike."""
    words = {"MealIn": "MealStart", "MealOut": "MealEnd"}

    assert messages_v2.attendance_type(kind) == words.get(kind, kind.value)


def test_every_scalar_of_a_callback_is_a_text() -> None:
    def scalars(value: Any) -> list[Any]:
        if isinstance(value, dict):
            return [leaf for inner in value.values() for leaf in scalars(inner)]
        return [leaf for inner in value for leaf in scalars(inner)] if isinstance(value, list) else [value]

    told = [message for _, _, fact in CALLBACKS for message in messages_v2.callback(fact, SENDER)]

    assert {type(leaf) for message in told for leaf in scalars(message)} == {str}


def test_a_whole_user_takes_one_message_for_credentials_and_one_for_each_other_part() -> None:
    """V2-06."""
    face = people.template(1, "852", TemplateType.FACE)
    told = messages_v2.callback(updated(CARD, finger("0"), PIN, finger("1"), face), SENDER)
    bodies = [message["ApiRequestInfo"]["OperationData"] for message in told]

    assert [len(body["Signature"]) for body in bodies] == [2] + [1] * 14
    assert [body["Name"] for body in bodies] == ["Manu Mona"] + [""] * 14
    assert [body["Priority"] for body in bodies] == ["0"] + [""] * 14
    assert {message["ApiRequestInfo"]["UserId"] for message in told} == {"852"}


# --- commands and answers ----------------------------------------------------------------------------------------

FIELDS: dict[str, dict[str, Any]] = {
    "AddUser": {"user_id": "852", "first_name": "Manu", "last_name": "Mona", "templates": (CARD, finger("0"))},
    "DeleteUser": {"user_id": "852"},
    "EnrollFingerprint": {"user_id": "852"},
    "EnableMessage": {"user_id": "852", "message": "Welcome"},
    "DisableMessage": {"user_id": "852"},
    "SendAttendancePhoto": {"user_id": "852"},
    "LoadPunchLog": {"start": 1556582400, "end": 1556668800},
    "SendDeviceInfo": {},
    "ClearLog": {},
    "TriggerUserDetail": {},
}


@pytest.mark.parametrize("name", V2_COMMANDS)
def test_a_command_is_written_as_the_page_shows_it(name: str) -> None:
    sample = next(row for row in VENDOR if row["name"] == name and row["direction"] == "rest")

    assert messages_v2.command(V2_COMMANDS[name], "ref0001", SENDER, WALL, **FIELDS[name]) == sample["request"]


@pytest.mark.parametrize("name", V2_COMMANDS)
def test_a_command_is_valid_against_its_schema(name: str) -> None:
    message = messages_v2.command(V2_COMMANDS[name], "ref0001", SENDER, WALL, **FIELDS[name])

    assert schemas.validate(V2_COMMANDS[name].family, "request", message, Protocol.V2) == []


def test_a_face_goes_into_add_user_in_parts_and_is_read_back_whole() -> None:
    face = people.template(1, "852", TemplateType.FACE)
    message = messages_v2.command(V2_COMMANDS["AddUser"], "r", SENDER, WALL, user_id="852", templates=(face,))

    assert signatures_v2.user(message["ApiRequestInfo"]["OperationData"]).templates == (face,)


def test_photos_are_switched_off_with_a_word() -> None:
    """V2-18."""
    message = messages_v2.command(V2_COMMANDS["SendAttendancePhoto"], "r", SENDER, WALL, on=False)

    assert message["ApiRequestInfo"]["OperationData"] == "off"


@pytest.mark.parametrize("name", [name for name in V2_COMMANDS if name not in ("LoadPunchLog", "SendDeviceInfo")])
def test_a_command_is_answered_at_once_as_the_page_shows_it(name: str) -> None:
    sample = next(row for row in VENDOR if row["name"] == name and row["direction"] == "rest")

    assert messages_v2.answer(name, StatusV2.DONE, "ref0001") == sample["response"]


@pytest.mark.parametrize("code", list(StatusV2))
def test_an_answer_has_the_text_of_its_code(code: StatusV2) -> None:
    told = messages_v2.answer("AddUser", code, "r")

    assert schemas.validate(Family.ADD_USER, "response", told, Protocol.V2) == []
    assert (told["StatusCode"], told["Status"] == "done") == (int(code), code == 0)


def test_a_lazy_response_is_written_as_the_project_reads_the_page() -> None:
    asked = messages_v2.Asked("AddUser", "852", "ref0001")
    told = messages_v2.lazy_response(asked, StatusV2.DONE, SENDER, AT, OFFSET)

    assert told == printed("LazyResponse", "lazy reply to AddUser")["request"]
    assert schemas.validate(Family.LAZY_RESPONSE, "request", told, Protocol.V2) == []


@pytest.mark.parametrize(
    ("device", "wire"), [(0, 0), (8, 0), (9, 10), (10, 15), (11, 999), (5, 999), (6, 999), (15, 999)]
)
def test_a_failure_of_the_device_has_a_v2_number(device: int, wire: int) -> None:
    """V2-13."""
    assert messages_v2.device_code(StatusV3(device)) == wire


def test_a_row_is_written_as_the_page_shows_it() -> None:
    sample = printed("LoadPunchLog", "first page")["response"]
    rows = [punch(), punch(user_id="853", type="CheckOut", input="Face", log_time=AT + 8)]
    told = messages_v2.load_page(rows, len(rows), None, "ref0001")

    assert told["OperationData"]["Punch"] == sample["OperationData"]["Punch"]
    assert set(told) == set(sample)
    assert schemas.validate(Family.LOAD_LOG, "response", told, Protocol.V2) == []


def test_device_information_is_written_as_the_page_shows_it() -> None:
    services = dict.fromkeys(("AttendanceAPI", "ManagementAPI"), (1546300800, 1577836800))
    info = messages_v2.DeviceInfo("ZHM1123456789", 1556637142, "Burj Khalifa", "Hawking Plus (f38+)", 330, services)

    assert messages_v2.info_answer(info, "ref0001") == printed("SendDeviceInfo", "information")["response"]


@pytest.mark.parametrize(
    ("offset", "text"), [(60, "UTC+01:00"), (-210, "UTC-03:30"), (0, "UTC+00:00"), (345, "UTC+05:45")]
)
def test_a_time_zone_is_written_as_the_page_shows_it(offset: int, text: str) -> None:
    """V2:116."""
    assert messages_v2.time_zone(offset) == text
