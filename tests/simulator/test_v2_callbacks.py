"""v2: what a device tells, as it arrives: valid, complete, in form, encrypted, and the faults that strike it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from running_sim import KEY, Sim
from wire_v2 import callbacks, told, v2_device

from camsim import resources
from camsim.kernel.events import ControlError
from camsim.protocol import cipher, schemas
from camsim.protocol.catalogue import V2_CALLBACKS
from camsim.protocol.vocabulary import Protocol

Start = Callable[..., Sim]
KINDS = ["Card", "Password", "Fingerprint", "Face", "Palm", "UserPhoto"]


@pytest.fixture
def v2(start_sim: Start) -> Sim:
    """A v2 device SIM1."""
    return start_sim(v2_device())


def everything(sim: Sim) -> None:
    """One of each callback."""
    sim.punch("1", photo=True)
    sim.control("put_user", user="9", first_name="Manu", last_name="Mona", templates=KINDS)
    sim.control("delete_user", user="2")
    sim.control("date", by="+60s")
    sim.idle()


def test_every_callback_of_the_page_arrives_and_is_valid(v2: Sim) -> None:
    everything(v2)

    told_here = [told(item) for item in v2.receiver.received]
    assert {message["ApiRequestInfo"]["Operation"] for message in told_here} == set(V2_CALLBACKS)
    for message in told_here:
        family = V2_CALLBACKS[message["ApiRequestInfo"]["Operation"]].family
        assert schemas.validate(family, "request", message, Protocol.V2) == []


def test_a_punch_has_the_keys_of_the_printed_sample_in_its_order(start_sim: Start) -> None:
    """V2:245; the card reader has neither thermometer nor camera."""
    sim = start_sim(v2_device(model="rsp10i3"))
    sim.punch("1")
    sim.idle()
    sample = next(row for row in resources.load("fixtures", "vendor", "v2.json")["messages"] if row["case"] == "sample")

    arrived = told(sim.receiver.received[0])

    assert shape(arrived) == shape(sample["request"])


def shape(value: Any) -> Any:
    """Keys in order and types, without values."""
    return [(key, shape(item)) for key, item in value.items()] if isinstance(value, dict) else type(value)


@pytest.mark.parametrize("kind", ["CheckIn", "CheckOut", "BreakOut", "BreakIn", "OverTimeIn", "OverTimeOut", "None"])
def test_a_type_is_told_by_its_own_word(v2: Sim, kind: str) -> None:
    v2.punch("1", type=kind)
    v2.idle()

    assert callbacks(v2)[0]["OperationData"]["AttendanceType"] == kind


@pytest.mark.parametrize(("pressed", "word"), [("MealIn", "MealStart"), ("MealOut", "MealEnd"), ("MealEnd", "MealEnd")])
def test_a_meal_starts_and_ends_in_v2(v2: Sim, pressed: str, word: str) -> None:
    """V2-04."""
    v2.punch("1", type=pressed)
    v2.idle()

    assert callbacks(v2)[0]["OperationData"]["AttendanceType"] == word


def test_a_type_that_no_device_has_is_refused_with_those_it_has(v2: Sim) -> None:
    with pytest.raises(ControlError, match="type = 'Nap' is not allowed") as problem:
        v2.punch("1", type="Nap")

    assert "MealStart" in problem.value.hint


def test_a_v3_device_has_no_punch_without_a_type(sim: Sim) -> None:
    with pytest.raises(ControlError, match="type = 'None' is not allowed"):
        sim.punch("1", type="None")


@pytest.mark.parametrize(
    ("zone", "offset"), [("+0530", 330), ("-0330", -210), ("+0545", 345), ("+1400", 840), ("+0000", 0)]
)
def test_times_are_the_wall_clock_written_as_utc(start_sim: Start, zone: str, offset: int) -> None:
    """V2-01."""
    sim = start_sim(v2_device(timezone=zone))
    sim.punch("1")
    sim.idle()

    assert callbacks(sim)[0]["OperationTime"] == str(1_600_000_000 + offset * 60)


def test_true_utc_is_a_knob(start_sim: Start) -> None:
    sim = start_sim(v2_device(), knobs={"v2.epoch": "true_utc"})
    sim.punch("1")
    sim.idle()

    assert callbacks(sim)[0]["OperationTime"] == "1600000000"


@pytest.mark.parametrize("key", ["AttendancePhoto", "AttendancePhotoe"])
def test_the_photo_has_the_key_of_the_knob(start_sim: Start, key: str) -> None:
    """V2-05."""
    sim = start_sim(v2_device(), knobs={"v2.photo_key": key})
    sim.punch("1", photo=True)
    sim.idle()

    assert list(callbacks(sim, "SendAttendancePhoto")[0]["OperationData"]) == [key]


def test_observed_devices_tell_the_moment_as_text_too(start_sim: Start) -> None:
    """V2-31."""
    sim = start_sim(v2_device(), profile="observed")
    sim.punch("1", at="2020-09-17 07:48:22 GMT +0530")
    sim.idle()

    assert callbacks(sim)[0]["OperationTimeEx"] == "2020-09-17 07:48:22 GMT +0530"


def test_documented_devices_do_not(v2: Sim) -> None:
    v2.punch("1")
    v2.idle()

    assert "OperationTimeEx" not in callbacks(v2)[0]


def test_card_and_pin_come_together_and_everything_else_alone(v2: Sim) -> None:
    """V2-06, V2:89: a face in 12 parts, a palm in 5; names with card and PIN only."""
    v2.control("put_user", user="9", first_name="Manu", last_name="Mona", user_type="Admin", templates=KINDS)
    v2.idle()

    told_here = [info["OperationData"] for info in callbacks(v2, "ManuallyUserUpdated")]
    kinds = [[item["Type"] for item in data["Signature"]] for data in told_here]
    named = [bool(data["Name"] or data["Priority"]) for data in told_here]
    assert kinds == [["Card", "Password"], ["Fingerprint"], *[["Face"]] * 12, *[["Palm"]] * 5, ["UserPhoto"]]
    assert named == [True, *[False] * 19]
    assert (told_here[0]["Name"], told_here[0]["Priority"]) == ("Manu Mona", "16")


def test_a_rename_is_an_empty_signature_with_the_name(v2: Sim) -> None:
    v2.control("put_user", user="1", first_name="Other", last_name="")
    v2.idle()

    data = callbacks(v2)[0]["OperationData"]
    assert (data["Name"], data["Signature"]) == ("Other", [])


def test_the_name_of_a_user_with_a_face_only_comes_before_the_face(v2: Sim) -> None:
    v2.control("put_user", user="9", first_name="Manu", templates=["Face"])
    v2.idle()

    first, second = [info["OperationData"] for info in callbacks(v2)][:2]
    assert (first["Name"], first["Signature"]) == ("Manu", [])
    assert (second["Name"], second["Signature"][0]["AdditionalData1"]) == ("", "1")


def test_only_the_value_of_api_request_info_is_encrypted(start_sim: Start) -> None:
    """A-ENC-10."""
    sim = start_sim(v2_device(security_key=KEY))
    everything(sim)

    for item in sim.receiver.received:
        outer = told(item)
        assert outer["ServiceTagId"] == "SIM1"
        assert isinstance(outer["ApiRequestInfo"], str)
        assert told(item, KEY)["ApiRequestInfo"]["Operation"] in V2_CALLBACKS


@pytest.mark.parametrize("sealed", [False, True])
def test_an_acknowledgement_may_be_plain_or_encrypted_whole(start_sim: Start, sealed: bool) -> None:
    sim = start_sim(v2_device(security_key=KEY))
    done = b'{"status": "done"}'
    sim.receiver.answer = (200, cipher.encrypt(KEY, done) if sealed else done)
    sim.punch("1")
    sim.idle()

    assert sim.host.runtime.kernel.state.ledger.summary()["acknowledged"] == 1


def test_a_callback_that_is_not_acknowledged_comes_again_byte_for_byte(v2: Sim) -> None:
    v2.receiver.fail(3)
    v2.punch("1")
    v2.idle()

    assert len({item.body for item in v2.receiver.received}) == 1
    assert len(v2.receiver.received) == 4


def test_the_first_version_tried_every_thirty_seconds(start_sim: Start) -> None:
    """V2-26, A-CB-06."""
    sim = start_sim(v2_device(), knobs={"retry.schedule": "vendor_v1"})
    sim.receiver.fail(5)
    sim.punch("1")
    before = sim.now
    sim.idle()

    assert sim.now - before == 5 * 30_000


FAULTS: list[tuple[str, Callable[[dict[str, Any]], bool]]] = [
    ("wrong_token", lambda info: info["AuthToken"] != "COJJ7eiiPBGUfmIQPvh2PJWWDLX7OuKs"),
    ("unknown_operation", lambda info: info["Operation"] == "FutureOperation"),
    ("shuffle_keys", lambda info: list(info) != sorted(info)),
]


@pytest.mark.parametrize(("do", "shows"), FAULTS, ids=[row[0] for row in FAULTS])
def test_a_fault_changes_what_a_v2_callback_says(v2: Sim, do: str, shows: Callable[[dict[str, Any]], bool]) -> None:
    v2.control("add_fault", where="callback.request", do=do)
    v2.punch("1")
    v2.idle()

    assert shows(callbacks(v2)[0])


def test_the_old_token_is_the_one_before_the_change(v2: Sim) -> None:
    old = v2.slot().config.auth_token
    v2.control("patch_device", auth_token="n" * 32)
    v2.control("add_fault", where="callback.request", do="old_token", when={"next": 1})
    v2.punch("1")
    v2.punch("2")
    v2.idle()

    assert [info["AuthToken"] for info in callbacks(v2)] == [old, "n" * 32]


@pytest.mark.parametrize("do", ["duplicate", "duplicate_new"])
def test_a_duplicate_is_the_same_message_once_more(v2: Sim, do: str) -> None:
    """v2 has no OperationID that could be new."""
    v2.control("add_fault", where="callback.request", do=do, when={"next": 1})
    v2.punch("1")
    v2.punch("2")
    v2.idle()

    users = [info["UserId"] for info in callbacks(v2)]
    bodies = [item.body for item in v2.receiver.received]
    assert sorted(users) == ["1", "1", "2"]
    assert len(set(bodies)) == 2


@pytest.mark.parametrize(("do", "opens"), [("wrong_key", False), ("plain_body", False)])
def test_key_faults_strike_api_request_info(start_sim: Start, do: str, opens: bool) -> None:
    sim = start_sim(v2_device(security_key=KEY))
    sim.control("add_fault", where="callback.request", do=do, when={"next": 1})
    sim.punch("1")
    sim.idle()

    info = told(sim.receiver.received[0])["ApiRequestInfo"]
    assert decrypts(info) is opens


def decrypts(info: Any) -> bool:
    try:
        return isinstance(info, str) and bool(cipher.decrypt(KEY, info.encode()))
    except cipher.CipherError:
        return False


def test_a_lost_answer_brings_the_same_bytes_again(v2: Sim) -> None:
    v2.control("add_fault", where="callback.answer", do="drop", when={"next": 1})
    v2.punch("1")
    v2.idle()

    assert len(v2.receiver.received) == 2
    assert v2.receiver.received[0].body == v2.receiver.received[1].body


def test_hostile_devices_shuffle_and_escape_what_stays_the_same_message(start_sim: Start) -> None:
    knobs = {"dup.p": 0, "dup.new_p": 0, "ack.lost": 0, "callback.wrong_token": 0, "callback.slow": 0}
    sim = start_sim(v2_device(), profile="hostile", knobs={**knobs, "callback.truncate": 0, "face.redetect": 0})
    everything(sim)

    assert {info["Operation"] for info in callbacks(sim)} == set(V2_CALLBACKS)
    assert any(
        list(told(item)["ApiRequestInfo"]) != sorted(told(item)["ApiRequestInfo"]) for item in sim.receiver.received
    )


def test_what_the_plan_does_not_manage_is_not_told(start_sim: Start) -> None:
    """Without ManagementAPI a device tells punches and photos only."""
    sim = start_sim(v2_device(services={"AttendanceAPI": (0, 2_000_000_000)}))
    everything(sim)

    assert {info["Operation"] for info in callbacks(sim)} == {"RealTimePunchLog", "SendAttendancePhoto"}
    assert {entry.operation for entry in sim.entries if entry.verdict == "not pushed"} == {
        "ManuallyUserUpdated",
        "ManuallyUserDeleted",
        "ManuallyDateModified",
    }


def test_an_expired_service_freezes_the_queue_until_it_is_activated_anew(v2: Sim) -> None:
    """V2-29."""
    now = v2.now // 1000
    v2.control(
        "patch_device", services={"AttendanceAPI": (now - 60, now + 60), "ManagementAPI": (now - 60, now + 9999)}
    )
    v2.punch("1")
    v2.idle()
    v2.advance(61)
    v2.punch("2")
    v2.idle()
    frozen = v2.api("GET", "devices/SIM1/queue").message["state"], len(v2.receiver.received)
    v2.control(
        "patch_device", services={"AttendanceAPI": (now + 100, now + 9999), "ManagementAPI": (now - 60, now + 9999)}
    )
    v2.advance(60)

    assert frozen == ("frozen", 1)
    assert [info["UserId"] for info in callbacks(v2)] == ["1", "2"]


def test_a_receiver_sees_the_tag_of_the_device(v2: Sim) -> None:
    v2.punch("1")
    v2.idle()

    assert told(v2.receiver.received[0])["ServiceTagId"] == "SIM1"


def test_callbacks_are_forms(v2: Sim) -> None:
    everything(v2)

    assert {item.headers["Content-Type"] for item in v2.receiver.received} == {"application/x-www-form-urlencoded"}
