"""What counts as done."""

from __future__ import annotations

import pytest

from camsim.protocol.cipher import encrypt
from camsim_loadtests.driver.answers import callback_problem, command_problem, kind_of

KEY = "0123456789abcdef0123456789abcdef"
DONE = b'{"status":"done"}'


@pytest.mark.parametrize("body", [DONE, encrypt(KEY, DONE)])
def test_an_acknowledgement_may_be_plain_or_encrypted(body):
    assert callback_problem(200, body, KEY) is None


@pytest.mark.parametrize("body", [encrypt("x" * 32, DONE), encrypt(KEY, b'{"status":"no"}'), b"", b"ok"])
def test_everything_else_is_none(body):
    assert callback_problem(200, body, KEY) is not None


def test_an_encrypted_acknowledgement_is_none_for_a_device_without_key():
    assert callback_problem(200, encrypt(KEY, DONE), None) is not None


@pytest.mark.parametrize(
    ("body", "answered"),
    [
        (b'{"Status":"done","StatusCode":0}', True),
        (b'{"Status":"User Already Exists","StatusCode":8}', True),
        (b'{"Status":"done","PunchLog":{}}', True),
        (b'{"Status":"Invalid Auth Token","StatusCode":7}', False),
        (b"[]", False),
        (b"<html>", False),
    ],
)
def test_a_command_is_answered_by_a_code_about_its_user(body, answered):
    assert (command_problem(200, body, None) is None) is answered
    assert command_problem(500, body, None) is not None


def test_an_encrypted_answer_is_opened():
    assert command_problem(200, encrypt(KEY, b'{"StatusCode":0}'), KEY) is None


@pytest.mark.parametrize(
    ("status", "problem", "kind"),
    [
        (503, "HTTP 503, 200 is expected", "HTTP 503"),
        (200, "the answer is empty", "not an acknowledgement"),
        (200, "StatusCode 7: {}", "StatusCode 7"),
    ],
)
def test_equal_failures_have_one_kind(status, problem, kind):
    assert kind_of(status, problem) == kind
