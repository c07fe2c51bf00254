"""Send the cases of a stage, many at once where order does not matter; watch for a dead target."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from camsim_conformance.plan.cases import Case, Step
from camsim_conformance.target.address import UnreachableError

from .ack import acknowledged
from .client import Client
from .exchange import Exchange

DEAD_TRIES = 3
DEAD_PAUSE_S = 0.5
LATE_S = 1.0  # an answer after the deadline is late, however late
RETRY_PAUSE_S = 0.05
SILENT = float("inf")
Tick = Callable[[str], None]
Answers = dict[str, list[Exchange]]


class DeadTargetError(UnreachableError):
    """The target stopped answering half-way (exit 3)."""


class Lanes:
    """Sends cases and collects their exchanges by case id."""

    def __init__(self, client: Client, probe: Step, tick: Tick) -> None:
        self._client = client
        self._probe = probe
        self._tick = tick
        self._asking = asyncio.Lock()
        self._answered_at = 0.0
        self._patience_s = client.profile.patience_s
        self.answers: Answers = {}

    async def many(self, cases: Iterable[Case]) -> None:
        """All cases at once, as far as slots and rate allow. Raises: DeadTargetError."""
        async with asyncio.TaskGroup() as group:
            for case in cases:
                group.create_task(self._guarded(case))

    async def in_turn(self, cases: Iterable[Case]) -> None:
        """One case after another. Raises: DeadTargetError."""
        for case in cases:
            await self._guarded(case)

    async def hostile(self, cases: Iterable[Case]) -> str | None:
        """One after another; gives the case a target died of. What follows it could not run."""
        self._patience_s = min(self._client.profile.patience_s, self._client.profile.deadline_s + LATE_S)
        for case in cases:
            since = time.monotonic()
            exchanges = await self.one(case)
            if any(exchange.lost for exchange in exchanges) and not await self._alive(since):
                return case.id
        return None

    async def _guarded(self, case: Case) -> None:
        exchanges = await self.one(case)
        lost = [exchange for exchange in exchanges if exchange.lost]
        if lost and not await self._alive(time.monotonic()):
            raise DeadTargetError(f"the target stopped answering during {case.id}: {lost[-1].text()}")

    async def _alive(self, since: float) -> bool:
        """Whether a plain punch is answered at all, asked by one case for all that wonder at the same time."""
        async with self._asking:
            if self._answered_at > since:
                return True
            for _ in range(DEAD_TRIES):
                patience = min(self._client.profile.patience_s, 2 * self._client.profile.deadline_s)
                if (await self._client.send(self._probe, patience_s=patience)).answered:
                    self._answered_at = time.monotonic()
                    return True
                await asyncio.sleep(DEAD_PAUSE_S)
            return False

    async def one(self, case: Case) -> list[Exchange]:
        """All steps of a case, with a spare when an answer was late; its exchanges in the order of the steps."""
        found = await self._all(case, case.steps)
        for spare in case.spares:
            if not self._client.profile.deadline_s < _slowest(found) < SILENT:
                break
            found = min(found, await self._all(case, spare), key=_slowest)
        self.answers[case.id] = sorted(found, key=lambda exchange: (exchange.step, exchange.copy, exchange.attempt))
        self._tick(case.id)
        return self.answers[case.id]

    async def _all(self, case: Case, steps: tuple[Step, ...]) -> list[Exchange]:
        queue = list(enumerate(steps))[::-1]
        found: list[Exchange] = []

        async def lane() -> None:
            while queue:
                number, step = queue.pop()
                found.extend(await self._step(step, number))

        await asyncio.gather(*(lane() for _ in range(min(case.lanes, len(steps)))))
        return found

    async def _step(self, step: Step, number: int) -> list[Exchange]:
        if step.copies > 1:
            return await self._copies(step, number)
        found = [await self._client.send(step, number, patience_s=self._patience_s)]
        for attempt in range(2, step.retries + 2):
            if acknowledged(found[-1], self._client.profile, step) or found[-1].lost:
                break
            await asyncio.sleep(RETRY_PAUSE_S)
            found.append(_numbered(await self._client.send(step, number, patience_s=self._patience_s), attempt=attempt))
        return found

    async def _copies(self, step: Step, number: int) -> list[Exchange]:
        sends = (self._client.send(step, number, patience_s=self._patience_s) for _ in range(step.copies))
        answers = await asyncio.gather(*sends)
        return [_numbered(answer, copy=copy) for copy, answer in enumerate(answers, start=1)]


def _slowest(exchanges: list[Exchange]) -> float:
    """Seconds of the slowest answer; no answer at all is slower than any."""
    return max((exchange.seconds if exchange.answered else SILENT for exchange in exchanges), default=0.0)


def _numbered(exchange: Exchange, **changes: int) -> Exchange:
    return replace(exchange, **changes)  # type: ignore[arg-type]
