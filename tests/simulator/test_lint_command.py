"""`camsim lint` and `camsim journal --lint`: what people are told, in words and as JSON, and the exit codes."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from running_sim import Sim, device
from typer.testing import CliRunner, Result

from camsim import resources
from camsim.cli import app as cli
from camsim.cli.lint import lint
from camsim.protocol.v2.envelope import seal_v2
from camsim.protocol.v3.envelope import seal_v3

KEY = "0123456789abcdef0123456789ABCDEF"
PUNCH: dict[str, Any] = resources.load("fixtures", "vendor", "v3.json")[10]["request"]
V2_PUNCH: dict[str, Any] = resources.load("fixtures", "vendor", "v2.json")["messages"][0]["request"]
WRONG = copy.deepcopy(PUNCH)
WRONG["RealTime"]["PunchLog"]["InputType"] = "Iris"
WRONG["RealTime"]["AuthToken"] = "TopSecretToken"
Check = Callable[..., Result]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Run `camsim lint` on a file with these bytes."""
    command = typer.Typer()
    command.command()(lint)

    def run(content: bytes | object, *options: str) -> Result:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        (tmp_path / "message.json").write_bytes(data)
        return CliRunner().invoke(command, [str(tmp_path / "message.json"), *options])

    return run


def test_a_clean_message_exits_0_and_says_what_it_is(check: Check) -> None:
    result = check(PUNCH)
    assert (result.exit_code, result.output) == (0, "message 1: v3 RealTimePunchLog, request: clean\n")


def test_a_problem_exits_1_with_place_value_and_sentence(check: Check) -> None:
    result = check(WRONG)
    assert result.exit_code == 1
    assert 'RealTime.PunchLog.InputType: "Iris" is not allowed; allowed: "Fingerprint"' in result.output
    assert "RealTime.AuthToken: a hidden text of 14 characters is not a token of 32 characters" in result.output
    assert "TopSecret" not in result.output


def test_the_json_form_has_place_value_and_sentence_apart(check: Check) -> None:
    (row,) = json.loads(check(WRONG, "--json").stdout)
    assert (row["message"], row["protocol"], row["operation"], row["part"]) == (1, "v3", "RealTimePunchLog", "request")
    (problem,) = (one for one in row["problems"] if one["path"] == "RealTime.PunchLog.InputType")
    assert problem["value"] == '"Iris"'
    assert problem["sentence"].startswith('"Iris" is not allowed')


def test_what_cannot_be_recognised_is_a_problem_with_its_reason(check: Check) -> None:
    result = check({"Delete": {"User": "all"}})
    assert result.exit_code == 1
    assert 'Delete.User: not recognised: "all" is not "All"' in result.output
    assert json.loads(check({}, "--json").stdout)[0]["operation"] is None


@pytest.mark.parametrize("joined", [b"[%s,%s]", b"%s\n\n%s\n", b"\xef\xbb\xbf[%s, %s]"])
def test_an_array_and_json_lines_are_many_messages(check: Check, joined: bytes) -> None:
    result = check(joined % (json.dumps(PUNCH).encode(), json.dumps(WRONG).encode()))
    assert result.exit_code == 1
    assert "message 1: v3 RealTimePunchLog, request: clean" in result.output
    assert "message 2: v3 RealTimePunchLog, request: 2 problems" in result.output


def test_an_operation_may_be_named(check: Check) -> None:
    answer = {"Status": "done", "OperationID": "1", "StatusCode": 0}
    assert check(answer).exit_code == check(answer, "--operation", "DeleteUser").exit_code == 0
    assert "PunchLog missing" in check(answer, "--operation", "LoadLog").output


@pytest.mark.parametrize(
    "body",
    [
        seal_v3(json.dumps(PUNCH).encode(), KEY),
        seal_v2(json.dumps(V2_PUNCH).encode(), KEY),
        json.dumps({**V2_PUNCH, "ApiRequestInfo": seal_v3(b'{"Operation":"Nap"}', KEY).decode()}).encode(),
    ],
)
def test_an_encrypted_body_needs_its_key(check: Check, body: bytes) -> None:
    assert "message 1:" in check(body, "--key", KEY).output
    assert (check(body).exit_code, "--key" in check(body).output) == (2, True)
    assert check(body, "--key", KEY[::-1]).exit_code == 2


def test_a_v2_form_is_read_as_it_is_sent(check: Check) -> None:
    result = check(seal_v2(json.dumps(V2_PUNCH).encode(), None))
    assert result.output == "message 1: v2 RealTimePunchLog, request: clean\n"


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        (b"", (), "is empty"),
        (b'{"a":', (), "not JSON"),
        (b"<html>", (), "not JSON"),
        (b'{"a": 1}\n{"b": \n', (), "line 2"),
        (b"request_date=1&x=2", (), "not JSON"),
        (b"{}", ("--protocol", "v1"), "allowed: v3, v2"),
        (b"{}", ("--operation", "AddUserWithCart"), "did you mean AddUserWithCard"),
        (b"{}", ("--operation", "LoadLog", "--protocol", "v2"), "did you mean LoadPunchLog"),
        (b"{}", ("--key", "short"), "--key"),
    ],
)
def test_what_cannot_be_checked_exits_2_with_the_way_out(
    check: Check, content: bytes, options: tuple[str, ...], words: str
) -> None:
    result = check(content, *options)
    assert (result.exit_code, words in result.output, result.output.count("\n")) == (2, True, 1)


def test_a_file_that_is_not_there_exits_2() -> None:
    command = typer.Typer()
    command.command()(lint)
    result = CliRunner().invoke(command, ["/no/such/file.json"])
    assert (result.exit_code, "cannot read /no/such/file.json" in result.output) == (2, True)


def test_standard_input_is_a_file_too() -> None:
    command = typer.Typer()
    command.command()(lint)
    assert CliRunner().invoke(command, ["-"], input=json.dumps(PUNCH)).exit_code == 0


# --- the journal ------------------------------------------------------------------------------------------------------


def _journal(sim: Sim, *options: str) -> str:
    result = CliRunner().invoke(cli.app, ["journal", "--url", sim.host.management_url, "--lint", *options])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("protocol", ["v3", "v2"])
def test_a_day_of_every_template_is_clean_in_the_journal_although_it_is_masked(
    start_sim: Callable[..., Sim], protocol: str
) -> None:
    sim = start_sim(device(model="f38+", protocol=protocol, x_level=protocol == "v2"))
    sim.punch("1", photo=True)
    sim.control("put_user", "SIM1", user="9", first_name="Asha", templates=["Card", "Password", "Fingerprint", "Face"])
    sim.control("put_user", "SIM1", user="9", templates=["Palm", "UserPhoto"])
    sim.idle()
    assert "all clean" in _journal(sim)
    entries = json.loads(_journal(sim, "--json"))["entries"]
    assert len(entries) > 3
    assert [entry["schema"] for entry in entries] == [[]] * len(entries)


def test_a_command_that_breaks_its_schema_is_called_so_in_the_journal(sim: Sim) -> None:
    token = sim.host.runtime.kernel.state.devices["SIM1"].config.auth_token
    body = {"Enroll": {"User": {"UserID": "1", "Type": "Nose"}}, "OperationID": "o1", "AuthToken": token}
    sim.post(json.dumps({**body, "Time": "2020-09-17 12:01:33 GMT +0530"}).encode())
    told = _journal(sim)
    assert 'EnrollFingerPrint, request: Enroll.User.Type: "Nose" is not allowed' in told
    assert token not in told
    assert told.endswith("1 schema problem in 1 entries\n")
    (entry,) = json.loads(_journal(sim, "--json"))["entries"]
    assert [(row["where"], row["path"]) for row in entry["schema"]] == [("request", "Enroll.User.Type")]


def test_lint_and_canonical_exclude_each_other(sim: Sim) -> None:
    words = ["journal", "--url", sim.host.management_url, "--lint", "--canonical"]
    result = CliRunner().invoke(cli.app, words)
    assert (result.exit_code, "--lint" in result.output) == (2, True)
