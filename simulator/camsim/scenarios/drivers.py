"""Two ways to drive a simulator: in the same process, or through the management API of a running one."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

import aiohttp
import msgspec

from camsim.api import views
from camsim.control import records, routes
from camsim.control.actions import AnyAction, ClearFaults, SetKnobs
from camsim.control.answers import Answer, ClockView, Moved
from camsim.control.moving import AdvanceBody
from camsim.control.route import Route
from camsim.kernel.events import ControlError, Restarted
from camsim.service.runtime import Runtime
from camsim.state import journal, ledger
from camsim.state.gateway import State
from camsim.state.known_secrets import KnownSecrets
from camsim.wording import clean, why

A = TypeVar("A")


class Driver(Protocol):
    """What a scenario needs of a simulator. Every call may raise ControlError; DriverError when it is out of reach."""

    gateway_url: str
    can_restart: bool

    async def act(self, action: AnyAction) -> Answer: ...
    async def devices(self) -> list[str]: ...
    async def clock(self) -> ClockView: ...
    async def set_clock(self, mode: str) -> None: ...
    async def advance(self, seconds: float) -> Moved: ...
    async def run_until_idle(self) -> Moved: ...
    async def commands(self) -> list[records.Command]: ...
    async def journal(self, after: int) -> tuple[int, list[records.Entry]]: ...
    async def punches(self) -> list[records.PunchRow]: ...
    async def queue(self, device: str) -> records.Queue: ...
    async def restart(self) -> None: ...


class DriverError(Exception):
    """The simulator cannot be reached; the message says why."""


class InProcess:
    """A simulator in this process and on this loop."""

    can_restart = True

    def __init__(self, runtime: Runtime, gateway_url: str) -> None:
        self.runtime, self.gateway_url, self._known = runtime, gateway_url, KnownSecrets()

    @property
    def _state(self) -> State:
        return self.runtime.kernel.state

    async def act(self, action: AnyAction) -> Answer:
        answer = await self.runtime.control(action)
        if isinstance(action, SetKnobs):
            # The kernel knows the new knobs; certificates and kept connections are the courier's.
            await self.runtime.configure_courier()
        return answer

    async def devices(self) -> list[str]:
        return list(self._state.devices)

    async def clock(self) -> ClockView:
        return views.clock(self.runtime)

    async def set_clock(self, mode: str) -> None:
        await self.runtime.set_clock(mode)

    async def advance(self, seconds: float) -> Moved:
        return await self.runtime.advance(seconds)

    async def run_until_idle(self) -> Moved:
        return await self.runtime.run_until_idle()

    async def commands(self) -> list[records.Command]:
        return views.commands(self.runtime.kernel, self._known.of(self._state))

    async def journal(self, after: int) -> tuple[int, list[records.Entry]]:
        book, secrets = self._state.journal, self._known.of(self._state)
        return book.dropped, [journal.present(entry, secrets) for entry in book.select() if entry.seq > after]

    async def punches(self) -> list[records.PunchRow]:
        return [ledger.present(device, record) for device, record in self._state.ledger.rows()]

    async def queue(self, device: str) -> records.Queue:
        kernel = self.runtime.kernel
        return views.queue(kernel.peek(device), kernel.now, self._known.of(self._state))

    async def restart(self) -> None:
        self.runtime.submit(Restarted())


class _Refusal(msgspec.Struct):
    code: str = ""
    message: str = ""
    hint: str = ""


class _Refused(msgspec.Struct):
    error: _Refusal = msgspec.field(default_factory=_Refusal)


class Remote:
    """A running simulator behind its management URL."""

    can_restart = False

    def __init__(self, session: aiohttp.ClientSession, url: str, gateway_url: str) -> None:
        self._session, self._url, self.gateway_url = session, url, gateway_url

    @classmethod
    async def connect(cls, session: aiohttp.ClientSession, url: str) -> Remote:
        """Ask the simulator who it is. Raises: DriverError, ControlError."""
        driver = cls(session, url.rstrip("/"), "")
        driver.gateway_url = (await driver.ask(routes.VERSION)).gateway_url
        return driver

    async def ask(self, route: Route[A], body: object = None, path: str = "") -> A:
        """The answer of a route, typed; `path` where that of the route has names. Raises: DriverError, ControlError."""
        data = None if body is None else msgspec.json.encode(body)
        target = f"{self._url}/api/{path or route.path}"
        try:
            async with self._session.request(route.method, target, data=data) as response:
                raw, status = await response.read(), response.status
            if status < 400:
                return msgspec.json.decode(raw, type=route.answer)
            error = msgspec.json.decode(raw, type=_Refused).error
        except (OSError, aiohttp.ClientError, ValueError, msgspec.DecodeError, RecursionError) as problem:
            raise DriverError(clean(f"no simulator answers at {self._url}: {why(problem)}")) from None
        raise ControlError(status, error.code, error.message, error.hint)

    async def act(self, action: AnyAction) -> Answer:
        route = routes.ROUTE_OF[type(action)]
        if isinstance(action, ClearFaults) and action.id is not None:
            route = routes.CLEAR_FAULT  # the other of its two routes takes all faults out
        members: dict[str, Any] = msgspec.to_builtins(action)
        path = route.path.format(**{name: members.pop(member) for name, member in route.in_path.items()})
        # The tag is for the input log: over HTTP the route says which action it is.
        members.pop("action")
        body: object = members
        if route.method == "DELETE":
            body = None
        elif route.member:
            body = members[route.member]
        answer = await self.ask(route, body, path)
        assert isinstance(answer, Answer)  # noqa: S101  what the routes of actions answer
        return answer

    async def devices(self) -> list[str]:
        return [row.stgid for row in (await self.ask(routes.DEVICES)).devices]

    async def clock(self) -> ClockView:
        return await self.ask(routes.CLOCK)

    async def set_clock(self, mode: str) -> None:
        await self.ask(routes.SET_CLOCK, routes.ClockBody(mode))

    async def advance(self, seconds: float) -> Moved:
        return await self.ask(routes.ADVANCE, AdvanceBody(seconds))

    async def run_until_idle(self) -> Moved:
        return await self.ask(routes.RUN_UNTIL_IDLE)

    async def commands(self) -> list[records.Command]:
        return (await self.ask(routes.COMMANDS)).commands

    async def journal(self, after: int) -> tuple[int, list[records.Entry]]:
        answer = await self.ask(routes.JOURNAL, path=f"{routes.JOURNAL.path}?limit=10000")
        return answer.dropped, [entry for entry in answer.entries if entry.seq > after]

    async def punches(self) -> list[records.PunchRow]:
        return (await self.ask(routes.LEDGER)).punches

    async def queue(self, device: str) -> records.Queue:
        return await self.ask(routes.QUEUE, path=routes.QUEUE.path.format(stgid=device))

    async def restart(self) -> None:
        raise DriverError("a running simulator cannot be restarted by a scenario")
