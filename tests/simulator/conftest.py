"""Fixtures of the simulator's tests: `sim` is a running simulator, `start_sim` starts one with other settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from running_sim import Loop, Sim, settings

from camsim.control.devices import DeviceSpec


@pytest.fixture(scope="session")
def loop() -> Iterator[Loop]:
    """The event loop everything runs on."""
    loop = Loop()
    yield loop
    loop.stop()


@pytest.fixture
def start_sim(loop: Loop) -> Iterator[Callable[..., Sim]]:
    """Start a simulator with the given devices and settings; stopped after the test."""
    running: list[Sim] = []

    def start(*devices: DeviceSpec, **given: Any) -> Sim:
        running.append(Sim(loop, settings(*devices, **given)))
        return running[-1]

    yield start
    for sim in running:
        sim.stop()


@pytest.fixture
def sim(start_sim: Callable[..., Sim]) -> Sim:
    """A simulator with one device SIM1 (users 1, 2, 3), manual clock, no latency."""
    return start_sim()
