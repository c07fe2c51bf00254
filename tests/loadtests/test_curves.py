"""Arrival curves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camsim_loadtests.plan.curves import CURVES, RECONNECT_SHARE, Curve
from camsim_loadtests.plan.profiles import PROFILES

SHARES = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize("name", sorted(CURVES))
@given(first=SHARES, second=SHARES)
def test_a_later_share_comes_no_earlier(name, first, second):
    curve = CURVES[name]
    low, high = sorted((first, second))

    assert 0 <= curve.at(low) <= curve.at(high) <= 1


@given(SHARES)
def test_the_flat_curve_is_time_itself(share):
    assert CURVES["flat"].at(share) == pytest.approx(share, abs=1e-9)


@given(SHARES)
def test_reconnects_are_over_after_their_share_of_the_time(share):
    assert CURVES["reconnect"].at(share) <= RECONNECT_SHARE + 1 / 1024


def test_the_bell_has_its_half_at_the_middle_and_a_peak():
    assert CURVES["bell"].at(0.5) == pytest.approx(0.5, abs=1e-6)
    assert CURVES["bell"].peak == pytest.approx(1.6, abs=0.01)


def test_a_curve_of_any_density_puts_arrivals_where_it_is_dense():
    curve = Curve(lambda moment: 3.0 if moment < 0.5 else 1.0)

    assert curve.at(0.75) == pytest.approx(0.5, abs=1e-6)


def test_every_profile_names_a_curve():
    assert {profile.curve for profile in PROFILES.values()} == set(CURVES)
