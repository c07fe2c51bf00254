"""The plan: the same arrivals whoever shares them, unique punches, in time and in order."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camsim_loadtests.plan.plan import Plan
from camsim_loadtests.plan.profiles import PROFILES
from camsim_loadtests.plan.settings import Settings

BASE = Settings(url="http://127.0.0.1/", start_s=1_700_000_000, security_key="k" * 32)


@st.composite
def plans(draw):
    devices = draw(st.integers(1, 40))
    settings = msgspec.structs.replace(
        BASE,
        profile=draw(st.sampled_from(sorted(PROFILES))),
        seed=draw(st.integers(0, 2**32)),
        devices=devices,
        people=devices + draw(st.integers(0, 60)),
        rate=float(draw(st.integers(1, 30))),
        duration_s=float(draw(st.integers(1, 20))),
    )
    return Plan(settings)


@given(plans())
def test_one_two_and_four_workers_send_the_same_items(plan):
    alone = set(plan.all_items())

    for workers in (2, 4):
        shares = [set(plan.all_items(worker, workers)) for worker in range(workers)]
        assert set.union(*shares) == alone
        assert sum(map(len, shares)) == len(alone)


@given(plans())
def test_every_number_is_sent_once_by_the_device_that_owns_it(plan):
    items = list(plan.all_items())

    assert sorted(item.seq for item in items) == list(range(plan.total))
    assert all(plan.device_of(item.seq) == item.device for item in items)


@given(plans())
def test_no_two_punches_are_of_one_user_and_second(plan):
    punches = [(item.user, item.log_time) for item in plan.all_items() if item.operation.name == "RealTimePunchLog"]

    assert len(set(punches)) == len(punches)


@given(plans())
def test_a_user_belongs_to_one_device(plan):
    assert all(len(devices) == 1 for devices in _devices_of_users(plan).values())


def _devices_of_users(plan):
    owners = {}
    for item in plan.all_items():
        owners.setdefault(item.user, set()).add(item.device)
    return owners


@given(plans(), st.integers(1, 4))
def test_arrivals_come_in_order_within_the_duration_and_bring_every_item(plan, workers):
    for worker in range(workers):
        arrivals = list(plan.arrivals(worker, workers))
        moments = [arrival.at_ms for arrival in arrivals]
        brought = Counter()
        for arrival in arrivals:
            brought[arrival.device] += arrival.count
        assert moments == sorted(moments)
        assert all(0 <= moment < plan.settings.duration_s * 1000 + 1e-6 for moment in moments)
        assert brought == Counter(item.device for item in plan.all_items(worker, workers))


@given(plans())
def test_an_item_comes_when_its_arrival_does(plan):
    if plan.profile.backlog:
        return
    told = sorted((item.at_ms, item.device) for item in plan.all_items())

    assert told == [(arrival.at_ms, arrival.device) for arrival in plan.arrivals()]


def test_another_seed_gives_other_users_and_moments():
    one, other = (Plan(msgspec.structs.replace(BASE, seed=seed)) for seed in (1, 2))

    assert {item.user for item in one.all_items()}.isdisjoint(item.user for item in other.all_items())
    assert [a.at_ms for a in one.arrivals()] != [a.at_ms for a in other.arrivals()]


def test_another_device_changes_nothing_for_the_others_but_the_rate_they_share():
    few, more = (Plan(msgspec.structs.replace(BASE, devices=n, people=n, rate=float(n))) for n in (10, 11))

    first = [item for item in few.all_items() if item.device == 0]
    assert [item.bits for item in first] == [item.bits for item in more.all_items() if item.device == 0]


def test_recovered_punches_were_made_before_the_storm():
    plan = Plan(msgspec.structs.replace(BASE, profile="offline-recovery", duration_s=60.0))

    log_times = [item.log_time for item in plan.all_items()]
    assert BASE.start_s - 60 <= min(log_times) <= max(log_times) < BASE.start_s
    assert max(arrival.at_ms for arrival in plan.arrivals()) <= 6_100


def test_devices_recover_in_different_orders():
    plan = Plan(msgspec.structs.replace(BASE, profile="offline-recovery", devices=30, people=300, rate=50.0))

    orders = {_order([item.log_time for item in plan.items(device)]) for device in range(30)}
    assert orders == {"rising", "falling", "shuffled"}


def _order(times):
    if times == sorted(times):
        return "rising"
    return "falling" if times == sorted(times, reverse=True) else "shuffled"


@pytest.mark.parametrize(("profile", "share"), [("mixed", 0.3), ("steady", 0.0)])
def test_v2_devices_have_their_share(profile, share):
    plan = Plan(msgspec.structs.replace(BASE, profile=profile, devices=100))

    assert sum(plan.device(index).protocol == "v2" for index in range(100)) == share * 100


def test_shift_start_is_busiest_in_the_middle():
    plan = Plan(msgspec.structs.replace(BASE, profile="shift-start", duration_s=60.0))

    moments = [arrival.at_ms for arrival in plan.arrivals()]
    middle = sum(20_000 <= moment < 40_000 for moment in moments)
    assert middle > 1.3 * sum(moment < 20_000 for moment in moments)
