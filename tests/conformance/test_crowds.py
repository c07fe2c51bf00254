"""What a punch has around it: its moment, how many of its person there are, in which order all were sent, its row."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from punching import NOON, people, punch, row, told

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.model.devices import device_is_told, device_words
from camsim_conformance.model.dues import Due, Person, dues_of
from camsim_conformance.model.history import Occurrence
from camsim_conformance.model.turns import turns
from camsim_conformance.mutants import crowds
from camsim_conformance.plan.arrays import ROW
from camsim_conformance.plan.crowd_factors import CROWD_FACTORS, over
from camsim_conformance.plan.factors import BY_NAME
from camsim_conformance.plan.moment_factors import MOMENT_FACTORS
from camsim_conformance.plan.punch_moments import crowd_values, moment_values
from camsim_conformance.plan.punch_values import key_of
from camsim_conformance.plan.row_variety import PARTNERS, variety
from camsim_conformance.plan.told import Keep
from camsim_conformance.proof.direct import DirectReceiver
from camsim_conformance.proof.settings import Setting, direct
from camsim_conformance.sending.exchange import Exchange

MIDNIGHT = NOON - 12 * 3600 - 330 * 60  # of a device at +0530


def test_every_factor_is_known_has_a_usual_value_and_phrases() -> None:
    for factor in (*MOMENT_FACTORS, *CROWD_FACTORS):
        assert BY_NAME[factor.name] is factor
        assert factor.usual.name
        assert all(value.phrase for value in factor.values)


def test_the_clock_of_the_device_tells_hour_and_weekday() -> None:
    found = moment_values(punch(at=MIDNIGHT))
    assert (found["hour"], found["clock:midnight"], found["clock:before-4"]) == ("0", "yes", "yes")
    assert found["weekday"] != found["utc-weekday"]
    assert "clock:midnight" not in moment_values(punch(at=MIDNIGHT + 1))
    assert moment_values(punch(at=MIDNIGHT + 20 * 3600))["clock:from-20"] == "yes"


@pytest.mark.parametrize(
    ("degrees", "warmth"), [(38.4, "fever"), (37.5, None), (36.0, None), (35.9, "cold"), (None, None)]
)
def test_how_warm_a_person_is(degrees: float | None, warmth: str | None) -> None:
    assert moment_values(msgspec.structs.replace(punch(), temperature=degrees)).get("warmth") == warmth


def test_counts_are_steps() -> None:
    assert over("had", 9) == {"had:3": "yes", "had:5": "yes", "had:8": "yes"}
    assert over("run-had", 99) == {}


def test_those_before_after_and_of_a_kind_are_counted() -> None:
    history = people(*(told(punch(at=NOON + 600 * n, input_="Card" if n % 2 else "Face")) for n in range(9)))["7"]
    assert crowd_values(history, 8) == {
        **over("had", 8),
        **over("day-had", 8),
        **over("utc-day-had", 8),
        **over("type-had", 8),
        **over("input-had", 4),
    }
    assert crowd_values(history, 0) == {**over("more", 8), **over("left", 8)}


def sent(at: float, one: Occurrence) -> Occurrence:
    """The occurrence, sent at a moment of the monotonic clock."""
    return replace(one, exchanges=(Exchange(0, 200, at=at),))


def test_the_order_of_sending_counts_over_all_people() -> None:
    some = [sent(float(n), told(punch(user=str(n), at=NOON + n))) for n in reversed(range(250))]
    found = turns(some)
    assert found["0", NOON, "CheckIn", 0] == over("run-more", 249)
    assert found["249", NOON + 249, "CheckIn", 0] == over("run-had", 249)


def test_who_punches_again_at_once_is_rushed_and_no_clock_tells_nothing() -> None:
    first, second = told(punch()), told(punch(at=NOON + 9))
    found = turns([sent(1.0, first), sent(1.01, second)])
    assert [found[key].get("rush") for key in map(key_of, (first, second)) if key] == ["yes", None]
    assert turns([first, second]) == {}


def test_a_device_has_the_word_that_most_rows_have() -> None:
    dues = dues_of(people(*(told(punch(at=NOON + n), device=n // 3) for n in range(6)))["7"])
    for number, due in enumerate(dues):
        due.row = row(due.punch, device="gate" if number in (0, 4, 5) else "door")
    person = Person("7", (), dues, [])
    assert device_words([person]) == {0: "door", 1: "gate"}
    assert all(device_is_told(person, due) for due in dues)
    assert not device_is_told(person, Due(punch(), 0, 0, [told(punch())], Keep.MAY))


def test_rows_vary_by_their_names_and_others_are_plain() -> None:
    some = [variety(f"{ROW}{number:08x}", two_devices=True) for number in range(200)]
    assert {one.degrees("decimal") for one in some} == {36.8, 38.4, 35.2, 37.6}
    assert {one.degrees("whole") for one in some} == {37.0, 39.0, 35.0, 38.0}
    assert {(one.other_type, one.other_device) for one in some} == {
        (a, b) for a in (True, False) for b in (True, False)
    }
    assert variety("offset=-0330", two_devices=True) == variety("", two_devices=False)
    assert some[0].degrees("absent") is None
    assert all(PARTNERS[PARTNERS[kind]] == kind for kind in PARTNERS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (crowds.ShortBreakLost, "A punch within two minutes of the Break punch that it begins or ends something with"),
        (crowds.NewestTwenty, "A punch of a person who has 20 or more newer ones is not stored"),
        (crowds.FeverLost, "A punch with a Temperature above 37.5 is not stored"),
        (crowds.NoonAtMidnight, "A punch on the device's clock at 12:xx is stored twelve hours too early"),
        (crowds.LateDeletionErases, "A punch followed by a late deletion of the person, of a time before it is not"),
    ],
)
def test_what_is_beside_a_punch_is_named(behaviour: type, said: str) -> None:
    setting = Setting(Protocol.V3)
    receiver = DirectReceiver(setting.known_devices(), setting.key, behaviour())
    found = direct(setting, receiver).run().judgement().causes
    assert [one.sentence[: len(said)] for one in found] == [said]
