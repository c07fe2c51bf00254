"""`camsim scenario`: output, JSON and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from camsim import resources
from camsim.cli.scenario import app
from camsim.scenarios import document

FAILING = """
schemaVersion: 1
name: mine
teaches: Something.
steps:
  - devices: {id: SIM1, users: 2}
  - assert: {ledger: {punches: 1}}
"""


def camsim(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


@pytest.fixture
def failing(tmp_path: Path) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(FAILING)
    return str(path)


def test_list_names_every_scenario_of_the_library() -> None:
    listed = json.loads(camsim("list", "--json").stdout)

    assert [item["name"] for item in listed] == list(document.library())


def test_show_prints_a_file_to_start_from() -> None:
    text = resources.path("fixtures", "scenarios", "lost-acks.yaml").read_text()

    assert camsim("show", "lost-acks").stdout == text


def test_show_prints_json_that_is_the_same_scenario() -> None:
    shown = json.loads(camsim("show", "lost-acks", "--json").stdout)

    assert document.build(shown) == document.library()["lost-acks"]


def test_a_valid_file_exits_0(failing: str) -> None:
    assert camsim("validate", failing).exit_code == 0


def test_an_invalid_file_exits_2_and_names_the_step(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(FAILING.replace("users: 2", "users: many"))

    result = camsim("validate", str(path))

    assert result.exit_code == 2
    assert "step 1: devices.users = 'many' is not allowed" in result.stderr


@pytest.mark.parametrize("name", ["no-such-scenario", "missing.yaml"])
def test_an_unknown_name_or_file_exits_2(name: str) -> None:
    assert camsim("run", name).exit_code == 2


def test_a_pass_exits_0() -> None:
    result = camsim("run", "lost-acks")

    assert result.exit_code == 0
    assert result.stdout.startswith("PASS    lost-acks: 5 deliveries, 210 virtual s")


def test_a_fail_exits_1_and_shows_expected_and_actual(failing: str) -> None:
    result = camsim("run", failing)

    assert result.exit_code == 1
    assert "step 2 assert: expected ledger {'punches': 1}; punches 0, expected 1" in result.stdout


def test_what_cannot_be_judged_exits_3() -> None:
    assert camsim("run", "lost-acks", "--url", "http://127.0.0.1:9").exit_code == 3


def test_a_report_as_json_has_verdict_steps_and_ledger() -> None:
    (report,) = json.loads(camsim("run", "lost-acks", "--json").stdout)

    assert report["verdict"] == "PASS"
    assert report["ledger"]["acknowledged"] == 2
    assert {step["verdict"] for step in report["steps"]} == {"PASS"}


def test_another_seed_can_be_given() -> None:
    (report,) = json.loads(camsim("run", "lost-acks", "--seed", "77", "--json").stdout)

    assert report["seed"] == 77


@pytest.mark.parametrize("step", ["devices", "config"])
@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://169.254.169.254/latest", 4),
        ("http://10.0.0.1/admin", 4),
        ("http://127.evil.example/", 4),
        ("http://localhost.evil.example/", 4),
        ("http://127.0.0.1@10.0.0.1/", 4),
        ("http://[::ffff:127.0.0.1]/", 4),
        ("http://127.0.0.1:9/", 0),
        ("http://mine.example:81/a", 0),
    ],
)
def test_a_file_calls_nobody_whom_its_user_did_not_name(tmp_path, monkeypatch, step, url, code):
    from camsim.scenarios.document import parse, targets

    device = {"id": "A", "callback_url": url}
    steps = [{"devices": device if step == "devices" else {"id": "A"}}]
    if step == "config":
        steps.append({"config": {"set": {"callback_url": url}}})
    file = tmp_path / "one.json"
    file.write_text(json.dumps({"schemaVersion": 1, "name": "one", "teaches": "t", "steps": steps}))
    assert targets(parse(file.read_bytes(), "one.json")) == [url]

    done = CliRunner().invoke(app, ["run", str(file), "--callback-url", "http://mine.example:81/b"])

    assert (done.exit_code, url in done.stderr) == (code, code == 4), done.output
