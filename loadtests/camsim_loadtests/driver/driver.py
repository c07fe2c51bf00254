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

import gevent
from gevent.queue import SimpleQueue

from camsim.protocol.catalogue import Direction
from camsim.state.outbox import Delivery, Schedule
from camsim_loadtests.plan.bodies import Writer
from camsim_loadtests.plan.plan import Arrival, Plan

from . import ledger
from .answers import callback_problem, command_problem, kind_of
from .connection import Connection, ConnectionFailedError, Target
from .device import DUPLICATE, DrivenDevice, load_next, loses_ack
from .loop_idle import SaturationWatch
from .tally import Step, Tally

Observer = Callable[[str, float, int, str | None], None]  # operation, milliseconds, bytes answered, problem

_BURST = 32  # arrivals handled before the connections get their turn
_NAP_MS = 20.0  # the longest sleep, so that a retry that falls due earlier is not overslept


class Driver:
    """Drives the devices of worker `worker` of `workers`; `run` returns once all is settled or time is up."""

    def __init__(self, plan: Plan, worker: int, workers: int, observer: Observer) -> None:
        self.plan, self.worker, self.workers = plan, worker, workers
        self.writer = Writer(plan)
        self.tally = Tally(worker)
        self.observer = observer
        self.done, self.crash = False, ""
        settings = plan.settings
        self._target = Target(settings.url, settings.timeout_s, settings.ca_file, settings.address)
        self._schedule = Schedule((settings.retry_s,))
        self._limit = settings.connections_each(workers)
        self._commands = plan.profile.direction is Direction.REST
        self._problem = command_problem if self._commands else callback_problem
        self._devices: dict[int, DrivenDevice] = {}
        self._ready: SimpleQueue[DrivenDevice] = SimpleQueue()
        self._retries: list[tuple[float, int, DrivenDevice]] = []
        self._ticket = count()
        self._senders: list[gevent.Greenlet] = []
        self._waiting = 0  # senders without work
        self._open = 0  # arrivals and copies not yet settled
        self._began = self._last_arrival_ms = self._cpu_before_s = 0.0
        self._saturation = SaturationWatch(self.tally, plan.profile.backlog, self._flushing)

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
            self._drive(arrivals)
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

    def _drive(self, upcoming: Iterator[Arrival]) -> None:
        arrival, handled = next(upcoming, None), 0
        while arrival is not None and not self.crash:
            now = self.now_ms
            self._saturation.look(now, self._open)
            if arrival.at_ms <= now:
                self._arrive(arrival, now)
                arrival = next(upcoming, None)
            elif not self._retry(now):
                self._sleep(arrival.at_ms - now)
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
            self._saturation.look(self.now_ms, self._open)
            if not self._retry(self.now_ms):
                self._sleep(_NAP_MS)

    def _flushing(self) -> int:
        """Devices that still have a backlog."""
        devices = 0
        for driven in self._devices.values():
            if driven.backlog:
                devices += 1
        return devices

    def _sleep(self, longest_ms: float) -> None:
        longest_ms = min(longest_ms, _NAP_MS)
        if self._retries:
            longest_ms = min(longest_ms, self._retries[0][0] - self.now_ms)
        gevent.sleep(max(0.0, longest_ms) / 1000)

    def _arrive(self, arrival: Arrival, now: float) -> None:
        driven = self._devices.get(arrival.device)
        if driven is None:
            driven = self._add_device(arrival.device)
        driven.backlog += arrival.count
        self._open += arrival.count
        self._last_arrival_ms = arrival.at_ms
        self.tally.arrived(now, arrival.count)
        if driven.busy or not self._has_connection():
            # It waits for its own device or for a connection: what is measured here is the driver alone.
            self.tally.lagged(now - arrival.at_ms)
        else:
            driven.scheduled_ms = arrival.at_ms
        if not driven.busy:
            self._queue(driven)

    def _add_device(self, index: int) -> DrivenDevice:
        device = self.plan.device(index)
        query = ""
        if self._commands:  # a request names its device in the URL (v3, RESTful API)
            query = f"stgid={device.stgid}"
        head = self._target.head(self.writer.content_type(device), query)
        driven = self._devices[index] = DrivenDevice(device, self.plan.items(index), head)
        return driven

    def _retry(self, now: float) -> bool:
        """True when a device whose retry is due was queued."""
        if not self._retries or self._retries[0][0] > now:
            return False
        self._queue(heapq.heappop(self._retries)[2])
        return True

    def _has_connection(self) -> bool:
        return self._waiting > self._ready.qsize() or len(self._senders) < self._limit

    def _queue(self, driven: DrivenDevice) -> None:
        driven.busy = True
        if self._waiting <= self._ready.qsize() and len(self._senders) < self._limit:
            self._senders.append(gevent.spawn(self._serve))
        self._ready.put(driven)

    def _serve(self) -> None:
        connection = Connection(self._target)
        try:
            while True:
                self._waiting += 1
                driven = self._ready.get()
                self._waiting -= 1
                self._deliver(driven, connection)
        except Exception:
            # A device that is served no more would look as if the receiver had lost its punches.
            self.crash = traceback.format_exc()
        finally:
            self.tally.counts["reconnects"] += connection.reconnects
            connection.close()

    def _deliver(self, driven: DrivenDevice, connection: Connection) -> None:
        began = self.now_ms
        if driven.scheduled_ms is not None:
            self.tally.lagged(began - driven.scheduled_ms)
            driven.scheduled_ms = None
        if not len(driven.outbox):
            self._send_beside(driven, load_next(driven, self.writer, int(began)))
        delivery = driven.outbox.start(int(began))
        if delivery is None:  # a retry that fell due a moment early
            heapq.heappush(self._retries, (began + 1, next(self._ticket), driven))
            return
        self._count_attempt(delivery, began)
        problem = self._post(driven, delivery, connection)
        driven.outbox.settle(int(self.now_ms), problem, self._schedule)
        self._after(driven, delivery, problem)

    def _send_beside(self, driven: DrivenDevice, copies: list[Delivery]) -> None:
        for waiting in driven.outbox.waiting():
            if waiting.anomaly == DUPLICATE:
                self._open += 1
        self._open += len(copies)
        for copy in copies:
            beside = DrivenDevice(driven.device, iter(()), driven.request_head)
            beside.outbox.push(copy)
            self._queue(beside)

    def _count_attempt(self, delivery: Delivery, now: float) -> None:
        self.tally.second(now).sent += 1
        self.tally.counts["attempts"] += 1
        if delivery.attempts > 1:
            self.tally.counts["retries"] += 1
        elif delivery.anomaly:
            self.tally.counts["duplicates"] += 1

    def _post(self, driven: DrivenDevice, delivery: Delivery, connection: Connection) -> str | None:
        """None when the attempt settles the delivery, else why it must be repeated."""
        began, length, kind = self.now_ms, 0, ""
        try:
            answer = connection.post(driven.request_head, delivery.body)
            length = len(answer.body)
            problem = self._problem(answer.status, answer.body, driven.device.key)
            if problem is not None:
                kind = kind_of(answer.status, problem)
        except ConnectionFailedError as error:
            problem, kind = str(error), error.kind
        now = self.now_ms
        self.tally.answer.record((now - began) * 1000)
        self.observer(delivery.name, now - began, length, problem)
        if problem is not None:
            self.tally.failed(now, kind, self._example(driven, delivery, problem, now))
        elif self._acknowledge(driven, delivery, now) and loses_ack(self.writer, delivery):
            self.tally.counts["lost_acks"] += 1
            return "the acknowledgement was lost on purpose"
        return problem

    def _acknowledge(self, driven: DrivenDevice, delivery: Delivery, now: float) -> bool:
        """Enter an item's first acknowledgement; true for its last part, false for other parts and copies."""
        item = driven.item
        following = driven.outbox.pending[driven.outbox.start_index + 1 : driven.outbox.start_index + 2]
        if delivery.punch is None or item is None or (following and following[0].punch is not None):
            return False
        if not driven.acknowledged:
            driven.acknowledged = True
            self.tally.acknowledged(now, now - item.at_ms)
            self.tally.counts["inversions"] += item.log_time < driven.latest_log_time
            driven.latest_log_time = item.log_time
        self.tally.rows += ledger.row(item.seq, delivery.attempts, delivery.first_at or 0, now)
        return True

    def _after(self, driven: DrivenDevice, delivery: Delivery, problem: str | None) -> None:
        if problem is not None:
            heapq.heappush(self._retries, (float(driven.outbox.next_at or 0), next(self._ticket), driven))
            return
        following = driven.outbox.head()
        if delivery.punch is None or following is None or following.punch is None:
            self._open -= 1  # a copy, or the last part of an item
        if len(driven.outbox) or driven.backlog:
            self._queue(driven)
        else:
            driven.busy = False

    def _example(self, driven: DrivenDevice, delivery: Delivery, problem: str, now: float) -> dict[str, object]:
        at_s = self.plan.settings.start_s + now / 1000
        who = {"user": delivery.user, "device": driven.device.serial, "operation": delivery.name}
        return {"at": round(at_s, 3), **who, "attempt": delivery.attempts, "why": problem[:300]}

    def _finish(self) -> None:
        self._saturation.stop()
        gevent.killall(self._senders)
        for driven in self._devices.values():
            head = driven.outbox.head()
            if head is not None and head.punch is not None and head.attempts and not driven.acknowledged:
                self.tally.rows += ledger.row(head.punch, head.attempts, head.first_at or 0, None)


def _rss_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if sys.platform == "darwin":  # tells bytes, Linux kilobytes
        return peak / (1 << 20)
    return peak / (1 << 10)
