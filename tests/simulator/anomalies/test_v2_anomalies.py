"""v2 devices in trouble, alone and beside v3 devices: bursts, lost answers, restarts, a state file, mixed sites."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from running_sim import Loop, Received, Sim, device, settings
from wire_v2 import call, callbacks, lazy, told, v2_device

from camsim.kernel.events import Restarted

Start = Callable[..., Sim]
ORDERS = {"fifo": list(range(20)), "lifo": list(range(19, -1, -1))}


def times(sim: Sim) -> list[int]:
    """OperationTime of the punches, as the order of the first one counted from the earliest."""
    moments = [int(info["OperationTime"]) for info in callbacks(sim, "RealTimePunchLog")]
    return [(moment - min(moments)) // 60 for moment in moments]


@pytest.mark.parametrize("order", ["fifo", "lifo", "shuffle"])
def test_an_offline_burst_flows_in_the_order_asked_for(start_sim: Start, order: str) -> None:
    sim = start_sim(v2_device())
    sim.control("offline")
    sim.control("punches", punches=[{"user": "1", "count": 20, "every": "1m"}])
    sim.control("online", order=order)
    sim.idle()

    seen = times(sim)
    assert sorted(seen) == list(range(20))
    assert seen == ORDERS.get(order, seen)
    assert (seen == sorted(seen)) is (order == "fifo")


def test_a_receiver_that_is_down_gets_everything_once_it_is_back(start_sim: Start) -> None:
    """Invariant 12: lazy replies, punches and users behind one another."""
    sim = start_sim(v2_device())
    sim.receiver.answer = (503, b"down")
    sim.punch("1")
    call(sim, "DeleteUser", "3", reference="a")
    sim.control("put_user", user="9", templates=["Card"])
    sim.advance(4000)
    sim.receiver.answer = (200, b'{"status":"done"}')
    sim.receiver.received.clear()
    sim.idle()

    assert [info["Operation"] for info in callbacks(sim)] == ["RealTimePunchLog", "ManuallyUserUpdated", "DeleteUser"]
    assert sim.host.runtime.waiting().callbacks == 0


def test_a_lazy_reply_that_is_not_acknowledged_holds_the_punches_behind_it(start_sim: Start) -> None:
    """V2-11, A-CB-08."""
    sim = start_sim(v2_device())

    def refuse_lazy(item: Received) -> tuple[int, bytes]:
        done = told(item)["ApiRequestInfo"]["Operation"] == "RealTimePunchLog"
        return (200, b'{"status":"done"}') if done else (200, b'{"status":"ok"}')

    sim.receiver.answer = refuse_lazy
    call(sim, "ClearLog")
    sim.advance(1)
    sim.punch("1")
    sim.advance(7200)

    assert {info["Operation"] for info in callbacks(sim)} == {"ClearLog"}
    queue = sim.api("GET", "devices/SIM1/queue").message
    assert (queue["state"], queue["queued"]) == ("hold", 2)
    assert '"done" is expected' in queue["why"]


def test_a_restart_repeats_the_one_callback_under_way_and_carries_commands_out(start_sim: Start) -> None:
    sim = start_sim(v2_device(), knobs={"rest.latency": "15s"})
    call(sim, "DeleteUser", "1")

    async def restart() -> None:
        sim.host.runtime.submit(Restarted())

    sim.loop.run(restart())
    sim.idle()

    assert lazy(sim) == [("DeleteUser", "ref1", 0)]


def test_accepted_commands_survive_in_the_state_file(loop: Loop, start_sim: Start, tmp_path: Path) -> None:
    """What was answered done is carried out by the next process."""
    state = tmp_path / "state.db"
    first = Sim(loop, settings(v2_device(), state=state, knobs={"rest.latency": "15s"}))
    call(first, "DeleteUser", "1")
    first.stop()
    second = start_sim(state=state)
    second.control("patch_device", callback_url=second.receiver.url)
    second.idle()

    assert lazy(second) == [("DeleteUser", "ref1", 0)]
    assert "1" not in second.slot().device.users


def test_a_site_may_have_both_protocols_behind_one_url(start_sim: Start) -> None:
    sim = start_sim(device("OLD", protocol="v2"), device("NEW"))
    for name in ("OLD", "NEW"):
        sim.punch("1", name)
    sim.idle()

    forms = {item.headers["Content-Type"]: item for item in sim.receiver.received}
    old, new = forms["application/x-www-form-urlencoded"], forms["application/json"]
    assert told(old)["ServiceTagId"] == "OLD"
    assert json.loads(new.body)["RealTime"]["PunchLog"]["UserId"] == "1"


def test_a_fault_that_names_one_device_leaves_the_other_alone(start_sim: Start) -> None:
    sim = start_sim(v2_device("OLD"), device("NEW"))
    sim.control("add_fault", "", where="callback.answer", do="drop", match={"device": "OLD"}, when={"next": 2})
    for name in ("OLD", "NEW"):
        sim.punch("1", name)
    sim.idle()

    attempts = {name: record.attempts for name, record in sim.host.runtime.kernel.state.ledger.rows()}
    assert attempts == {"OLD": 3, "NEW": 1}


def run_canonical(start_sim: Start, seed: int) -> bytes:
    """A day with every kind of callback and command, as its canonical journal."""
    sim = start_sim(v2_device(), v2_device("SIM2"), seed=seed, knobs={"rest.latency": "15s", "dup.p": 0.2})
    for name in ("SIM1", "SIM2"):
        for _ in range(5):
            sim.punch("1", name, photo=True)
            sim.idle()  # what is on its way and what is asked meanwhile have no order
        sim.control("put_user", name, user="9", templates=["Face"])
        sim.idle()
        call(sim, "EnrollFingerprint", "2", tag=name)
        call(sim, "TriggerUserDetail", tag=name)
        sim.idle()
    return sim.api("GET", "journal?canonical=1").body


def test_same_seed_same_journal_and_another_seed_another(start_sim: Start) -> None:
    """Invariant 7."""
    first, again, other = (run_canonical(start_sim, seed) for seed in (5, 5, 6))

    assert first == again
    assert first != other


SENDING: list[tuple[str, dict[str, Any]]] = [
    ("slow", {"ms": 50}),
    ("truncate", {}),
    ("reset_before", {}),
    ("reset_after", {}),
    ("concurrent", {"copies": 2}),
    ("charset", {}),
    ("stgid", {}),
]


@pytest.mark.parametrize(("do", "options"), SENDING, ids=[row[0] for row in SENDING])
def test_a_fault_of_sending_strikes_a_v2_callback_too(start_sim: Start, do: str, options: dict[str, Any]) -> None:
    """Whatever happens on the way, the punch arrives whole in the end."""
    sim = start_sim(v2_device())
    sim.control("add_fault", where="callback.request", do=do, when={"next": 1}, **{"with": options})
    sim.punch("1")
    sim.idle()

    assert callbacks(sim)[-1]["UserId"] == "1"
    assert sim.host.runtime.kernel.state.ledger.summary()["acknowledged"] == 1
    assert any(f"callback.request:{do}" in entry.faults for entry in sim.entries)
