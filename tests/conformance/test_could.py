"""A right observation contradicts an explanation only where it could have deviated in that way."""

from __future__ import annotations

import pytest

from camsim_conformance.model.could import could_deviate
from camsim_conformance.model.explain import explain
from camsim_conformance.model.observation import Aspect, Deviation, Observation


def seen(aspect: Aspect, deviation: str | None = None, user: str = "1", **values: str) -> Observation:
    return Observation(aspect, f"CB-ROW-001/{user}", (0,), user, values, deviation)


@pytest.mark.parametrize(
    ("one", "deviation", "could"),
    [
        (seen(Aspect.TEMPERATURE, temperature="absent"), Deviation.NULL, False),
        (seen(Aspect.TEMPERATURE, temperature="absent"), Deviation.INVENTED, True),
        (seen(Aspect.MASK, mask="true"), Deviation.NULL, True),
        (seen(Aspect.TYPE, type="None"), Deviation.WRONG, False),
        (seen(Aspect.INSTANT, offset="+0530"), "with the sign of its offset ignored", False),
        (seen(Aspect.INSTANT, offset="-0330"), "with the sign of its offset ignored", True),
        (seen(Aspect.INSTANT, offset="+0000"), "with its offset dropped", False),
        (seen(Aspect.INSTANT, offset="+0000"), "wrong", True),
    ],
)
def test_what_could_deviate(one: Observation, deviation: str, could: bool) -> None:
    assert could_deviate(one, deviation) is could


def test_what_told_no_temperature_does_not_speak_against_its_loss() -> None:
    lost = [seen(Aspect.TEMPERATURE, Deviation.NULL, f"9{n}", photo="after", temperature="decimal") for n in range(5)]
    none = [seen(Aspect.TEMPERATURE, None, f"8{n}", photo="after", temperature="absent") for n in range(5)]
    kept = [seen(Aspect.TEMPERATURE, None, f"7{n}", photo="none", temperature="decimal") for n in range(5)]
    assert [one.values for one in explain([*lost, *none, *kept])] == [(("photo", "after"),)]


def test_the_own_row_of_a_punch_does_not_speak_against_the_row_too_many() -> None:
    own = [seen(Aspect.COUNT, None, f"9{n}", type="BreakOut", age="8-days") for n in range(4)]
    more = [seen(Aspect.COUNT, Deviation.INVENTED, f"9{n}", type="BreakOut", age="8-days") for n in range(4)]
    others = [seen(Aspect.COUNT, None, f"8{n}", type="CheckIn", age="8-days") for n in range(4)]
    found = explain([*own, *more, *others])
    assert [(one.values, one.right) for one in found] == [((("type", "BreakOut"),), 0)]
