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

from .clock import DEFAULT_HORIZON_MS, Clock, start
from .courier import Courier
from .store import Store, StoreError
from .virtual_time import VirtualTime, host_ms


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
        self.store = store
        self.courier = Courier(self._completed, tls=kernel.policy.tls_verify, keepalive=kernel.policy.keepalive)
        self._on_failure = on_failure
        self.watch: Callable[[], None] | None = None  # told after every event
        self._done: list[Answered] = []
        self._waiters: dict[int, asyncio.Future[Reply]] = {}
        self._expected = 0  # the request being submitted: an answer at once needs no future
        self._at_once: Reply | None = None
        self._request_ids = 0
        self._uncommitted: list[Effect] = []
        self._committed: asyncio.Future[None] | None = None
        self._origin = clock.still if clock.stands else start_ms  # where a standing clock starts anew after a reset

    # --- events in ----------------------------------------------------------------------------------------------------

    def submit(self, event: Event) -> None:
        """Give the kernel an event and carry out what follows; with a store, after it is on disk."""
        now = self._taken_at(event)
        self._follow_up(event, now, self.kernel.handle(event, now))

    async def control(self, action: AnyAction) -> Answer:
        """Carry out a control action and answer what it answers. Raises: ControlError."""
        now = self._taken_at(action)
        answer, effects = self.kernel.act(action, now)
        self._follow_up(action, now, effects)
        await self._on_disk()
        return answer

    def _taken_at(self, event: Event) -> int:
        """The moment of an event. Raises: StoreError where nothing is taken any more."""
        if self.failed:
            raise StoreError(self.failed)
        now, kind = self.now(), type(event)
        if kind is not Tick and kind is not Answered:
            self.last_input = now
        return now

    def _follow_up(self, event: Event, now: int, effects: list[Effect]) -> None:
        if self.store is not None:
            self.store.append(now, event)
            self._uncommitted.extend(effects)
            self._plan_commit()
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

    def _plan_commit(self) -> None:
        if not self.committing:
            self.committing = True
            loop = asyncio.get_running_loop()
            self._committed = loop.create_future()
            loop.call_soon(self._commit)

    def _commit(self) -> None:
        """Write the events of this turn of the loop to disk, then let their effects happen."""
        self.committing = False
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
        self.plan()

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

    # --- the whole ----------------------------------------------------------------------------------------------------

    def set_clock(self, text: str) -> None:
        """Change the mode from now on. Raises: ControlError."""
        self.switch_clock(text)
        if self.store is not None:
            self.store.remember_clock(self.clock.text)
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
        self.plan()

    async def configure_courier(self) -> None:
        """Deliveries follow the policy in force: certificates are checked or not, connections kept or not."""
        await self.courier.configure(self.kernel.policy.tls_verify, self.kernel.policy.keepalive)

    async def reset(self, scope: str) -> Answer:
        """Forget (see the action). Without devices, work under way is dropped; `all` begins a standing clock anew."""
        anew = scope == "all" and self.clock.stands
        if anew and self._origin is None:
            self._origin = start(self.clock.text, host_ms(), horizon_ms=self.horizon_ms).still
        result = await self.control(Reset(scope=scope, now=self._origin if anew else None))
        if scope in ("all", "devices"):
            await self._drop_everything_under_way()
        if anew and self._origin is not None:
            self.clock.still = self.last_input = self._origin
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
        """Stop taking work and flush the state."""
        self.stop_waking()
        await self.courier.close()
        self._give_up("the simulator was stopped before the device answered")
        store, self.store = self.store, None
        if store is not None and self.failed:
            store.abandon()
        elif store is not None:
            store.close(self.kernel, self.clock.text)


def _device(answered: Answered) -> str:
    return answered.device
