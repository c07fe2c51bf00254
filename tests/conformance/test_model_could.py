"""A right observation speaks against an explanation only where it could have deviated in that way."""

from __future__ import annotations

import pytest
from punching import NOON, punch, row

from camsim_conformance.model.could import could_deviate
from camsim_conformance.model.moments import how_off
from camsim_conformance.model.observation import Aspect, Deviation, Observation
from camsim_conformance.plan.factors import OFFSETS, usual_values


def right(aspect: Aspect, **values: str) -> Observation:
    return Observation(aspect, "row-1", (0,), "7", {**usual_values(), **values})


@pytest.mark.parametrize(
    ("aspect", "values", "deviation", "could"),
    [
        (Aspect.TEMPERATURE, {}, Deviation.NULL, True),
        (Aspect.TEMPERATURE, {"temperature": "absent"}, Deviation.NULL, False),  # nothing was there to be lost
        (Aspect.TEMPERATURE, {"temperature": "absent"}, Deviation.INVENTED, True),
        (Aspect.TEMPERATURE, {}, Deviation.INVENTED, False),
        (Aspect.MASK, {"mask": "absent"}, Deviation.NULL, False),
        (Aspect.TYPE, {"type": "None"}, Deviation.WRONG, False),  # v2's None is a type that says nothing
        (Aspect.INPUT, {"input": "Card"}, Deviation.WRONG, True),
        (Aspect.INSTANT, {"offset": "+0000"}, "at the time of arrival", True),  # no matter of offsets
    ],
)
def test_what_was_not_told_cannot_be_lost(aspect: Aspect, values: dict[str, str], deviation: str, could: bool) -> None:
    assert could_deviate(right(aspect, **values), deviation) is could


MISTAKES = {
    "with its offset dropped": lambda ahead: ahead,
    "with the sign of its offset ignored": lambda ahead: ahead - abs(ahead),
    "with its offset the wrong way round": lambda ahead: 2 * ahead,
    "with the minutes of its offset ignored": lambda ahead: ahead - int(ahead / 60) * 60,
    "with its offset taken off twice": lambda ahead: -ahead,
}


@pytest.mark.parametrize("name", MISTAKES)
@pytest.mark.parametrize("offset", OFFSETS)
def test_a_misread_offset_shows_where_it_gives_another_time(name: str, offset: str) -> None:
    """The table of what could deviate agrees with the clock that makes the mistake."""
    off = MISTAKES[name](OFFSETS[offset]) * 60
    assert could_deviate(right(Aspect.INSTANT, offset=offset), name) is (off != 0)
    one = punch(offset=OFFSETS[offset])
    # Told by its name, or by another mistake that makes the same time.
    assert off == 0 or how_off(row(one, time=NOON + off), one, NOON, None) in MISTAKES
