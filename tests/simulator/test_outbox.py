"""The callback queue of one device: order, retries, hold; and what counts as an acknowledgement."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camsim.protocol.acknowledgement import AckRule, why_no_ack
from camsim.state.outbox import PRESETS, Delivery, Outbox, QueueState, Schedule

PLAIN = Schedule()


def _box(count: int) -> Outbox:
    box = Outbox()
    for number in range(1, count + 1):
        box.push(Delivery(number, "RealTimePunchLog", b"%d" % number, 0))
    return box


def _started(box: Outbox, now: int) -> int | None:
    delivery = box.start(now)
    return None if delivery is None else delivery.id


# --- order and retries ------------------------------------------------------------------------------------------------


def test_one_is_sent_at_a_time_in_order() -> None:
    box = _box(2)
    assert (_started(box, 0), _started(box, 0)) == (1, None)
    box.settle(0, None, PLAIN)
    assert _started(box, 0) == 2


def test_a_failure_holds_everything_behind_it_until_the_next_attempt() -> None:
    box = _box(2)
    box.start(0)
    box.settle(1000, "no", PLAIN)
    assert (box.state, box.next_at, box.problem) == (QueueState.HOLD, 31_000, "no")
    assert (_started(box, 30_999), _started(box, 31_000)) == (None, 1)


def test_the_documented_schedule_grows_to_an_hour_and_stays_there() -> None:
    delays = [PLAIN.delay_ms(attempt) // 1000 for attempt in range(1, 10)]
    assert delays == [30, 60, 120, 300, 600, 1800, 3600, 3600, 3600]


@pytest.mark.parametrize(("name", "steps"), PRESETS.items())
def test_every_preset_ends_in_a_step_that_repeats(name: str, steps: tuple[float, ...]) -> None:
    schedule = Schedule(steps)
    assert schedule.delay_ms(10_000) == schedule.delay_ms(len(steps)) == int(steps[-1] * 1000)


def test_an_operator_holds_and_lets_go() -> None:
    box = _box(1)
    box.held = True
    assert _started(box, 0) is None
    box.held = False
    assert _started(box, 0) == 1


def test_a_retry_now_needs_no_waiting() -> None:
    box = _box(1)
    box.start(0)
    box.settle(0, "no", PLAIN)
    box.retry_now(5)
    assert _started(box, 5) == 1


def test_after_a_restart_the_attempt_under_way_is_due_again() -> None:
    box = _box(1)
    box.start(0)
    box.abandon(7)
    assert (_started(box, 7), box.head().attempts if (head := box.head()) else None, bool(head)) == (1, 2, True)


@pytest.mark.parametrize(("sending", "left"), [(False, 0), (True, 1)])
def test_a_reset_drops_what_waits_but_not_what_is_under_way(sending: bool, left: int) -> None:
    box = _box(3)
    if sending:
        box.start(0)
    assert (len(box.clear()), len(box)) == (3 - left, left)


def test_a_reset_ends_the_hold() -> None:
    box = _box(1)
    box.start(0)
    box.settle(0, "no", PLAIN)
    box.clear()
    box.push(Delivery(2, "x", b"", 0))
    assert _started(box, 0) == 2


@given(st.lists(st.booleans(), min_size=1, max_size=300))
def test_every_delivery_leaves_once_in_order_whatever_fails(results: list[bool]) -> None:
    box, now, left = _box(100), 0, list[int]()
    for done in results:
        now = max(now, box.next_at or 0)
        delivery = box.start(now)
        if delivery is None:
            break
        settled = box.settle(now, None if done else "no", PLAIN)
        left.extend([settled.id] if done else [])
    assert left == list(range(1, len(left) + 1))
    assert (box.pushed, len(box), box.received) == (len(left), 100 - len(left), 100)


# --- acknowledgements (A-CB-01, A-CB-02, A-CB-03) ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b'{"status":"done"}',
        b'{ "status": "done" }',
        b'{"status":"done","message":"thanks"}',
        b' {"status":"done"}\r\n',
        b'\xef\xbb\xbf{"status":"done"}',
        b'{"status":"no","status":"done"}',
    ],
)
def test_an_object_whose_status_is_done_acknowledges(body: bytes) -> None:
    assert why_no_ack(200, body) is None


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (200, b"", "empty"),
        (200, b"   ", "empty"),
        (200, b"ok", "not JSON"),
        (200, b'"done"', "a JSON str"),
        (200, b'[{"status":"done"}]', "a JSON list"),
        (200, b'{"Status":"done"}', "found 'Status'"),
        (200, b'{"message":{"status":"done"}}', "found 'message'"),
        (200, b'{"status":"Done"}', 'exactly "done"'),
        (200, b'{"status":"done "}', 'exactly "done"'),
        (200, b'{"status":1}', '"status" is 1'),
        (200, b'{"status":["done"]}', 'exactly "done"'),
        (200, b"{}", "found none"),
        (200, b"[" * 100_000, "not JSON"),
        (200, b"\xff\xfe", "not JSON"),
        (201, b'{"status":"done"}', "HTTP 201"),
        (204, b"", "HTTP 204"),
        (302, b'{"status":"done"}', "HTTP 302"),
        (500, b'{"status":"done"}', "HTTP 500"),
    ],
)
def test_anything_else_does_not_and_the_reason_says_why(status: int, body: bytes, why: str) -> None:
    assert why in (why_no_ack(status, body) or "")


@pytest.mark.parametrize(
    ("rule", "status", "body", "kind", "acknowledged"),
    [
        (AckRule(http="2xx"), 204, b'{"status":"done"}', "", True),
        (AckRule(http="2xx"), 302, b'{"status":"done"}', "", False),
        (AckRule(match="case_insensitive"), 200, b'{"status":"DONE"}', "", True),
        (AckRule(match="http_only"), 200, b"anything", "", True),
        (AckRule(content_type="json"), 200, b'{"status":"done"}', "text/html", False),
        (AckRule(content_type="json"), 200, b'{"status":"done"}', "application/json; charset=utf-8", True),
    ],
)
def test_other_rules_count_other_answers(
    rule: AckRule, status: int, body: bytes, kind: str, acknowledged: bool
) -> None:
    assert (why_no_ack(status, body, rule, kind) is None) is acknowledged
