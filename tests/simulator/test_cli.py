"""The command `camsim`: results, messages and exit codes 0 1 2 3 4."""

from __future__ import annotations

import inspect
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from click.testing import Result
from running_sim import Sim
from typer.testing import CliRunner

from camsim import __version__
from camsim.cli import app as cli

Process = subprocess.Popen[str]
Serve = Callable[..., Process]
SERVE = [sys.executable, "-m", "camsim", "serve"]
FREE = ["--port", "0", "--management-port", "0"]


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, list(arguments))


# --- commands that answer ---------------------------------------------------------------------------------------------


def test_operations_lists_eleven_callbacks_and_twenty_seven_commands() -> None:
    rows = json.loads(_run("operations", "--json").stdout)
    directions = [row["direction"] for row in rows]
    assert (directions.count("callback"), directions.count("rest")) == (11, 27)
    assert "AddUserWithCard" in _run("operations").stdout


def test_register_lists_every_reading_with_the_value_in_force() -> None:
    rows = {row["id"]: row for row in json.loads(_run("register", "--json", "--profile", "observed").stdout)}
    assert rows["A-CB-10"]["in_force"] == {"callback.stgid": "always"}
    assert "A-CB-10" in _run("register").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("register", "--profile", "odd"), ("'odd'", "documented")),
        (("register", "--set", "rest.latncy=1s"), ("rest.latncy", "rest.latency")),
        (("operations", "--protocol", "v1"), ("'v1'", "v3, v2")),
        (("serve", "--clock", "fast"), ("'fast'", "scaled:N")),
        (("serve", "--set", "x"), ("'x'", "name=value")),
        (("serve", "--set", "ack.http=201"), ("ack.http", "201")),
        (("serve", "--horizon", "long"), ("--horizon", "'long'", "48h")),
        (("serve", "--start", "soon"), ("--start", "'soon'", "2020-09-17")),
        (("serve", "--callback-url", "x"), ("--callback-url", "'x'", "http://")),
        (("serve", "--protocol", "v1"), ("--protocol", "'v1'", "v2, v3")),
        (("serve", "--security-key", "short"), ("security_key", "32")),
        (("serve", "--model", "x99"), ("model", "'x99'", "f38+")),
        (("serve", "-c", "nowhere.toml"), ("nowhere.toml",)),
        (("serve", "--devices", "-1"), ("--devices", "0")),
        (("serve", "--port", "70000"), ("--port", "65535")),
        (("frobnicate",), ("frobnicate",)),
    ],
)
def test_a_wrong_flag_exits_2_and_names_value_and_way_out(arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    result = _run(*arguments)
    assert result.exit_code == 2
    assert [word for word in words if word not in result.output] == [], result.output


def test_the_receiver_listens_on_the_vendors_test_port() -> None:
    """V3:1070, V2:75: 8123 is for testing only."""
    from camsim.cli.receiver import receiver

    assert inspect.signature(receiver).parameters["port"].default == 8123


def test_the_version_is_printed() -> None:
    assert _run("--version").stdout == f"camsim {__version__}\n"


@pytest.mark.parametrize("command", ["serve", "punch", "operations", "register", "journal", "demo"])
def test_help_has_an_example(command: str) -> None:
    result = _run(command, "--help")
    assert (result.exit_code, f"camsim {command}" in " ".join(result.stdout.split())) == (0, True)


# --- commands that talk to a running simulator ------------------------------------------------------------------------


def test_a_punch_that_is_recorded_exits_0_and_a_denied_one_1(sim: Sim) -> None:
    url = ("--url", sim.host.management_url)
    good = _run("punch", "SIM1", "--user", "1", "--type", "CheckOut", "--photo", *url)
    assert (good.exit_code, good.stdout) == (0, "user 1 2020-09-13 17:56:40 GMT +0530 recorded\n")
    denied = _run("punch", "SIM1", "--user", "99", "--json", *url)
    assert (denied.exit_code, json.loads(denied.stdout)["punches"][0]["recorded"]) == (1, False)
    sim.idle()
    assert (len(sim.receiver.frames("PunchLog")), len(sim.receiver.frames("Log"))) == (1, 1)


def test_many_punches_can_be_made_at_once(sim: Sim) -> None:
    result = _run("punch", "SIM1", "--user", "1", "--count", "3", "--every", "1m", "--url", sim.host.management_url)
    assert len(result.stdout.splitlines()) == 3


def test_an_unknown_device_exits_1_and_a_wrong_value_2(sim: Sim) -> None:
    url = ("--url", sim.host.management_url)
    unknown = _run("punch", "SIM404", "--user", "1", *url)
    assert (unknown.exit_code, "no device 'SIM404'" in unknown.output, "SIM1" in unknown.output) == (1, True, True)
    wrong = _run("punch", "SIM1", "--user", "1", "--type", "Nap", *url)
    assert (wrong.exit_code, "Nap" in wrong.output) == (2, True)


def test_nobody_there_exits_3_and_says_how_to_start_one() -> None:
    result = _run("punch", "SIM1", "--user", "1", "--url", "http://127.0.0.1:9")
    assert (result.exit_code, "camsim serve" in result.output) == (3, True)


def test_the_journal_is_shown_and_compared(sim: Sim) -> None:
    sim.punch("1")
    sim.idle()
    url = ("--url", sim.host.management_url)
    assert [e["user"] for e in json.loads(_run("journal", "--json", *url).stdout)["entries"]] == ["1"]
    head, *lines = _run("journal", "--canonical", *url).stdout.splitlines()
    assert list(json.loads(head)) == ["canonical", "camsim", "faker", "pillow"]
    assert [json.loads(line)[4] for line in lines] == ["RealTimePunchLog"]


# --- serve ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Start `camsim serve` as a process; killed after the test if it still runs."""
    running: list[Process] = []

    def start(*arguments: str) -> Process:
        pipe = subprocess.PIPE
        running.append(subprocess.Popen([*SERVE, *arguments], stdout=pipe, stderr=pipe, text=True, cwd=tmp_path))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def _ready(path: Path, process: Process) -> dict[str, Any]:
    until = time.monotonic() + 20
    while not path.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)
    ready: dict[str, Any] = json.loads(path.read_text())
    return ready


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_tells_when_it_is_ready_and_ends_with_0_on_a_signal(serve: Serve, tmp_path: Path, number: int) -> None:
    path = tmp_path / "ready.json"
    process = serve(*FREE, "--devices", "2", "--users", "1", "--ready-file", str(path))
    ready = _ready(path, process)
    assert set(ready) == {"gateway_url", "management_url", "pid", "devices"}
    assert (ready["pid"], [item["stgid"] for item in ready["devices"]]) == (process.pid, ["SIM00001", "SIM00002"])
    with urlopen(f"{ready['management_url']}/api/health") as answer:
        assert json.load(answer)["status"] == "ok"
    began = time.monotonic()
    os.kill(process.pid, number)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, err, time.monotonic() - began < 5) == (0, "", True)
    assert "seed 1" in out
    assert "state       in memory" in out


def test_serve_prints_its_ready_file_as_json(serve: Serve) -> None:
    process = serve(*FREE, "--json", "--devices", "1")
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    assert ready["gateway_url"].startswith("http://127.0.0.1:")


def test_serve_ends_in_time_although_a_call_is_held(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "ready.json"
    process = serve(*FREE, "--clock", "manual", "--devices", "1", "--ready-file", str(path))
    ready = _ready(path, process)
    host, port = ready["gateway_url"].removeprefix("http://").split(":")
    (one,) = ready["devices"]
    message = {"Load": {"DeviceInformation": "All"}, "OperationID": "o", "AuthToken": one["auth_token"]}
    body = json.dumps(message).encode()
    with socket.create_connection((host, int(port))) as held:
        head = f"POST /?stgid={one['stgid']} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        held.sendall(head.encode() + body)
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        _, err = process.communicate(timeout=10)
    assert (process.returncode, err, time.monotonic() - began < 5) == (0, "", True)


@pytest.mark.parametrize("flag", ["--port", "--management-port"])
def test_a_port_in_use_is_named_with_the_way_out(serve: Serve, flag: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = serve(*FREE, flag, str(port))
        _, err = process.communicate(timeout=20)
    assert process.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}" in err
    assert f"choose another with {flag}" in err
    assert "Traceback" not in err


def test_management_off_loopback_without_a_token_is_refused_for_safety(serve: Serve) -> None:
    process = serve(*FREE, "--management-host", "0.0.0.0")
    _, err = process.communicate(timeout=20)
    assert (process.returncode, "--management-token" in err) == (4, True)


def test_a_certificate_that_is_none_is_named(serve: Serve) -> None:
    process = serve(*FREE, "--tls-cert", "nowhere.pem")
    _, err = process.communicate(timeout=20)
    assert (process.returncode, "--tls-cert nowhere.pem" in err, "Traceback" in err) == (2, True, False)


def test_a_site_file_is_served(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text('[[devices]]\nid = "DOOR{}"\ncount = 2\n')
    process = serve("-c", "site.toml", *FREE, "--json")
    assert process.stdout is not None
    assert [item["stgid"] for item in json.loads(process.stdout.readline())["devices"]] == ["DOOR1", "DOOR2"]


def test_a_wrong_site_file_exits_2_and_names_the_key(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text('[[devices]]\nmodle = "x"\n')
    process = serve("-c", "site.toml", *FREE)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, "devices[0].modle" in err) == (2, True)


def test_a_command_whose_packages_are_missing_says_how_to_get_them_whatever_its_options() -> None:
    hidden = "import sys; sys.modules['jinja2'] = None; from camsim.cli import main; main()"
    words = ["storm", "http://127.0.0.1:8123/callback", "--auth-token", "T", "--rate", "20"]
    done = subprocess.run([sys.executable, "-c", hidden, *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "pip install -e '.[all]'" in done.stderr


def test_a_misspelt_scenario_of_the_library_is_told_the_nearest() -> None:
    words = [sys.executable, "-m", "camsim", "scenario", "run", "lost_acks"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "did you mean lost-acks" in done.stderr
