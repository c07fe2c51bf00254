"""The context of a scenario run: the simulator, the built-in receiver, and what the run has made."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import aiohttp
import msgspec

from camsim.actions.values import offset_of
from camsim.control.actions import Date, DeleteUser, EnrolFinger, Offline, Online, PowerCycle, Queue
from camsim.control.devices import DEFAULT_OFFSET
from camsim.protocol.vocabulary import Protocol

from .assertions import Finding, Verdict
from .document import Scenario
from .drivers import Driver
from .receiver import ScenarioReceiver
from .steps import Where

DONE = [Finding(Verdict.PASS, "", "")]


class Cannot(Exception):
    """This step does not apply here; the message says why."""


@dataclass(slots=True)
class MadeDevice:
    """What a run knows of a device: its secrets, its wire, who is on it, and minutes east of UTC.

    The defaults are those of a device that the run has only changed: it was there before, and people say who punches.
    """

    auth_token: str = ""
    security_key: str | None = None
    protocol: Protocol = Protocol.V3
    users: list[str] = field(default_factory=list)
    offset: int = offset_of(DEFAULT_OFFSET, 0)


@dataclass(slots=True)
class Context:
    """A run: the simulator, the built-in receiver (None when the devices call somebody else), and what was made."""

    scenario: Scenario
    driver: Driver
    session: aiohttp.ClientSession
    receiver: ScenarioReceiver | None
    callback_url: str
    journal_before: int = 0
    made: dict[str, MadeDevice] = field(default_factory=dict)  # by stgid
    faults: list[int] = field(default_factory=list)
    answer: dict[str, object] | None = None
    requests: int = 0
    draws: int = 0

    async def places(self, where: Where) -> list[str]:
        """The devices meant: by name, by pattern, or all of the scenario (of the simulator if it made none)."""
        known = list(self.made) or await self.driver.devices()
        if where is None or where == "all":
            return known
        wanted = [where] if isinstance(where, str) else where
        chosen: list[str] = []
        for name in wanted:
            found = [stgid for stgid in known if fnmatchcase(stgid, name)]
            chosen.extend(found or [name])  # an unknown name goes to the simulator, whose error says which there are
        return chosen

    def known(self, stgid: str) -> MadeDevice:
        """What is known of a device, which may be nothing; changes of the answer are not kept."""
        return self.made.get(stgid) or MadeDevice()


OneDevice = Online | Offline | PowerCycle | Queue | DeleteUser | EnrolFinger | Date


async def each(context: Context, where: Where, action: OneDevice) -> list[Finding]:
    """The action has been done on every device meant."""
    for stgid in await context.places(where):
        await context.driver.act(msgspec.structs.replace(action, device=stgid))
    return DONE
