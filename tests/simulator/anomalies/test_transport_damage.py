"""How a request travels: slowly, broken off, to a URL that something was appended to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from anomaly import on_request, users
from running_sim import Sim

Start = Callable[..., Sim]


def test_a_slow_request_arrives_whole(sim: Sim) -> None:
    on_request(sim, "slow", options={"ms": 120})
    sim.punch("1")
    sim.idle()

    (entry,) = (entry for entry in sim.entries if entry.attempt)
    assert entry.took_ms >= 100
    assert len(users(sim)) == 1


@pytest.mark.parametrize("do", ["truncate", "reset_before"])
def test_a_request_that_breaks_off_is_not_seen_as_one_and_comes_again(sim: Sim, do: str) -> None:
    on_request(sim, do, when={"next": 1})
    sim.punch("1")
    sim.idle()

    assert len(sim.receiver.received) == 1
    assert [entry.verdict for entry in sim.entries if entry.attempt] == ["not acknowledged", "acknowledged"]


@pytest.mark.parametrize(("do", "query"), [("stgid", "stgid=SIM1"), ("double_stgid", "stgid=SIM1?stgid=SIM1")])
def test_the_service_tag_is_appended_by_plain_concatenation(sim: Sim, do: str, query: str) -> None:
    on_request(sim, do)
    sim.punch("1")
    sim.idle()

    assert sim.receiver.received[0].query == query


@pytest.mark.parametrize(
    ("how", "query"), [("never", ""), ("always", "stgid=SIM1"), ("double", "stgid=SIM1?stgid=SIM1")]
)
def test_the_service_tag_in_the_url_is_a_knob_too(start_sim: Start, how: str, query: str) -> None:
    sim = start_sim(knobs={"callback.stgid": how})
    sim.punch("1")
    sim.idle()

    assert sim.receiver.received[0].query == query
