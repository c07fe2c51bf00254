"""A working day and the start of a shift: seeded, sorted, shaped like people."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from camsim.protocol.facts import Punch
from camsim.protocol.vocabulary import IN_TYPES
from camsim.state import models
from camsim.synthetic import people
from camsim.synthetic.workday import arrivals, working_day

OFFSET = 330
MIDNIGHT = 1_600_300_800 - OFFSET * 60
PEOPLE = people.people(1, 400)
DAY = working_day(1, PEOPLE, MIDNIGHT, OFFSET)


def by_person() -> dict[str, list[Punch]]:
    result: dict[str, list[Punch]] = defaultdict(list)
    for punch in DAY:
        result[punch.user_id].append(punch)
    return result


def test_the_same_seed_gives_the_same_day() -> None:
    assert working_day(1, PEOPLE, MIDNIGHT, OFFSET) == DAY


def test_another_day_is_another_day() -> None:
    tomorrow = working_day(1, PEOPLE, MIDNIGHT + 86_400, OFFSET)

    assert [punch.log_time - 86_400 for punch in tomorrow] != [punch.log_time for punch in DAY]


def test_a_persons_day_does_not_depend_on_the_others() -> None:
    alone = working_day(1, PEOPLE[7:8], MIDNIGHT, OFFSET)

    assert alone == by_person()[PEOPLE[7].user_id]


def test_a_day_is_sorted_by_time() -> None:
    assert [punch.log_time for punch in DAY] == sorted(punch.log_time for punch in DAY)


def test_a_day_stays_within_its_24_hours() -> None:
    assert all(MIDNIGHT <= punch.log_time < MIDNIGHT + 86_400 for punch in DAY)


def test_nobody_punches_twice_in_a_second() -> None:
    """UserID + LogTime is the key of a punch (v3, #11)."""
    assert len({(punch.user_id, punch.log_time) for punch in DAY}) == len(DAY)


def test_everybody_comes_in_around_nine_and_goes_in_and_out_in_turn() -> None:
    for punches in by_person().values():
        inside = [punch.type in IN_TYPES for punch in punches]

        assert abs(punches[0].log_time - MIDNIGHT - 9 * 3600) <= 2400
        assert inside == [turn % 2 == 0 for turn in range(len(punches))]


def test_a_few_people_are_absent_and_a_few_stay_longer() -> None:
    overtime = sum(punch.type == "OverTimeIn" for punch in DAY)

    assert 0.85 < len(by_person()) / len(PEOPLE) < 1
    assert 0 < overtime < 60


def test_most_punches_are_check_ins_and_check_outs_and_all_eight_types_occur() -> None:
    counts = Counter(str(punch.type) for punch in DAY)

    assert len(counts) == 8
    assert counts["CheckIn"] + counts["CheckOut"] > len(DAY) / 2


def test_every_input_type_occurs_on_a_device_that_has_them_all() -> None:
    assert {str(punch.input) for punch in DAY} == {"Face", "Fingerprint", "Palm", "Card", "Password"}


@pytest.mark.parametrize("model", models.MODELS.values(), ids=lambda model: model.key)
def test_a_day_only_holds_what_the_model_can_see(model: models.Model) -> None:
    day = working_day(1, PEOPLE[:60], MIDNIGHT, OFFSET, model)

    assert {punch.input for punch in day} <= set(model.inputs)
    assert {punch.temperature is not None for punch in day} == {model.temperature_sensor}
    assert {punch.mask is not None for punch in day} == {model.camera}


def test_temperatures_are_those_of_healthy_people() -> None:
    temperatures = [punch.temperature or 0 for punch in DAY]

    assert min(temperatures) >= 36.0
    assert max(temperatures) <= 37.3


def test_arrivals_are_sorted_and_inside_the_time_given() -> None:
    seconds = arrivals(1, 500, 1000, 3600)

    assert seconds == sorted(seconds)
    assert len(seconds) == 500
    assert 1000 <= seconds[0] <= seconds[-1] < 4600


def test_four_of_five_arrive_in_ten_minutes() -> None:
    seconds = arrivals(1, 2000, 0, 3600)

    assert 0.78 < sum(1500 <= second < 2100 for second in seconds) / 2000 < 0.9


def test_a_short_shift_start_is_all_rush() -> None:
    seconds = arrivals(1, 200, 0, 60)

    assert 0 <= seconds[0] <= seconds[-1] < 60
    assert len(set(seconds)) > 40


def test_arrivals_within_no_time_are_refused() -> None:
    with pytest.raises(ValueError, match="duration_s is 0"):
        arrivals(1, 10, 0, 0)
