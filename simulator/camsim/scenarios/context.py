"""The stage of a scenario run: the simulator, the built-in receiver, and what the run has made."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import aiohttp
import msgspec

from .assertions import Finding, Verdict
from .document import Scenario
from .drivers import Port
from .receiver import ScenarioReceiver
from .steps import Where

DONE = [Finding(Verdict.PASS, "", "")]


class Cannot(Exception):
    """This step does not apply here; the message says why."""


@dataclass(slots=True)
class Stage:
    """A run: the simulator, the built-in receiver (None when the devices call somebody else), and what was made."""

    scenario: Scenario
    port: Port
    session: aiohttp.ClientSession
    receiver: ScenarioReceiver | None
    callback_url: str
    journal_before: int = 0
    made: dict[str, dict[str, Any]] = field(default_factory=dict)  # stgid -> token, key, users, timezone
    faults: list[int] = field(default_factory=list)
    answer: dict[str, Any] | None = None
    requests: int = 0
    draws: int = 0

    async def places(self, where: Where) -> list[str]:
        """The devices meant: by name, by pattern, or all of the scenario (of the simulator if it made none)."""
        known = list(self.made) or list(await self.port.devices())
        if where is None or where == "all":
            return known
        wanted = [where] if isinstance(where, str) else where
        chosen: list[str] = []
        for name in wanted:
            found = [stgid for stgid in known if fnmatchcase(stgid, name)]
            chosen.extend(found or [name])  # an unknown name goes to the simulator, whose error says which there are
        return chosen


async def each(stage: Stage, where: Where, action: str, **args: Any) -> list[Finding]:
    for stgid in await stage.places(where):
        await stage.port.control(action, stgid, **args)
    return DONE


def given(body: msgspec.Struct, *without: str) -> dict[str, Any]:
    """The members of a body that are not None, as plain values."""
    plain: dict[str, Any] = msgspec.to_builtins(body)
    return {key: value for key, value in plain.items() if value is not None and key not in without}
