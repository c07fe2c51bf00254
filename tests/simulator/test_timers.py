"""The heap of timers: order, classes, cancelling, storing."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camsim.engine import TIMERS
from camsim.service.runtime import Runtime
from camsim.state.timers import CLASS_OF, TimerClass, Timers

WORK, RETRY, BACKGROUND = "execute", "deliver", "licence"


def _pop_all(timers: Timers, now: int = 1 << 60) -> list[tuple[str, int]]:
    popped = []
    while (timer := timers.pop_due(now)) is not None:
        popped.append((timer[2], timer[4]))
    return popped


@given(st.lists(st.tuples(st.integers(0, 20), st.sampled_from([WORK, RETRY, BACKGROUND])), max_size=40))
def test_timers_fire_in_order_of_time_then_of_setting(items: list[tuple[int, str]]) -> None:
    timers = Timers()
    for number, (due, kind) in enumerate(items):
        timers.set(due, kind, "d", number)
    wanted = sorted(range(len(items)), key=lambda number: (items[number][0], number))
    assert [number for _, number in _pop_all(timers)] == wanted


def test_what_is_not_due_stays() -> None:
    timers = Timers()
    timers.set(10, WORK, "d")
    assert (timers.pop_due(9), timers.next_due()) == (None, 10)


def test_time_jumps_to_work_and_retries_only() -> None:
    timers = Timers()
    timers.set(5, BACKGROUND, "d")
    assert (timers.next_jump(), timers.next_due()) == (None, 5)
    timers.set(7, RETRY, "d")
    assert (timers.next_jump(), timers.next_due()) == (7, 5)


def test_a_cancelled_timer_neither_fires_nor_is_jumped_to() -> None:
    timers = Timers()
    first = timers.set(5, RETRY, "d", 1)
    timers.set(9, RETRY, "d", 2)
    timers.cancel(first)
    assert timers.next_jump() == 9
    assert _pop_all(timers) == [(RETRY, 2)]


def test_cancelling_what_has_fired_leaves_nothing_behind() -> None:
    timers = Timers()
    number = timers.set(5, RETRY, "d")
    _pop_all(timers)
    timers.cancel(number)
    timers.cancel(None)
    assert timers.cancelled == {}


def test_stored_timers_go_on_as_before() -> None:
    timers = Timers()
    numbers = [timers.set(due, WORK, "d", due) for due in (3, 1, 2)]
    timers.cancel(numbers[2])
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(timers), type=Timers)
    assert (_pop_all(again), again.counter) == ([(WORK, 1), (WORK, 3)], 3)


@pytest.mark.parametrize("kind", CLASS_OF)
def test_every_kind_of_timer_has_a_class_and_something_to_do(kind: str) -> None:
    assert Runtime  # importing it registers what timers do
    assert isinstance(CLASS_OF[kind], TimerClass)
    assert kind in TIMERS


def test_every_timer_that_does_something_has_a_class() -> None:
    assert set(TIMERS) <= set(CLASS_OF)
