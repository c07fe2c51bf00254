"""The same seed gives the same bytes, whatever else is there."""

from __future__ import annotations

import json
from collections.abc import Callable

from anomaly import fault, on_request
from running_sim import Sim, device

from camsim.state import journal

Start = Callable[..., Sim]


def _lively(sim: Sim, devices: tuple[str, ...]) -> bytes:
    """A bit of everything; the canonical journal without lines of other devices."""
    on_request(sim, "duplicate", when={"p": 0.3})
    fault(sim, "callback.answer", "drop", when={"p": 0.2})
    for stgid in list(sim.host.runtime.kernel.state.devices):
        sim.control("offline", stgid)
        sim.control("punches", stgid, punches=[{"user": "1", "count": 15, "every": "1m"}, {"user": "2"}])
        sim.control("put_user", stgid, user="9", first_name="N", templates=["Card", "Fingerprint"], split="seeded")
        sim.control("online", stgid, order="shuffle")
    sim.idle()
    lines = journal.canonical(sim.host.runtime.kernel.state.journal).splitlines()
    return b"\n".join(line for line in lines if json.loads(line)[1] in devices)


def test_the_same_seed_gives_the_same_canonical_journal(start_sim: Start) -> None:
    runs = [_lively(start_sim(device("A"), device("B"), seed=5), ("A", "B")) for _ in range(2)]

    assert runs[0] == runs[1] != b""


def test_another_seed_gives_another_journal(start_sim: Start) -> None:
    assert _lively(start_sim(seed=5), ("SIM1",)) != _lively(start_sim(seed=6), ("SIM1",))


def test_adding_a_device_changes_nothing_for_the_others(start_sim: Start) -> None:
    alone = _lively(start_sim(device("A"), seed=5), ("A",))
    among = _lively(start_sim(device("0"), device("A"), device("Z"), seed=5), ("A",))

    assert alone == among


def test_a_fault_of_probability_0_changes_not_one_byte(start_sim: Start) -> None:
    plain, with_fault = start_sim(seed=5), start_sim(seed=5)
    for where, do in (("callback.request", "duplicate"), ("callback.answer", "drop"), ("callback.request", "truncate")):
        fault(with_fault, where, do, when={"p": 0})

    assert _lively(plain, ("SIM1",)) == _lively(with_fault, ("SIM1",))
    assert [item.body for item in plain.receiver.received] == [item.body for item in with_fault.receiver.received]
