"""Same seed and inputs, same canonical journal, through real HTTP; another device changes nothing for the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from running_sim import Receiver, Sim, device

from camsim.state import journal

Start = Callable[..., Sim]


def _moody(receiver: Receiver) -> Any:
    """Refuses the first attempt of every third callback: which one it is depends on the bytes alone."""
    seen: set[bytes] = set()

    def answer(item: Any) -> tuple[int, bytes]:
        again = item.body in seen
        seen.add(item.body)
        return (200, b'{"status":"done"}') if again or sum(item.body) % 3 else (503, b"later")

    return answer


def _specs(names: tuple[str, ...]) -> list[Any]:
    return [device(name, users=5, templates=["Card", "Fingerprint"], auth_token=None) for name in names]


def _scenario(start_sim: Start, *names: str, **given: Any) -> bytes:
    """A day in little: punches, an outage, commands, an enrolment, a fault by chance."""
    faults = [{"where": "callback.request", "do": "duplicate", "when": {"p": 0.3}}]
    sim = start_sim(*_specs(names), knobs={"rest.latency": "15s"}, faults=faults, **given)
    sim.receiver.answer = _moody(sim.receiver)
    for name in ("A", "B"):
        sim.control("punches", name, punches=[{"user": str(n), "photo": n == 1} for n in range(1, 6)])
    sim.control("offline", "A")
    sim.control("punches", "A", punches=[{"user": "2", "count": 20, "every": "1m"}])
    calls = [sim.rest_later(message, name) for name in ("A", "B") for message in _COMMANDS]
    sim.advance(10)
    sim.control("online", "A", order="shuffle")
    sim.control("put_user", "B", user="9", first_name="Ann", templates=["Card", "Password"])
    sim.idle()
    assert all(call.done() for call in calls)
    return journal.canonical(sim.host.runtime.kernel.state.journal)


_COMMANDS: list[dict[str, Any]] = [
    {"Enroll": {"User": {"UserID": "3", "Type": "Fingerprint"}}},
    {"Resend": {"User": "All"}},
    {"Delete": {"User": {"UserID": "4"}}},
    {"Delete": {"User": {"UserID": "4"}}},
]


def _of(name: str, lines: bytes) -> list[bytes]:
    return [line for line in lines.splitlines() if f'"{name}"'.encode() in line]


def test_two_runs_with_one_seed_are_byte_equal(start_sim: Start) -> None:
    first, second = _scenario(start_sim, "A", "B"), _scenario(start_sim, "A", "B")
    assert len(first.splitlines()) > 60
    assert first == second


def test_another_seed_differs(start_sim: Start) -> None:
    assert _scenario(start_sim, "A", "B") != _scenario(start_sim, "A", "B", seed=2)


@pytest.mark.parametrize("names", [("A", "B", "C"), ("C", "A", "B")])
def test_another_device_changes_nothing_for_the_others(start_sim: Start, names: tuple[str, ...]) -> None:
    alone, beside = _scenario(start_sim, "A", "B"), _scenario(start_sim, *names)
    assert (_of("A", alone), _of("B", alone)) == (_of("A", beside), _of("B", beside))


def test_a_fault_of_probability_0_is_absent_byte_for_byte(start_sim: Start) -> None:
    def run(**given: Any) -> bytes:
        sim = start_sim(*_specs(("A",)), **given)
        sim.control("punches", "A", punches=[{"user": str(n)} for n in range(1, 6)])
        sim.idle()
        return journal.canonical(sim.host.runtime.kernel.state.journal)

    assert run() == run(faults=[{"where": "callback.request", "do": "duplicate", "when": {"p": 0}}])


def test_callback_bytes_depend_on_the_seed_only(start_sim: Start) -> None:
    def bodies(seed: int) -> list[bytes]:
        sim = start_sim(*_specs(("A",)), seed=seed)
        sim.control("punches", "A", punches=[{"user": "1", "photo": True}])
        sim.idle()
        return [item.body for item in sim.receiver.received]

    assert bodies(3) == bodies(3)
    assert bodies(3) != bodies(4)
