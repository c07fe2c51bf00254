"""Operations are recognised by shape: each sample as itself, groups by family, two or none refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camsim import resources
from camsim.protocol import catalogue
from camsim.protocol.catalogue import CALLBACKS, COMMANDS, V2_CALLBACKS, V2_COMMANDS, V3, UnrecognisedError
from camsim.protocol.operations import Family
from camsim.protocol.vocabulary import TemplateType

SAMPLES: list[dict[str, Any]] = resources.load("fixtures", "vendor", "v3.json")


def test_there_are_11_callbacks_and_27_commands_in_17_families() -> None:
    assert (len(CALLBACKS), len(COMMANDS), len({row.family for row in V3})) == (11, 27, 17)


def test_the_numbers_are_those_of_the_page() -> None:
    assert [row.number for row in V3] == list(range(1, 39))


def test_v2_has_5_callbacks_and_10_commands() -> None:
    assert (len(V2_CALLBACKS), len(V2_COMMANDS)) == (5, 10)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample['number']:02d}")
def test_every_printed_sample_is_recognised_as_itself(sample: dict[str, Any]) -> None:
    found = catalogue.recognise(sample["request"])
    assert (found.operation, found.name) == (V3[sample["number"] - 1], sample["name"])


@given(st.sets(st.sampled_from(list(TemplateType)), min_size=1), st.randoms())
def test_every_set_of_template_types_has_a_name_whatever_its_order(kinds: set[TemplateType], random: Any) -> None:
    items = [{"Type": kind} for kind in sorted(kinds)]
    random.shuffle(items)
    found = catalogue.recognise({"Add": {"User": {}, "Template": items}})
    numbered = [row for row in V3 if row.family is Family.ADD_USER and row.kinds == kinds]
    assert [found.operation] == (numbered or [None])
    assert found.name == (
        numbered[0].name if numbered else f"AddUser[{'+'.join(k for k in TemplateType if k in kinds)}]"
    )


OPERATIONS = ["Load", "Add", "Delete", "Resend", "Enroll", "Update"]
EVENTS = ["RealTime", "PunchLog", "Log", "UserUpdated", "UserDeleted", "DateModified"]
INNER = ["User", "Template", "Type", "DeviceInformation", "PunchPhoto", "AccessTime", "Access", "All"]
WORDS = st.sampled_from(OPERATIONS + EVENTS + INNER)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(WORDS, JSON, max_size=3))
def test_any_object_is_recognised_or_refused_with_its_field(message: dict[str, Any]) -> None:
    try:
        found = catalogue.recognise(message).name
    except UnrecognisedError as refused:
        found = refused.field
    assert found
