"""Acknowledgements that are lost or late: the receiver has the event, the gateway does not know."""

from __future__ import annotations

from anomaly import fault, ledger, on_request
from running_sim import Sim


def test_a_lost_ack_repeats_the_same_bytes(sim: Sim) -> None:
    fault(sim, "callback.answer", "drop", when={"next": 2})
    sim.punch("1")

    sim.idle()

    assert len(sim.receiver.received) == 3
    assert len({item.body for item in sim.receiver.received}) == 1
    assert [entry.faults for entry in sim.entries if entry.attempt] == [("callback.answer:drop",)] * 2 + [()]


def test_an_answer_can_be_noted_late(sim: Sim) -> None:
    fault(sim, "callback.answer", "delay", options={"ms": 120})
    sim.punch("1")
    sim.idle()

    (entry,) = (entry for entry in sim.entries if entry.attempt)
    assert entry.took_ms >= 120
    assert entry.verdict == "acknowledged"


def test_a_reset_after_the_body_means_the_receiver_has_it_twice(sim: Sim) -> None:
    on_request(sim, "reset_after", when={"next": 1})
    sim.punch("1")
    sim.idle()

    assert len(sim.receiver.received) == 2
    assert ledger(sim)["attempts"] == 2
