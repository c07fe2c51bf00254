"""Secrets by argument, file or environment: which of them counts, and what is said of one that cannot be used."""

from __future__ import annotations

import inspect
import os
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from camsim.cli.app import serve
from camsim.cli.receiver import receiver
from camsim.cli.serve import settings_of
from camsim.given_secrets import SecretError, secret
from camsim.settings import SiteError

APP = typer.Typer()
APP.command()(serve)
APP.command()(receiver)
NAME = "CAMSIM_AUTH_TOKEN"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text("from the file\n")
    return path


def test_an_argument_goes_before_a_file_and_both_before_the_environment(file: Path) -> None:
    environment = {NAME: "from the environment"}
    assert secret("--auth-token", "given", environment=environment) == "given"
    assert secret("--auth-token", None, file, environment=environment) == "from the file"
    assert secret("--auth-token", None, environment=environment) == "from the environment"
    assert secret("--auth-token", None, environment={f"{NAME}_FILE": str(file)}) == "from the file"
    assert secret("--auth-token", None, environment={"OTHER": "x"}, names=("OLD", "OTHER")) == "x"
    assert secret("--auth-token", None, environment={}) is None


def test_two_at_once_are_refused(file: Path) -> None:
    with pytest.raises(SecretError, match="exclude each other"):
        secret("--auth-token", "given", file, environment={})
    with pytest.raises(SecretError, match="exclude each other"):
        secret("--auth-token", None, environment={NAME: "x", f"{NAME}_FILE": str(file)})


@pytest.mark.parametrize("data", [b"", b"\n", b"  \r\n", b"\xff\xfe", b"two\nlines", b"nul\0", b"x" * 5000])
def test_what_cannot_be_a_secret_is_said_without_it(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "token"
    path.write_bytes(data)
    with pytest.raises(SecretError, match="--auth-token-file") as problem:
        secret("--auth-token", None, path, environment={})
    assert "lines" not in str(problem.value).replace("one line", "")
    with pytest.raises(SecretError, match=f"{NAME}_FILE"):
        secret("--auth-token", None, environment={f"{NAME}_FILE": str(path)})


@pytest.mark.parametrize("place", ["nothing", "."])
def test_a_file_that_cannot_be_read_is_said(tmp_path: Path, place: str) -> None:
    with pytest.raises(SecretError, match="cannot be read"):
        secret("--auth-token", None, tmp_path / place, environment={})


def test_an_empty_variable_is_an_error() -> None:
    with pytest.raises(SecretError, match=f"{NAME}: is empty"):
        secret("--auth-token", None, environment={NAME: ""})


def test_a_pipe_may_hold_a_secret(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"through the pipe\n")
    os.close(writing)
    try:
        assert secret("--auth-token", None, Path(f"/dev/fd/{reading}"), environment={}) == "through the pipe"
    finally:
        os.close(reading)


# --- the commands -----------------------------------------------------------------------------------------------------


def _flags(**given: object) -> dict[str, object]:
    """The flags of `serve` as typer hands them over, none of them given."""
    return {**dict.fromkeys(inspect.signature(serve).parameters), "journal_full": False, "horizon": "48h", **given}


def test_serve_takes_its_secrets_from_the_environment(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setenv("CAMSIM_MANAGEMENT_TOKEN", "of the API")
    monkeypatch.setenv("CAMSIM_AUTH_TOKEN_FILE", str(file))
    monkeypatch.setenv("CAMSIM_SECURITY_KEY", "k" * 32)
    found = settings_of(_flags())
    assert found.management_token == "of the API"
    assert (found.devices[0].auth_token, found.devices[0].security_key) == ("from the file", "k" * 32)
    assert settings_of(_flags(management_token="given", auth_token="mine")).management_token == "given"
    monkeypatch.delenv("CAMSIM_MANAGEMENT_TOKEN")
    monkeypatch.setenv("CAMSIM_TOKEN", "as the other commands")
    assert settings_of(_flags()).management_token == "as the other commands"
    monkeypatch.setenv("CAMSIM_MANAGEMENT_TOKEN", "")
    with pytest.raises(SiteError, match="CAMSIM_MANAGEMENT_TOKEN: is empty"):
        settings_of(_flags())


def test_serve_lets_nobody_in_by_an_empty_token() -> None:
    with pytest.raises(SiteError, match="--management-token is empty"):
        settings_of(_flags(management_token=""))


@pytest.mark.parametrize("command", ["serve", "receiver"])
def test_a_command_says_what_is_wrong_with_a_secret_and_exits_2(tmp_path: Path, command: str) -> None:
    ended = CliRunner().invoke(APP, [command, "--port", "0", "--auth-token-file", str(tmp_path / "none")])
    assert (ended.exit_code, "Traceback" in ended.output) == (2, False)
    assert "--auth-token-file" in ended.output.replace("\n", "")
    ended = CliRunner().invoke(APP, [command, "--port", "0"], env={"CAMSIM_SECURITY_KEY": ""})
    assert ended.exit_code == 2
    assert "CAMSIM_SECURITY_KEY" in ended.output
