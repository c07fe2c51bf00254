"""What a message is, and what people are told of one that breaks its schema."""

from __future__ import annotations

from typing import Any

import pytest

from camsim import resources
from camsim.protocol.catalogue import UnrecognisedError
from camsim.protocol.lint import kind_named, kind_of, lint, names, unrecognised
from camsim.protocol.vocabulary import Protocol

V3: list[dict[str, Any]] = resources.load("fixtures", "vendor", "v3.json")
V2: list[dict[str, Any]] = resources.load("fixtures", "vendor", "v2.json")["messages"]


@pytest.mark.parametrize("sample", V3, ids=lambda sample: sample["name"])
def test_every_printed_request_is_known_by_its_shape_and_clean(sample: dict[str, Any]) -> None:
    kind = kind_of(sample["request"])

    assert (kind.protocol, kind.name, kind.part) == ("v3", sample["name"], "request")
    assert lint(sample["request"], kind) == []


@pytest.mark.parametrize("sample", V3, ids=lambda sample: sample["name"])
def test_every_printed_answer_is_clean_with_and_without_its_operation(sample: dict[str, Any]) -> None:
    answer = sample["response"]
    alone, told = kind_of(answer), kind_named(sample["name"], answer)

    assert (alone.part, told.part, told.name) == ("response", "response", sample["name"])
    assert lint(answer, alone) == lint(answer, told) == []


@pytest.mark.parametrize("message", V2, ids=lambda message: f"{message['name']}-{message['case']}")
def test_every_v2_message_is_known_and_clean(message: dict[str, Any]) -> None:
    kind = kind_of(message["request"])

    assert (kind.protocol, kind.name.partition("[")[0]) == ("v2", message["name"])
    assert lint(message["request"], kind) == lint(message["response"], kind_of(message["response"])) == []


def test_an_answer_is_judged_by_the_operation_it_is_said_to_answer() -> None:
    answer = {"Status": "done", "OperationID": "1", "StatusCode": 0}

    assert lint(answer, kind_named("DeleteUser", answer)) == []
    assert [problem.message for problem in lint(answer, kind_named("LoadLog", answer))] == ["PunchLog missing"]


def test_a_name_of_both_protocols_is_taken_as_the_message_looks() -> None:
    photo = next(message["request"] for message in V2 if message["name"] == "SendAttendancePhoto")

    assert kind_named("RealTimePunchLog", V2[0]["request"]).protocol is Protocol.V2
    assert kind_named("RealTimePunchLog", {}).protocol is Protocol.V3
    assert kind_named("SendAttendancePhoto", photo).family == kind_of(photo).family
    assert kind_named("ClearLog", {}).protocol is Protocol.V2


def test_an_unknown_name_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        kind_named("Nothing", {})
    assert "ClearLog" not in names(Protocol.V3)
    assert "LoadLog" not in names(Protocol.V2)


@pytest.mark.parametrize(
    ("message", "path", "value", "words"),
    [
        (7, "", "7", "an object is expected"),
        ({}, "", "an object of 0", "exactly one of Load, Add"),
        ({"RealTime": {}}, "RealTime", "an object of 0", "PunchLog"),
        ({"Delete": {"User": "all"}}, "Delete.User", '"all"', '"All"'),
        ({"ApiRequestInfo": "x"}, "ApiRequestInfo", '"x"', "an object"),
        ({"ApiRequestInfo": {"Operation": 1}}, "ApiRequestInfo.Operation", "1", "a text"),
        ({"ApiRequestInfo": {"Operation": "Nap"}}, "ApiRequestInfo.Operation", '"Nap"', "RealTimePunchLog"),
    ],
)
def test_what_no_catalogue_knows_is_named_with_the_place(message: Any, path: str, value: str, words: str) -> None:
    with pytest.raises(UnrecognisedError) as caught:
        kind_of(message)
    problem = unrecognised(caught.value, message)

    assert (problem.path, problem.value) == (path, value)
    assert words in problem.message
