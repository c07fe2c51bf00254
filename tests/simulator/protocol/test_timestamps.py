"""Times of the wire: written, read back and refused (v3, Common Fields)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camsim.protocol import timestamps
from camsim.protocol.timestamps import Shape, Stamp, TimestampError, parse

EPOCHS = st.integers(86_400, 4_133_894_400)  # a day inside 1970 to 2100, whatever the offset
OFFSETS = st.integers(-timestamps.MAX_OFFSET, timestamps.MAX_OFFSET)


@given(EPOCHS, OFFSETS)
def test_a_written_time_reads_back_as_itself(epoch_s: int, offset: int) -> None:
    assert parse(timestamps.gmt(epoch_s, offset)) == Stamp(epoch_s, offset, Shape.GMT)
    assert parse(timestamps.device_information(epoch_s, offset)) == Stamp(epoch_s, offset, Shape.DEVICE_INFORMATION)


@given(EPOCHS, OFFSETS)
def test_a_local_time_is_the_instant_once_the_offset_is_known(epoch_s: int, offset: int) -> None:
    stamp = parse(timestamps.local(epoch_s, offset))
    assert (stamp.offset, stamp.shape, stamp.instant(offset)) == (None, Shape.LOCAL, epoch_s)


@given(EPOCHS, OFFSETS)
def test_the_standard_library_agrees_on_every_instant(epoch_s: int, offset: int) -> None:
    moment = datetime.fromtimestamp(epoch_s, timezone(timedelta(minutes=offset)))
    assert moment.strftime("%Y-%m-%d %H:%M:%S GMT %z") == timestamps.gmt(epoch_s, offset)
    assert moment.strftime("%d/%m/%Y") == timestamps.licence_date(epoch_s, offset)


@given(EPOCHS)
def test_a_licence_date_reads_back_as_its_midnight(epoch_s: int) -> None:
    midnight = epoch_s - epoch_s % 86_400
    assert parse(timestamps.licence_date(epoch_s)) == Stamp(midnight, None, Shape.LICENCE_DATE)


@given(OFFSETS)
def test_an_offset_reads_back_as_itself(offset: int) -> None:
    assert timestamps.parse_offset(timestamps.format_offset(offset)) == offset


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_a_timestamp_error(text: str) -> None:
    try:
        stamp = parse(text)
    except TimestampError:
        return
    assert datetime.fromtimestamp(stamp.epoch_s, UTC).year in range(1969, 2102)


@pytest.mark.parametrize(
    ("offset", "text"), [(330, "+0530"), (-210, "-0330"), (345, "+0545"), (840, "+1400"), (0, "+0000")]
)
def test_an_offset_is_written_with_sign_and_four_digits(offset: int, text: str) -> None:
    assert timestamps.format_offset(offset) == text


def test_the_refusal_shows_the_value_and_the_way_out() -> None:
    with pytest.raises(
        TimestampError, match=r"'2021-02-31'.*no such day.*write it as '2020-09-17 07:48:22 GMT \+0530'"
    ):
        parse("2021-02-31 00:00:00 GMT +0000")


def test_the_refusal_of_a_long_text_is_short() -> None:
    with pytest.raises(TimestampError) as refused:
        parse("9" * 100_000)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("year_s", [-1, 4_133_980_800])
def test_a_year_that_could_not_be_read_back_is_not_written(year_s: int) -> None:
    with pytest.raises(TimestampError, match="1970 to 2100"):
        timestamps.gmt(year_s)


@pytest.mark.parametrize("offset", [900, -900])
def test_an_offset_beyond_every_zone_is_not_written(offset: int) -> None:
    with pytest.raises(TimestampError, match="beyond any time zone"):
        timestamps.gmt(1_600_000_000, offset)
