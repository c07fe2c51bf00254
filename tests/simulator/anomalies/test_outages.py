"""Outages, each on its own: a device that is away, a gateway that is cut off, a server that is down."""

from __future__ import annotations

import socket
from collections.abc import Callable
from itertools import pairwise

import pytest
from anomaly import backlog, ledger, minutes, users
from running_sim import DONE, START_MS, Received, Sim, device

from camsim.state.outbox import QueueState

Start = Callable[..., Sim]
RETRIES = (30, 60, 120, 300, 600, 1800, 3600, 3600)


def test_a_device_that_is_away_fills_its_log_and_sends_nothing(sim: Sim) -> None:
    backlog(sim)

    sim.idle()

    assert sim.receiver.received == []
    assert len(sim.slot().device.pending) == 8
    assert len(sim.slot().outbox) == 0


@pytest.mark.parametrize(
    ("order", "expected"), [("fifo", [7, 6, 5, 4, 3, 2, 1, 0]), ("lifo", [0, 1, 2, 3, 4, 5, 6, 7])]
)
def test_a_flush_has_the_order_asked_for(sim: Sim, order: str, expected: list[int]) -> None:
    backlog(sim)

    sim.control("online", order=order)
    sim.idle()

    assert minutes(sim) == expected


def test_a_shuffled_flush_is_out_of_order_and_complete(sim: Sim) -> None:
    backlog(sim, 20)

    sim.control("online", order="shuffle")
    sim.idle()

    assert minutes(sim) != sorted(minutes(sim), reverse=True)
    assert sorted(minutes(sim)) == list(range(20))
    assert ledger(sim)["reordered"] > 0


def test_the_order_of_a_flush_is_a_knob_too(start_sim: Start) -> None:
    sim = start_sim(knobs={"offline.order": "lifo"})
    backlog(sim, 3)

    sim.control("online")
    sim.idle()

    assert minutes(sim) == [0, 1, 2]


def test_live_punches_go_between_cached_ones_when_interleaved(sim: Sim) -> None:
    backlog(sim, 6)

    sim.control("online", order="interleave")
    sim.advance(2.5)
    sim.punch("2")
    sim.idle()

    assert users(sim) == ["1", "1", "1", "2", "1", "1", "1"]


def test_live_punches_wait_behind_a_paced_flush_that_is_not_interleaved(sim: Sim) -> None:
    backlog(sim, 4)

    sim.control("online", pace="1s")
    sim.punch("2")
    sim.idle()

    assert users(sim) == ["1", "1", "1", "1", "2"]


def test_a_paced_flush_lets_so_much_time_pass_between_records(sim: Sim) -> None:
    backlog(sim, 4)

    sim.control("online", pace="10s")
    sim.idle()

    assert [entry.at - START_MS for entry in sim.entries if entry.attempt] == [0, 10_000, 20_000, 30_000]


def test_a_gateway_cut_off_keeps_callbacks_while_devices_stay_online(sim: Sim) -> None:
    sim.control("uplink", up=False)
    sim.punch("1")
    sim.advance(3600)
    before = (len(sim.receiver.received), len(sim.slot().outbox), len(sim.slot().device.pending))

    sim.control("uplink", up=True)
    sim.idle()

    assert before == (0, 1, 0)
    assert ledger(sim)["attempts"] == 1


def test_a_server_that_is_down_is_tried_again_on_the_schedule(sim: Sim) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        sim.control("patch_device", callback_url=f"http://127.0.0.1:{nobody.getsockname()[1]}/")
        sim.punch("1")
        sim.advance(sum(RETRIES))

    attempts = [entry.at for entry in sim.entries if entry.attempt]
    assert tuple((b - a) // 1000 for a, b in pairwise(attempts)) == RETRIES
    assert sim.slot().outbox.state is QueueState.HOLD
    assert (sim.slot().outbox.problem or "").startswith("cannot connect")


def test_a_server_that_comes_back_gets_everything_in_order(sim: Sim) -> None:
    sim.receiver.fail(5)
    for user in ("1", "2", "3"):
        sim.punch(user)

    sim.idle()

    assert users(sim)[-3:] == ["1", "2", "3"]
    assert len({item.body for item in sim.receiver.received[:6]}) == 1, "every retry has the same bytes"


def test_one_event_that_is_refused_holds_everything_behind_it(sim: Sim) -> None:
    def picky(item: Received) -> tuple[int, bytes]:
        return (400, b"no") if b"UserUpdated" in item.body else DONE

    sim.receiver.answer = picky
    sim.control("put_user", user="9", first_name="Poison")
    sim.punch("1")
    sim.advance(86400)

    assert users(sim) == []
    assert len(sim.slot().outbox) == 2


def test_another_device_is_not_held_up_by_a_queue_on_hold(start_sim: Start) -> None:
    sim = start_sim(device("A"), device("B"))
    sim.receiver.answer = lambda item: (500, b"") if b'"Device A"' in item.body else DONE
    for stgid in ("A", "B"):
        sim.punch("1", stgid)

    sim.advance(1)

    assert [len(sim.slot(stgid).outbox) for stgid in ("A", "B")] == [1, 0]
