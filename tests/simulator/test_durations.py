"""Durations as people write them: one grammar for knobs, scenarios, the control API and storms."""

from __future__ import annotations

import pytest

from camsim.durations import duration_ms, duration_s


@pytest.mark.parametrize(
    ("text", "seconds"), [("5m", 300), ("90s", 90), ("500ms", 0.5), ("1.5h", 5400), ("7", 7), (" 2 d ", 172_800)]
)
def test_every_unit_may_have_a_fraction_and_spaces(text: str, seconds: float) -> None:
    assert duration_s(text) == seconds


@pytest.mark.parametrize("number", [7, 0.25, 0])
def test_a_number_is_seconds(number: float) -> None:
    assert duration_ms(number) == number * 1000


@pytest.mark.parametrize("value", ["", "5 days", "-1s", "s", "1e3s", "٣s", True, None, -1, ["5s"]])
def test_everything_else_is_no_duration(value: object) -> None:
    with pytest.raises(ValueError, match="no duration"):
        duration_ms(value)


def test_more_than_a_hundred_years_is_refused() -> None:
    with pytest.raises(ValueError, match="hundred years"):
        duration_ms("999999d")
