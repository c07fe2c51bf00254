"""Printed lines run as they are printed, from another folder, and show their failure again."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote_to_bytes

import pytest
from certifying import TOKEN, profile
from test_commands import camsim

from camsim.protocol.v2.envelope import seal_v2
from camsim.protocol.vocabulary import Protocol
from camsim.receiver import KnownDevice, Running, start
from camsim_conformance.certify import Outputs, certify
from camsim_conformance.commands.replay_fresh import companions
from camsim_conformance.mutants import policy
from camsim_conformance.plan.cases import Case, Stage, Step, Transport
from camsim_conformance.proof.run import Task
from camsim_conformance.report.masking import fill, mask_bytes
from camsim_conformance.report.reproduction import curl_lines, exports, replay_line
from camsim_conformance.session.session import Session
from camsim_conformance.target.profile import Device

ROOT = Path(__file__).resolve().parents[2]
KEY = "kT9vB2xQ7mN4pL8sW3zR6yH1cF5dG0jA"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """scripts/reproductions.py, which runs many more of them."""
    spec = importlib.util.spec_from_file_location("reproductions", ROOT / "scripts" / "reproductions.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["reproductions"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("task", "most"),
    [
        (Task("no-dedupe", 1, globs=("CB-DUP-001",)), 2),
        (Task("ack-500-done", 1, globs=("CB-ACK-001",)), 2),
        (Task("ack-empty", 1, encrypted=True, globs=("CB-ACK-001",)), 1),
        (Task("v2-ack-text", 1, Protocol.V2, globs=("V2-ACK-001",)), 2),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_reproductions_show_their_failure_again(script: ModuleType, task: Task, most: int) -> None:
    outcomes = script.run(task, most, 2)
    assert len(outcomes) == most
    assert [outcome.problem for outcome in outcomes if outcome.problem is not None] == []


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Running]]:
    """A folder of a run against a receiver that stores every copy, and the receiver, still running."""
    out = tmp_path_factory.mktemp("kept")
    with start(tokens=[TOKEN], broken=policy("no-dedupe")) as made:
        certify(profile(made.url, made.readback_url, "CB-DUP-001", "CB-DUP-004"), Outputs(out=out))
        yield out, made


def test_a_replay_has_new_people_beside_others_and_is_judged(kept: tuple[Path, Running]) -> None:
    done = camsim("replay", kept[0], "CB-DUP-001/twice", "--auth-token", TOKEN)
    assert done.exit_code == 1, done.output
    for text in ("new people", "beside 12 plain punches", "the bytes of step 1 again", "stored ", "FAIL CB-DUP-001"):
        assert text in done.stdout
    assert TOKEN not in done.output
    first = (kept[0] / "cases/CB-DUP-001/twice/01.body").read_text()
    assert first.partition('"UserId":"')[2][:9] not in done.stdout


def test_alone_nothing_is_beside_it_and_a_good_case_is_0(kept: tuple[Path, Running]) -> None:
    before = kept[1].counts()["punch"]
    case = next(path.parent.name for path in (kept[0] / "cases" / "CB-DUP-004").glob("*/case.json"))
    done = camsim("replay", kept[0], f"CB-DUP-004/{case}", "--auth-token", TOKEN, "--alone")
    assert (done.exit_code, "nothing is beside it" in done.stdout) == (0, True), done.output
    assert kept[1].counts()["punch"] - before < 12


def test_a_replay_without_what_was_stored_is_no_verdict(kept: tuple[Path, Running]) -> None:
    done = camsim("replay", kept[0], "CB-DUP-001/twice", "--auth-token", TOKEN, "--url", kept[1].url, "--alone")
    assert (done.exit_code, "add --readback" in done.stdout) == (3, True), done.output


def test_a_folder_of_an_earlier_camsim_can_be_sent_again_alone(kept: tuple[Path, Running], tmp_path: Path) -> None:
    (tmp_path / "cases" / "CB-DUP-001" / "twice").mkdir(parents=True)
    for file in (kept[0] / "cases/CB-DUP-001/twice").iterdir():
        (tmp_path / "cases/CB-DUP-001/twice" / file.name).write_bytes(file.read_bytes())
    done = camsim("replay", tmp_path, "CB-DUP-001/twice", "--auth-token", TOKEN)
    assert (done.exit_code, "--same" in done.stderr) == (2, True)
    assert camsim("replay", tmp_path, "CB-DUP-001/twice", "--auth-token", TOKEN, "--same").exit_code == 0


def test_of_a_run_with_several_devices_each_token_is_needed(tmp_path: Path) -> None:
    devices = (Device(TOKEN), Device("b" * 20, "ZHM2", "Second", "S2"))
    with start(devices=[KnownDevice(TOKEN), KnownDevice("b" * 20)]) as made:
        chosen = profile(made.url, made.readback_url, "CB-ACK-001", devices=devices)
        certify(chosen, Outputs(out=tmp_path))
    done = camsim("replay", tmp_path, "CB-ACK-001/RealTimePunchLog", "--auth-token", TOKEN)
    assert (done.exit_code, "2 devices" in done.stderr) == (2, True), done.output
    assert replay_line("A/b", chosen, tmp_path).endswith('--device "token=$CAMSIM_AUTH_TOKEN_2"')


def test_only_cases_that_went_out_among_others_get_company() -> None:
    cases = Session(profile("http://127.0.0.1:1/")).plan().cases
    quiet = next(case for case in cases if case.stage is Stage.QUIET)
    main = next(case for case in cases if case.id == "CB-DUP-001/twice")
    assert companions(quiet, cases) == []
    assert len(companions(main, cases)) == 12
    assert main.id not in companions(main, cases)


def test_what_curl_cannot_do_is_said_with_the_line_that_can(tmp_path: Path) -> None:
    chosen = profile("http://127.0.0.1:1/")
    step = Step("punch", b"{}", b"{}", transport=Transport.LOST_ACK)
    (line,) = curl_lines(Case("a", (step,), requirement="CB-X-001"), chosen, chosen.url, tmp_path)
    assert line == (
        "# the run sends punch and drops the connection when the answer begins, as curl cannot; this does it: "
        f"camsim replay {tmp_path} CB-X-001/a --same"
    )


def test_copies_go_out_at_one_moment_and_a_body_without_secrets_as_a_file(tmp_path: Path) -> None:
    chosen = profile("http://127.0.0.1:1/")
    step = Step("punch", b"{}", b"{}", copies=3)
    (line,) = curl_lines(Case("a", (step,), requirement="CB-X-001"), chosen, chosen.url, tmp_path)
    assert line.startswith("for n in 1 2 3; do { curl ")
    assert f"--data-binary @{tmp_path}/cases/CB-X-001/a/01.body" in line
    assert line.endswith("& done; wait")


@pytest.mark.parametrize("sealed", [lambda body: body, lambda body: seal_v2(body, None)], ids=["json", "form"])
def test_every_form_of_a_token_comes_back_in_a_shell(tmp_path: Path, sealed: Callable[[bytes], bytes]) -> None:
    token = "aB3/&cD\\4eF"
    chosen = profile("http://127.0.0.1:1/", devices=(Device(token, key=KEY),))
    for form in (token, token[::-1], token[:-1], token.swapcase()):
        file = tmp_path / "cases" / "CB-X-001" / "a" / "01.body"
        file.parent.mkdir(parents=True, exist_ok=True)
        body = sealed(f'{{"t":"{form}"}}'.encode())
        file.write_bytes(mask_bytes(body, chosen))
        assert fill(file.read_bytes(), chosen.devices) == body
        assert b"3%2F%26cD" not in file.read_bytes()
        case = Case("a", (Step("punch", body, body),), requirement="CB-X-001")
        (line,) = curl_lines(case, chosen, chosen.url, tmp_path)
        filling = line.partition(" | curl")[0]
        environment = {"PATH": os.environ["PATH"], "CAMSIM_AUTH_TOKEN": token, "CAMSIM_SECURITY_KEY": KEY}
        text = "\n".join([*exports(chosen), filling])
        done = subprocess.run(["/bin/bash", "-c", text], capture_output=True, env=environment, check=True)
        # A form may escape more than it must.
        assert unquote_to_bytes(done.stdout) == unquote_to_bytes(body)


def test_a_shell_without_the_token_stops_and_names_it(tmp_path: Path) -> None:
    lines = "\n".join([*exports(profile("http://127.0.0.1:1/")), "echo sent"])
    done = subprocess.run(["/bin/bash", "-c", lines], capture_output=True, env={}, check=False, text=True)
    assert (done.stdout, "the AuthToken of device 1" in done.stderr) == ("", True)
    assert done.returncode != 0
