"""Both reference receivers and v2: the form field, device time, signatures, lazy replies."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from camsim import resources
from camsim.protocol import cipher
from camsim.receiver import KnownDevice

DONE = (200, b'{"status":"done"}')
KEY = "0123456789abcdefghijklmnopqrstuv"
SAMPLE: dict[str, Any] = resources.load("fixtures", "vendor", "v2.json")["messages"][0]["request"]
PUNCH = {"AttendanceType": "CheckIn", "InputType": "Card"}


def form(message: Any) -> bytes:
    return urlencode({"request_data": json.dumps(message)}).encode()


def signature(kind: str, part: str, data: str = "AAAA") -> dict[str, str]:
    return {"Template": data, "Type": kind, "AdditionalData1": part, "AdditionalData2": ""}


def user(*items: dict[str, str], name: str = "", priority: str = "") -> dict[str, Any]:
    return {"Name": name, "FirstName": "", "LastName": "", "Priority": priority, "Signature": list(items)}


def test_the_printed_punch_is_stored_as_an_instant(client: Any) -> None:
    assert client.send(form(SAMPLE)) == DONE
    expected = {
        "user": "852",
        "time": "2019-04-30T09:42:22Z",
        "type": "CheckIn",
        "input": "Card",
        "device": "ST-KY19123123",
    }
    assert client.rows("punches", "852") == [expected]


@pytest.mark.parametrize(("offset", "instant"), [(0, "15:12:22"), (-210, "18:42:22"), (345, "09:27:22")])
def test_the_offset_of_the_device_makes_the_instant(connect: Any, offset: int, instant: str) -> None:
    token = SAMPLE["ApiRequestInfo"]["AuthToken"]
    client = connect(devices=[KnownDevice("other"), KnownDevice(token, stgid="ST-KY19123123", offset=offset)])
    client.send(form(SAMPLE))
    assert client.times("852") == [f"2019-04-30T{instant}Z"]


def test_the_same_data_of_the_same_device_is_one_row_and_of_another_two(client: Any) -> None:
    for tag in ("ST-1", "ST-1", "ST-2"):
        assert client.v2("RealTimePunchLog", "5", PUNCH, tag) == DONE
    assert [row["device"] for row in client.rows("punches", "5")] == ["ST-1", "ST-2"]


def test_a_wrong_token_is_not_stored(client: Any) -> None:
    assert client.v2("RealTimePunchLog", "5", PUNCH, AuthToken="x")[0] == 401
    assert client.times("5") == []


@pytest.mark.parametrize("time", ["", "x", None, "99999999999999", "-5"])
def test_a_time_that_is_none_is_acknowledged(client: Any, time: Any) -> None:
    assert client.v2("RealTimePunchLog", "5", PUNCH, OperationTime=time) == DONE


def test_twelve_parts_of_a_face_are_twelve_templates(client: Any) -> None:
    for part in range(1, 13):
        client.v2("ManuallyUserUpdated", "5", user(signature("Face", str(part))))
    assert {row["index"] for row in client.rows("templates", "5")} == {str(part) for part in range(1, 13)}


def test_cards_and_passwords_bring_the_name_and_biometrics_do_not(client: Any) -> None:
    both = (signature("Card", "", "17"), signature("Password", "", "1234"))
    client.v2("ManuallyUserUpdated", "5", user(*both, name="Asha Rao", priority="0"))
    client.v2("ManuallyUserUpdated", "5", user(signature("Fingerprint", "6"), name="Garbage", priority="16"))
    assert client.rows("users", "5") == [{"user": "5", "first_name": "Asha Rao", "last_name": None}]
    assert {row["type"] for row in client.rows("templates", "5")} == {"Card", "Password", "Fingerprint"}


def test_a_rename_comes_without_signature(client: Any) -> None:
    client.v2("ManuallyUserUpdated", "5", user(signature("Card", "", "17"), name="Asha"))
    client.v2("ManuallyUserUpdated", "5", user(name="Usha"))
    assert client.rows("users", "5")[0]["first_name"] == "Usha"


def test_a_deletion_takes_the_user_and_leaves_the_punches(client: Any) -> None:
    client.v2("ManuallyUserUpdated", "5", user(signature("Card", "", "17"), name="Asha"))
    client.v2("RealTimePunchLog", "5", PUNCH)
    assert client.v2("ManuallyUserDeleted", "5") == DONE
    assert (client.rows("users", "5"), client.rows("templates", "5"), len(client.times("5"))) == ([], [], 1)


@pytest.mark.parametrize("key", ["AttendancePhoto", "AttendancePhotoe"])
def test_a_photo_is_acknowledged_and_no_punch(client: Any, key: str) -> None:
    assert client.v2("RealTimePunchLog", "5", {key: "/9j/4AAQ"}) == DONE
    assert client.times("5") == []


@pytest.mark.parametrize("operation", ["AddUser", "DeleteUser", "EnrollFingerprint", "ClearLog", "ManuallyUserDeleted"])
def test_a_lazy_reply_is_recorded_and_changes_nothing(client: Any, operation: str) -> None:
    client.v2("ManuallyUserUpdated", "5", user(signature("Card", "", "17"), name="Asha"))
    data = {"StatusCode": 0, "Status": "done"}
    assert client.v2(operation, "5", data, OperationReferenceId="ref-1") == DONE
    assert (len(client.rows("users", "5")), client.get("counts")[1]["note"]) == (1, 1)


@pytest.mark.parametrize("operation", ["ManuallyDateModified", "SomethingNew", ""])
def test_every_other_operation_is_acknowledged(client: Any, operation: str) -> None:
    assert client.v2(operation, "", "") == DONE


def test_only_the_request_info_is_encrypted(connect: Any) -> None:
    token = SAMPLE["ApiRequestInfo"]["AuthToken"]
    client = connect(devices=[KnownDevice("other", KEY[::-1]), KnownDevice(token, KEY, stgid="ST-KY19123123")])
    sealed = cipher.encrypt(KEY, json.dumps(SAMPLE["ApiRequestInfo"]).encode()).decode()
    assert client.send(form(SAMPLE | {"ApiRequestInfo": sealed})) == DONE
    assert len(client.times("852")) == 1


@pytest.mark.parametrize("body", [b"request_data=", b"request_data=%7B", b"request_data=[]", b'request_data={"a":1}'])
def test_a_field_that_is_no_message_is_refused(client: Any, body: bytes) -> None:
    assert client.send(body)[0] == 400
