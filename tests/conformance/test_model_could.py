"""What could deviate by a misread offset agrees with the clocks that misread it."""

from __future__ import annotations

import pytest
from punching import NOON, punch, row

from camsim_conformance.model.could import could_deviate
from camsim_conformance.model.moments import how_off
from camsim_conformance.model.observation import Aspect, Observation
from camsim_conformance.plan.factors import OFFSETS, usual_values

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
    off = MISTAKES[name](OFFSETS[offset]) * 60
    seen = Observation(Aspect.INSTANT, "row-1", (0,), "7", {**usual_values(), "offset": offset})
    assert could_deviate(seen, name) is (off != 0)
    one = punch(offset=OFFSETS[offset])
    # Told by its name, or by another mistake that makes the same time.
    assert off == 0 or how_off(row(one, time=NOON + off), one, NOON, None) in MISTAKES
