"""Moves the kernel through time: events in, effects out, clock modes, quiescence. The only owner of a Kernel."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from camsim import engine  # noqa: F401
from camsim.kernel.events import Answered, Control, ControlError, Effect, Event, Reply, Request, Send, Tick
from camsim.kernel.kernel import Kernel

from .clock import DEFAULT_HORIZON_MS, LAST_MS, Clock, ClockError, Mode, start
from .courier import Courier
from .store import Store, StoreError


class Runtime:
    """One kernel on one event loop."""

    def __init__(
        self,
        kernel: Kernel,
        clock: Clock,
        store: Store | None = None,
        *,
        horizon_ms: int = DEFAULT_HORIZON_MS,
        on_failure: Callable[[str], None] | None = None,
    ) -> None:
        self.kernel, self.clock, self.store = kernel, clock, store
        self.horizon_ms = horizon_ms
        self.courier = Courier(self._completed, tls=kernel.policy.tls_verify, keepalive=kernel.policy.keepalive)
        self.inbound = 0
        self.outstanding = 0
        self.deliveries = 0
        self.fired = 0
        self.failed = ""
        self._on_failure = on_failure
        self._last_input = kernel.now
        self._done: list[Answered] = []
        self._waiters: dict[int, asyncio.Future[Reply]] = {}
        self._expected = 0  # the request being submitted: an answer at once needs no future
        self._at_once: Reply | None = None
        self._request_ids = 0
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0
        self._jump_planned = False
        self._quiet = asyncio.Event()
        self._moving = asyncio.Lock()
        self._uncommitted: list[Effect] = []
        self._commit_planned = False
        self._committed: asyncio.Future[None] | None = None
        self._origin = clock.still if clock.stands else None  # where a standing clock starts anew after a reset
        self._passing = 0  # while an advance or run-until-idle moves the clock, auto does not jump

    # --- events in ----------------------------------------------------------------------------------------------------

    def now(self) -> int:
        """Virtual milliseconds now."""
        return max(self.clock.now(_host_ms()), self.kernel.now)

    def submit(self, event: Event) -> None:
        """Give the kernel an event and carry out what follows; with a store, after it is on disk."""
        if self.failed:
            raise StoreError(self.failed)
        now = self.now()
        kind = type(event)
        if kind is not Tick and kind is not Answered:
            self._last_input = now
        effects = self.kernel.handle(event, now)
        if self.store is not None:
            self.store.append(now, event)
            self._uncommitted.extend(effects)
            self._plan_commit()
        else:
            self._carry_out(effects)
        self._plan()

    async def control(self, action: str, device: str = "", /, **args: Any) -> Any:
        """Carry out a control action and answer what it answers. Raises: ControlError."""
        self.submit(Control(action, device, args))
        result = self.kernel.result
        await self._on_disk()
        return result

    async def request(self, event: Request) -> Reply:
        """Hand a RESTful request over; returns when it is answered, which may be virtual seconds later."""
        self._request_ids += 1
        number = event.id = self._request_ids
        self._expected, self._at_once = number, None
        try:
            self.submit(event)
        finally:
            self._expected = 0
        if self._at_once is not None:
            return self._at_once
        waiter: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiters[number] = waiter
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self.settle()  # answered, but nobody is there to write it
            raise
        finally:
            self._waiters.pop(number, None)

    def note_http(self, status: int, operation: str, field: str, why: str) -> None:
        """Write a journal line for an HTTP request that never reached a device."""
        self.submit(Control("note_http", "", {"status": status, "operation": operation, "field": field, "why": why}))

    def settle(self) -> None:
        """A request was given up, or its answer is written: it is no longer in flight."""
        self.inbound -= 1
        self._plan()

    def _completed(self, answered: Answered) -> None:
        """An attempt ended. Where time stands, completions of one instant are applied together, in device order."""
        self.deliveries += 1
        if not self.clock.stands:
            self.outstanding -= 1
            self._answer(answered)
            return
        self._done.append(answered)
        if len(self._done) == self.outstanding:
            done, self._done, self.outstanding = sorted(self._done, key=_device), [], 0
            for item in done:
                self._answer(item)

    def _answer(self, answered: Answered) -> None:
        if not self.failed:
            self.submit(answered)

    # --- effects out --------------------------------------------------------------------------------------------------

    def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self.outstanding += 1
                self.courier.send(effect)
            elif effect.request == self._expected:
                self.inbound += 1  # until the server has written it: see `settle`
                self._at_once = effect
            else:
                waiter = self._waiters.get(effect.request)
                if waiter is not None and not waiter.done():
                    self.inbound += 1  # until the server has written it: see `settle`
                    waiter.set_result(effect)

    def _plan_commit(self) -> None:
        if not self._commit_planned:
            self._commit_planned = True
            loop = asyncio.get_running_loop()
            self._committed = loop.create_future()
            loop.call_soon(self._commit)

    def _commit(self) -> None:
        """Write the events of this turn of the loop to disk, then let their effects happen."""
        self._commit_planned = False
        effects, self._uncommitted = self._uncommitted, []
        done, self._committed = self._committed, None
        try:
            if self.store is not None:
                self.store.commit(self.kernel)
        except StoreError as problem:
            self._fail(str(problem), done)
            return
        if done is not None and not done.done():
            done.set_result(None)
        self._carry_out(effects)
        self._plan()

    def _fail(self, why: str, done: asyncio.Future[None] | None) -> None:
        self.failed = why
        if done is not None and not done.done():
            done.set_exception(StoreError(why))
            done.exception()
        self._give_up(why)
        if self._on_failure is not None:
            self._on_failure(why)

    async def _on_disk(self) -> None:
        if self._committed is not None:
            await asyncio.shield(self._committed)

    # --- time ---------------------------------------------------------------------------------------------------------

    @property
    def quiescent(self) -> bool:
        """Nothing in flight: no callback out, no request half read, nothing waiting for the disk."""
        return self.outstanding == 0 and self.inbound == 0 and not self._commit_planned

    def _plan(self) -> None:
        """After every event: wake at the next timer, jump to it, or tell whoever waits for quiet."""
        if not self.clock.stands:
            self._plan_wake()
        elif self.quiescent:
            self._quiet.set()
            if self.clock.mode is Mode.AUTO and not self._jump_planned and not self._passing:
                self._jump_planned = True
                asyncio.get_running_loop().call_soon(self._jump)

    def _plan_wake(self) -> None:
        due = self.kernel.next_due()
        if due is None or (self._timer is not None and self._timer_due <= due):
            return
        if self._timer is not None:
            self._timer.cancel()
        delay = self.clock.host_delay_s(due, _host_ms())
        self._timer, self._timer_due = asyncio.get_running_loop().call_later(min(delay, 3600), self._wake), due

    def _wake(self) -> None:
        self._timer = None
        if not self.failed and not self.clock.stands:
            self.fired += 1
            self.submit(Tick())

    def horizon(self) -> int:
        """How far jumps may go: some hours after the last input."""
        return self._last_input + self.horizon_ms

    def _jump(self) -> None:
        self._jump_planned = False
        if self.clock.mode is Mode.AUTO and self.quiescent and not self._passing and not self.failed:
            self._tick_to_next(self.horizon())

    def _tick_to_next(self, limit: int, *, every: bool = False) -> bool:
        due = self.kernel.next_due() if every else self.kernel.next_jump()
        if due is None or due > limit:
            return False
        self.clock.still = max(self.clock.still, due)
        self.fired += 1
        self.submit(Tick())
        return True

    async def _settled(self) -> None:
        """Wait for quiet. Raises: ControlError when somebody lets the clock run meanwhile: it moves by itself then."""
        while True:
            while not self.quiescent:
                self._quiet.clear()
                await self._quiet.wait()
                self._need_standing()
            await asyncio.sleep(0)  # whoever heard of it too may have something to do
            self._need_standing()
            if self.quiescent:
                return

    async def run_until_idle(self) -> dict[str, Any]:
        """Move time until nothing is left to do before the horizon; says what still waits."""
        self._need_standing()
        fired, deliveries = self.fired, self.deliveries
        async with self._moving:
            self._passing += 1
            try:
                await self._settled()
                while self._tick_to_next(self.horizon()):
                    await self._settled()
            finally:
                self._passing -= 1
        self._plan()
        return self._moved(fired, deliveries)

    async def advance(self, seconds: float) -> dict[str, Any]:
        """Let some virtual time pass, timer by timer, standing still while a request is out."""
        self._need_standing()
        most = (LAST_MS - self.clock.still) / 1000
        if not 0 <= seconds <= most:
            hint = f"allowed: 0 to {most:.0f}, which is the end of 2099"
            raise ControlError(422, "invalid_value", f"seconds = {seconds!r} is not allowed", hint)
        fired, deliveries = self.fired, self.deliveries
        async with self._moving:
            self._passing += 1
            try:
                await self._settled()
                target = self.clock.still + round(seconds * 1000)
                while self._tick_to_next(target, every=True):
                    await self._settled()
                self.clock.still = max(self.clock.still, target)
                self.submit(Tick())
                await self._settled()
            finally:
                self._passing -= 1
        self._plan()
        return self._moved(fired, deliveries)

    def _need_standing(self) -> None:
        if not self.clock.stands:
            raise ControlError(
                409,
                "clock_runs",
                f"the clock is {self.clock.text}; it cannot be moved",
                'PUT clock {"mode": "manual"} first',
            )

    def _moved(self, fired: int, deliveries: int) -> dict[str, Any]:
        return {
            "now": self.now() / 1000,
            "fired": self.fired - fired,
            "deliveries": self.deliveries - deliveries,
            "waiting": self.waiting(),
        }

    def waiting(self) -> dict[str, Any]:
        """What is not done yet: callbacks in queues and commands on their way."""
        slots = self.kernel.state.slots.values()
        return {
            "callbacks": sum(len(slot.outbox) for slot in slots),
            "commands": sum(len(slot.commands) for slot in slots),
            "cached": sum(len(slot.device.pending) for slot in slots),
            "next_timer": None if (due := self.kernel.next_due()) is None else due / 1000,
        }

    def set_clock(self, text: str) -> None:
        """Change the mode from now on. Raises: ClockError."""
        try:
            self.clock.switch(text, _host_ms())
        except ClockError as problem:
            raise ControlError(422, "invalid_value", str(problem)) from None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.store is not None:
            self.store.remember_clock(self.clock.text)
        if not self.clock.stands and self._done:
            done, self._done = self._done, []
            for item in done:
                self.outstanding -= 1
                self._answer(item)
        self._quiet.set()  # whoever moves time looks again whether it may
        self._plan()

    async def reset(self, scope: str) -> Any:
        """Forget (see the action). Without devices, work under way is dropped; `all` begins a standing clock anew."""
        anew = scope == "all" and self.clock.stands
        if anew and self._origin is None:
            self._origin = start(self.clock.text, _host_ms(), horizon_ms=self.horizon_ms).still
        result = await self.control("reset", scope=scope, now=self._origin if anew else None)
        if scope in ("all", "devices"):
            await self._drop_everything_under_way()
        if anew and self._origin is not None:
            self.clock.still = self._last_input = self._origin
        self._plan()
        return result

    async def _drop_everything_under_way(self) -> None:
        self.outstanding, self._done = 0, []  # what is cancelled never reports; what begins while it goes away counts
        await self.courier.close()
        self._give_up("the simulator was reset before the device answered")

    def _give_up(self, why: str) -> None:
        for waiter in self._waiters.values():
            if not waiter.done():
                waiter.set_exception(StoreError(why))

    async def close(self) -> None:
        """Stop taking work and flush the state."""
        if self._timer is not None:
            self._timer.cancel()
        await self.courier.close()
        self._give_up("the simulator was stopped before the device answered")
        store, self.store = self.store, None
        if store is not None and self.failed:
            store.abandon()
        elif store is not None:
            store.close(self.kernel, self.clock.text)


def _device(answered: Answered) -> str:
    return answered.device


def _host_ms() -> int:
    return time.time_ns() // 1_000_000
