"""Whole profiles: everything arrives in the end, in the words of the profile."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from anomaly import backlog, ledger
from running_sim import Sim, device

Start = Callable[..., Sim]


@pytest.mark.parametrize("profile", ["documented", "observed", "strict", "hostile"])
def test_every_profile_delivers_everything_in_the_end(start_sim: Start, profile: str) -> None:
    sim = start_sim(device(templates=["Card", "Face"]), profile=profile)
    backlog(sim, 30)
    sim.control("online")
    sim.control("put_user", user="9", first_name="N", templates=["UserPhoto", "Card"])
    sim.idle()

    assert ledger(sim)["waiting"] == ledger(sim)["lost"] == 0
    assert len(sim.slot().outbox) == 0


def test_the_observed_profile_sends_the_tag_and_speaks_in_enum_words(start_sim: Start) -> None:
    sim = start_sim(profile="observed")
    sim.punch("1")
    sim.idle()

    assert sim.receiver.received[0].query == "stgid=SIM1"
    assert sim.rest({"Delete": {"User": {"UserID": "77"}}}).message["Status"].startswith("API_RESPONSE_")
