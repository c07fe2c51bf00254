"""v2 LoadPunchLog: pages that neither lose nor repeat a row, whatever the people do meanwhile (V2-19, V2-27)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from running_sim import KEY, Sim
from wire_v2 import call, form, message, opened, post, post_later, v2_device

from camsim.commands.v2 import execute as commands_v2
from camsim.protocol import schemas
from camsim.protocol.facts import Punch
from camsim.protocol.v2 import messages as messages_v2
from camsim.protocol.vocabulary import Protocol
from camsim.state.log_blocks import LogRow, Snapshot
from camsim.state.outcome import Rows

Start = Callable[..., Sim]
ALL = {"StartTime": "0", "EndTime": "9999999999"}


def pages(ask: Callable[[str], dict[str, Any]], between: Callable[[int], None] = lambda number: None) -> Iterator[Any]:
    """Every page, following OffSet to its end; `between` is done after each."""
    offset, number = "", 0
    while True:
        answer = ask(offset)
        yield answer
        offset = answer["OperationData"]["OffSet"]
        between(number)
        number += 1
        if not offset:
            return


def rows(answers: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """User and time of every row."""
    return [(row["UserID"], row["AttendanceTime"]) for answer in answers for row in answer["OperationData"]["Punch"]]


def logged(sim: Sim) -> list[tuple[str, str]]:
    """What the device has, as v2 tells it."""
    device = sim.slot().device
    return [(row.punch.user_id, messages_v2.epoch(row.punch.log_time, row.punch.offset)) for row in device.rows()]


@pytest.mark.parametrize("busy", [False, True], ids=["quiet", "while people punch"])
def test_ten_thousand_logs_come_without_loss_or_repetition(start_sim: Start, busy: bool) -> None:
    sim = start_sim(v2_device(logs=10_000, users=7))
    past = logged(sim)

    def punch(number: int) -> None:
        if busy and number % 7 == 0 and number < 150:
            sim.punch(str(1 + number % 5), ago=f"{number}m")  # a clock that goes wrong writes old times too

    answers = list(pages(lambda offset: call(sim, "LoadPunchLog", data={**ALL, "OffSet": offset}), punch))

    found = rows(answers)
    assert found[: len(past)] == past
    assert found == logged(sim)
    assert len(answers) == -(-len(found) // 50)
    assert all(int(answer["ReturnRowCount"]) == 50 for answer in answers[:-1])
    assert answers[-1]["OperationData"]["ActualRowCount"] == str(len(found))


def test_a_full_log_that_loses_its_oldest_rows_does_not_shift_the_pages(start_sim: Start) -> None:
    """OffSet counts rows, but the gateway remembers which row it gave out."""
    sim = start_sim(v2_device(model="rsp10f1", logs=50_000))
    kept = logged(sim)[49_000:]
    ask = {**ALL, "StartTime": kept[0][1]}

    def punch(number: int) -> None:
        if number < 3:
            sim.control("punches", punches=[{"user": "1", "count": 60}])

    answers = list(pages(lambda offset: call(sim, "LoadPunchLog", data={**ask, "OffSet": offset}), punch))

    assert rows(answers)[:1000] == kept
    assert len(rows(answers)) == len(set(rows(answers))) == 1000 + 180


def test_a_page_is_valid_and_says_where_the_next_one_begins(start_sim: Start) -> None:
    sim = start_sim(v2_device(logs=120))

    first, second, third = pages(lambda offset: call(sim, "LoadPunchLog", data={**ALL, "OffSet": offset}))

    assert [page["OperationData"]["OffSet"] for page in (first, second, third)] == ["51", "101", ""]
    assert [page["ReturnRowCount"] for page in (first, second, third)] == ["50", "50", "20"]
    for page in (first, second, third):
        assert schemas.validate("LoadLog", "response", page, Protocol.V2) == []


@pytest.mark.parametrize("offset", ["", "0", "1", None])
def test_the_first_page_may_be_asked_for_in_four_ways(start_sim: Start, offset: str | None) -> None:
    sim = start_sim(v2_device(logs=60))

    answer = call(sim, "LoadPunchLog", data={**ALL, **({} if offset is None else {"OffSet": offset})})

    assert rows([answer]) == logged(sim)[:50]


def test_a_range_holds_both_its_ends(start_sim: Start) -> None:
    sim = start_sim(v2_device(logs=100))
    some = logged(sim)[10:31]

    answer = call(sim, "LoadPunchLog", data={"StartTime": some[0][1], "EndTime": some[-1][1], "OffSet": ""})

    assert rows([answer]) == some


def test_numbers_are_as_good_as_texts(start_sim: Start) -> None:
    sim = start_sim(v2_device(logs=3))

    assert call(sim, "LoadPunchLog", data={"StartTime": 0, "EndTime": 9_999_999_999})["ReturnRowCount"] == "3"


def test_an_offset_of_another_range_is_served_with_lint(start_sim: Start) -> None:
    """V2-19: counted in the new range."""
    sim = start_sim(v2_device(logs=200))
    call(sim, "LoadPunchLog", data={**ALL, "OffSet": ""})
    start = logged(sim)[20][1]

    answer = call(sim, "LoadPunchLog", data={**ALL, "StartTime": start, "OffSet": "51"})

    assert rows([answer]) == logged(sim)[70:120]
    assert any("was not given out for this range" in note for note in sim.entries[-1].lint)


def test_an_empty_range_has_no_rows(start_sim: Start) -> None:
    sim = start_sim(v2_device(logs=5))

    answer = call(sim, "LoadPunchLog", data={"StartTime": "0", "EndTime": "1", "OffSet": ""})

    assert (answer["ReturnRowCount"], answer["OperationData"]) == (
        "0",
        {"OffSet": "", "ActualRowCount": "0", "Punch": []},
    )


def test_an_answer_is_encrypted_whole(start_sim: Start) -> None:
    sim = start_sim(v2_device(logs=5, security_key=KEY))

    answer = post(sim, form(message("LoadPunchLog", data=ALL), KEY))

    assert answer.body[:1] != b"{"
    assert rows([opened(answer)]) == logged(sim)


def test_no_callback_url_is_needed(start_sim: Start) -> None:
    """11 concerns lazy replies only (V2-12)."""
    sim = start_sim(v2_device(logs=5, callback_url=None))

    assert call(sim, "LoadPunchLog", data=ALL)["ReturnRowCount"] == "5"


def test_the_request_is_held_until_the_device_answers(start_sim: Start) -> None:
    sim = start_sim(v2_device(logs=5), knobs={"rest.latency": "15s"})
    held = post_later(sim, form(message("LoadPunchLog", data=ALL)))
    early = held.done()
    sim.advance(29)

    assert (early, opened(held.result(10))["ReturnRowCount"]) == (False, "5")


def test_a_lazy_command_before_it_does_not_delay_it(start_sim: Start) -> None:
    sim = start_sim(v2_device(logs=5), knobs={"rest.latency": "15s"})
    call(sim, "ClearLog")
    held = post_later(sim, form(message("LoadPunchLog", data=ALL)))
    sim.advance(29)

    assert opened(held.result(10))["ReturnRowCount"] == "5"


def test_offline_for_the_whole_window_is_999_and_nothing_is_queued(start_sim: Start) -> None:
    """V2-27."""
    sim = start_sim(v2_device(logs=5, online=False))
    held = post_later(sim, form(message("LoadPunchLog", data=ALL)))
    sim.advance(31)
    code = opened(held.result(10))["StatusCode"]
    sim.control("online")

    assert (code, sim.slot().commands) == (999, [])


def test_a_reconnect_within_the_window_brings_the_rows(start_sim: Start) -> None:
    sim = start_sim(v2_device(logs=5, online=False))
    held = post_later(sim, form(message("LoadPunchLog", data=ALL)))
    sim.advance(20)
    sim.control("online")
    sim.idle()

    assert opened(held.result(10))["ReturnRowCount"] == "5"


def test_whoever_waits_for_a_device_that_is_removed_is_told_so(start_sim: Start) -> None:
    sim = start_sim(v2_device(logs=5, online=False))
    held = post_later(sim, form(message("LoadPunchLog", data=ALL)))
    sim.control("remove_device")

    assert opened(held.result(10))["StatusCode"] == 2


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_pages_are_the_log_whatever_its_times_and_whoever_punches_meanwhile(data: st.DataObject) -> None:
    """A model of the device: rows come and, in a full log, the oldest go, between any two pages."""
    times = data.draw(st.lists(st.integers(0, 40), max_size=260))
    log = [LogRow(number, Punch("1", moment, 0, "CheckIn", "Card")) for number, moment in enumerate(times, 1)]
    start, end = sorted(data.draw(st.tuples(st.integers(0, 40), st.integers(0, 40))))
    cursors: dict[int, int] = {}
    seen: list[int] = []
    offset, lost = 0, set[int]()
    while True:
        wanted = Rows(Snapshot.of(list(log)), start, end, True, offset)
        page = commands_v2.page(wanted, cursors.get(offset), messages_v2.DOCUMENTED)
        seen += numbers(log, page.punches)
        if page.next_row is None or page.next_number is None:
            break
        offset = page.next_row
        cursors[offset] = page.next_number
        for moment in data.draw(st.lists(st.integers(0, 40), max_size=3)):
            log.append(LogRow(log[-1].number + 1, Punch("1", moment, 0, "CheckIn", "Card")))
            if data.draw(st.booleans()):
                lost.add(log.pop(0).number)
    matching = [row.number for row in log if start <= row.punch.log_time <= end]

    assert seen == sorted(set(seen))
    assert [number for number in seen if number not in lost] == matching


def numbers(log: list[LogRow], punches: list[Punch]) -> list[int]:
    """The rows of these very punches."""
    by_identity = {id(row.punch): row.number for row in log}
    return [by_identity[id(punch)] for punch in punches]
