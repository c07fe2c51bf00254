"""Counter-based randomness: deterministic, independent, evenly spread."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camsim import chance

SEEDS = st.integers(-(2**70), 2**70)
COUNTERS = st.integers(0, 2**63)


def test_a_draw_stays_what_it_is_in_every_version() -> None:
    """A journal recorded with a seed must be reproducible by a later release."""
    assert [chance.draw(7, "SIM00001", "latency", n) for n in range(3)] == [
        17636263064754386137,
        7155240394065258759,
        2268450840149098657,
    ]


@given(SEEDS, st.text(), st.text(), COUNTERS)
def test_a_draw_is_a_64_bit_integer_and_the_same_each_time(seed: int, device: str, purpose: str, n: int) -> None:
    number = chance.draw(seed, device, purpose, n)

    assert 0 <= number < 2**64
    assert number == chance.draw(seed, device, purpose, n)


@pytest.mark.parametrize("other", [(2, "D", "p", 5), (1, "E", "p", 5), (1, "D", "q", 5), (1, "D", "p", 6)])
def test_each_of_the_four_parameters_changes_the_number(other: tuple[int, str, str, int]) -> None:
    assert chance.draw(1, "D", "p", 5) != chance.draw(*other)


def test_a_device_name_cannot_run_into_the_purpose() -> None:
    assert chance.draw(1, "SIM1", "2x", 0) != chance.draw(1, "SIM12", "x", 0)


def test_fractions_are_spread_evenly_over_the_unit_interval() -> None:
    tenths = Counter(int(chance.fraction(1, "D", "spread", n) * 10) for n in range(10_000))

    assert set(tenths) == set(range(10))
    assert all(850 < count < 1150 for count in tenths.values())


def test_probability_0_never_and_probability_1_always_happens() -> None:
    assert not any(chance.happens(0.0, 1, "D", "fault", n) for n in range(1000))
    assert all(chance.happens(1.0, 1, "D", "fault", n) for n in range(1000))


def test_between_reaches_both_ends_and_nothing_beyond() -> None:
    assert {chance.between(3, 6, 1, "D", "p", n) for n in range(200)} == {3, 4, 5, 6}


def test_between_refuses_an_empty_range_and_shows_it() -> None:
    with pytest.raises(ValueError, match=r"between\(6, 3\)"):
        chance.between(6, 3, 1, "D", "p", 0)


def test_choice_reaches_every_option() -> None:
    assert {chance.choice("abc", 1, "D", "p", n) for n in range(100)} == set("abc")


def test_choice_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing to choose from"):
        chance.choice([], 1, "D", "p", 0)


def test_weights_decide_how_often_an_option_comes() -> None:
    counts = Counter(chance.weighted([("often", 9), ("seldom", 1), ("never", 0)], 1, "D", "p", n) for n in range(2000))

    assert counts["never"] == 0
    assert 120 < counts["seldom"] < 280


def test_weights_that_add_up_to_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="more than 0"):
        chance.weighted([("a", 0)], 1, "D", "p", 0)


@given(st.lists(st.integers()), SEEDS, st.integers(0, 100))
def test_shuffling_keeps_every_item(items: list[int], seed: int, n: int) -> None:
    assert Counter(chance.shuffled(items, seed, "D", "p", n)) == Counter(items)


def test_another_counter_shuffles_into_another_order() -> None:
    items = list(range(50))

    assert chance.shuffled(items, 1, "D", "p", 0) not in (items, chance.shuffled(items, 1, "D", "p", 1))


def test_lognormal_latency_has_its_median_and_stays_inside_its_bounds() -> None:
    """A-REST-04: median 15 s, sigma 0.25, clipped to 2–28 s."""
    seconds = sorted(chance.lognormal(15, 0.25, 2, 28, 1, "D", "latency", n) for n in range(4001))

    assert 14.6 < seconds[2000] < 15.4
    assert seconds[0] >= 2
    assert seconds[-1] <= 28


def test_lognormal_without_spread_is_the_median() -> None:
    assert chance.lognormal(15, 0, 2, 28, 1, "D", "latency", 3) == 15


@given(st.integers(0, 5000))
def test_a_blob_has_the_length_asked_for(length: int) -> None:
    assert len(chance.blob(1, "D", "p", 0, length)) == length


def test_blobs_of_two_counters_differ() -> None:
    assert chance.blob(1, "D", "p", 0, 100) != chance.blob(1, "D", "p", 1, 100)


@given(st.integers(1, 2**63 - 1))
def test_base36_is_what_int_reads_back(number: int) -> None:
    assert int(chance.base36(number), 36) == number


@given(SEEDS, st.text(), COUNTERS)
def test_an_operation_id_looks_like_the_printed_ones(seed: int, device: str, n: int) -> None:
    text = chance.operation_id(seed, device, n)

    assert re.fullmatch("[0-9a-z]{12,13}", text)
    assert 0 < int(text, 36) < 2**63


def test_operation_ids_do_not_repeat() -> None:
    assert len({chance.operation_id(1, device, n) for device in ("A", "B") for n in range(5000)}) == 10_000


def test_a_token_has_32_letters_and_digits_and_belongs_to_its_device() -> None:
    first, second = chance.token(1, "SIM00001"), chance.token(1, "SIM00002")

    assert re.fullmatch("[A-Za-z0-9]{32}", first)
    assert first != second
