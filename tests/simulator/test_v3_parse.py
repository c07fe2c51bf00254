"""Requests read before any device sees them: which code, which field, why; what is forgiven and noted."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from camsim import resources
from camsim.commands.v3.parse import check
from camsim.commands.v3.reading import leniently
from camsim.knobs.policy import compile_policy
from camsim.knobs.register import resolve
from camsim.protocol.catalogue import COMMANDS, recognise
from camsim.protocol.command import Command, Refusal

SAMPLES = {s["number"]: s["request"] for s in resources.load("fixtures", "vendor", "v3.json")}
CARD = {"Type": "Card", "UserID": "100", "Data": "102836"}


def _read(message: dict[str, Any], **knobs: Any) -> Command | Refusal:
    rest = compile_policy(resolve("documented", {name.replace("_", "."): v for name, v in knobs.items()}).values).rest
    return check(message, recognise(message), 330, rest)


def _changed(number: int, path: str, value: Any) -> dict[str, Any]:
    message: dict[str, Any] = deepcopy(SAMPLES[number])
    *steps, last = path.split(".")
    place: Any = message
    for step in steps:
        place = place[int(step)] if step.isdigit() else place[step]
    place[int(last) if last.isdigit() else last] = value
    return message


@pytest.mark.parametrize("number", [row.number for row in COMMANDS])
def test_every_printed_command_is_read_without_a_refusal(number: int) -> None:
    command = _read(SAMPLES[number])
    assert isinstance(command, Command)
    assert command.name == next(row.name for row in COMMANDS if row.number == number)


@pytest.mark.parametrize(
    ("number", "path", "value", "code", "field"),
    [
        (12, "Load.PunchLog.Filter", None, 3, "Load.PunchLog.Filter"),
        (12, "Load.PunchLog.Filter", "All", 3, "Load.PunchLog.Filter"),
        (12, "Load.PunchLog.Filter.StartTime", 5, 1, "Load.PunchLog.Filter.StartTime"),
        (12, "Load.PunchLog.Filter.EndTime", "2020-13-01 00:00:00 GMT +0530", 1, "Load.PunchLog.Filter.EndTime"),
        (12, "Load.PunchLog.Filter.EndTime", "2020-09-16 00:00:00 GMT +0530", 1, "Load.PunchLog.Filter"),
        (14, "Add.User.UserID", "", 1, "Add.User.UserID"),
        (14, "Add.User.UserID", "a b", 1, "Add.User.UserID"),
        (14, "Add.User.UserID", "x" * 25, 1, "Add.User.UserID"),
        (14, "Add.User.UserID", 100, 1, "Add.User.UserID"),
        (14, "Add.User.FirstName", "x" * 25, 1, "Add.User.FirstName"),
        (14, "Add.User.LastName", None, 1, "Add.User.LastName"),
        (14, "Add.User.UserType", "Boss", 1, "Add.User.UserType"),
        (14, "Add.Template", "Card", 1, "Add.Template"),
        (14, "Add.Template", [CARD, CARD], 1, "Add.Template[1]"),
        (14, "Add.Template.0", "Card", 1, "Add.Template[0]"),
        (14, "Add.Template.0.UserID", "101", 1, "Add.Template[0].UserID"),
        (14, "Add.Template.0.Type", "Iris", 1, "Add.Template[0].Type"),
        (14, "Add.Template.0", {"Type": "Card", "UserID": "100"}, 3, "Add.Template[0].Data"),
        (29, "Delete.User", {}, 3, "Delete.User.UserID"),
        (35, "Enroll.User", {"UserID": "3"}, 3, "Enroll.User.Type"),
        (35, "Enroll.User.Type", "Palm", 15, "Enroll.User.Type"),
        (36, "Update.AccessTime.Start", "2022-07-12 00:00:00", 1, "Update.AccessTime"),
        (36, "Update.AccessTime.End", "later", 1, "Update.AccessTime.End"),
        (37, "Update.User.Access", "maybe", 1, "Update.User.Access"),
        (37, "Update.User.Access", True, 1, "Update.User.Access"),
    ],
)
def test_a_wrong_member_is_refused_with_its_field(number: int, path: str, value: Any, code: int, field: str) -> None:
    refusal = _read(_changed(number, path, value))
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.field, bool(refusal.why)) == (code, field, True)


def test_a_wrong_row_number_is_refused_where_live_gateways_page_by_it() -> None:
    refusal = _read(_changed(12, "Load.PunchLog.Filter.OffSet", "x"), loadlog_paging="offset")
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.field) == (1, "Load.PunchLog.Filter.OffSet")


@pytest.mark.parametrize("value", ["x", "50", 50, -1, [], None])
def test_an_offset_is_no_member_of_the_page(value: Any) -> None:
    """V3:486-491 print StartTime and EndTime alone; what else is sent is ignored with lint (A-REST-14)."""
    command = _read(_changed(12, "Load.PunchLog.Filter.OffSet", value))
    assert isinstance(command, Command)
    assert command.offset_rows == 0
    assert command.lint == ["Load.PunchLog.Filter.OffSet: the page prints no such member, ignored (A-REST-14)"]


def test_the_offset_of_live_gateways_is_no_oddity_where_they_page() -> None:
    command = _read(_changed(12, "Load.PunchLog.Filter.OffSet", "50"), loadlog_paging="offset")
    assert isinstance(command, Command)
    assert (command.offset_rows, command.lint) == (50, [])


def test_a_missing_member_is_told_before_a_wrong_value() -> None:
    message = _changed(12, "Load.PunchLog.Filter", {"StartTime": "never"})
    refusal = _read(message)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.field) == (3, "Load.PunchLog.Filter.EndTime")


def test_another_case_of_a_key_is_hinted_at() -> None:
    refusal = _read(_changed(29, "Delete.User", {"UserId": "1"}))
    assert isinstance(refusal, Refusal)
    assert (refusal.code, 'found "UserId"' in refusal.why) == (3, True)


def test_bad_content_of_a_template_waits_for_the_device() -> None:
    command = _read(_changed(14, "Add.Template.0.Data", "12a"))
    assert isinstance(command, Command)
    assert command.content is not None
    assert (command.content.code, command.content.field) == (10, "Add.Template[0].Data")


@pytest.mark.parametrize("items", [None, []])
def test_no_templates_may_be_written_as_nothing(items: Any) -> None:
    command = _read(_changed(28, "Add.Template", items))
    assert isinstance(command, Command)
    assert command.templates == ()


@pytest.mark.parametrize(("word", "kept"), [("USER", "User"), ("admin", "Admin"), ("Admin", "Admin")])
def test_the_user_type_is_read_in_any_case(word: str, kept: str) -> None:
    command = _read(_changed(14, "Add.User.UserType", word))
    assert isinstance(command, Command)
    assert command.user_type == kept


@pytest.mark.parametrize(
    ("number", "path", "value", "note"),
    [
        (12, "Load.PunchLog.Filter.StartTime", "2020-09-17 00:00:00", "no UTC offset"),
        (12, "Load.PunchLog.Filter.StartTime", "2020-01-01 00:00:00 GMT +0530", "30 days"),
        (36, "Update.AccessTime.Start", "2022-07-10 00:00:00 GMT +0530", "has an offset"),
        (37, "Update.User.Access", "ENABLE", "lower case"),
        (37, "Update.User.Colour", "red", "Update.User.Colour: the page prints no such member"),
        (14, "Add.Template.0.Colour", "red", "Add.Template.Colour: the page prints no such member"),
        (29, "Priority", {"a": 1}, "Priority: the page prints no such member"),
    ],
)
def test_what_is_forgiven_is_noted(number: int, path: str, value: str, note: str) -> None:
    command = _read(_changed(number, path, value))
    assert isinstance(command, Command)
    assert [text for text in command.lint if note in text]


def test_a_message_full_of_unknown_members_is_noted_in_few_lines() -> None:
    command = _read({**SAMPLES[29], **{f"X{number}": 1 for number in range(5000)}})
    assert isinstance(command, Command)
    assert len(command.lint) == 10


@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"User": inner}])
def test_a_message_deeper_than_any_printed_one_is_noted_once(wrap: Any) -> None:
    deep: Any = "x"
    for _ in range(900):
        deep = wrap(deep)
    command = _read({**SAMPLES[29], "Filter": deep})
    assert isinstance(command, Command)
    assert (len(command.lint), command.user_id) == (1, "User123")


@pytest.mark.parametrize(
    ("number", "path", "value", "code"),
    [
        (28, "Add.User.Colour", "red", 3),
        (12, "Load.PunchLog.Filter.StartTime", "2020-09-17 00:00:00", 1),
        (16, "Add.Template.0.Index", 0, 1),
    ],
)
def test_strictly_what_the_page_does_not_show_is_refused(number: int, path: str, value: Any, code: int) -> None:
    message = _changed(number, path, value)
    assert isinstance(_read(message), Command)
    refusal = _read(message, rest_strictness="strict")
    assert isinstance(refusal, Refusal)
    assert refusal.code == code


def test_leniently_keys_are_read_in_any_case_and_numbers_as_text() -> None:
    spelt = leniently({"operationid": 17, "delete": {"user": {"userId": "1"}}, "Other": [{"DATA": 1}]})
    assert spelt == {"OperationID": "17", "Delete": {"User": {"UserID": "1"}}, "Other": [{"Data": 1}]}
