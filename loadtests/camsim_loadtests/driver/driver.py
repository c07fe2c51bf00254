"""The open-loop driver of one worker: arrivals come when the plan says, whatever the receiver does.

Latency counts from the scheduled moment, so a stall of the receiver shows in every punch that waited for it. The
driver's own lateness is measured for each arrival. Delivery (order, one in flight, retries) is `camsim.state.outbox`.
"""

from __future__ import annotations

import heapq
import resource
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from itertools import count
from typing import NamedTuple

import gevent
from gevent.queue import SimpleQueue

from camsim.protocol.catalogue import Direction
from camsim.state.outbox import Delivery, Schedule
from camsim_loadtests.plan.bodies import Writer
from camsim_loadtests.plan.plan import Arrival, Plan

from . import ledger
from .answers import callback_problem, command_problem, kind_of
from .connection import Line, LineError, Target
from .device import DUPLICATE, Station, load, loses_ack
from .loop_idle import FULL, IdleMeter
from .tally import LATE_MS, Step, Tally

Observer = Callable[[str, float, int, str | None], None]  # operation, milliseconds, bytes answered, problem

_BURST = 32  # arrivals handled before the connections get their turn
_NAP_MS = 20.0  # the longest sleep, so that a retry that falls due earlier is not overslept


class Window(NamedTuple):
    """The levels at the start of the second that is watched for rest."""

    since_ms: float = 0.0
    arrivals: int = 0
    late: int = 0


class Driver:
    """Drives the devices of worker `worker` of `workers`; `run` returns when all is told or the drain limit is over."""

    def __init__(self, plan: Plan, worker: int, workers: int, observer: Observer) -> None:
        self.plan, self.worker, self.workers = plan, worker, workers
        self.writer = Writer(plan)
        self.tally = Tally(worker)
        self.observer = observer
        self.done, self.crash = False, ""
        settings = plan.settings
        self._target = Target(settings.url, settings.timeout_s, settings.ca_file)
        self._schedule = Schedule((settings.retry_s,))
        self._limit = settings.connections_each(workers)
        self._commands = plan.profile.direction is Direction.REST
        self._problem = command_problem if self._commands else callback_problem
        self._stations: dict[int, Station] = {}
        self._ready: SimpleQueue[Station] = SimpleQueue()
        self._retries: list[tuple[float, int, Station]] = []
        self._ticket = count()
        self._senders: list[gevent.Greenlet] = []
        self._idle = 0
        self._open = 0
        self._began = self._last_arrival_ms = self._cpu_before_s = 0.0
        self._rest = IdleMeter()
        self._window = Window()

    @property
    def now_ms(self) -> float:
        """Milliseconds since the storm's first moment."""
        return (time.perf_counter() - self._began) * 1000

    def run(self, delay_s: float = 0.0) -> None:
        """Drive the whole share, starting `delay_s` from now."""
        self.writer.warm()
        self._began, self._cpu_before_s = time.perf_counter() + delay_s, time.process_time()
        arrivals = self.plan.arrivals(self.worker, self.workers)
        try:
            self._pump(arrivals)
            self._drain()
            self.done = not self.crash
        finally:
            self._finish()

    def step(self) -> Step:
        """What happened since the last step, for the report."""
        levels = {
            "open": self._open,
            "connections": len(self._senders),
            "rss_mb": _rss_mb(),
            "cpu_s": time.process_time() - self._cpu_before_s,
            "last_arrival_ms": self._last_arrival_ms,
        }
        return self.tally.step(levels, self.done, self.crash)

    def _pump(self, upcoming: Iterator[Arrival]) -> None:
        arrival, handled = next(upcoming, None), 0
        while arrival is not None and not self.crash:
            now = self.now_ms
            self._watch_rest(now)
            if arrival.at_ms <= now:
                self._arrive(arrival, now)
                arrival = next(upcoming, None)
            elif not self._retry(now):
                self._nap(arrival.at_ms - now)
                continue
            handled += 1
            if handled % _BURST == 0:
                self._retry(now)
                gevent.sleep(0)

    def _drain(self) -> None:
        # A storm lasts as long as asked, even when its last arrival comes a little earlier.
        settings = self.plan.settings
        until = settings.duration_s * 1000 + settings.drain_limit_s * 1000
        while self._open and self.now_ms < until and not self.crash:
            self._watch_rest(self.now_ms)
            if not self._retry(self.now_ms):
                self._nap(_NAP_MS)

    def _watch_rest(self, now: float) -> None:
        """Count the arrivals of a second as late when the loop never rested in it and work piled up."""
        window = self._window
        passed = now - window.since_ms
        if passed < 1000:
            return
        arrivals, late = self.tally.arrivals_seen - window.arrivals, self.tally.late_seen - window.late
        rested = self._rest.take() * 1000 / passed
        # By Little's law so much open work means more than 50 ms of waiting, and it waited for this process.
        if rested < FULL and self._open > max(10, arrivals * LATE_MS / passed):
            self.tally.saturated(self._still_flushing() if self.plan.profile.backlog else arrivals - late)
        self._window = Window(now, self.tally.arrivals_seen, self.tally.late_seen)

    def _still_flushing(self) -> int:
        """Devices whose backlog this process, not the receiver, holds up; each counts once."""
        devices = sum(1 for station in self._stations.values() if station.backlog)
        return min(devices, self.tally.arrivals_seen - self.tally.late_seen)

    def _nap(self, longest_ms: float) -> None:
        until_retry = self._retries[0][0] - self.now_ms if self._retries else _NAP_MS
        gevent.sleep(max(0.0, min(longest_ms, until_retry, _NAP_MS)) / 1000)

    def _arrive(self, arrival: Arrival, now: float) -> None:
        station = self._stations.get(arrival.device) or self._station(arrival.device)
        station.backlog += arrival.count
        self._open += arrival.count
        self._last_arrival_ms = arrival.at_ms
        self.tally.arrived(now, arrival.count)
        if station.ready or not self._has_connection():
            # It waits for its own device or for a connection: what is measured here is the driver alone.
            self.tally.lagged(now - arrival.at_ms)
        else:
            station.fresh_ms = arrival.at_ms
        if not station.ready:
            self._queue(station)

    def _station(self, index: int) -> Station:
        device = self.plan.device(index)
        head = self._target.head(self.writer.content_type(device), f"stgid={device.stgid}" if self._commands else "")
        station = self._stations[index] = Station(device, self.plan.items(index), head)
        return station

    def _retry(self, now: float) -> bool:
        """True when a device whose retry is due was queued."""
        if not self._retries or self._retries[0][0] > now:
            return False
        self._queue(heapq.heappop(self._retries)[2])
        return True

    def _has_connection(self) -> bool:
        return self._idle > self._ready.qsize() or len(self._senders) < self._limit

    def _queue(self, station: Station) -> None:
        station.ready = True
        if self._idle <= self._ready.qsize() and len(self._senders) < self._limit:
            self._senders.append(gevent.spawn(self._serve))
        self._ready.put(station)

    def _serve(self) -> None:
        line = Line(self._target)
        try:
            while True:
                self._idle += 1
                station = self._ready.get()
                self._idle -= 1
                self._tell(station, line)
        except Exception:
            # A device that is told no more would look as if the receiver had lost its punches.
            self.crash = traceback.format_exc()
        finally:
            self.tally.counts["reconnects"] += line.reconnects
            line.close()

    def _tell(self, station: Station, line: Line) -> None:
        began = self.now_ms
        if station.fresh_ms is not None:
            self.tally.lagged(began - station.fresh_ms)
            station.fresh_ms = None
        if not len(station.outbox):
            self._side_by_side(station, load(station, self.writer, int(began)))
        delivery = station.outbox.start(int(began))
        if delivery is None:  # a retry that fell due a moment early
            heapq.heappush(self._retries, (began + 1, next(self._ticket), station))
            return
        self._count_attempt(delivery, began)
        problem = self._post(station, delivery, line)
        station.outbox.settle(int(self.now_ms), problem, self._schedule)
        self._after(station, delivery, problem)

    def _side_by_side(self, station: Station, copies: list[Delivery]) -> None:
        self._open += len(copies) + sum(1 for waiting in station.outbox.waiting() if waiting.anomaly == DUPLICATE)
        for copy in copies:
            beside = Station(station.device, iter(()), station.head)
            beside.outbox.push(copy)
            self._queue(beside)

    def _count_attempt(self, delivery: Delivery, now: float) -> None:
        self.tally.second(now).sent += 1
        self.tally.counts["attempts"] += 1
        if delivery.attempts > 1:
            self.tally.counts["retries"] += 1
        elif delivery.anomaly:
            self.tally.counts["duplicates"] += 1

    def _post(self, station: Station, delivery: Delivery, line: Line) -> str | None:
        """None when the attempt settles the delivery, else why it must be repeated."""
        began, answer, kind = self.now_ms, None, ""
        try:
            answer = line.post(station.head, delivery.body)
            problem = self._problem(answer.status, answer.body, station.device.key)
            kind = "" if problem is None else kind_of(answer.status, problem)
        except LineError as error:
            problem, kind = str(error), error.kind
        now = self.now_ms
        self.tally.answer.record((now - began) * 1000)
        self.observer(delivery.name, now - began, len(answer.body) if answer else 0, problem)
        if problem is not None:
            self.tally.failed(now, kind, self._example(station, delivery, problem, now))
        elif self._acknowledge(station, delivery, now) and loses_ack(self.writer, delivery):
            self.tally.counts["lost_acks"] += 1
            return "the acknowledgement was lost on purpose"
        return problem

    def _acknowledge(self, station: Station, delivery: Delivery, now: float) -> bool:
        """Enter an item's first acknowledgement; true for its last part, false for other parts and copies."""
        item = station.item
        following = station.outbox.pending[station.outbox.start_index + 1 : station.outbox.start_index + 2]
        if delivery.punch is None or item is None or (following and following[0].punch is not None):
            return False
        if not station.told:
            station.told = True
            self.tally.acknowledged(now, now - item.at_ms)
            self.tally.counts["inversions"] += item.log_time < station.latest
            station.latest = item.log_time
        self.tally.rows += ledger.row(item.seq, delivery.attempts, delivery.first_at or 0, now)
        return True

    def _after(self, station: Station, delivery: Delivery, problem: str | None) -> None:
        if problem is not None:
            heapq.heappush(self._retries, (float(station.outbox.next_at or 0), next(self._ticket), station))
            return
        following = station.outbox.head()
        if delivery.punch is None or following is None or following.punch is None:
            self._open -= 1  # a copy, or the last part of an item
        if len(station.outbox) or station.backlog:
            self._queue(station)
        else:
            station.ready = False

    def _example(self, station: Station, delivery: Delivery, problem: str, now: float) -> dict[str, object]:
        at_s = self.plan.settings.start_s + now / 1000
        who = {"user": delivery.user, "device": station.device.serial, "operation": delivery.name}
        return {"at": round(at_s, 3), **who, "attempt": delivery.attempts, "why": problem[:300]}

    def _finish(self) -> None:
        self._rest.stop()
        gevent.killall(self._senders)
        for station in self._stations.values():
            head = station.outbox.head()
            if head is not None and head.punch is not None and head.attempts and not station.told:
                self.tally.rows += ledger.row(head.punch, head.attempts, head.first_at or 0, None)


def _rss_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)
