"""The simulator behind the fixtures: in a thread of this process, or one that runs already."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from camsim.client import ApiError, Client

DEFAULT_SEED, DEFAULT_PROFILE = 1, "documented"


class Simulator:
    """A simulator, and the configuration every test begins with."""

    def __init__(self, client: Client, profile: str, knobs: dict[str, Any], start: str | None = None) -> None:
        self._client, self._profile, self._knobs = client, profile, knobs
        self._start: str | float | None = start

    def fresh(self) -> Client:
        """The client of a world without devices, faults and past, its clock standing still."""
        self._client.patch_config(self._profile, **self._knobs)
        self._client.reset()
        # A test may have begun its world at another time: each begins where the first one did.
        if self._start is None:
            self._client.set_clock("manual")
            self._client.reset()  # a clock that ran begins nothing anew
            self._start = self._client.clock.now
        else:
            self._client.set_clock("manual", start=self._start)
        return self._client


@contextmanager
def simulator(
    url: str | None, token: str | None, seed: int | None, profile: str | None, start: str | None, worker: str
) -> Iterator[Simulator]:
    """The simulator of a session. Raises: pytest.UsageError when the one at `url` is not what was asked for."""
    _check_start(start)
    if url is not None:
        number = "".join(filter(str.isdigit, worker)) or "0"  # gw3 is worker 3
        with Client(url.replace("{worker}", number), token) as client:
            yield _running(client, seed, profile, start)
    else:
        with _started(DEFAULT_SEED if seed is None else seed, profile or DEFAULT_PROFILE) as client:
            yield Simulator(client, profile or DEFAULT_PROFILE, {}, start)


def _check_start(start: str | None) -> None:
    from camsim.actions.values import instant_of
    from camsim.kernel.events import ControlError

    try:
        instant_of("--cams-start", start, 0)
    except ControlError as problem:
        raise pytest.UsageError(f"{problem.message}; {problem.hint}") from None


def _running(client: Client, seed: int | None, profile: str | None, start: str | None) -> Simulator:
    try:
        config = client.config
    except ApiError as problem:
        raise pytest.UsageError(f"--cams-url: {problem}") from None
    if seed is not None and seed != config.seed:
        raise pytest.UsageError(
            f"--cams-seed {seed}: the simulator at {client.url} has seed {config.seed}; "
            f"start it with --seed {seed}, or leave --cams-seed out"
        )
    return Simulator(client, profile or config.profile, {} if profile else config.knobs, start)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Imports make no garbage; looking for some among a test session's objects costs an eighth of them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def _started(seed: int, profile: str) -> Iterator[Client]:
    with _collector_paused():
        from camsim.host import Host
        from camsim.knobs.register import Profile
        from camsim.settings import Settings

        from .background import Background

    if profile not in list(Profile):
        raise pytest.UsageError(f"--cams-profile {profile}: allowed are {', '.join(Profile)}")
    settings = Settings(seed=seed, profile=profile, clock="manual")
    with (
        Background(lambda: Host.start(settings), Host.stop, "camsim") as background,
        Client(background.service.management_url) as client,
    ):
        yield client
