"""Run a scenario in a simulator of its own, or in a running one."""

from __future__ import annotations

import aiohttp

from camsim.actions.values import instant_of
from camsim.host import Host, HostError
from camsim.kernel.events import ControlError
from camsim.scenarios.document import Scenario
from camsim.scenarios.drivers import DriverError, InProcess, Remote
from camsim.scenarios.runner import Report, blocked, run
from camsim.settings import Settings


async def run_alone(scenario: Scenario, callback_url: str | None = None) -> Report:
    """Run in a simulator of its own: in this process, on free ports, on a manual clock."""
    settings = Settings(seed=scenario.seed, clock="manual", profile=scenario.profile, knobs=scenario.knobs)
    start = instant_of("start", scenario.start, 0)
    settings.start_ms = None if start is None else start * 1000
    try:
        host = await Host.start(settings)
    except HostError as problem:
        return blocked(scenario, str(problem))
    try:
        driver = InProcess(host.runtime, host.gateway_url)
        return await run(scenario, driver, callback_url, keep=True)
    finally:
        await host.stop()


async def run_remote(
    scenario: Scenario, url: str, token: str | None, callback_url: str | None, *, keep: bool = False
) -> Report:
    """Run in a running simulator, through its management URL."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with aiohttp.ClientSession(headers=headers) as session:
        try:
            driver = await Remote.connect(session, url)
            return await run(scenario, driver, callback_url, keep=keep)
        except (DriverError, ControlError) as problem:
            return blocked(scenario, str(problem))
