"""How steps go out: not faster than a target takes them, copies together, no retry hidden, our own lag known."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from certifying import TcpServer, profile, run, verdicts
from tiny_server import DONE, refusal, talking

from camsim_conformance.plan.cases import Case, Step, Transport
from camsim_conformance.sending import pacing, raw_http
from camsim_conformance.sending.case_sender import CaseSender
from camsim_conformance.sending.interim import begun
from camsim_conformance.sending.loop_lag import LoopLag
from camsim_conformance.sending.pacing import Line, Pace, retry_after_s

ANSWERED = (Transport.POOLED, Transport.FRESH, Transport.EXPECT, Transport.LOWER_CASE, Transport.SEGMENTS)
PUNCH = Step(what="punch", plain=b"{}", wire=b'{"n":1}')


async def done(number: int, body: bytes) -> bytes:
    return DONE


# --- 429 and 503 ------------------------------------------------------------------------------------------------------


def test_an_answer_429_is_waited_for_counted_and_lowers_the_rate() -> None:
    async def busy_once(number: int, body: bytes) -> bytes:
        return refusal(429, "Retry-After: 1") if number == 1 else DONE

    async def main() -> None:
        async with talking(busy_once, rate=100.0) as (tiny, client):
            exchange = await client.send(PUNCH)
            assert (exchange.status, exchange.deferred, client.deferred, client.pace.lowered) == (200, 1, 1, 1)
            assert tiny.whole_at[1] - tiny.whole_at[0] >= 0.99
            assert client.pace.rate <= 50
            assert "told 1 times to come later" in exchange.text()

    asyncio.run(main())


def test_a_503_without_retry_after_is_the_answer() -> None:
    async def broken(number: int, body: bytes) -> bytes:
        return refusal(503)

    async def main() -> None:
        async with talking(broken) as (tiny, client):
            exchange = await client.send(PUNCH)
            assert (exchange.status, exchange.deferred, len(tiny.bodies)) == (503, 0, 1)

    asyncio.run(main())


def test_who_says_429_to_everything_is_asked_five_times_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "BACK_OFF_S", (0.01, 0.01, 0.01, 0.01))

    async def never(number: int, body: bytes) -> bytes:
        return refusal(429)

    async def main() -> None:
        async with talking(never, rate=1000.0) as (tiny, client):
            client.pace.slow_down = lambda sent_at: None  # type: ignore[method-assign]  # only the tries count
            first, second = await client.send(PUNCH), await client.send(PUNCH)
            assert (first.status, first.deferred, second.deferred, len(tiny.bodies)) == (429, 4, 0, 6)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3", 3.0),
        ("3600", 30.0),
        ("9" * 400, 30.0),
        ("Wed, 21 Oct 2026 07:28:05 GMT", 5.0),
        ("Wed, 21 Oct 2020 07:28:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("-1", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(text: str, seconds: float | None) -> None:
    assert retry_after_s(text, datetime(2026, 10, 21, 7, 28, tzinfo=UTC)) == seconds


def test_one_burst_of_429_halves_the_rate_once() -> None:
    pace = Pace(400.0)
    sent_at = time.monotonic()
    for _ in range(16):
        pace.slow_down(sent_at)
    assert (pace.rate, pace.lowered) == (200.0, 1)
    for _ in range(20):
        pace.slow_down(time.monotonic() + 1)
    assert pace.rate == pacing.LOWEST_RATE


def seconds_of(monkeypatch: pytest.MonkeyPatch, refused: Callable[[int, float], bool]) -> tuple[float, Pace]:
    """How long fifteen hundred sends take, on a clock of its own, at a target that refuses some, each for a second."""
    clock = SimpleNamespace(now=0.0)

    async def sleep(seconds: float) -> None:
        clock.now += seconds

    monkeypatch.setattr(pacing, "time", SimpleNamespace(monotonic=lambda: clock.now))
    monkeypatch.setattr(pacing, "asyncio", SimpleNamespace(sleep=sleep))
    pace = Pace(400.0)

    async def main() -> None:
        for number in range(1, 1501):
            await pace.turn()
            if refused(number, clock.now):
                pace.slow_down(clock.now)
                pace.pause(1.0)

    asyncio.run(main())
    return clock.now, pace


def test_who_refuses_each_fortieth_whatever_the_rate_does_not_stop_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds, pace = seconds_of(monkeypatch, lambda number, now: number % 40 == 0)
    assert seconds < 100  # of them 37 that were asked for
    assert pace.lowered == 37


def test_who_refuses_for_a_while_is_sent_to_faster_again(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds, pace = seconds_of(monkeypatch, lambda number, now: number < 9)
    assert pace.rate > 200
    assert seconds < 40


def test_a_limit_that_holds_is_seldom_gone_beyond(monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = [50.0, 0.0]  # a bucket of fifty that gets fifty a second

    def refused(number: int, now: float) -> bool:
        left, since = allowed
        allowed[:] = min(50.0, left + 50.0 * (now - since)), now
        if allowed[0] < 1:
            return True
        allowed[0] -= 1
        return False

    seconds, pace = seconds_of(monkeypatch, refused)
    assert seconds < 60
    assert pace.lowered < 20


# --- interim answers --------------------------------------------------------------------------------------------------

HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </x.css>; rel=preload\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize("transport", ANSWERED)
def test_hints_before_an_answer_are_skipped(transport: Transport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw_http, "CONTINUE_S", 0.05)

    async def hints(number: int, body: bytes) -> bytes:
        return HINTS + b"HTTP/1.1 102 Processing\r\n\r\n" + DONE

    async def main() -> None:
        async with talking(hints) as (_, client):
            exchange = await client.send(replace(PUNCH, transport=transport))
            assert (exchange.status, exchange.body, exchange.header("Link")) == (200, b'{"status":"done"}', "")

    asyncio.run(main())


def test_copies_that_go_together_skip_hints() -> None:
    async def hints(number: int, body: bytes) -> bytes:
        return HINTS + DONE

    async def main() -> None:
        async with talking(hints) as (_, client):
            step = replace(PUNCH, transport=Transport.FRESH, copies=2)
            found = await client.send_together(step, patience_s=2.0)
            assert [exchange.status for exchange in found] == [200, 200]

    asyncio.run(main())


def test_an_answer_is_lost_when_it_begins_and_not_at_its_hints() -> None:
    stored = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"}")
        writer.write(HINTS)
        await asyncio.sleep(0.05)
        stored.append(True)
        writer.write(DONE)
        writer.close()

    async def main() -> None:
        async with talking(done) as (_, client):
            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            object.__setattr__(client.target, "port", server.sockets[0].getsockname()[1])
            await client.send(replace(PUNCH, transport=Transport.LOST_ACK))
            assert stored
            server.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("raw", "is_begun"),
    [
        (b"", False),
        (b"HTTP/1.1 1", False),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n", False),
        (b"HTTP/1.1 103\r\n\r\n", False),
        (b"HTTP/1.1 103\r\n\r\nHTTP/1.1 2", True),
        (b"HTTP/1.1 101 Switching Protocols", True),
        (b"no", True),
    ],
)
def test_the_answer_that_counts_begins_after_the_interim_ones(raw: bytes, *, is_begun: bool) -> None:
    assert begun(raw) is is_begun


# --- in flight --------------------------------------------------------------------------------------------------------


def one_at_a_time(seconds: float) -> TcpServer:
    """A receiver that serves one request at a time, as PHP's own server does."""
    alone = asyncio.Lock()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with alone:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                if b"100-continue" in head:
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                if b"chunked" in head:
                    await reader.readuntil(b"0\r\n\r\n")
                else:
                    await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
                await asyncio.sleep(seconds)
                writer.write(DONE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    return TcpServer(serve)


def test_a_target_that_serves_one_at_a_time_is_not_failed_by_our_own_load() -> None:
    # As 0.8 s under a deadline of 2 s and a patience of 10 s, ten times as fast.
    with one_at_a_time(0.04) as server:
        url = f"http://127.0.0.1:{server.port}/"
        chosen = profile(url, None, "CB-ACK-00[15]", "CB-DUP-00[13]", "CB-PUNCH-002", deadline_s=0.2, patience_s=0.5)
        result = run(chosen)
    assert (result.record.void, [name for name, found in verdicts(result).items() if found == "FAIL"]) == (None, [])
    assert result.record.in_flight_lowered > 0


def test_a_crowd_is_halved_when_it_waits_for_itself_and_grows_again_when_it_does_not() -> None:
    async def slow(number: int, body: bytes) -> bytes:
        await asyncio.sleep(0.1)  # long enough that a busy machine changes nothing
        return DONE

    async def main() -> None:
        async with talking(slow, deadline_s=1.0) as (_, client):
            await client.send(PUNCH)
            client.line.begin_crowd()
            assert client.line.most == 4  # 4 x 100 ms is within half of a second, 8 are not
            await asyncio.gather(*(client.send(PUNCH) for _ in range(60)))
            assert (client.line.most, client.line.lowered) == (16, 2)

    asyncio.run(main())


def test_the_line_is_first_come_first_served_and_the_urgent_one_is_next() -> None:
    async def main() -> None:
        line, order = Line(1, 2.0), list[str]()

        async def enter(name: str, places: int = 1, *, urgent: bool = False) -> None:
            await line.enter(places, urgent=urgent)
            order.append(name)
            await asyncio.sleep(0)
            line.leave(places)

        await line.enter()
        tasks = [asyncio.create_task(enter(name)) for name in ("a", "b")]
        await asyncio.sleep(0)
        tasks.append(asyncio.create_task(enter("probe", urgent=True)))
        tasks.append(asyncio.create_task(enter("eight", 8)))
        gone = asyncio.create_task(enter("gone"))
        await asyncio.sleep(0)
        gone.cancel()
        line.leave()
        await asyncio.gather(*tasks)
        assert (order, line.busy) == (["probe", "a", "b", "eight"], 0)

    asyncio.run(main())


def test_a_slow_target_is_alive_as_long_as_anything_is_answered() -> None:
    async def choosy(number: int, body: bytes) -> bytes:
        # Only this one hangs: no reason to call the target dead, and none to probe it.
        await asyncio.sleep(1.0 if b"hang" in body else 0.01)
        return DONE

    async def main() -> None:
        async with talking(choosy, patience_s=0.3, deadline_s=0.2) as (tiny, client):
            probe = Step(what="probe", plain=b"", wire=b"probe")
            hang = Step(what="hang", plain=b"", wire=b"hang")
            sender = CaseSender(client, probe, lambda _: None)
            await sender.many([Case("hang", (hang,)), *(Case(f"n{n}", (PUNCH,) * 20) for n in range(3))])
            assert [exchange.lost for exchange in sender.answers["/hang"]] == [True]
            assert b"probe" not in tiny.bodies

    asyncio.run(main())


# --- copies together --------------------------------------------------------------------------------------------------


def test_eight_copies_are_whole_at_the_same_moment_and_keep_their_answers() -> None:
    async def numbered(number: int, body: bytes) -> bytes:
        return refusal(409) if number % 2 else DONE

    async def main() -> None:
        async with talking(numbered) as (tiny, client):
            step = Step(what="punch", plain=b"", wire=b"x" * 30_000, copies=8, transport=Transport.FRESH)
            found = await CaseSender(client, PUNCH, lambda _: None).one(Case("eight", (step,)))
            assert sorted(exchange.status or 0 for exchange in found) == [200] * 4 + [409] * 4
            assert [exchange.copy for exchange in found] == list(range(1, 9))
            assert (tiny.connections, {len(body) for body in tiny.bodies}) == (8, {30_000})
            assert tiny.whole_at[-1] - tiny.whole_at[0] < 0.02

    asyncio.run(main())


def test_copies_to_a_closed_port_are_refused_each() -> None:
    async def main() -> None:
        async with talking(done) as (_, client):
            step = Step(what="punch", plain=b"", wire=b"", copies=3, transport=Transport.FRESH)
            object.__setattr__(client.target, "port", 1)
            found = await client.send_together(step, patience_s=1.0)
            assert [exchange.lost for exchange in found] == [True] * 3

    asyncio.run(main())


# --- connections ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keeps", [True, False])
def test_an_answer_that_is_dropped_now_and_then_is_counted(keeps: bool) -> None:
    async def every_fifth(number: int, body: bytes) -> bytes | None:
        answer = DONE if keeps else DONE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)
        return None if number % 5 == 0 else answer

    async def main() -> None:
        async with talking(every_fifth) as (_, client):
            found = [await client.send(PUNCH) for _ in range(12)]
            assert [exchange.status for exchange in found] == [200] * 12
            assert sum(exchange.dropped for exchange in found) == sum(exchange.retried for exchange in found) == 2
            assert any("dropped without an answer" in exchange.text() for exchange in found)
            assert any(exchange.reused for exchange in found) is keeps

    asyncio.run(main())


def test_a_connection_closed_while_it_was_idle_is_no_dropped_answer() -> None:
    async def main() -> None:
        async def impatient(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                for _ in range(2):
                    async with asyncio.timeout(0.03):
                        await reader.readuntil(b"\r\n\r\n")
                    await reader.readexactly(len(PUNCH.wire))
                    writer.write(DONE)
            except (TimeoutError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        async with talking(done) as (_, client):
            server = await asyncio.start_server(impatient, "127.0.0.1", 0)
            object.__setattr__(client.target, "port", server.sockets[0].getsockname()[1])
            found = []
            for pause in (0.0, 0.0, 0.06, 0.0, 0.06):
                await asyncio.sleep(pause)
                # A loop that is busy when the news of the closing comes has not read it before it sends.
                time.sleep(pause)  # noqa: ASYNC251
                found.append(await client.send(PUNCH))
            server.close()
            assert [exchange.status for exchange in found] == [200] * 5
            assert [exchange.dropped for exchange in found] == [0] * 5
            assert found[1].reused

    asyncio.run(main())


def test_no_answer_on_a_connection_of_its_own_is_dropped_and_not_tried_again() -> None:
    async def never(number: int, body: bytes) -> None:
        return None

    async def main() -> None:
        async with talking(never) as (tiny, client):
            step = Step(what="punch", plain=b"", wire=b"{}", transport=Transport.FRESH)
            exchange = await client.send(step)
            assert (exchange.dropped, exchange.retried, len(tiny.bodies), exchange.answered) == (1, 0, 1, False)

    asyncio.run(main())


def test_an_exchange_knows_when_it_was_alone() -> None:
    async def main() -> None:
        async with talking(done) as (_, client):
            begin = time.monotonic()
            both = await asyncio.gather(client.send(PUNCH), client.send(PUNCH))
            after = await client.send(PUNCH)
            assert sorted(exchange.alone for exchange in both) == [False, True]
            assert after.alone
            assert begin <= both[0].at <= after.at

    asyncio.run(main())


# --- our own lag ------------------------------------------------------------------------------------------------------


def test_what_our_own_loop_made_slow_is_known() -> None:
    async def blocks(number: int, body: bytes) -> bytes:
        time.sleep(0.15)  # noqa: ASYNC251  the server runs on our loop, and so does everything else
        return DONE

    async def main() -> None:
        async with talking(blocks) as (_, client):
            await asyncio.sleep(0.06)
            assert (await client.send(PUNCH)).lag_s > 0.08

    asyncio.run(main())


def test_lag_is_that_of_its_time() -> None:
    async def main() -> None:
        lag = LoopLag()
        assert lag.since(0.0) == 0.0
        lag.start()
        begin = time.monotonic()
        await asyncio.sleep(0.06)
        time.sleep(0.2)  # noqa: ASYNC251
        await asyncio.sleep(0.12)
        assert lag.since(begin) > 0.1
        assert lag.since(time.monotonic()) < 0.1
        await lag.stop()

    asyncio.run(main())
