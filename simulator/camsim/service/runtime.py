"""Moves the kernel through time: events in, effects out, clock modes, quiescence. The only owner of a Kernel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from camsim.control.actions import AnyAction, Reset
from camsim.control.answers import Answer
from camsim.kernel.events import (
    Answered,
    ControlError,
    Effect,
    Event,
    FormRequest,
    HttpRefused,
    Reply,
    Request,
    Send,
    Tick,
)
from camsim.kernel.kernel import Kernel

from . import standstill
from .clock import DEFAULT_HORIZON_MS, Clock, start
from .courier import Courier
from .durable import Durable, half_applied
from .host_clock import host_ms
from .state_file import StoreError
from .state_reader import StoredClock
from .store import Store
from .virtual_time import VirtualTime


class Runtime(VirtualTime):
    """One kernel on one event loop."""

    def __init__(
        self,
        kernel: Kernel,
        clock: Clock,
        store: Store | None = None,
        *,
        horizon_ms: int = DEFAULT_HORIZON_MS,
        start_ms: int | None = None,
        on_failure: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(kernel, clock, horizon_ms)
        self.durable: Durable | None = None
        if store is not None:
            self.keep_in(store)
        self.courier = Courier(self._completed, tls=kernel.policy.tls_verify, keepalive=kernel.policy.keepalive)
        self._on_failure = on_failure
        self.watch: Callable[[], None] | None = None  # told after every event
        self._done: list[Answered] = []
        self._waiters: dict[int, asyncio.Future[Reply]] = {}
        self._expected = 0  # the request being submitted: an answer at once needs no future
        self._at_once: Reply | None = None
        self._request_ids = 0
        self._origin = clock.still if clock.stands else start_ms  # where a standing clock starts anew after a reset

    @property
    def committing(self) -> bool:
        """Something waits for the disk."""
        return self.durable is not None and self.durable.committing

    # --- events in ----------------------------------------------------------------------------------------------------

    def submit(self, event: Event) -> None:
        """Give the kernel an event and carry out what follows; with a store, after it is on disk."""
        now, kept = self._taken_at(event), self._kept_form(event)
        try:
            effects = self.kernel.handle(event, now)
        except ControlError:  # nothing has changed
            raise
        except Exception as problem:
            self._fail(half_applied(event, problem))
            raise
        self._follow_up(now, kept, effects)

    async def control(self, action: AnyAction) -> Answer:
        """Carry out a control action and answer what it answers. Raises: ControlError."""
        now, kept = self._taken_at(action), self._kept_form(action)
        try:
            answer, effects = self.kernel.act(action, now)
        except ControlError:  # nothing has changed
            raise
        except Exception as problem:
            self._fail(half_applied(action, problem))
            raise
        self._follow_up(now, kept, effects)
        if self.durable is not None:
            await self.durable.on_disk()
        return answer

    def _taken_at(self, event: Event) -> int:
        """The moment of an event. Raises: StoreError where nothing is taken any more."""
        if self.failed:
            raise StoreError(self.failed)
        now, kind = self.now(), type(event)
        if kind is not Tick and kind is not Answered:
            self.last_input = now
        return now

    def _kept_form(self, event: Event) -> bytes:
        """The event as the log keeps it, before it is applied. Raises: ControlError."""
        return b"" if self.durable is None else self.durable.kept_form(event)

    def _follow_up(self, now: int, kept: bytes, effects: list[Effect]) -> None:
        if self.durable is not None:
            self.durable.add(now, kept, effects)
        else:
            self._carry_out(effects)
        if self.watch is not None:
            self.watch()
        self.plan()

    async def request(self, event: Request | FormRequest) -> Reply:
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

    @property
    def holding(self) -> int:
        """RESTful calls that wait for their device's answer."""
        return len(self._waiters)

    def standstill(self, patience_s: float) -> ControlError | None:
        """What is wrong when a callback stays out for so long, and whether it waits for a call that waits for it."""
        return standstill.problem(self.kernel, self.courier, patience_s, holding=bool(self._waiters))

    def note_http(self, status: int, operation: str, field: str, why: str) -> None:
        """Write a journal line for an HTTP request that never reached a device."""
        self.submit(HttpRefused(status, operation, field, why))

    def settle(self) -> None:
        """A request was given up, or its answer is written: it is no longer in flight."""
        self.inbound -= 1
        self.plan()

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

    def _release(self, effects: list[Effect]) -> None:
        """What follows from events that are on disk."""
        self._carry_out(effects)
        self.plan()

    def _fail(self, why: str) -> None:
        """Nothing more is taken: what was accepted could not be kept, or was applied by half."""
        if self.failed:
            return
        self.failed = why
        if self.durable is not None:
            self.durable.stop(why)
        self._give_up(why)
        if self._on_failure is not None:
            self._on_failure(why)

    # --- the whole ----------------------------------------------------------------------------------------------------

    async def set_clock(self, text: str) -> None:
        """Change the mode from now on. Raises: ControlError."""
        self.switch_clock(text)
        await self.keep_clock()
        if not self.clock.stands and self._done:
            done, self._done = self._done, []
            for item in done:
                self.outstanding -= 1
                self._answer(item)
        self.look_again()

    async def begin_at(self, start_ms: int) -> None:
        """An empty world begins at a virtual moment, and begins there anew after `reset`. Raises: ControlError."""
        if self.kernel.state.devices:
            hint = "POST reset first, or leave start out: time goes on from now"
            raise ControlError(409, "world_began", "start is for a world without devices", hint)
        await self.control(Reset(scope="journal", now=start_ms))
        self._origin = self.last_input = start_ms
        self.restart_clock(start_ms)
        await self.keep_clock()
        self.plan()

    async def configure_courier(self) -> None:
        """Deliveries follow the policy in force: certificates are checked or not, connections kept or not."""
        await self.courier.configure(self.kernel.policy.tls_verify, self.kernel.policy.keepalive)

    async def reset(self, scope: str) -> Answer:
        """Forget (see the action). Without devices, work under way is dropped; `all` begins a standing clock anew."""
        anew = scope == "all" and self.clock.stands
        if anew and self._origin is None:
            self._origin = start(self.clock.text, host_ms(), horizon_ms=self.horizon_ms).still
        if self.durable is not None:
            self.durable.store.fold()
        result = await self.control(Reset(scope=scope, now=self._origin if anew else None))
        if scope in ("all", "devices"):
            await self._drop_everything_under_way()
        if anew and self._origin is not None:
            self.clock.still = self.last_input = self._origin
            await self.keep_clock()
        self.plan()
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
        """Stop taking work and flush the state. Raises: StoreError."""
        self.stop_waking()
        failed, self.failed = self.failed, self.failed or "the simulator stops"  # whatever comes now is refused
        if self.durable is not None:
            await self.durable.finish()
        await self.courier.close()
        self._give_up("the simulator was stopped before the device answered")
        durable, self.durable = self.durable, None
        if durable is None:
            return
        if failed:
            durable.store.abandon()
        else:
            durable.store.close(self.kernel, self.stored_clock())

    def keep_in(self, store: Store | None) -> None:
        """From now on events are kept in this store, or nowhere."""
        self.durable = None if store is None else Durable(store, self.kernel, self._release, self._fail)

    def stored_clock(self) -> StoredClock:
        """The clock as a state file keeps it."""
        return StoredClock(self.clock.text, host_ms(), self.now())

    async def keep_clock(self) -> None:
        """Write the clock down where there is a state file. Raises: StoreError."""
        if self.durable is not None:
            await self.durable.at_rest()
            self.durable.store.remember_clock(self.stored_clock())


def _device(answered: Answered) -> str:
    return answered.device
