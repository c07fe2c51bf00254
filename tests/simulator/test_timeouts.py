"""camsim.service.timeouts: many limits on one timer."""

from __future__ import annotations

import asyncio

import pytest

from camsim.service.timeouts import Patience


def test_a_stretch_that_ends_in_time_is_left_alone():
    async def run() -> str:
        with Patience().limit(5):
            await asyncio.sleep(0)
        return "done"

    assert asyncio.run(run()) == "done"


def test_a_stretch_that_takes_too_long_is_a_timeout():
    async def run() -> None:
        with Patience().limit(0.01):
            await asyncio.sleep(30)

    with pytest.raises(TimeoutError):
        asyncio.run(run())


def test_a_cancelled_task_stays_cancelled():
    async def run() -> bool:
        async def wait() -> None:
            with Patience().limit(30):
                await asyncio.sleep(30)

        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert asyncio.run(run())


def test_only_the_late_one_of_many_is_interrupted():
    async def run() -> list[str]:
        patience = Patience()

        async def wait(seconds: float, limit: float) -> str:
            try:
                with patience.limit(limit):
                    await asyncio.sleep(seconds)
            except TimeoutError:
                return "late"
            return "in time"

        return await asyncio.gather(wait(0.12, 10), wait(10, 0.02), wait(0.12, 10))

    assert asyncio.run(run()) == ["in time", "late", "in time"]


def test_a_task_goes_on_after_its_timeout():
    async def run() -> str:
        patience = Patience()
        try:
            with patience.limit(0.01):
                await asyncio.sleep(30)
        except TimeoutError:
            await asyncio.sleep(0.01)
        return "went on"

    assert asyncio.run(run()) == "went on"
