"""A simulator that starts again on its state file: recovered before it listens, what it is told anew, its clock."""

from __future__ import annotations

import asyncio
import inspect
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from running_sim import START_MS, Loop, Sim, device, settings
from test_store import crash

from camsim.cli import app as commands
from camsim.cli.serve import settings_of
from camsim.control.actions import Punches, PunchSpec, SetKnobs
from camsim.host import Host, HostError
from camsim.kernel.events import ControlError
from camsim.service import clock as clocks
from camsim.service import doors, host_clock
from camsim.service.state_file import StoreError

Start = Callable[..., Sim]


def words(**given: Any) -> dict[str, Any]:
    """The flags of `camsim serve`: what is given, else what they are without a word."""
    flags = {name: item.default for name, item in inspect.signature(commands.serve).parameters.items()}
    return {**flags, "port": 0, "management_port": 0, "as_json": False, **given}


class Served:
    """`camsim serve` with some words, in this process."""

    def __init__(self, loop: Loop, path: Path, **given: Any) -> None:
        self.loop = loop
        self.host = loop.run(Host.start(settings_of(words(state=path, **given))))

    def kill(self) -> None:
        """As kill -9."""
        durable = self.host.runtime.durable
        assert durable is not None

        async def vanish() -> None:
            self.host.runtime._fail("killed")
            await self.host.runtime.courier.close()
            await durable.at_rest()
            durable.store.abandon()
            await self.host.stop()

        self.loop.run(vanish())

    def stop(self) -> None:
        self.loop.run(self.host.stop())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def serve(loop: Loop, path: Path) -> Any:
    """Start it; what was started last is stopped at the end."""
    started: list[Served] = []

    def start(**given: Any) -> Served:
        started.append(Served(loop, path, **given))
        return started[-1]

    yield start
    started[-1].stop()


def test_words_that_say_something_new_have_their_effect(serve: Any) -> None:
    first = serve(clock="auto", latency="15s", callback_url="http://127.0.0.1:9/a", devices=2)
    first.kill()

    again = serve(clock="real", latency="0", callback_url="http://127.0.0.1:9/b", switch=["restful_api=off"], devices=2)

    configs = [slot.config for slot in again.host.runtime.kernel.state.devices.look()]
    assert [config.callback_url for config in configs] == ["http://127.0.0.1:9/b"] * 2
    assert not any(config.restful_api for config in configs)
    assert again.host.runtime.clock.text == "real"
    assert again.host.runtime.kernel.policy.rest.latency_ms == 0


def test_the_same_words_again_leave_what_was_changed_since(serve: Any, loop: Loop) -> None:
    given = {"clock": "auto", "latency": "15s", "callback_url": "http://127.0.0.1:9/a"}
    first = serve(**given)
    loop.run(first.host.runtime.set_clock("manual"))
    loop.run(first.host.runtime.control(SetKnobs(knobs={"rest.latency": "3s"})))
    first.kill()

    again = serve(**given)

    assert again.host.runtime.clock.text == "manual"
    assert again.host.runtime.kernel.policy.rest.latency_ms == 3000


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"devices": 3}, "--devices 3, it was 2"),
        ({"users": 7}, "--users 7, it was not given"),
        ({"seed": 5, "model": "f36"}, "--seed 5, it was not given; --model f36, it was not given"),
        ({"protocol": "v2"}, "--protocol v2"),
        ({"start": "2026-01-01T00:00:00Z"}, "--start 2026-01-01T00:00:00Z"),
    ],
)
def test_words_that_a_state_cannot_follow_are_refused_by_name(serve: Any, given: dict[str, Any], said: str) -> None:
    serve(devices=2).kill()
    with pytest.raises(HostError, match="cannot be made anew by") as caught:
        serve(**{"devices": 2, **given})

    assert said in str(caught.value)
    serve(devices=2)


def test_a_token_on_the_command_line_is_not_in_the_file(serve: Any, path: Path) -> None:
    serve(auth_token="A" * 20 + "SECRET" + "B" * 6).kill()
    again = serve(auth_token="C" * 32)
    assert again.host.runtime.kernel.state.devices["SIM00001"].config.auth_token == "C" * 32
    said = again.host.runtime.durable.store.word("said")
    assert "SECRET" not in said
    assert "CCCC" not in said


def test_a_clock_that_was_set_to_real_goes_on_where_it_was(serve: Any, loop: Loop) -> None:
    first = serve(clock="auto")
    loop.run(first.host.runtime.set_clock("real"))
    behind = first.host.runtime.now()
    first.kill()

    again = serve(clock="auto")

    assert again.host.runtime.clock.text == "real"
    assert 0 <= again.host.runtime.now() - behind < 60_000


# --- recovered before it listens --------------------------------------------------------------------------------------


def test_nobody_is_served_before_the_world_has_recovered(
    start_sim: Start, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sim = start_sim(state=path)
    sim.receiver.answer = (500, b"")
    sim.punch("1")
    crash(sim)
    reached: list[bool] = []
    recover = Host.start.__globals__["_recover"]

    async def watched(runtime: Any, *more: Any) -> None:
        ports = [door[0].getsockname()[1] for door in bound]
        for port in ports:
            with socket.socket() as client:
                reached.append(client.connect_ex(("127.0.0.1", port)) == 0)
        await recover(runtime, *more)

    bound: list[list[socket.socket]] = []
    sockets = doors.bind

    def noted(*given: Any) -> list[socket.socket]:
        bound.append(sockets(*given))
        return bound[-1]

    monkeypatch.setitem(Host.start.__globals__, "_recover", watched)
    monkeypatch.setattr(doors, "bind", noted)

    again = start_sim(state=path)

    assert reached == [False, False]
    assert again.api("GET", "health").status == 200


def test_a_port_that_is_taken_sends_nothing(start_sim: Start, loop: Loop, path: Path) -> None:
    sim = start_sim(state=path)
    sim.receiver.answer = (500, b"")
    sim.punch("1")
    crash(sim)
    sent = len(sim.receiver.received)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(HostError, match="cannot listen"):
            loop.run(
                Host.start(settings(device(callback_url=None), state=path, management_port=taken.getsockname()[1]))
            )
    loop.run(asyncio.sleep(0.2))

    assert len(sim.receiver.received) == sent


# --- never half -------------------------------------------------------------------------------------------------------


def test_what_no_log_can_hold_is_refused_before_anything_happens(start_sim: Start, path: Path) -> None:
    sim = start_sim(state=path)
    spec = PunchSpec(user="1", temperature=36.5)
    spec.temperature = 1 << 64  # as a caller of the library could
    with pytest.raises(ControlError, match="cannot be kept"):
        sim.loop.run(sim.host.runtime.control(Punches(device="SIM1", punches=[spec])))
    sim.punch("2")
    sim.idle()

    assert [item.message["RealTime"]["PunchLog"]["UserId"] for item in sim.receiver.received] == ["2"]


@pytest.mark.parametrize("stored", [True, False])
def test_an_error_in_the_middle_ends_the_process_loudly(
    start_sim: Start, path: Path, monkeypatch: pytest.MonkeyPatch, stored: bool
) -> None:
    sim = start_sim(state=path if stored else None)
    sim.punch("1")
    sim.idle()
    told: list[str] = []
    sim.host.runtime._on_failure = told.append

    def broken(*_: object) -> None:
        raise ZeroDivisionError("by half")

    monkeypatch.setattr("camsim.callbacks.delivery.send_next", broken)
    answer = sim.api("POST", "devices/SIM1/punches", {"user": "2"})

    assert answer.status >= 500
    assert "internal error at Punches: ZeroDivisionError: by half" in told[0]
    assert sim.api("GET", "health").message["status"] == "failed"
    assert sim.api("POST", "devices/SIM1/punches", {"user": "3"}).status == 503


def test_after_an_error_the_file_holds_what_was_before_it(
    start_sim: Start, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sim = start_sim(state=path)
    sim.punch("1")
    with monkeypatch.context() as patched:
        patched.setattr("camsim.callbacks.delivery.send_next", lambda *_: 1 / 0)
        sim.api("POST", "devices/SIM1/punches", {"user": "2"})
    sim.loop.run(sim.host.stop())

    again = start_sim(state=path)

    assert again.slot().device.next_number == 2


# --- the host's clock -------------------------------------------------------------------------------------------------


@pytest.fixture
def host_time(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """A host whose clocks the test sets."""
    now = {"wall": START_MS, "steady": 1_000}
    monkeypatch.setattr(host_clock, "_wall_ms", lambda: now["wall"])
    monkeypatch.setattr(host_clock, "_steady_ms", lambda: now["steady"])
    return now


def test_a_host_clock_that_is_set_back_freezes_nothing(host_time: dict[str, int]) -> None:
    clock = host_clock.HostClock()
    host_time["wall"] -= 3_600_000
    host_time["steady"] += 5_000

    assert clock.now_ms() == START_MS + 5_000


def test_sleep_and_a_clock_set_forward_pass(host_time: dict[str, int]) -> None:
    clock = host_clock.HostClock()
    host_time["wall"] += 7_200_000
    host_time["steady"] += 5_000
    assert clock.now_ms() == START_MS + 7_200_000
    host_time["wall"] -= 3_600_000
    host_time["steady"] += 1_000
    assert clock.now_ms() == START_MS + 7_201_000


def test_small_differences_do_not_make_it_jump(host_time: dict[str, int]) -> None:
    clock = host_clock.HostClock()
    host_time["wall"] += 1_300
    host_time["steady"] += 1_000
    assert clock.now_ms() == START_MS + 1_000


def test_a_timer_far_away_fires_soon_after_the_host_slept(start_sim: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("camsim.service.virtual_time._FAR_S", 0.05)
    sim = start_sim(device(), clock="real", knobs={"rest.latency": "0"})
    sim.receiver.answer = (500, b"")
    sim.punch("1")
    sim.loop.run(asyncio.sleep(0.2))
    sim.receiver.answer = (200, b'{"status":"done"}')
    first = len(sim.receiver.received)
    ahead = host_clock._wall_ms
    monkeypatch.setattr(host_clock, "_wall_ms", lambda: ahead() + 3_600_000)

    for _ in range(100):
        sim.loop.run(asyncio.sleep(0.05))
        if len(sim.receiver.received) > first:
            break

    assert len(sim.receiver.received) == first + 1


def test_a_running_clock_goes_on_from_a_state_that_is_ahead_of_the_host() -> None:
    clock = clocks.start("real", START_MS, START_MS + 3_600_000)
    assert clock.now(START_MS + 1_000) == START_MS + 3_601_000


# --- a full disk ------------------------------------------------------------------------------------------------------


def test_a_full_disk_at_the_stop_is_a_sentence(start_sim: Start, path: Path) -> None:
    from test_store import fill_up

    sim = start_sim(state=path)
    sim.punch("1")
    sim.idle()
    fill_up(sim)
    sim.control("punches", punches=[{"user": "1", "count": 3}])

    def fill() -> None:
        for _ in range(400):
            sim.control("punches", punches=[{"user": "1", "count": 50}])
        sim.loop.run(sim.host.stop())

    with pytest.raises(StoreError, match="cannot write to state file"):
        fill()


def test_a_full_file_is_opened_again(start_sim: Start, path: Path) -> None:
    from test_store import fill_up

    sim = start_sim(state=path)
    for _ in range(20):
        sim.punch("1")
    sim.idle()
    fill_up(sim)
    crash(sim)

    assert start_sim(state=path).slot().device.next_number == 21
