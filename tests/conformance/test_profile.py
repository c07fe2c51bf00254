"""Options become devices and seconds: the first --device is the first device, durations are written as everywhere."""

from __future__ import annotations

from dataclasses import astuple

import pytest
from certifying import TOKEN
from typer.testing import CliRunner

from camsim_conformance.command import app
from camsim_conformance.commands.options import OPTIONS, given, profile_of
from camsim_conformance.target.profile import Profile, UsageError, devices_from, parse_seconds

KEY = "kT9vB2xQ7mN4pL8sW3zR6yH1cF5dG0jA"


def devices(token: str, *texts: str, key: str | None = None) -> list[tuple[str, str, str, str, str | None]]:
    return [astuple(device) for device in devices_from(token, key, texts)]  # type: ignore[misc]


FIRST = ("T", "ZHM1100000001", "Conformance door", "CERT00001", None)


def test_without_device_there_are_defaults() -> None:
    assert devices("T") == [FIRST]


def test_the_first_device_is_the_first_one_of_the_auth_token() -> None:
    described = ("T", "X1", "Gate", "S1", KEY)
    assert devices("T", f"serial=X1,label=Gate,stgid=S1,key={KEY}") == [described]
    assert devices("T", "serial=X1")[0][1] == "X1"
    assert devices("T", "token=T,serial=X1")[0][1] == "X1"
    assert devices("", "token=T,serial=X1") == [("T", "X1", *FIRST[2:])]


def test_every_other_device_is_a_further_one() -> None:
    second = ("U", "X2", "Conformance door 2", "CERT00002", None)
    assert devices("T", "token=U,serial=X2") == [FIRST, second]
    assert devices("T", "token=U,serial=X2", "serial=X1") == [("T", "X1", *FIRST[2:]), second]
    assert [row[:2] for row in devices("T", "serial=X1", "serial=X2", "label=Back")] == [
        ("T", "X1"),
        ("T", "X2"),
        ("T", "ZHM1100000003"),
    ]
    assert [row[0] for row in devices("", "token=T", "serial=X2", "token=U")] == ["T", "T", "U"]


def test_the_key_of_the_run_is_that_of_every_device_without_its_own() -> None:
    other = KEY[::-1]
    assert [row[4] for row in devices("T", "serial=X1", f"token=U,key={other}", "token=V", key=KEY)] == [
        KEY,
        other,
        KEY,
    ]


@pytest.mark.parametrize(
    ("token", "text", "says"),
    [
        ("", "serial=X1", "--auth-token is missing"),
        ("T", "colour=red", "colour=red"),
        ("T", "serial=", "serial is empty"),
        ("T", "", "--device serial="),
        ("T", "key=short", "key"),
    ],
)
def test_a_wrong_device_says_what_to_write(token: str, text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        devices(token, text)


@pytest.mark.parametrize(("text", "seconds"), [("2s", 2.0), ("500ms", 0.5), ("2", 2.0), ("1m", 60.0), ("0.2", 0.2)])
def test_seconds_are_written_as_for_every_command(text: str, seconds: float) -> None:
    assert parse_seconds("--settle", text) == seconds


def made(**changed: object) -> Profile:
    values = {option.name: option.default for option in OPTIONS}
    return profile_of("http://127.0.0.1:1/", given({**values, "auth_token": TOKEN, **changed}))[0]


def test_options_make_the_profile() -> None:
    chosen = made(settle="500ms", deadline="1m", rate=50.0, in_flight=4)
    assert (chosen.settle_s, chosen.deadline_s, chosen.rate, chosen.in_flight) == (0.5, 60.0, 50.0, 4)
    assert (made().settle_s, made().deadline_s, made().rate, made().in_flight) == (3.0, 2.0, 400.0, 16)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--deadline", "soon"), "--deadline 'soon' is no duration"),
        (("--settle", "-1"), "--settle 500ms"),
        (("--settle", "0"), "--settle 0s: more than 0"),
        (("--deadline", "1h"), "--deadline 3600s"),
        (("--rate", "0"), "--rate 50"),
        (("--in-flight", "0"), "--in-flight 4"),
    ],
)
def test_a_wrong_number_names_its_option_and_an_example(words: tuple[str, str], says: str) -> None:
    done = CliRunner().invoke(app, ["certify", "http://127.0.0.1:1/", "--auth-token", TOKEN, *words])
    assert (done.exit_code, says in done.stderr) == (2, True), done.stderr
