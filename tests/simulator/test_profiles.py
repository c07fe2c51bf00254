"""Knobs: typed, checked, and refused with the key, the value and what is allowed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camsim import durations
from camsim.knobs import register
from camsim.knobs.register import KnobError, Profile, parse_assignment, resolve


def test_documented_is_the_default() -> None:
    assert resolve().profile is Profile.DOCUMENTED


def test_an_override_wins_over_the_profile() -> None:
    assert resolve("observed", {"callback.stgid": "never"}).values["callback.stgid"] == "never"


def test_two_resolved_sets_share_nothing() -> None:
    first, second = resolve(), resolve()
    first.update({"dup.p": 0.5})
    assert second.values["dup.p"] == 0


def test_values_hold_every_knob() -> None:
    assert resolve().values.keys() == register.specs().keys()


def test_an_unknown_profile_is_refused_with_the_four() -> None:
    with pytest.raises(KnobError, match=r"'wild' does not exist; allowed: documented \| observed \| strict \| hostile"):
        resolve("wild")


def test_an_unknown_knob_is_refused_with_the_nearest() -> None:
    with pytest.raises(KnobError, match=r"'rest.http_stats' does not exist; did you mean rest.http_status"):
        resolve(overrides={"rest.http_stats": "mapped"})
    with pytest.raises(KnobError, match="does not exist"):
        resolve().update({"nothing": 1})


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "rest.http_status",
            "sometimes",
            r'rest.http_status = "sometimes" is not allowed; allowed: "always_200" \| "mapped"',
        ),
        ("dup.p", 1.5, r"dup.p = 1.5 is not allowed; allowed: a number from 0 to 1"),
        ("dup.p", True, r"dup.p = true"),
        ("time.precede", 1.5, r"a whole number from 0"),
        ("tls.verify", "maybe", r"false \| true"),
        ("rest.latency", "soon", r"a duration such as 15s"),
        ("rest.latency", -1, r"a duration such as 15s"),
        ("rest.latency", "9999999d", r"a duration such as 15s"),
        ("retry.schedule", [], r"a list of seconds such as \[30,60,120\], or documented \| vendor_v1"),
        ("retry.schedule", [30, 0], r"a list of seconds"),
        ("retry.schedule", [True], r"a list of seconds"),
        ("retry.schedule", "weekly", r"a list of seconds"),
        ("add.existing", True, r'8 \| "upsert"'),
    ],
)
def test_a_wrong_value_is_refused_with_key_value_and_what_is_allowed(name: str, value: Any, message: str) -> None:
    knobs = resolve()
    before = dict(knobs.values)
    with pytest.raises(KnobError, match=message):
        knobs.update({name: value})
    assert knobs.values == before


def test_an_update_with_one_wrong_value_changes_nothing() -> None:
    knobs = resolve()
    with pytest.raises(KnobError):
        knobs.update({"dup.p": 0.5, "time.precede": "many"})
    assert knobs.values["dup.p"] == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("retry.schedule=[1,2]", ("retry.schedule", (1.0, 2.0))),
        ("retry.schedule=svix", ("retry.schedule", "svix")),
        ("rest.latency=0", ("rest.latency", 0)),
        ("rest.latency=1.5", ("rest.latency", 1500)),
        ("rest.timeout=2m", ("rest.timeout", 120_000)),
        ("ack.http=200", ("ack.http", "200")),
        ("devinfo.offline=5", ("devinfo.offline", 5)),
        ("licence.v3_code=no_answer", ("licence.v3_code", "no_answer")),
        ("tls.verify=off", ("tls.verify", False)),
        ("v2.lazy=off", ("v2.lazy", "off")),
    ],
)
def test_an_assignment_is_read(text: str, expected: tuple[str, Any]) -> None:
    assert parse_assignment(text) == expected


def test_an_assignment_without_a_value_is_refused() -> None:
    with pytest.raises(KnobError, match="write name=value"):
        parse_assignment("dup.p")


def test_a_truth_value_of_yaml_means_the_words_on_and_off() -> None:
    assert resolve(overrides={"v2.lazy": False}).values["v2.lazy"] == "off"


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("15s", 15_000), ("500ms", 500), ("2m", 120_000), ("48h", 172_800_000), ("7d", 604_800_000)],
)
def test_a_duration_is_read_and_written(text: str, milliseconds: int) -> None:
    assert durations.duration_ms(text) == milliseconds
    assert durations.duration_ms(durations.duration_text(milliseconds)) == milliseconds


@given(st.integers(0, 10**12))
def test_every_duration_reads_back_as_itself(milliseconds: int) -> None:
    assert durations.duration_ms(durations.duration_text(milliseconds)) == milliseconds


@pytest.mark.parametrize("profile", [*Profile])
def test_shown_values_are_accepted_again(profile: Profile) -> None:
    knobs = resolve(profile)
    assert resolve(profile, knobs.shown()).values == knobs.values


@given(st.sampled_from(sorted(register.specs())), st.text(max_size=12) | st.floats() | st.integers() | st.none())
def test_any_value_is_kept_or_refused(name: str, value: Any) -> None:
    try:
        kept = register.check(name, value)
    except KnobError:
        return
    assert register.check(name, register.shown(register.specs()[name], kept)) == kept
