"""Both reference receivers and v3: what they acknowledge and what they store."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from camsim import resources
from camsim.protocol import cipher

DONE = (200, b'{"status":"done"}')
KEY = "0123456789abcdefghijklmnopqrstuv"
TIME = "2020-09-17 07:48:22 GMT +0530"
SAMPLES: list[dict[str, Any]] = resources.load("fixtures", "vendor", "v3.json")[:11]


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def card(number: str) -> dict[str, str]:
    return {"Type": "Card", "Data": number}


def finger(index: str, data: str) -> dict[str, str]:
    return {"Type": "Fingerprint", "Index": index, "Size": "3", "Data": data}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["name"])
def test_each_printed_callback_is_acknowledged(client: Any, sample: Any) -> None:
    assert client.send(json.dumps(sample["request"]).encode()) == DONE


def test_the_printed_callbacks_are_stored_right(client: Any) -> None:
    for sample in SAMPLES:
        client.send(json.dumps(sample["request"]).encode())
    punch = {"user": "2", "time": "2020-09-17T02:18:22Z", "type": "CheckOut", "input": "Fingerprint"}
    assert client.rows("punches", "1", "2", "3") == [
        punch | {"device": "ZHM11xxxxxxxx", "temperature": 36.8, "mask": False}
    ]
    keys = {(row["user"], row["type"], row["index"]) for row in client.rows("templates", "2", "5", "8")}
    biometric = {("2", "Fingerprint", "6"), ("2", "Face", "0"), ("2", "Palm", "0")}
    assert keys == biometric | {("5", "UserPhoto", None), ("8", "Card", None), ("8", "Password", None)}
    assert [row["first_name"] for row in client.rows("users", "1", "5", "8")] == ["jency", "Alex", None]


def test_a_card_and_a_pin_that_share_an_operation_id_are_both_stored(client: Any) -> None:
    for sample in SAMPLES[3:5]:
        client.send(json.dumps(sample["request"]).encode())
    found = {row["type"]: row["sha256"] for row in client.rows("templates", "8")}
    assert found == {"Card": sha("9804445"), "Password": sha("124445")}


@pytest.mark.parametrize("token", ["", "x", None, 5, True, ["COJJ7eiiPBGUfmIQPvh2PJWWDLX7OuKs"]])
def test_a_wrong_token_is_refused_and_not_stored(client: Any, token: Any) -> None:
    answer = client.v3(AuthToken=token, PunchLog={"UserId": "1", "LogTime": TIME})
    assert (answer[0], json.loads(answer[1]), client.times("1")) == (401, {"status": "rejected"}, [])


def test_without_a_known_token_any_is_stored(connect: Any) -> None:
    client = connect()
    client.v3(AuthToken="whatever", PunchLog={"UserId": "1", "LogTime": TIME})
    assert client.times("1") == ["2020-09-17T02:18:22Z"]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2020-09-17 07:48:22 GMT +0530", "2020-09-17T02:18:22Z"),
        ("2020-09-17 07:48:22 GMT -0330", "2020-09-17T11:18:22Z"),
        ("2020-09-17 07:48:22 GMT +0545", "2020-09-17T02:03:22Z"),
        ("2020-09-17 07:48:22 GMT +1400", "2020-09-16T17:48:22Z"),
        ("2020-12-31 23:59:59 GMT -0100", "2021-01-01T00:59:59Z"),
    ],
)
def test_the_stored_time_is_the_instant(client: Any, text: str, instant: str) -> None:
    client.punch("1", text)
    assert client.times("1") == [instant]


def test_a_resend_with_another_operation_id_is_one_row(client: Any) -> None:
    client.punch("1", TIME)
    again = {"UserId": "1", "LogTime": TIME}
    assert client.v3(OperationID="other", Time="2020-09-17 05:00:00 GMT +0000", PunchLog=again) == DONE
    assert client.times("1") == ["2020-09-17T02:18:22Z"]


def test_one_instant_in_two_offsets_is_one_row(client: Any) -> None:
    client.punch("1", TIME)
    client.punch("1", "2020-09-17 03:18:22 GMT +0100")
    assert client.times("1") == ["2020-09-17T02:18:22Z"]


def test_an_older_punch_after_a_newer_one_is_kept(client: Any) -> None:
    for minute in (30, 10, 20):
        client.punch("1", f"2020-09-17 07:{minute}:00 GMT +0000")
    assert sorted(client.times("1")) == [f"2020-09-17T07:{minute}:00Z" for minute in (10, 20, 30)]


@pytest.mark.parametrize("user", ["007", "E12", "a-b_c", "O'Brien", "1' OR '1'='1", "é"])
def test_user_ids_are_text(client: Any, user: str) -> None:
    client.punch(user, TIME)
    assert [row["user"] for row in client.rows("punches", user, "7", "1")] == [user]


@pytest.mark.parametrize("time", ["", "yesterday", "0000-00-00 00:00:00 GMT +0000", None, 5, {}])
def test_a_time_that_is_none_is_acknowledged(client: Any, time: Any) -> None:
    assert client.punch("1", time) == DONE


@pytest.mark.parametrize("frame", [{"DoorOpened": {"a": 1}}, {"PunchLog": []}, {"UserUpdated": {"Template": [3]}}, {}])
def test_what_the_page_does_not_print_is_acknowledged(client: Any, frame: Any) -> None:
    assert client.v3(**frame) == DONE


def test_templates_merge_by_type_and_index(client: Any) -> None:
    client.update("9", finger("0", "AAAA"))
    client.update("9", finger("1", "AAAB"), card("17"))
    client.update("9", finger("0", "AAAC"))
    found = {(row["type"], row["index"]): row["sha256"] for row in client.rows("templates", "9")}
    prints = {("Fingerprint", str(n)): hashlib.sha256(bytes([0, 0, last])).hexdigest() for n, last in enumerate((2, 1))}
    assert found == prints | {("Card", None): sha("17")}


def test_an_empty_array_and_empty_names_erase_nothing(client: Any) -> None:
    client.update("9", card("17"), FirstName="Asha", LastName="Rao")
    client.update("9", FirstName="", LastName="")
    assert (len(client.rows("templates", "9")), client.rows("users", "9")) == (
        1,
        [{"user": "9", "first_name": "Asha", "last_name": "Rao"}],
    )


def test_a_new_name_replaces_the_old_one(client: Any) -> None:
    client.update("9", FirstName="Asha", LastName="Rao")
    client.update("9", FirstName="Asha", LastName="மேனன்")
    assert client.rows("users", "9") == [{"user": "9", "first_name": "Asha", "last_name": "மேனன்"}]


def test_a_template_names_its_user(client: Any) -> None:
    client.v3(UserUpdated={"Template": [finger("0", "AAAA") | {"UserID": "12"}]})
    assert [row["index"] for row in client.rows("templates", "12")] == ["0"]


def test_a_deletion_takes_the_user_and_leaves_the_punches(client: Any) -> None:
    client.update("9", card("17"), FirstName="Asha")
    client.punch("9", TIME)
    assert client.v3(UserDeleted={"UserID": "9"}) == DONE
    assert (client.rows("users", "9"), client.rows("templates", "9"), len(client.times("9"))) == ([], [], 1)


def test_shapes_seen_in_the_field_are_understood(client: Any) -> None:
    client.v3(PunchLog={"UserID": "1", "AttendanceType": "MealIn", "LogTime": TIME})
    client.update("1", Photo={"Type": "Base64", "Size": "3", "Data": "AAAA", "UserId": "1"})
    assert client.rows("punches", "1")[0]["type"] == "MealIn"
    assert [row["type"] for row in client.rows("templates", "1")] == ["UserPhoto"]


def test_a_name_that_looks_like_a_form_field_is_a_name(client: Any) -> None:
    client.update("9", FirstName="a&request_data={}&b")
    assert client.rows("users", "9")[0]["first_name"] == "a&request_data={}&b"


def test_a_batch_is_stored_row_by_row(connect: Any) -> None:
    client = connect()
    rows = [{"UserID": user, "Type": "CheckIn", "LogTime": TIME} for user in ("1", "2")]
    body = {"PunchLog": {"ReturnRowCount": "2", "Log": rows}}
    assert client.send(json.dumps(body).encode()) == DONE
    assert [row["user"] for row in client.rows("punches", "1", "2")] == ["1", "2"]


@pytest.mark.parametrize(
    ("told", "kept"), [("36.8", 36.8), (36.8, 36.8), (37, 37.0), ("", None), ("warm", "warm"), (None, None)]
)
def test_temperatures_come_as_text_or_number(client: Any, told: Any, kept: Any) -> None:
    client.punch("1", TIME, Temperature=told)
    assert client.rows("punches", "1")[0].get("temperature") == kept


@pytest.mark.parametrize("rest", range(16))
def test_encrypted_bodies_of_every_length_are_stored(connect: Any, rest: int) -> None:
    client = connect(tokens=["t"], key=KEY)
    plain = json.dumps({"RealTime": {"AuthToken": "t", "PunchLog": {"UserId": "ü", "LogTime": TIME}}}).encode()
    plain += b" " * ((rest - len(plain)) % 16)
    assert (client.send(cipher.encrypt(KEY, plain)), client.times("ü")) == (DONE, ["2020-09-17T02:18:22Z"])


def test_each_device_may_have_its_own_key(connect: Any) -> None:
    keys = {"one": KEY, "two": KEY[::-1]}
    client = connect(tokens=["one", "two"], keys=keys)
    for token, key in keys.items():
        plain = json.dumps({"RealTime": {"AuthToken": token, "PunchLog": {"UserId": token, "LogTime": TIME}}})
        client.send(cipher.encrypt(key, plain.encode()), f"/?stgid={token}")
    assert len(client.times("one", "two")) == 2


def test_a_body_under_another_key_is_refused(connect: Any) -> None:
    client = connect(tokens=["t"], key=KEY)
    plain = json.dumps({"RealTime": {"AuthToken": "t", "PunchLog": {"UserId": "1", "LogTime": TIME}}}).encode()
    assert (client.send(cipher.encrypt(KEY[::-1], plain))[0], client.times("1")) == (400, [])
