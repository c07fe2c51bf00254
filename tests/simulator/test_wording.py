"""Values in messages: short, in one line, and whatever they are, no failure of their own."""

from __future__ import annotations

import pytest

from camsim.control import plain
from camsim.control.explaining import unreadable_at
from camsim.wording import clean, in_json, one_line, shown, why


def _deep() -> object:
    value: object = 1
    for _ in range(100_000):
        value = [value]
    return value


ODD = [_deep(), 1 << 100_000, "x" * 1_000_000, {"a": [1] * 10_000}, "\ud800", b"\xff" * 999]


@pytest.mark.parametrize("value", ODD, ids=[str(at) for at in range(len(ODD))])
def test_a_value_is_told_in_a_few_characters(value: object) -> None:
    assert len(shown(value)) <= 120
    assert len(in_json(value)) <= 120


def test_plain_values_are_told_as_they_are() -> None:
    assert (shown("a"), in_json("a"), in_json(True), shown(5)) == ("'a'", '"a"', "true", "5")


def test_what_others_wrote_breaks_no_sentence() -> None:
    assert one_line("a\n\tb\r\nc") == "a b c"
    assert why(OSError(2, "No such file", "x")) == "No such file"
    assert why(ValueError("a\nb")) == "a b"
    assert clean("a\udcff") == "a?"


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({"a": [{"b": 1 << 64}]}, "a[0].b = 18446744073709551616"),
        ({"a": float("nan")}, "a = nan"),
        ({"a": "\ud800"}, "a = '\\ud800'"),
        ({(1, 2): 1}, "the key (1, 2)"),
        (_deep(), "values nested too deeply"),
        ([0] * 100, "too many values"),
    ],
)
def test_a_value_that_cannot_be_kept_is_named_with_its_place(value: object, where: str) -> None:
    with pytest.raises(plain.PlainError) as problem:
        plain.check(value, 100, "100")

    assert str(problem.value) == where


def test_the_place_of_a_number_that_nobody_can_read() -> None:
    assert unreadable_at(b'{"a": "1e999", "b": [1, {"c": 1e999}]}') == "b.1.c"
    assert unreadable_at(b'{"a": ' + b"9" * 5000 + b"}") == "a"
    assert unreadable_at(b'{"a": 1}') == ""
