"""Each printed v3 sample through the running kernel: commands posted as printed, callbacks told of the same facts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from running_sim import TOKEN, Sim, device

from camsim import chance, resources
from camsim.callbacks import upload
from camsim.control.devices import PersonSpec
from camsim.kernel.kernel import Kernel
from camsim.protocol.facts import AttendancePhoto, DateModified, Fact, Punch, Template, UserDeleted, UserUpdated
from camsim.protocol.timestamps import parse
from camsim.protocol.vocabulary import TemplateType
from camsim.state.gateway import RegisteredDevice

PRINTED: list[dict[str, Any]] = resources.load("fixtures", "vendor", "v3.json")
SAMPLES = {sample["number"]: sample for sample in PRINTED}
REST = [number for number in SAMPLES if number >= 12]
CALLBACKS = [number for number in SAMPLES if number <= 11]
KNOWN = ("1", "2", "3", "20", "User123")  # users that the printed commands take for granted


@pytest.fixture
def gate(start_sim: Callable[..., Sim]) -> Sim:
    """A device with the printed token and the users the printed commands name."""
    return start_sim(device(users=[PersonSpec(name) for name in KNOWN]))


def _printed(number: int) -> bytes:
    return json.dumps(SAMPLES[number]["request"]).encode()


def _prepare(gate: Sim, number: int) -> None:
    if number == 28:  # adds user 1
        gate.control("delete_user", user="1")


@pytest.mark.parametrize("number", [n for n in REST if n not in (12, 13)])
def test_a_printed_command_answers_as_printed(gate: Sim, number: int) -> None:
    _prepare(gate, number)
    answer = gate.post(_printed(number))
    assert (answer.status, json.dumps(answer.message)) == (200, json.dumps(SAMPLES[number]["response"]))


def test_load_device_information_answers_the_printed_members_in_their_order(start_sim: Callable[..., Sim]) -> None:
    gate = start_sim(device(users=0, licence_start="03/04/2024", licence_end="03/04/2025"), start_ms=1_740_000_000_000)
    answer, printed = gate.post(_printed(13)).message, SAMPLES[13]["response"]
    assert list(answer) == list(printed)
    varying = ("MacAddress", "LastConnectedTime")
    shown, wanted = answer["DeviceInformation"], printed["DeviceInformation"]
    assert list(shown) == list(wanted)
    assert {k: v for k, v in shown.items() if k not in varying} == {k: v for k, v in wanted.items() if k not in varying}
    assert [len(shown[key]) for key in varying] == [len(wanted[key]) for key in varying]


def test_load_log_answers_as_printed_without_a_status_code(gate: Sim) -> None:
    printed = SAMPLES[12]["response"]
    for row in printed["PunchLog"]["Log"]:
        names = {
            "type": "Type",
            "input": "InputType",
            "at": "LogTime",
            "temperature": "Temperature",
            "mask": "FaceMask",
        }
        gate.punch(row["UserID"], **{ours: row[key] for ours, key in names.items()})
    wanted = {**printed, "PunchLog": {**printed["PunchLog"], "ReturnRowCount": "3"}}  # the page says 18 and shows 3
    assert json.dumps(gate.post(_printed(12)).message) == json.dumps(wanted)


def _seconds(text: str) -> tuple[int, int]:
    stamp = parse(text)
    return stamp.epoch_s, stamp.offset or 0


def _templates(items: list[dict[str, str]]) -> tuple[Template, ...]:
    return tuple(Template(TemplateType(i["Type"]), i["Data"], i.get("Index"), i.get("Size")) for i in items)


def _fact(frame: dict[str, Any]) -> Fact:
    """What must have happened for the gateway to send this."""
    if "UserDeleted" in frame:
        body = frame["UserDeleted"]
        return UserDeleted(body["UserID"], *_seconds(body["OperationTime"]))
    if "DateModified" in frame:
        body = frame["DateModified"]
        return DateModified(*_seconds(body["ModifiedTo"]), *_seconds(body["OperationTime"]))
    if "Log" in frame:
        body = frame["Log"]
        return AttendancePhoto(body["UserID"], *_seconds(body["LogTime"]), body["LogPhoto"])
    if "PunchLog" in frame:
        body = frame["PunchLog"]
        when, warm = _seconds(body["LogTime"]), float(body["Temperature"])
        return Punch(body["UserId"], *when, body["Type"], body["InputType"], warm, body["FaceMask"])
    body = frame["UserUpdated"]
    user = body.get("UserID") or body["Template"][0]["UserID"]
    names = (body.get("FirstName", "x"), body.get("LastName", "y"), body.get("UserType", "User"))
    return UserUpdated(user, *names, *_seconds(body["OperationTime"]), _templates(body["Template"]))


def _slot(sim_kernel: Kernel) -> RegisteredDevice:
    return sim_kernel.state.devices["SIM1"]


@pytest.mark.parametrize("number", CALLBACKS)
def test_a_callback_of_the_same_facts_equals_the_printed_one(
    start_sim: Callable[..., Sim], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    frame = SAMPLES[number]["request"]["RealTime"]
    processed = _seconds(frame["Time"])[0]
    monkeypatch.setattr(chance, "operation_id", lambda *_: frame["OperationID"])
    spec = device(label=frame.get("LabelName", "Burj Khalifa"), serial=frame.get("SerialNumber", "ZHM11xxxxxxxx"))
    gate = start_sim(spec, start_ms=processed * 1000)

    async def tell() -> None:
        kernel = gate.host.runtime.kernel
        kernel.effects = []
        upload.upload(kernel, _slot(kernel), _fact(frame))
        gate.host.runtime._carry_out(kernel.effects)

    gate.loop.run(tell())
    gate.idle()
    wanted = json.dumps(SAMPLES[number]["request"], separators=(",", ":"), ensure_ascii=False).encode()
    assert [item.body for item in gate.receiver.received] == [wanted]


def test_the_printed_token_is_the_devices_own(gate: Sim) -> None:
    assert {SAMPLES[number]["request"]["AuthToken"] for number in REST} == {TOKEN}


def test_an_acknowledgement_as_printed_takes_a_callback_off_the_queue(gate: Sim) -> None:
    gate.receiver.answer = (200, json.dumps(SAMPLES[11]["response"]).encode())
    gate.punch("1")
    gate.idle()
    assert len(gate.slot().outbox) == 0
