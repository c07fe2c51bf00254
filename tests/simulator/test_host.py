"""A host: both ports together, started and stopped, and what goes wrong at the start."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from running_sim import TOKEN, Loop, Sim, device, settings

from camsim.host import Host, HostError

QUIET = device(callback_url=None)


def _port(url: str) -> int:
    return int(url.rsplit(":", 1)[1])


def test_both_ports_are_free_again_after_a_stop(loop: Loop) -> None:
    host = loop.run(Host.start(settings(QUIET)))
    ports = [_port(host.gateway_url), _port(host.management_url)]
    loop.run(host.stop())
    for port in ports:
        with socket.create_server(("127.0.0.1", port)):
            pass


def test_the_ready_file_appears_whole(sim: Sim, tmp_path: Path) -> None:
    sim.host.write_ready(tmp_path / "ready.json")
    assert [file.name for file in tmp_path.iterdir()] == ["ready.json"]
    ready = json.loads((tmp_path / "ready.json").read_text())
    assert ready["devices"] == [{"stgid": "SIM1", "auth_token": TOKEN}]


@pytest.mark.parametrize("which", ["port", "management_port"])
def test_a_start_that_fails_lets_go_of_what_it_had(loop: Loop, which: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as probe:
        free = probe.getsockname()[1]
        probe.close()  # a port that is free now
        other = "management_port" if which == "port" else "port"
        with pytest.raises(HostError, match="cannot listen"):
            loop.run(Host.start(settings(QUIET, **{which: taken.getsockname()[1], other: free})))
        with socket.create_server(("127.0.0.1", free)):
            pass


def test_a_device_that_cannot_be_is_refused_at_the_start(loop: Loop) -> None:
    with pytest.raises(HostError, match="x99"):
        loop.run(Host.start(settings(device(model="x99", callback_url=None))))


def test_management_off_loopback_needs_a_token(loop: Loop) -> None:
    with pytest.raises(HostError) as caught:
        loop.run(Host.start(settings(QUIET, management_host="0.0.0.0")))
    assert caught.value.code == 4


@pytest.mark.parametrize("wrong", [{"knobs": {"ack.http": 201}}, {"clock": "fast"}, {"profile": "odd"}])
def test_a_knob_or_clock_that_cannot_be_is_refused_at_the_start(loop: Loop, wrong: dict[str, Any]) -> None:
    with pytest.raises(HostError, match=r"201|fast|odd"):
        loop.run(Host.start(settings(QUIET, **wrong)))


def test_faults_of_the_site_are_in_force(loop: Loop) -> None:
    host = loop.run(Host.start(settings(QUIET, faults=[{"where": "callback.answer", "do": "drop"}])))
    assert [fault.do for fault in host.runtime.kernel.state.faults] == ["drop"]
    loop.run(host.stop())
