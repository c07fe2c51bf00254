"""How virtual time passes: it stands while something is in flight, jumps to what is due, or follows the host."""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod

from camsim.control.answers import Moved, Waiting
from camsim.kernel.events import ControlError, Event, Tick
from camsim.kernel.kernel import Kernel

from .clock import LAST_MS, Clock, ClockError, Mode
from .host_clock import host_ms

_FAR_S = 5.0  # a timer far away is looked at so often: the host may sleep, or its clock be set ahead
_LOOK_S = 0.1  # real: how often somebody with patience looks whether waiting still helps


class VirtualTime(ABC):
    """The part of a Runtime that moves time. Whoever extends it gives `submit`, and counts what is in flight.

    In flight is a callback that is out (`outstanding`), a request half read or an answer half written (`inbound`), and
    whatever waits for the disk (`committing`). A command that waits for its device is not.
    """

    def __init__(self, kernel: Kernel, clock: Clock, horizon_ms: int) -> None:
        self.kernel, self.clock, self.horizon_ms = kernel, clock, horizon_ms
        self.inbound = 0
        self.outstanding = 0
        self.deliveries = 0
        self.fired = 0
        self.failed = ""
        self.last_input = kernel.now
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0
        self._jump_planned = False
        self._quiet = asyncio.Event()
        self._moving = asyncio.Lock()
        self._passing = 0  # while an advance or run-until-idle moves the clock, auto does not jump

    @property
    @abstractmethod
    def committing(self) -> bool:
        """Something waits for the disk."""

    @abstractmethod
    def submit(self, event: Event) -> None:
        """Give the kernel an event and carry out what follows."""

    def now(self) -> int:
        """Virtual milliseconds now."""
        return max(self.clock.now(host_ms()), self.kernel.now)

    @property
    def moving(self) -> bool:
        """Somebody moves the clock right now."""
        return self._passing > 0

    @property
    def quiescent(self) -> bool:
        """Nothing in flight: no callback out, no request half read, nothing waiting for the disk."""
        return self.outstanding == 0 and self.inbound == 0 and not self.committing

    def plan(self) -> None:
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
        delay = self.clock.host_delay_s(due, host_ms())
        self._timer, self._timer_due = asyncio.get_running_loop().call_later(min(delay, _FAR_S), self._wake), due

    def _wake(self) -> None:
        self._timer = None
        if self.failed or self.clock.stands:
            return
        due = self.kernel.next_due()
        if due is not None and due > self.now():
            self._plan_wake()
            return
        self.fired += 1
        self.submit(Tick())

    def horizon(self) -> int:
        """How far jumps may go: some hours after the last input."""
        return self.last_input + self.horizon_ms

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

    @abstractmethod
    def standstill(self, patience_s: float) -> ControlError | None:
        """What is wrong when a callback stays out for longer than somebody wants to wait (real seconds)."""

    async def _news(self, patience_s: float | None) -> None:
        """Wait until it may be quiet. Raises: ControlError for a standstill."""
        while patience_s is not None and not self._quiet.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._quiet.wait(), _LOOK_S)
            problem = None if self._quiet.is_set() else self.standstill(patience_s)
            if problem is not None:
                raise problem
        await self._quiet.wait()

    async def _settled(self, patience_s: float | None = None) -> None:
        """Wait for quiet. Raises: ControlError when somebody lets the clock run meanwhile: it moves by itself then."""
        while True:
            while not self.quiescent:
                self._quiet.clear()
                await self._news(patience_s)
                self._need_standing()
            await asyncio.sleep(0)  # whoever heard of it too may have something to do
            self._need_standing()
            if self.quiescent:
                return

    async def run_until_idle(self, patience_s: float | None = None) -> Moved:
        """Move time until nothing is left to do before the horizon; says what still waits.

        `patience_s`: how long a callback may stay out while nothing is heard, real seconds. Raises: ControlError.
        """
        self._need_standing()
        fired, deliveries = self.fired, self.deliveries
        async with self._moving:
            self._passing += 1
            try:
                await self._settled(patience_s)
                while self._tick_to_next(self.horizon()):
                    await self._settled(patience_s)
            finally:
                self._passing -= 1
        self.plan()
        return self._moved(fired, deliveries)

    async def advance(self, seconds: float, patience_s: float | None = None) -> Moved:
        """Let some virtual time pass, timer by timer, standing still while a request is out (see `run_until_idle`)."""
        self._need_standing()
        most = (LAST_MS - self.clock.still) / 1000
        if not 0 <= seconds <= most:
            hint = f"allowed: 0 to {most:.0f}, which is the end of 2099"
            raise ControlError(422, "invalid_value", f"seconds = {seconds!r} is not allowed", hint)
        fired, deliveries = self.fired, self.deliveries
        async with self._moving:
            self._passing += 1
            try:
                await self._settled(patience_s)
                target = self.clock.still + round(seconds * 1000)
                while self._tick_to_next(target, every=True):
                    await self._settled(patience_s)
                self.clock.still = max(self.clock.still, target)
                self.submit(Tick())
                await self._settled(patience_s)
            finally:
                self._passing -= 1
        self.plan()
        return self._moved(fired, deliveries)

    def _need_standing(self) -> None:
        if not self.clock.stands:
            raise ControlError(
                409,
                "clock_runs",
                f"the clock is {self.clock.text}; it cannot be moved",
                'PUT clock {"mode": "manual"} first',
            )

    def _moved(self, fired: int, deliveries: int) -> Moved:
        return Moved(self.now() / 1000, self.fired - fired, self.deliveries - deliveries, self.waiting())

    def waiting(self) -> Waiting:
        """What is not done yet: callbacks in queues and commands on their way."""
        devices, due = list(self.kernel.state.devices.look()), self.kernel.next_due()
        return Waiting(
            callbacks=sum(len(registered.outbox) for registered in devices),
            commands=sum(len(registered.commands) for registered in devices),
            cached=sum(len(registered.device.pending) for registered in devices),
            next_timer=None if due is None else due / 1000,
        )

    def switch_clock(self, text: str) -> None:
        """Another mode from now on. Raises: ControlError."""
        try:
            self.clock.switch(text, host_ms())
        except ClockError as problem:
            raise ControlError(422, "invalid_value", str(problem)) from None
        self.stop_waking()

    def restart_clock(self, at_ms: int) -> None:
        """Go on in the same mode from another virtual moment."""
        self.clock.anchor, self.clock.still = (host_ms(), at_ms), at_ms
        self.stop_waking()

    def look_again(self) -> None:
        """Whoever moves time looks again whether it may."""
        self._quiet.set()
        self.plan()

    def stop_waking(self) -> None:
        """Forget the timer of a clock that runs by itself."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
