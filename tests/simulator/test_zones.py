"""Time zones of devices: offsets, the next change, zones that are none."""

from __future__ import annotations

import pytest

from camsim.state import zones

JUNE_2025, DECEMBER_2025 = 1_748_736_000_000, 1_764_547_200_000  # 1 June and 1 December, 00:00 UTC


@pytest.mark.parametrize(
    ("zone", "now", "offset"),
    [
        ("+0530", JUNE_2025, 330),
        ("-0330", JUNE_2025, -210),
        ("Asia/Kolkata", JUNE_2025, 330),
        ("Europe/Berlin", JUNE_2025, 120),
        ("Europe/Berlin", DECEMBER_2025, 60),
        ("America/St_Johns", DECEMBER_2025, -210),
        ("Asia/Kathmandu", JUNE_2025, 345),
    ],
)
def test_a_zone_has_an_offset_at_a_moment(zone: str, now: int, offset: int) -> None:
    assert zones.offset_at(zone, now) == offset


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("Europe/Berlin", 1_761_440_400_000),  # 2025-10-26 01:00:00 UTC
        ("America/New_York", 1_762_063_200_000),  # 2025-11-02 06:00:00 UTC
        ("Asia/Kolkata", None),
        ("+0530", None),
        ("", None),
    ],
)
def test_the_next_change_is_known_to_the_second(zone: str, change: int | None) -> None:
    assert zones.next_change(zone, JUNE_2025) == change


@pytest.mark.parametrize("zone", ["Mars/Olympus", "+5", "../etc/passwd", "UTC\0"])
def test_what_is_no_zone_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        zones.offset_at(zone, JUNE_2025)
