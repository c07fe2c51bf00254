"""Send the cases of a stage, many at once where order does not matter; watch for a dead target."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from ..ack import acknowledged
from ..cases import Case, Step
from ..target import UnreachableError
from .client import Client
from .exchange import Exchange

DEAD_TRIES = 3
DEAD_PAUSE_S = 0.5
RETRY_PAUSE_S = 0.05
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
        for case in cases:
            exchanges = await self.one(case)
            if any(exchange.dead for exchange in exchanges) and not await self._alive():
                return case.id
        return None

    async def _guarded(self, case: Case) -> None:
        exchanges = await self.one(case)
        if any(exchange.dead for exchange in exchanges) and not await self._alive():
            raise DeadTargetError(f"the target stopped answering during {case.id}: {exchanges[-1].text()}")

    async def _alive(self) -> bool:
        for _ in range(DEAD_TRIES):
            if not (await self._client.send(self._probe)).dead:
                return True
            await asyncio.sleep(DEAD_PAUSE_S)
        return False

    async def one(self, case: Case) -> list[Exchange]:
        """All steps of a case; its exchanges in the order of the steps."""
        queue = list(enumerate(case.steps))[::-1]
        found: list[Exchange] = []

        async def lane() -> None:
            while queue:
                number, step = queue.pop()
                found.extend(await self._step(step, number))

        await asyncio.gather(*(lane() for _ in range(min(case.lanes, len(case.steps)))))
        self.answers[case.id] = sorted(found, key=lambda exchange: (exchange.step, exchange.copy, exchange.attempt))
        self._tick(case.id)
        return self.answers[case.id]

    async def _step(self, step: Step, number: int) -> list[Exchange]:
        if step.copies > 1:
            return await self._copies(step, number)
        found = [await self._client.send(step, number)]
        for attempt in range(2, step.retries + 2):
            if acknowledged(found[-1], self._client.profile, step) or found[-1].dead:
                break
            await asyncio.sleep(RETRY_PAUSE_S)
            found.append(_numbered(await self._client.send(step, number), attempt=attempt))
        return found

    async def _copies(self, step: Step, number: int) -> list[Exchange]:
        sends = (self._client.send(step, number) for _ in range(step.copies))
        answers = await asyncio.gather(*sends)
        return [_numbered(answer, copy=copy) for copy, answer in enumerate(answers, start=1)]


def _numbered(exchange: Exchange, **changes: int) -> Exchange:
    from dataclasses import replace

    return replace(exchange, **changes)  # type: ignore[arg-type]
