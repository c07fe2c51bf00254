"""The schema files: tight where the page is definite, and both validators of one mind."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from independent_validator import is_valid
from jsonschema import Draft202012Validator

from camsim import resources
from camsim.protocol import schemas
from camsim.protocol.catalogue import V3, Family
from camsim.protocol.schemas import Problem, validate

SAMPLES: list[dict[str, Any]] = resources.load("fixtures", "vendor", "v3.json")
PUNCH: dict[str, Any] = SAMPLES[10]["request"]
SIX: dict[str, Any] = SAMPLES[26]["request"]
Step = str | int


def changed(message: Any, path: tuple[Step, ...], value: Any) -> Any:
    """A copy with one value replaced."""
    copied = copy.deepcopy(message)
    inner = copied
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return copied


def without(message: Any, path: tuple[Step, ...]) -> Any:
    """A copy with one member removed."""
    copied = copy.deepcopy(message)
    inner = copied
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return copied


def places(value: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """Every place of a message, the whole one excepted."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield (*path, step)
        yield from places(inner, (*path, step))


def agreed(family: Family | str, part: str, message: Any, protocol: str = "v3") -> bool:
    """The verdict, after our validator and an independent one have given the same."""
    problems = validate(family, part, message, protocol)
    assert is_valid(family, part, message, protocol) == (not problems), problems
    return not problems


def test_every_family_of_v3_has_a_schema() -> None:
    assert len(schemas.families()) == 17
    assert {f"{family}.json" for family in schemas.families()} == {
        file.name for file in resources.path("schemas", "v3").iterdir()
    }


def test_every_family_of_v2_has_a_schema() -> None:
    assert {f"{family}.json" for family in schemas.families("v2")} == {
        file.name for file in resources.path("schemas", "v2").iterdir()
    }


@pytest.mark.parametrize("protocol", ["v2", "v3"])
def test_every_schema_is_itself_a_valid_schema(protocol: str) -> None:
    for family in schemas.families(protocol):
        Draft202012Validator.check_schema(schemas.document(family, protocol))
    Draft202012Validator.check_schema(schemas.common())


# Members that the samples carry although the page lets them be absent.
OPTIONAL = {
    *("LabelName", "SerialNumber", "FirstName", "LastName", "UserType", "Temperature", "FaceMask"),
}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample['number']:02d}")
def test_a_message_without_a_required_member_is_refused(sample: dict[str, Any]) -> None:
    family, request = V3[sample["number"] - 1].family, sample["request"]
    optional = OPTIONAL | ({"UserID"} if family is Family.USER_UPDATED and sample["number"] > 3 else set())
    required = [path for path in places(request) if isinstance(path[-1], str) and path[-1] not in optional]
    if family is Family.ADD_USER:
        required.remove(("Add", "Template")) if ("Add", "Template") in required else None
    accepted = [path for path in required if agreed(family, "request", without(request, path))]
    assert accepted == []


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample['number']:02d}")
def test_a_value_of_another_type_is_refused_everywhere(sample: dict[str, Any]) -> None:
    family, request = V3[sample["number"] - 1].family, sample["request"]
    accepted = [path for path in places(request) if agreed(family, "request", changed(request, path, {"no": "value"}))]
    assert accepted == []


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample['number']:02d}")
def test_another_shape_of_time_is_refused_everywhere(sample: dict[str, Any]) -> None:
    family, request = V3[sample["number"] - 1].family, sample["request"]
    times = [path for path in places(request) if "Time" in str(path[-1]) and path[-1] not in ("RealTime", "AccessTime")]
    bad = ["2020-09-17T07:48:22Z", "2020-09-17", "2020-09-17 07:48:22 GMT +0530\n", "1600309102", ""]
    assert times
    assert [path for path in times for text in bad if agreed(family, "request", changed(request, path, text))] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("RealTime", "PunchLog", "Type"), "In"),
        (("RealTime", "PunchLog", "Type"), "None"),
        (("RealTime", "PunchLog", "InputType"), "Iris"),
        (("RealTime", "PunchLog", "FaceMask"), "false"),
        (("RealTime", "PunchLog", "Temperature"), "warm"),
        (("RealTime", "PunchLog", "UserId"), 2),
        (("RealTime", "Time"), "2020-09-17 04:19:03 GMT +0530"),
        (("RealTime", "AuthToken"), "short"),
        (("RealTime", "Log"), {}),
    ],
)
def test_a_punch_with_a_wrong_value_is_refused(path: tuple[Step, ...], value: Any) -> None:
    assert not agreed("PunchLog", "request", changed(PUNCH, path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("RealTime", "PunchLog", "Temperature"), 36.8),
        (("RealTime", "PunchLog", "Remark"), {"any": "thing"}),
        (("RealTime", "LabelName"), ""),
        (("RealTime", "PunchLog", "UserId"), "O'Brien"),
    ],
)
def test_what_the_page_leaves_open_is_accepted(path: tuple[Step, ...], value: Any) -> None:
    assert agreed("PunchLog", "request", changed(PUNCH, path, value))


@pytest.mark.parametrize(
    ("number", "path", "value"),
    [
        (30, ("Delete", "User"), "all"),
        (29, ("Delete", "User"), []),
        (35, ("Enroll", "User", "Type"), "Face"),
        (37, ("Update", "User", "Access"), "Enable"),
        (27, ("Add", "Template", 2, "Index"), "10"),
        (27, ("Add", "Template", 2, "Size"), "1 kB"),
        (27, ("Add", "Template", 3, "Data"), "no base64"),
        (14, ("Add", "User", "UserType"), "Owner"),
        (14, ("Delete",), {"Log": "All"}),
    ],
)
def test_a_command_with_a_wrong_value_is_refused(number: int, path: tuple[Step, ...], value: Any) -> None:
    row = V3[number - 1]
    assert not agreed(row.family, "request", changed(SAMPLES[number - 1]["request"], path, value))


@pytest.mark.parametrize("body", [{"Status": "done"}, {"status": "Done"}, {"status": True}, {}, [], "done", None])
def test_only_status_done_is_an_acknowledgement(body: Any) -> None:
    assert not agreed("PunchLog", "response", body)


def test_an_acknowledgement_may_say_more() -> None:
    assert agreed("PunchLog", "response", {"status": "done", "message": "stored"})


@pytest.mark.parametrize(
    ("family", "answer", "right"),
    [
        ("DeleteUser", {"Status": "User Not Found", "OperationID": "1", "StatusCode": 9}, True),
        ("DeleteUser", {"Status": "done", "OperationID": "1", "StatusCode": 9}, False),
        ("DeleteUser", {"Status": "Success", "OperationID": "1", "StatusCode": 0}, False),
        ("DeleteUser", {"Status": "done", "OperationID": "1"}, False),
        ("DeleteUser", {"Status": "done", "OperationID": "1", "StatusCode": "0"}, False),
        ("LoadLog", {"Status": "done", "OperationID": "1", "PunchLog": {"ReturnRowCount": "0", "Log": []}}, True),
        ("LoadLog", {"Status": "done", "OperationID": "1"}, False),
        ("LoadLog", {"Status": "Device Offline", "OperationID": "1", "StatusCode": 5}, True),
        ("LoadLog", {"Status": "Device Offline", "OperationID": "1"}, False),
    ],
)
def test_an_answer_says_done_exactly_for_code_0(family: str, answer: dict[str, Any], right: bool) -> None:
    assert agreed(family, "response", answer) is right


def test_a_v2_status_text_belongs_to_its_code() -> None:
    answer = {"StatusCode": 10, "Status": "API_RESPONSE_INVALID_USERID", "RequestedOperation": "DeleteUser"}
    answer |= {"OperationReferenceId": "", "OperationData": ""}
    assert agreed("DeleteUser", "response", answer, "v2")
    assert not agreed("DeleteUser", "response", answer | {"StatusCode": 9}, "v2")


def test_a_problem_names_the_place_and_what_is_allowed() -> None:
    assert validate("PunchLog", "request", changed(PUNCH, ("RealTime", "PunchLog", "InputType"), "Iris")) == [
        Problem(
            "RealTime.PunchLog.InputType",
            '"Iris" is not allowed; allowed: "Fingerprint" | "Face" | "Palm" | "Card" | "Password"',
            '"Iris"',
        )
    ]
    assert validate("AddUser", "request", without(SIX, ("Add", "Template", 2, "Size"))) == [
        Problem("Add.Template[2]", "Size missing", "an object of 4")
    ]


def test_a_problem_with_a_long_template_is_short() -> None:
    (problem,) = validate("AddUser", "request", changed(SIX, ("Add", "Template", 3, "Data"), "*" * 40_000))
    assert len(problem.message) < 250


@pytest.mark.parametrize(
    ("path", "value", "secret"),
    [
        (("AuthToken",), "COJJ7eiiPBGUfmIQPvh2PJWWDLX7Ou", "COJJ"),
        (("Add", "Template", 1, "Data"), "no pin 4711", "4711"),
        (("Add", "Template", 1, "Data"), 4711, "4711"),
        (("Add", "Template", 3, "Data"), "* 0815", "0815"),
    ],
)
def test_a_problem_never_tells_a_token_or_a_template(path: tuple[Step, ...], value: Any, secret: str) -> None:
    problems = validate("AddUser", "request", changed(SIX, path, value))
    assert problems
    assert secret not in str(problems)


@pytest.mark.parametrize(("family", "part"), [("Nothing", "request"), ("PunchLog", "middle")])
def test_an_unknown_family_or_part_is_a_key_error(family: str, part: str) -> None:
    with pytest.raises(KeyError, match=r"Nothing|middle"):
        validate(family, part, {})


@pytest.mark.parametrize(("member", "right"), [("LabelName", True), ("Time", False), ("AuthToken", False)])
def test_half_a_surrogate_pair_confuses_neither_validator(member: str, right: bool) -> None:
    assert agreed("PunchLog", "request", changed(PUNCH, ("RealTime", member), "\ud800")) is right


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=30),
    st.sampled_from(["done", "All", "0", "10", "Card", "Face", "2020-09-17 07:48:22 GMT +0530", "2020-09-17 07:48:22"]),
    st.just([]),
    st.just({}),
)


@given(st.sampled_from(SAMPLES), st.sampled_from(["request", "response"]), st.data())
def test_both_validators_agree_on_any_change(sample: dict[str, Any], part: str, data: st.DataObject) -> None:
    message = sample[part]
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(sorted(places(message), key=str)))
        message = changed(message, path, data.draw(VALUES)) if data.draw(st.booleans()) else without(message, path)
        if not message:
            break
    agreed(V3[sample["number"] - 1].family, part, message)
