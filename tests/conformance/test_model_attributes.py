"""Every attribute of a stored punch: rightly told, null, wrong, or told of nothing."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from punching import punch, row

from camsim.readback.model import Capabilities, Snapshot
from camsim_conformance.model.attributes import ATTRIBUTES
from camsim_conformance.model.observation import Aspect, Deviation
from camsim_conformance.model.texts import punch_text, stored_text

WORDS = {
    "in": frozenset({"CheckIn", "BreakIn", "OverTimeIn", "MealIn"}),
    "out": frozenset({"CheckOut", "BreakOut", "OverTimeOut", "MealOut"}),
}
INPUTS = {"fp": frozenset({"Fingerprint"}), "touch": frozenset({"Fingerprint", "Palm"})}
PLAIN = Snapshot(Capabilities("instant", frozenset()), {}, {}, {})
TRANSLATED = Snapshot(Capabilities("instant", frozenset(), WORDS, INPUTS), {}, {}, {})
NULL, WRONG, INVENTED = Deviation.NULL, Deviation.WRONG, Deviation.INVENTED


def judged(aspect: Aspect, sent: Any, stored: Any, words: Snapshot = PLAIN) -> str | None:
    one = msgspec.structs.replace(punch(), **{str(aspect): sent})
    return ATTRIBUTES[aspect](one, row(one, **{str(aspect): stored}), words)


@pytest.mark.parametrize(
    ("aspect", "sent", "stored", "deviation"),
    [
        (Aspect.TYPE, "CheckIn", "CheckIn", None),
        (Aspect.TYPE, "OverTimeIn", "over_time_in", None),  # case and separators are the target's own business
        (Aspect.TYPE, "MealStart", "MealIn", None),  # v2 and v3 have two words for one thing
        (Aspect.TYPE, "OverTimeIn", "CheckIn", WRONG),
        (Aspect.TYPE, "CheckOut", None, NULL),
        (Aspect.TYPE, "None", None, None),  # v2: no button was pressed
        (Aspect.TYPE, "None", "none", None),
        (Aspect.TYPE, "None", "unknown", None),  # a word of the target's own
        (Aspect.TYPE, "None", "CheckIn", WRONG),
        (Aspect.INPUT, "Face", "FACE", None),
        (Aspect.INPUT, "Face", "Card", WRONG),
        (Aspect.INPUT, "Face", None, NULL),
        (Aspect.INPUT, "", "Card", None),  # none was told
        (Aspect.TEMPERATURE, 36.8, 36.8, None),
        (Aspect.TEMPERATURE, 36.8, 36.75, None),  # half a tenth may be rounded
        (Aspect.TEMPERATURE, 36.8, 36.0, WRONG),
        (Aspect.TEMPERATURE, 37.0, None, NULL),
        (Aspect.TEMPERATURE, None, None, None),
        (Aspect.TEMPERATURE, None, 0.0, None),  # a column of numbers says 0 for nothing
        (Aspect.TEMPERATURE, None, 36.6, INVENTED),
        (Aspect.MASK, True, True, None),
        (Aspect.MASK, True, False, WRONG),
        (Aspect.MASK, False, True, WRONG),
        (Aspect.MASK, True, None, NULL),
        (Aspect.MASK, False, None, NULL),
        (Aspect.MASK, None, False, None),  # one bit has no third value
        (Aspect.MASK, None, True, WRONG),
    ],
)
def test_a_stored_value_is_the_sent_one_or_deviates(
    aspect: Aspect, sent: object, stored: object, deviation: str | None
) -> None:
    assert judged(aspect, sent, stored) == deviation


@pytest.mark.parametrize(
    ("aspect", "sent", "stored", "deviation"),
    [
        (Aspect.TYPE, "MealOut", "Out", None),  # in and out is all that these words keep
        (Aspect.TYPE, "MealOut", "In", WRONG),
        (Aspect.TYPE, "CheckIn", "Arrival", WRONG),  # no word of its own, and not the vendor's
        (Aspect.INPUT, "Palm", "touch", None),
        (Aspect.INPUT, "Palm", "fp", WRONG),
        (Aspect.INPUT, "Face", "Face", None),  # what is not translated stands for itself
    ],
)
def test_words_of_the_targets_own_are_translated(
    aspect: Aspect, sent: object, stored: object, deviation: str | None
) -> None:
    assert judged(aspect, sent, stored, TRANSLATED) == deviation


def test_a_row_is_written_down_in_the_policy_of_the_adapter() -> None:
    one = punch("8", 1_600_309_102)  # 2020-09-17 02:18:22 UTC
    assert punch_text(one) == "user 8 at 2020-09-17 07:48:22 GMT +0530 CheckIn by Face"
    assert stored_text(row(one, type=None), PLAIN) == "user 8 at 2020-09-17T02:18:22Z"
    local = Snapshot(Capabilities("device-local", frozenset()), {}, {}, {})
    assert stored_text(row(one), local) == "user 8 at 2020-09-17T02:18:22 CheckIn"
    assert stored_text(row(one, time=10**15), local) == "user 8 at second 1000000000000000 CheckIn"
