"""The command line: usage, refusals and targets that cannot be judged, each before anything is sent."""

from __future__ import annotations

import resource
from collections import Counter

import pytest
import typer
from typer.testing import CliRunner

from camsim_loadtests.command import register

APP = typer.Typer()
register(APP)
LOOPBACK = "http://127.0.0.1:9/callback"


def _run(*arguments):
    return CliRunner().invoke(APP, list(arguments))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--profile", "tsunami"], "tsunami"),
        (["--rate", "0"], "--rate"),
        (["--duration", "soon"], "soon"),
        (["--fail-on", "p95"], "no threshold"),
        (["--fail-on", "missing==0"], "needs --readback"),
        (["--readback", "sql:x"], "needs --map"),
        (["--readback", "ftp://x"], "HTTP form, sql:URL with --map"),
        (["--devices", "9", "--people", "3"], "raise --people"),
    ],
)
def test_wrong_usage_is_exit_2_and_names_the_value(arguments, told):
    ran = _run(LOOPBACK, *arguments)

    assert ran.exit_code == 2
    assert told in ran.stderr


def test_no_url_is_exit_2():
    assert _run().exit_code == 2


def test_a_public_target_is_exit_4():
    ran = _run("http://8.8.8.8/callback")

    assert ran.exit_code == 4
    assert "--i-own-this" in ran.stderr


def test_a_closed_port_is_exit_3(free_port):
    ran = _run(f"http://127.0.0.1:{free_port}/callback")

    assert ran.exit_code == 3
    assert "does not answer" in ran.stderr


def test_too_few_file_descriptors_are_exit_2_with_the_command_to_run(monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda which: (1024, 4096))
    ran = _run(LOOPBACK, "--devices", "9000")

    assert ran.exit_code == 2
    assert "sudo prlimit" in ran.stderr


def test_a_target_that_answers_without_acknowledging_is_exit_1(receiver, act):
    target = receiver(lambda number, message: act(text='{"ok":true}'))
    ran = _run(target.url)

    assert ran.exit_code == 1
    assert "does not acknowledge" in ran.stderr
    assert len(target.bodies) == 1


@pytest.mark.parametrize(
    ("shows", "told"),
    [
        (lambda user, times: Counter(), "is not shown"),
        (lambda user, times: Counter({"2020-01-01T00:00:00Z": 1}), "is not shown"),
        (
            lambda user, times: times or Counter({"2020-01-01T00:00:00Z": 1}) if user[-1] == "1" else times,
            "never punched",
        ),
    ],
)
def test_a_lying_readback_voids_the_run_before_it_begins(receiver, shows, told):
    target = receiver(shows=shows)
    ran = _run(target.url, "--readback", target.readback, "--settle", "50ms", "--devices", "10", "--people", "100")

    assert ran.exit_code == 3, ran.stderr
    assert told in ran.stderr
    assert len(target.bodies) == 1


def test_the_help_has_an_example_and_the_exit_codes():
    told = " ".join(_run("--help").output.replace("│", " ").split())

    assert "camsim storm http://127.0.0.1:8123/callback" in told
    assert "4 refused for safety" in told
