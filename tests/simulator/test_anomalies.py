"""Every anomaly of the field through real HTTP in virtual time: one behaviour each."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from running_sim import DONE, KEY, START_MS, Received, Sim, device

from camsim.kernel.events import ControlError, Restarted
from camsim.protocol import cipher
from camsim.protocol.timestamps import gmt, parse
from camsim.state import journal
from camsim.state.outbox import QueueState

Start = Callable[..., Sim]
OTHER_KEY = "fedcba9876543210fedcba9876543210"
RETRIES = (30, 60, 120, 300, 600, 1800, 3600, 3600)


def fault(sim: Sim, where: str, do: str, **given: Any) -> dict[str, Any]:
    options = given.pop("options", {})
    extra = {"with": options} if options else {}
    made: dict[str, Any] = sim.control("add_fault", "", where=where, do=do, **given, **extra)
    return made


def on_request(sim: Sim, do: str, **given: Any) -> None:
    fault(sim, "callback.request", do, **given)


def users(sim: Sim) -> list[str]:
    """Who punched, in the order in which it arrived."""
    return [punch["UserId"] for punch in sim.receiver.frames("PunchLog")]


def times(sim: Sim) -> list[str]:
    return [punch["LogTime"] for punch in sim.receiver.frames("PunchLog")]


def minutes(sim: Sim) -> list[int]:
    """Instants of the punches that arrived, as minutes before the start."""
    return [(START_MS // 1000 - parse(text).epoch_s) // 60 for text in times(sim)]


def ledger(sim: Sim) -> dict[str, int]:
    return sim.host.runtime.kernel.state.ledger.summary()


def backlog(sim: Sim, count: int = 8) -> None:
    sim.control("offline")
    sim.control("punches", punches=[{"user": "1", "count": count, "every": "1m"}])


# --- three outages, each on its own -----------------------------------------------------------------------------------


def test_a_device_that_is_away_fills_its_log_and_sends_nothing(sim: Sim) -> None:
    backlog(sim)

    sim.idle()

    assert sim.receiver.received == []
    assert len(sim.slot().device.pending) == 8
    assert len(sim.slot().outbox) == 0


@pytest.mark.parametrize(
    ("order", "expected"), [("fifo", [7, 6, 5, 4, 3, 2, 1, 0]), ("lifo", [0, 1, 2, 3, 4, 5, 6, 7])]
)
def test_a_flush_has_the_order_asked_for(sim: Sim, order: str, expected: list[int]) -> None:
    backlog(sim)

    sim.control("online", order=order)
    sim.idle()

    assert minutes(sim) == expected


def test_a_shuffled_flush_is_out_of_order_and_complete(sim: Sim) -> None:
    backlog(sim, 20)

    sim.control("online", order="shuffle")
    sim.idle()

    assert minutes(sim) != sorted(minutes(sim), reverse=True)
    assert sorted(minutes(sim)) == list(range(20))
    assert ledger(sim)["reordered"] > 0


def test_the_order_of_a_flush_is_a_knob_too(start_sim: Start) -> None:
    sim = start_sim(knobs={"offline.order": "lifo"})
    backlog(sim, 3)

    sim.control("online")
    sim.idle()

    assert minutes(sim) == [0, 1, 2]


def test_live_punches_go_between_cached_ones_when_interleaved(sim: Sim) -> None:
    backlog(sim, 6)

    sim.control("online", order="interleave")
    sim.advance(2.5)
    sim.punch("2")
    sim.idle()

    assert users(sim) == ["1", "1", "1", "2", "1", "1", "1"]


def test_live_punches_wait_behind_a_paced_flush_that_is_not_interleaved(sim: Sim) -> None:
    backlog(sim, 4)

    sim.control("online", pace="1s")
    sim.punch("2")
    sim.idle()

    assert users(sim) == ["1", "1", "1", "1", "2"]


def test_a_paced_flush_lets_so_much_time_pass_between_records(sim: Sim) -> None:
    backlog(sim, 4)

    sim.control("online", pace="10s")
    sim.idle()

    assert [entry.at - START_MS for entry in sim.entries if entry.attempt] == [0, 10_000, 20_000, 30_000]


def test_a_gateway_cut_off_keeps_callbacks_while_devices_stay_online(sim: Sim) -> None:
    sim.control("uplink", up=False)
    sim.punch("1")
    sim.advance(3600)
    before = (len(sim.receiver.received), len(sim.slot().outbox), len(sim.slot().device.pending))

    sim.control("uplink", up=True)
    sim.idle()

    assert before == (0, 1, 0)
    assert ledger(sim)["attempts"] == 1


def test_a_server_that_is_down_is_tried_again_on_the_schedule(sim: Sim) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        sim.control("patch_device", callback_url=f"http://127.0.0.1:{nobody.getsockname()[1]}/")
        sim.punch("1")
        sim.advance(sum(RETRIES))

    attempts = [entry.at for entry in sim.entries if entry.attempt]
    assert tuple((b - a) // 1000 for a, b in pairwise(attempts)) == RETRIES
    assert sim.slot().outbox.state is QueueState.HOLD
    assert (sim.slot().outbox.problem or "").startswith("cannot connect")


def test_a_server_that_comes_back_gets_everything_in_order(sim: Sim) -> None:
    sim.receiver.fail(5)
    for user in ("1", "2", "3"):
        sim.punch(user)

    sim.idle()

    assert users(sim)[-3:] == ["1", "2", "3"]
    assert len({item.body for item in sim.receiver.received[:6]}) == 1, "every retry has the same bytes"


def test_one_event_that_is_refused_holds_everything_behind_it(sim: Sim) -> None:
    def picky(item: Received) -> tuple[int, bytes]:
        return (400, b"no") if b"UserUpdated" in item.body else DONE

    sim.receiver.answer = picky
    sim.control("put_user", user="9", first_name="Poison")
    sim.punch("1")
    sim.advance(86400)

    assert users(sim) == []
    assert len(sim.slot().outbox) == 2


def test_another_device_is_not_held_up_by_a_queue_on_hold(start_sim: Start) -> None:
    sim = start_sim(device("A"), device("B"))
    sim.receiver.answer = lambda item: (500, b"") if b'"Device A"' in item.body else DONE
    for stgid in ("A", "B"):
        sim.punch("1", stgid)

    sim.advance(1)

    assert [len(sim.slot(stgid).outbox) for stgid in ("A", "B")] == [1, 0]


# --- duplicates, disorder, retroactive ------------------------------------------------------------------------------


def test_a_duplicate_has_the_same_bytes(sim: Sim) -> None:
    on_request(sim, "duplicate", when={"next": 1})
    sim.punch("1")

    sim.idle()

    first, second = sim.receiver.received
    assert first.body == second.body
    assert ledger(sim)["redelivered"] == 1


def test_a_duplicate_can_have_a_new_operation_id_and_time(sim: Sim) -> None:
    on_request(sim, "duplicate_new", when={"next": 1})
    sim.receiver.fail(1)
    sim.punch("1")

    sim.idle()

    first, *_, last = (message["RealTime"] for message in sim.receiver.messages)
    assert first["OperationID"] != last["OperationID"]
    assert first["PunchLog"] == last["PunchLog"]


def test_the_time_of_a_new_duplicate_is_when_it_was_made(sim: Sim) -> None:
    on_request(sim, "duplicate_new")
    sim.receiver.fail(1)
    sim.punch("1")
    sim.idle()

    frames = [message["RealTime"]["Time"] for message in sim.receiver.messages]

    assert frames == [gmt(START_MS // 1000, 0)] * 2 + [gmt(START_MS // 1000 + 30, 0)]


def test_concurrent_copies_come_on_connections_of_their_own(sim: Sim) -> None:
    ports: set[int] = set()

    async def take(request: Any) -> Any:
        ports.add(request.transport.get_extra_info("peername")[1])
        await asyncio.sleep(0.05)  # the copies overlap
        return web.Response(body=DONE[1])

    url, stop = _serve(sim, take)
    sim.control("patch_device", callback_url=url)
    on_request(sim, "concurrent", options={"copies": 4})
    sim.punch("1")
    sim.idle()
    stop()

    assert len(ports) == 4
    assert ledger(sim)["attempts"] == 4


def test_a_restart_repeats_the_delivery_whose_answer_was_not_seen(start_sim: Start) -> None:
    sim = start_sim(knobs={"callback.timeout": "500ms"})
    bodies: list[bytes] = []

    async def take(request: Any) -> Any:
        bodies.append(await request.read())
        if len(bodies) == 1:
            await asyncio.sleep(2)
        return web.Response(body=DONE[1])

    url, stop = _serve(sim, take)
    sim.control("patch_device", callback_url=url)
    sim.punch("1")
    sim.loop.run(_until(lambda: len(bodies) == 1))
    sim.loop.run(_submitted(sim, Restarted()))
    sim.idle()
    stop()

    assert len(bodies) == 2
    assert bodies[0] == bodies[1]


def test_resend_attendance_tells_a_punch_again_under_another_operation_id(sim: Sim) -> None:
    sim.punch("1")
    sim.idle()

    sim.rest(
        {"Resend": {"PunchLog": {"Filter": {"StartTime": "2020-09-01 00:00:00", "EndTime": "2020-09-30 00:00:00"}}}}
    )
    sim.idle()

    first, second = (message["RealTime"] for message in sim.receiver.messages)
    assert first["PunchLog"] == second["PunchLog"]
    assert first["OperationID"] != second["OperationID"]


@pytest.mark.parametrize(("ago", "expected"), [("1d", "2020-09-12"), ("30d", "2020-08-14")])
def test_a_retroactive_punch_has_an_old_log_time_and_a_current_time(sim: Sim, ago: str, expected: str) -> None:
    sim.punch("1", ago=ago)
    sim.idle()

    frame = sim.receiver.messages[0]["RealTime"]
    assert frame["PunchLog"]["LogTime"].startswith(expected)
    assert frame["Time"] == gmt(START_MS // 1000, 0)


def test_a_deletion_can_overtake_the_update_before_it(start_sim: Start) -> None:
    orders = set()
    for seed in range(1, 6):
        sim = start_sim(seed=seed)
        sim.control("offline")
        sim.control("put_user", user="9", first_name="Gone")
        sim.control("delete_user", user="9")
        sim.control("online", order="shuffle")
        sim.idle()
        orders.add(
            tuple(next(iter(m["RealTime"].keys() & {"UserUpdated", "UserDeleted"})) for m in sim.receiver.messages)
        )

    assert orders == {("UserUpdated", "UserDeleted"), ("UserDeleted", "UserUpdated")}


# --- templates in portions --------------------------------------------------------------------------------------------

FOUR = ["Card", "Password", "Fingerprint", {"type": "Fingerprint", "index": 1}]


@pytest.mark.parametrize(
    ("how", "portions"),
    [
        ("per_template", [0, 1, 1, 1, 1]),
        ("grouped", [0, 2, 1, 1]),
        ("by_type", [0, 1, 1, 2]),
        ("all", [0, 4]),
    ],
)
def test_templates_come_in_the_portions_asked_for(sim: Sim, how: str, portions: list[int]) -> None:
    sim.control("put_user", user="9", first_name="Nine", templates=FOUR, split=how)
    sim.idle()

    assert [len(update["Template"]) for update in sim.receiver.frames("UserUpdated")] == portions


def test_a_seeded_split_differs_from_change_to_change(start_sim: Start) -> None:
    sim = start_sim(knobs={"split": "seeded"})
    shapes = set()
    for number in range(12):
        sim.receiver.received.clear()
        sim.control("put_user", user=str(10 + number), first_name="N", templates=FOUR)
        sim.idle()
        shapes.add(tuple(len(update["Template"]) for update in sim.receiver.frames("UserUpdated")))

    assert len(shapes) >= 3


def test_two_fingers_can_share_a_callback(sim: Sim) -> None:
    fingers = ["Fingerprint", {"type": "Fingerprint", "index": 1}]
    sim.control("put_user", user="1", templates=fingers, split="by_type")
    sim.idle()

    (update,) = sim.receiver.frames("UserUpdated")
    assert [(item["Type"], item["Index"]) for item in update["Template"]] == [
        ("Fingerprint", "0"),
        ("Fingerprint", "1"),
    ]


def test_a_template_can_come_before_its_user(start_sim: Start) -> None:
    firsts = set()
    for seed in range(1, 8):
        sim = start_sim(seed=seed)
        sim.control("put_user", user="9", first_name="Nine", templates=["Fingerprint"], order="shuffle")
        sim.idle()
        firsts.add(len(sim.receiver.frames("UserUpdated")[0]["Template"]))

    assert firsts == {0, 1}


def test_card_and_pin_of_one_change_can_share_their_operation_id(start_sim: Start) -> None:
    sim = start_sim(knobs={"opid.share_on_split": True})
    sim.control("put_user", user="1", templates=["Card", "Password"])
    sim.control("put_user", user="2", templates=["Card"])
    sim.punch("1")
    sim.idle()

    numbers = [message["RealTime"]["OperationID"] for message in sim.receiver.messages]
    assert numbers[0] == numbers[1]
    assert len(set(numbers[1:])) == 3, "another user and a punch have OperationIDs of their own"


def test_operation_ids_are_unique_as_documented(sim: Sim) -> None:
    sim.control("put_user", user="1", templates=["Card", "Password", "Fingerprint"])
    sim.idle()

    numbers = [message["RealTime"]["OperationID"] for message in sim.receiver.messages]
    assert len(numbers) == len(set(numbers)) == 3


def test_users_are_told_again_after_a_reconnect(sim: Sim) -> None:
    sim.control("offline")

    sim.control("online", announce_users=True)
    sim.idle()

    assert [update["UserID"] for update in sim.receiver.frames("UserUpdated")] == ["1", "2", "3"]


def test_reannouncing_users_is_a_knob_too(start_sim: Start) -> None:
    sim = start_sim(knobs={"reconnect.announce_users": True})
    sim.control("power_cycle")
    sim.idle()

    assert len(sim.receiver.frames("UserUpdated")) == 3


def test_a_face_is_detected_again_seconds_later(sim: Sim) -> None:
    sim.punch("1", input="Face", redetect=3)
    sim.idle()

    seconds = [parse(text).epoch_s - START_MS // 1000 for text in times(sim)]
    assert seconds == [0, 1, 2, 3]


def test_redetection_by_chance_is_a_knob(start_sim: Start) -> None:
    sim = start_sim(knobs={"face.redetect": 1})
    sim.punch("1", input="Face")
    sim.punch("2", input="Card")
    sim.idle()

    assert 3 <= users(sim).count("1") <= 5
    assert users(sim).count("2") == 1


# --- how a request travels --------------------------------------------------------------------------------------------


def test_a_lost_ack_repeats_the_same_bytes(sim: Sim) -> None:
    fault(sim, "callback.answer", "drop", when={"next": 2})
    sim.punch("1")

    sim.idle()

    assert len(sim.receiver.received) == 3
    assert len({item.body for item in sim.receiver.received}) == 1
    assert [entry.faults for entry in sim.entries if entry.attempt] == [("callback.answer:drop",)] * 2 + [()]


def test_an_answer_can_be_noted_late(sim: Sim) -> None:
    fault(sim, "callback.answer", "delay", options={"ms": 120})
    sim.punch("1")
    sim.idle()

    (entry,) = (entry for entry in sim.entries if entry.attempt)
    assert entry.took_ms >= 120
    assert entry.verdict == "acknowledged"


def test_a_slow_request_arrives_whole(sim: Sim) -> None:
    on_request(sim, "slow", options={"ms": 120})
    sim.punch("1")
    sim.idle()

    (entry,) = (entry for entry in sim.entries if entry.attempt)
    assert entry.took_ms >= 100
    assert len(users(sim)) == 1


@pytest.mark.parametrize("do", ["truncate", "reset_before"])
def test_a_request_that_breaks_off_is_not_seen_as_one_and_comes_again(sim: Sim, do: str) -> None:
    on_request(sim, do, when={"next": 1})
    sim.punch("1")
    sim.idle()

    assert len(sim.receiver.received) == 1
    assert [entry.verdict for entry in sim.entries if entry.attempt] == ["not acknowledged", "acknowledged"]


def test_a_reset_after_the_body_means_the_receiver_has_it_twice(sim: Sim) -> None:
    on_request(sim, "reset_after", when={"next": 1})
    sim.punch("1")
    sim.idle()

    assert len(sim.receiver.received) == 2
    assert ledger(sim)["attempts"] == 2


def test_a_wrong_token_is_nobodys(sim: Sim) -> None:
    on_request(sim, "wrong_token", when={"next": 1})
    sim.punch("1")
    sim.punch("2")
    sim.idle()

    first, second = (message["RealTime"]["AuthToken"] for message in sim.receiver.messages)
    assert first != second == sim.slot().config.auth_token


def test_the_old_token_is_the_one_from_before_the_change(sim: Sim) -> None:
    before = sim.slot().config.auth_token
    sim.control("patch_device", auth_token="B" * 32)
    on_request(sim, "old_token", when={"next": 1})
    sim.punch("1")
    sim.punch("2")
    sim.idle()

    assert [message["RealTime"]["AuthToken"] for message in sim.receiver.messages] == [before, "B" * 32]


def test_the_old_token_of_a_token_never_changed_is_the_token(sim: Sim) -> None:
    on_request(sim, "old_token")
    sim.punch("1")
    sim.idle()

    assert sim.receiver.messages[0]["RealTime"]["AuthToken"] == sim.slot().config.auth_token


def test_a_wrong_key_makes_bytes_that_the_right_key_cannot_open(start_sim: Start) -> None:
    sim = start_sim(device(security_key=KEY))
    on_request(sim, "wrong_key", when={"next": 1})
    sim.punch("1")
    sim.punch("2")
    sim.idle()

    first, second = (item.body for item in sim.receiver.received)
    assert _opens(OTHER_KEY, first) is _opens(KEY, first) is False
    assert _opens(KEY, second)


def test_the_old_key_is_the_one_from_before_the_rotation(start_sim: Start) -> None:
    sim = start_sim(device(security_key=KEY))
    sim.control("patch_device", security_key=OTHER_KEY)
    on_request(sim, "old_key", when={"next": 1})
    sim.punch("1")
    sim.punch("2")
    sim.idle()

    first, second = (item.body for item in sim.receiver.received)
    assert (_opens(KEY, first), _opens(OTHER_KEY, second)) == (True, True)


def test_what_waits_at_a_key_rotation_goes_out_under_the_new_key(start_sim: Start) -> None:
    sim = start_sim(device(security_key=KEY))
    sim.control("uplink", up=False)
    sim.punch("1")
    sim.control("patch_device", security_key=OTHER_KEY)
    sim.control("uplink", up=True)
    sim.idle()

    assert _opens(OTHER_KEY, sim.receiver.received[0].body)


def test_a_backlog_frozen_under_the_old_key_is_a_knob(start_sim: Start) -> None:
    sim = start_sim(device(security_key=KEY), knobs={"enc.requeue": "frozen"})
    sim.control("uplink", up=False)
    sim.punch("1")
    sim.control("patch_device", security_key=OTHER_KEY)
    sim.control("uplink", up=True)
    sim.idle()

    assert _opens(KEY, sim.receiver.received[0].body)


def test_a_plain_body_can_come_although_a_key_is_set(start_sim: Start) -> None:
    sim = start_sim(device(security_key=KEY))
    on_request(sim, "plain_body")
    sim.punch("1")
    sim.idle()

    assert users(sim) == ["1"]


@pytest.mark.parametrize(("do", "query"), [("stgid", "stgid=SIM1"), ("double_stgid", "stgid=SIM1?stgid=SIM1")])
def test_the_service_tag_is_appended_by_plain_concatenation(sim: Sim, do: str, query: str) -> None:
    on_request(sim, do)
    sim.punch("1")
    sim.idle()

    assert sim.receiver.received[0].query == query


@pytest.mark.parametrize(
    ("how", "query"), [("never", ""), ("always", "stgid=SIM1"), ("double", "stgid=SIM1?stgid=SIM1")]
)
def test_the_service_tag_in_the_url_is_a_knob_too(start_sim: Start, how: str, query: str) -> None:
    sim = start_sim(knobs={"callback.stgid": how})
    sim.punch("1")
    sim.idle()

    assert sim.receiver.received[0].query == query


# --- what a callback says ---------------------------------------------------------------------------------------------


def test_attendance_type_can_stand_where_type_does(sim: Sim) -> None:
    on_request(sim, "attendance_type")
    sim.punch("1", type="CheckOut")
    sim.idle()

    (punch,) = sim.receiver.frames("PunchLog")
    assert punch["AttendanceType"] == "CheckOut"
    assert "Type" not in punch


def test_a_user_photo_can_stand_beside_the_templates(sim: Sim) -> None:
    on_request(sim, "user_photo")
    sim.control("put_user", user="1", templates=["UserPhoto"])
    sim.idle()

    (update,) = sim.receiver.frames("UserUpdated")
    data = update["Template"][0]["Data"]
    assert update["Photo"] == {"Type": "Base64", "Size": str(len(data)), "Data": data, "UserId": "1"}


def test_the_batch_form_has_rows_and_no_frame(sim: Sim) -> None:
    on_request(sim, "batch")
    sim.punch("1")
    sim.idle()

    (message,) = sim.receiver.messages
    row = {"UserID": "1", "Type": "CheckIn", "LogTime": "2020-09-13 17:56:40 GMT +0530"}
    assert message == {"PunchLog": {"ReturnRowCount": "1", "Log": [row]}}


def test_an_operation_of_the_future_can_come(sim: Sim) -> None:
    on_request(sim, "unknown_operation")
    sim.punch("1")
    sim.idle()

    frame = sim.receiver.messages[0]["RealTime"]
    assert "PunchLog" not in frame
    assert frame["FutureOperation"]["UserId"] == "1"


def test_keys_can_come_in_another_order(sim: Sim) -> None:
    sim.punch("1")
    on_request(sim, "shuffle_keys")
    sim.punch("2")
    sim.idle()

    plain, shuffled = (message["RealTime"] for message in sim.receiver.messages)
    assert set(plain) == set(shuffled)
    assert list(plain) != list(shuffled) or list(plain["PunchLog"]) != list(shuffled["PunchLog"])


def test_escaped_text_says_the_same(sim: Sim) -> None:
    on_request(sim, "escape")
    sim.control("put_user", user="9", first_name="Žofie", last_name="a/b")
    sim.idle()

    (item,) = sim.receiver.received
    assert item.body.isascii()
    assert b"a\\/b" in item.body
    assert item.message["RealTime"]["UserUpdated"]["FirstName"] == "Žofie"


def test_a_charset_can_follow_the_content_type(sim: Sim) -> None:
    on_request(sim, "charset")
    sim.punch("1")
    sim.idle()

    assert sim.receiver.received[0].headers["Content-Type"] == "application/json; charset=utf-8"


# --- clocks -----------------------------------------------------------------------------------------------------------


def test_a_clock_offset_shows_in_log_time_and_not_in_time(start_sim: Start) -> None:
    sim = start_sim(knobs={"device.clock_offset": 1800})
    sim.punch("1")
    sim.idle()

    frame = sim.receiver.messages[0]["RealTime"]
    assert parse(frame["PunchLog"]["LogTime"]).epoch_s - parse(frame["Time"]).epoch_s == 1800


def test_a_drifting_clock_runs_away_by_the_day(sim: Sim) -> None:
    sim.control("date", drift_ppm=100)
    sim.advance(86400)
    sim.punch("1")
    sim.idle()

    assert parse(times(sim)[0]).epoch_s - sim.now // 1000 == 8


def test_a_clock_13_days_ahead_and_back_is_told_both_times(sim: Sim) -> None:
    sim.control("date", by="+13d")
    sim.punch("1")
    sim.control("date", by="-13d")
    sim.punch("1", type="CheckOut")
    sim.idle()

    assert [parse(text).epoch_s - START_MS // 1000 for text in times(sim)] == [13 * 86400, 0]
    assert len(sim.receiver.frames("DateModified")) == 2


def test_a_change_of_the_date_tells_old_and_new_clock(sim: Sim) -> None:
    sim.control("date", to="2020-09-14 00:00:00")
    sim.idle()

    (told,) = sim.receiver.frames("DateModified")
    assert told["ModifiedTo"] == "2020-09-14 00:00:00 GMT +0530"
    assert told["OperationTime"] == "2020-09-13 17:56:40 GMT +0530"


@pytest.mark.parametrize("zone", ["-0330", "+0545", "+1400"])
def test_another_zone_writes_the_same_instant(sim: Sim, zone: str) -> None:
    sim.control("date", timezone=zone)
    sim.punch("1")
    sim.idle()

    assert times(sim)[0].endswith(f"GMT {zone}")
    assert parse(times(sim)[0]).epoch_s == START_MS // 1000


def test_daylight_saving_repeats_an_hour_of_the_wall_clock(start_sim: Start) -> None:
    half_past_two = 1_603_585_800  # 2020-10-25 00:30:00 UTC, half an hour before the change in Berlin
    sim = start_sim(device(timezone="Europe/Berlin"), start_ms=half_past_two * 1000)
    sim.punch("1")
    sim.advance(3600)
    sim.punch("1")
    sim.idle()

    assert times(sim) == ["2020-10-25 02:30:00 GMT +0200", "2020-10-25 02:30:00 GMT +0100"]
    assert sim.receiver.frames("DateModified") == []


def test_a_zone_without_daylight_saving_never_changes(start_sim: Start) -> None:
    sim = start_sim(device(timezone="Asia/Kolkata"))
    sim.advance(300 * 86400)
    sim.punch("1")
    sim.idle()

    assert times(sim)[0].endswith("GMT +0530")


def test_a_wrong_date_changes_nothing(sim: Sim) -> None:
    before = sim.digest()

    with pytest.raises(ControlError):
        sim.control("date", timezone="-0330", by="soon")

    assert sim.digest() == before


# --- the REST side ----------------------------------------------------------------------------------------------------

DELETE = {"Delete": {"User": {"UserID": "3"}}}


@pytest.mark.parametrize("code", [999, 12, 14, 77])
def test_any_code_can_be_forced_and_nothing_is_carried_out(sim: Sim, code: int) -> None:
    fault(sim, "rest.request", "code", when={"next": 1}, options={"code": code})

    assert sim.rest(DELETE).code == code
    assert "3" in sim.slot().device.users


def test_999_is_the_code_forced_when_none_is_named(sim: Sim) -> None:
    fault(sim, "rest.request", "code")

    assert sim.rest(DELETE).code == 999


def test_a_code_forced_on_the_answer_hides_that_it_was_carried_out(sim: Sim) -> None:
    fault(sim, "rest.answer", "code", options={"code": 6}, when={"next": 1})

    assert sim.rest(DELETE).code == 6
    assert sim.rest(DELETE).code == 9


@pytest.mark.parametrize(("where", "left"), [("rest.request", True), ("rest.answer", False)])
def test_a_connection_can_be_closed_before_or_after_execution(sim: Sim, where: str, left: bool) -> None:
    fault(sim, where, "drop", when={"next": 1})

    with pytest.raises(aiohttp.ClientError):
        sim.rest(DELETE)

    assert ("3" in sim.slot().device.users) is left


def test_an_answer_can_break_off_in_the_middle(sim: Sim) -> None:
    fault(sim, "rest.answer", "close", when={"next": 1})

    with pytest.raises(aiohttp.ClientPayloadError):
        sim.rest(DELETE)

    assert "3" not in sim.slot().device.users


def test_an_answer_can_be_garbage(sim: Sim) -> None:
    fault(sim, "rest.answer", "garbage", when={"next": 1})

    with pytest.raises(ValueError, match=r"decode|Expecting"):
        json.loads(sim.rest(DELETE).body)


def test_an_answer_can_have_another_http_status(sim: Sim) -> None:
    fault(sim, "rest.answer", "http", when={"next": 1})

    assert sim.rest(DELETE).status == 502


@pytest.mark.parametrize("where", ["rest.request", "rest.answer"])
def test_an_answer_can_come_late(sim: Sim, where: str) -> None:
    fault(sim, where, "delay", options={"ms": 120})
    answer = sim.rest_later(DELETE)

    with pytest.raises(TimeoutError):
        answer.result(0.05)
    assert answer.result(10).code == 0


def test_a_command_the_device_never_acknowledges_is_6_after_the_window(sim: Sim) -> None:
    fault(sim, "rest.request", "lose_command", when={"next": 1})
    answer = sim.rest_later(DELETE)

    sim.idle()

    assert answer.result(5).code == 6
    assert "3" in sim.slot().device.users


# --- faults are data --------------------------------------------------------------------------------------------------


def test_faults_compose_and_are_listed_in_the_entry_they_shaped(sim: Sim) -> None:
    on_request(sim, "attendance_type")
    on_request(sim, "double_stgid")
    on_request(sim, "slow", options={"ms": 10})
    sim.punch("1")
    sim.idle()

    (entry,) = (entry for entry in sim.entries if entry.attempt)
    assert [label.partition(":")[2] for label in entry.faults] == ["attendance_type", "double_stgid", "slow"]
    (item,) = sim.receiver.received
    assert item.query == "stgid=SIM1?stgid=SIM1"
    assert "AttendanceType" in item.message["RealTime"]["PunchLog"]


@pytest.mark.parametrize(
    ("match", "struck"),
    [
        ({"device": "A"}, ["A", "A"]),
        ({"user": "2"}, ["A", "B"]),
        ({"operation": "RealTimePunchLog", "device": "B"}, ["B", "B"]),
        ({"operation": "ManuallyUserDeleted"}, []),
    ],
)
def test_a_fault_strikes_only_what_it_matches(start_sim: Start, match: dict[str, str], struck: list[str]) -> None:
    sim = start_sim(device("A"), device("B"))
    on_request(sim, "stgid", match=match)
    for stgid in ("A", "B"):
        sim.punch("1", stgid)
        sim.punch("2", stgid)
    sim.idle()

    assert sorted(item.query.removeprefix("stgid=") for item in sim.receiver.received if item.query) == struck


def test_every_tenth_of_each_device_is_struck(start_sim: Start) -> None:
    sim = start_sim(device("A"), device("B"))
    on_request(sim, "stgid", when={"every": 10})
    for stgid in ("A", "B"):
        sim.control("punches", stgid, punches=[{"user": "1", "count": 20}])
    sim.idle()

    assert sorted(item.query for item in sim.receiver.received if item.query) == ["stgid=A"] * 2 + ["stgid=B"] * 2


def test_a_fault_between_two_moments_strikes_only_then(sim: Sim) -> None:
    begin = START_MS // 1000 + 100
    on_request(sim, "stgid", when={"between": [begin, begin + 10]})
    for _ in range(3):
        sim.punch("1")
        sim.advance(100)
    sim.idle()

    assert [item.query for item in sim.receiver.received] == ["", "stgid=SIM1", ""]


def test_a_fault_by_chance_strikes_about_so_often(sim: Sim) -> None:
    on_request(sim, "stgid", when={"p": 0.25})
    sim.control("punches", punches=[{"user": "1", "count": 400}])
    sim.idle()

    assert 60 <= sum(bool(item.query) for item in sim.receiver.received) <= 140


# --- determinism ------------------------------------------------------------------------------------------------------


def _lively(sim: Sim, devices: tuple[str, ...]) -> bytes:
    """A bit of everything; the canonical journal without lines of other devices."""
    on_request(sim, "duplicate", when={"p": 0.3})
    fault(sim, "callback.answer", "drop", when={"p": 0.2})
    for stgid in list(sim.host.runtime.kernel.state.devices):
        sim.control("offline", stgid)
        sim.control("punches", stgid, punches=[{"user": "1", "count": 15, "every": "1m"}, {"user": "2"}])
        sim.control("put_user", stgid, user="9", first_name="N", templates=["Card", "Fingerprint"], split="seeded")
        sim.control("online", stgid, order="shuffle")
    sim.idle()
    lines = journal.canonical(sim.host.runtime.kernel.state.journal).splitlines()
    return b"\n".join(line for line in lines if json.loads(line)[1] in devices)


def test_the_same_seed_gives_the_same_canonical_journal(start_sim: Start) -> None:
    runs = [_lively(start_sim(device("A"), device("B"), seed=5), ("A", "B")) for _ in range(2)]

    assert runs[0] == runs[1] != b""


def test_another_seed_gives_another_journal(start_sim: Start) -> None:
    assert _lively(start_sim(seed=5), ("SIM1",)) != _lively(start_sim(seed=6), ("SIM1",))


def test_adding_a_device_changes_nothing_for_the_others(start_sim: Start) -> None:
    alone = _lively(start_sim(device("A"), seed=5), ("A",))
    among = _lively(start_sim(device("0"), device("A"), device("Z"), seed=5), ("A",))

    assert alone == among


def test_a_fault_of_probability_0_changes_not_one_byte(start_sim: Start) -> None:
    plain, with_fault = start_sim(seed=5), start_sim(seed=5)
    for where, do in (("callback.request", "duplicate"), ("callback.answer", "drop"), ("callback.request", "truncate")):
        fault(with_fault, where, do, when={"p": 0})

    assert _lively(plain, ("SIM1",)) == _lively(with_fault, ("SIM1",))
    assert [item.body for item in plain.receiver.received] == [item.body for item in with_fault.receiver.received]


# --- profiles ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", ["documented", "observed", "strict", "hostile"])
def test_every_profile_delivers_everything_in_the_end(start_sim: Start, profile: str) -> None:
    sim = start_sim(device(templates=["Card", "Face"]), profile=profile)
    backlog(sim, 30)
    sim.control("online")
    sim.control("put_user", user="9", first_name="N", templates=["UserPhoto", "Card"])
    sim.idle()

    assert ledger(sim)["waiting"] == ledger(sim)["lost"] == 0
    assert len(sim.slot().outbox) == 0


def test_the_observed_profile_sends_the_tag_and_speaks_in_enum_words(start_sim: Start) -> None:
    sim = start_sim(profile="observed")
    sim.punch("1")
    sim.idle()

    assert sim.receiver.received[0].query == "stgid=SIM1"
    assert sim.rest({"Delete": {"User": {"UserID": "77"}}}).message["Status"].startswith("API_RESPONSE_")


# --- a receiver that is no Receiver -----------------------------------------------------------------------------------


def _opens(key: str, body: bytes) -> bool:
    try:
        return cipher.decrypt(key, body).startswith(b"{")
    except cipher.CipherError:
        return False


def _serve(sim: Sim, take: Callable[[Any], Any]) -> tuple[str, Callable[[], None]]:
    async def begin() -> web.ServerRunner:
        runner = web.ServerRunner(web.Server(take, access_log=None), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner

    runner = sim.loop.run(begin())
    return f"http://127.0.0.1:{runner.addresses[0][1]}/", lambda: sim.loop.run(runner.cleanup())


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(0.002)


async def _submitted(sim: Sim, event: Any) -> None:
    sim.host.runtime.submit(event)
