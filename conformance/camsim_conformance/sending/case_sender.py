"""Send the cases of a stage, many at once where order does not matter; watch for a dead target."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from camsim_conformance.plan.cases import ANNOUNCEMENT, Case, Step, Transport
from camsim_conformance.target.address import UnreachableError

from .ack import acknowledged
from .client import Client
from .exchange import Exchange, NoAnswer

DEAD_TRIES = 3
DEAD_PAUSE_S = 0.5
LATE_S = 1.0  # an answer after the deadline is late, however late
RETRY_PAUSE_S = 0.05
NEVER = float("inf")
OnSent = Callable[[str], None]
Answers = dict[str, list[Exchange]]


class DeadTargetError(UnreachableError):
    """The target stopped answering half-way (exit 3)."""


class CaseSender:
    """Sends cases and collects their exchanges by case id. `probe` is the plain punch that asks whether the target
    still answers; `on_sent` hears the id of each case that is through."""

    def __init__(self, client: Client, probe: Step, on_sent: OnSent) -> None:
        self._client = client
        self._probe = probe
        self._on_sent = on_sent
        self._asking = asyncio.Lock()
        self._patience_s = client.profile.patience_s
        self.answers: Answers = {}

    async def many(self, cases: Iterable[Case]) -> None:
        """All cases at once, as far as connections and rate allow. Raises: DeadTargetError."""
        self._client.line.begin_crowd()
        async with asyncio.TaskGroup() as group:
            for case in cases:
                group.create_task(self._guarded(case))

    async def in_turn(self, cases: Iterable[Case]) -> None:
        """One case after another. Raises: DeadTargetError."""
        for case in cases:
            await self._guarded(case)

    async def hostile(self, cases: Iterable[Case]) -> str | None:
        """One after another; gives the case a target died of. What follows it could not run."""
        # A hostile body may hang for good: each is waited for a little longer than it takes to be late.
        self._patience_s = min(self._client.profile.patience_s, self._client.profile.deadline_s + LATE_S)
        for case in cases:
            exchanges = await self.one(case)
            # What it answered before the hostile body says nothing of what it is now.
            # A body that was cut is answered by nobody: only the next one shows what it did.
            cut = any(step.transport is Transport.CUT for step in case.steps)
            if (cut or any(exchange.lost for exchange in exchanges)) and not await self._alive(time.monotonic()):
                return case.id
        return None

    async def _guarded(self, case: Case) -> None:
        exchanges = await self.one(case)
        lost = [exchange for exchange in exchanges if exchange.lost]
        if lost and not await self._alive(_reason_to_wonder(lost, self._client.profile.patience_s)):
            raise DeadTargetError(f"the target stopped answering during {case.id}: {lost[-1].text()}")

    async def _alive(self, since: float) -> bool:
        """Whether anything was answered after a moment, or a plain punch is now; asked by one case for all that wonder
        at the same time."""
        # A burst of lost answers must not become a burst of probes at a target that struggles already.
        async with self._asking:
            patience = min(self._client.profile.patience_s, 2 * self._client.profile.deadline_s)
            for _ in range(DEAD_TRIES):
                if self._client.answered_at > since:
                    return True
                # In its turn as everything else, but the next one: what waits may wait for a target that is gone.
                await self._client.send(self._probe, patience_s=patience, urgent=True)
                if self._client.answered_at > since:
                    return True
                await asyncio.sleep(DEAD_PAUSE_S)
            return False

    async def one(self, case: Case) -> list[Exchange]:
        """All steps of a case, with a spare when an answer was late; its exchanges in the order of the steps."""
        found = await self._all(case, case.steps)
        for spare in case.spares:
            # Only lateness is tried again: a spare never hides that no answer came at all.
            if not self._client.profile.deadline_s < _slowest(found) < NEVER:
                break
            found = min(found, await self._all(case, spare), key=_slowest)
        self.answers[case.id] = sorted(found, key=lambda exchange: (exchange.step, exchange.copy, exchange.attempt))
        self._on_sent(case.id)
        return self.answers[case.id]

    async def _all(self, case: Case, steps: tuple[Step, ...]) -> list[Exchange]:
        self._client.line.room_for(case.at_once)
        waiting = list(enumerate(steps))[::-1]
        found: list[Exchange] = []
        # Who is told of first is known before the others go out at once.
        while waiting and waiting[-1][1].what == ANNOUNCEMENT:
            number, step = waiting.pop()
            found.extend(await self._step(step, number))

        async def worker() -> None:
            while waiting:
                number, step = waiting.pop()
                found.extend(await self._step(step, number))

        workers = min(case.at_once, len(steps))
        await asyncio.gather(*(worker() for _ in range(workers)))
        return found

    async def _step(self, step: Step, number: int) -> list[Exchange]:
        if step.copies > 1:
            return await self._copies(step, number)
        found = [await self._send(step, number)]
        for attempt in range(2, step.retries + 2):
            # The gateway sends again until it is acknowledged, but nothing can be sent to a target that is gone.
            if acknowledged(found[-1], self._client.profile, step) or found[-1].lost:
                break
            await asyncio.sleep(RETRY_PAUSE_S)
            found.append(replace(await self._send(step, number), attempt=attempt))
        return found

    async def _copies(self, step: Step, number: int) -> list[Exchange]:
        if step.transport is Transport.FRESH:
            answers = await self._client.send_together(step, number=number, patience_s=self._patience_s)
        else:
            answers = await asyncio.gather(*(self._send(step, number) for _ in range(step.copies)))
        return [replace(answer, copy=copy) for copy, answer in enumerate(answers, start=1)]

    async def _send(self, step: Step, number: int) -> Exchange:
        return await self._client.send(step, number, patience_s=self._patience_s)


def _reason_to_wonder(lost: list[Exchange], patience_s: float) -> float:
    """Since when a target must have answered something to be alive."""
    now = time.monotonic()
    # One that only answers too late is slow as long as others are answered; one that lets nobody in is gone.
    if all(exchange.no_answer is NoAnswer.TIMEOUT for exchange in lost):
        return now - patience_s
    return now


def _slowest(exchanges: list[Exchange]) -> float:
    """Seconds of the slowest answer; no answer at all is slower than any."""
    slowest = 0.0
    for exchange in exchanges:
        if not exchange.answered:
            return NEVER
        slowest = max(slowest, exchange.seconds)
    return slowest
