"""Status codes: the page's numbers and texts, and that the two protocols never share them."""

from __future__ import annotations

import pytest

from camsim import resources
from camsim.protocol import statuses
from camsim.protocol.statuses import StatusSeen, StatusText, StatusV2, StatusV3


def test_every_v3_code_is_printed_with_its_label_and_description() -> None:
    quotes = resources.load("fixtures", "vendor", "quotes.json")["quotes"]
    printed = [quote["text"] for quote in quotes if quote["page"] == "v3" and 176 <= quote["line"] <= 190]
    assert [f"{code:d}{statuses.LABELS_V3[code]}{statuses.DESCRIPTIONS[code]}" for code in StatusV3] == printed


def test_every_v2_code_is_printed_with_its_text() -> None:
    printed = {row["code"]: row["text"] for row in resources.load("fixtures", "vendor", "v2.json")["status_codes"]}
    assert dict(statuses.LABELS_V2) == printed


def test_the_numbers_clash_so_the_enums_are_two() -> None:
    clashing = [code for code in (3, 5, 6, 8, 9, 10, 11, 15) if StatusV2(code).name == StatusV3(code).name]
    assert clashing == []


def test_codes_12_and_14_do_not_exist_in_v3() -> None:
    assert {12, 14}.isdisjoint(map(int, StatusV3))


def test_codes_seen_in_the_field_are_not_on_the_page() -> None:
    assert set(map(int, StatusSeen)).isdisjoint(map(int, StatusV3))


@pytest.mark.parametrize("style", [*StatusText])
def test_done_is_written_exactly_for_code_0(style: StatusText) -> None:
    codes = [*map(int, StatusV3), *map(int, StatusSeen), 12, 14]
    assert [code for code in codes if statuses.status_text(code, style) == "done"] == [0]


def test_the_status_text_follows_the_style() -> None:
    assert statuses.status_text(5, StatusText.LABEL) == "Device Offline"
    assert statuses.status_text(5, StatusText.ENUM) == "API_RESPONSE_DEVICE_OFFLINE"
    assert statuses.enum_text(19) == "API_RESPONSE_INVALID_RAW_DATA"
