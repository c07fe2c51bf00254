"""Two ways to drive a simulator: in the same process, or through the management API of a running one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import aiohttp
import msgspec

from camsim.api import views
from camsim.control.actions import AnyAction
from camsim.control.answers import Answer
from camsim.control.routes import ROUTE_OF
from camsim.kernel.events import ControlError, Restarted
from camsim.service.runtime import Runtime
from camsim.state import journal, ledger
from camsim.state.gateway import State


class Port(Protocol):
    """What a scenario needs of a simulator. Every call may raise ControlError; PortError when it cannot be reached."""

    gateway_url: str
    can_restart: bool

    async def control(self, action: str, device: str = "", **args: Any) -> Any: ...
    async def devices(self) -> dict[str, dict[str, Any]]: ...
    async def clock(self) -> dict[str, Any]: ...
    async def set_clock(self, mode: str) -> None: ...
    async def advance(self, seconds: float) -> dict[str, Any]: ...
    async def run_until_idle(self) -> dict[str, Any]: ...
    async def commands(self) -> list[dict[str, Any]]: ...
    async def journal(self, after: int) -> tuple[int, list[dict[str, Any]]]: ...
    async def punches(self) -> list[dict[str, Any]]: ...
    async def queue(self, device: str) -> dict[str, Any]: ...
    async def restart(self) -> None: ...


class PortError(Exception):
    """The simulator cannot be reached; the message says why."""


class InProcess:
    """A simulator in this process and on this loop."""

    can_restart = True

    def __init__(self, runtime: Runtime, gateway_url: str) -> None:
        self.runtime, self.gateway_url = runtime, gateway_url

    @property
    def _state(self) -> State:
        return self.runtime.kernel.state

    async def control(self, action: str, device: str = "", **args: Any) -> Any:
        answer = await self.runtime.control(action_of(action, device, args))
        if action == "knobs":
            await self.runtime.configure_courier()
        return msgspec.to_builtins(answer)

    async def devices(self) -> dict[str, dict[str, Any]]:
        return {stgid: msgspec.to_builtins(views.device(one)) for stgid, one in self._state.devices.items()}

    async def clock(self) -> dict[str, Any]:
        return _plain(views.clock(self.runtime))

    async def set_clock(self, mode: str) -> None:
        self.runtime.set_clock(mode)

    async def advance(self, seconds: float) -> dict[str, Any]:
        return _plain(await self.runtime.advance(seconds))

    async def run_until_idle(self) -> dict[str, Any]:
        return _plain(await self.runtime.run_until_idle())

    async def commands(self) -> list[dict[str, Any]]:
        return [_plain(command) for command in views.commands(self.runtime.kernel)]

    async def journal(self, after: int) -> tuple[int, list[dict[str, Any]]]:
        book = self._state.journal
        return book.dropped, [_plain(journal.present(entry)) for entry in book.select() if entry.seq > after]

    async def punches(self) -> list[dict[str, Any]]:
        return [_plain(ledger.present(device, record)) for device, record in self._state.ledger.rows()]

    async def queue(self, device: str) -> dict[str, Any]:
        kernel = self.runtime.kernel
        return _plain(views.queue(kernel.device(device), kernel.now))

    async def restart(self) -> None:
        self.runtime.submit(Restarted())


def _plain(answer: Answer) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(answer)
    return plain


def action_of(name: str, device: str = "", args: Mapping[str, Any] | None = None) -> AnyAction:
    """The typed action of a name and its members, as the control API takes them. Raises: ControlError."""
    members: dict[str, Any] = dict(args or {})
    if name == "add_fault":
        members = {"fault": members}
    if device:
        members["device"] = device
    try:
        action: AnyAction = msgspec.convert({"action": name, **members}, AnyAction)
    except msgspec.ValidationError as problem:
        raise ControlError(
            422, "invalid_value", str(problem), f"action {name}: see the documentation of its body"
        ) from None
    return action


class Remote:
    """A running simulator behind its management URL."""

    can_restart = False

    def __init__(self, session: aiohttp.ClientSession, url: str, gateway_url: str) -> None:
        self._session, self._url, self.gateway_url = session, url, gateway_url

    @classmethod
    async def connect(cls, session: aiohttp.ClientSession, url: str) -> Remote:
        """Ask the simulator who it is. Raises: PortError, ControlError."""
        port = cls(session, url.rstrip("/"), "")
        port.gateway_url = (await port.call("GET", "version")).get("gateway_url", "")
        return port

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the management API. Raises: PortError, ControlError."""
        data = None if body is None else msgspec.json.encode(body)
        try:
            async with self._session.request(method, f"{self._url}/api/{path}", data=data) as response:
                answer = msgspec.json.decode(await response.read())
        except (OSError, aiohttp.ClientError, TimeoutError, msgspec.DecodeError) as problem:
            raise PortError(f"no simulator answers at {self._url}: {problem or type(problem).__name__}") from None
        if response.status >= 400:
            error = answer.get("error", {})
            raise ControlError(response.status, error.get("code", ""), error.get("message", ""), error.get("hint", ""))
        return answer

    async def control(self, action: str, device: str = "", **args: Any) -> Any:
        wanted = action_of(action, device, args)
        route = ROUTE_OF[type(wanted)]
        members: dict[str, Any] = msgspec.to_builtins(wanted)
        path = route.path.format(**{name: members.pop(member) for name, member in route.in_path.items()})
        members.pop("action")
        if route.method == "DELETE":
            return await self.call(route.method, path)
        return await self.call(route.method, path, members[route.member] if route.member else members)

    async def devices(self) -> dict[str, dict[str, Any]]:
        return {row["stgid"]: row for row in (await self.call("GET", "devices"))["devices"]}

    async def clock(self) -> dict[str, Any]:
        answer: dict[str, Any] = await self.call("GET", "clock")
        return answer

    async def set_clock(self, mode: str) -> None:
        await self.call("PUT", "clock", {"mode": mode})

    async def advance(self, seconds: float) -> dict[str, Any]:
        answer: dict[str, Any] = await self.call("POST", "clock/advance", {"seconds": seconds})
        return answer

    async def run_until_idle(self) -> dict[str, Any]:
        answer: dict[str, Any] = await self.call("POST", "clock/run-until-idle")
        return answer

    async def commands(self) -> list[dict[str, Any]]:
        return list((await self.call("GET", "commands"))["commands"])

    async def journal(self, after: int) -> tuple[int, list[dict[str, Any]]]:
        answer = await self.call("GET", "journal?limit=10000")
        return answer["dropped"], [entry for entry in answer["entries"] if entry["seq"] > after]

    async def punches(self) -> list[dict[str, Any]]:
        return list((await self.call("GET", "ledger"))["punches"])

    async def queue(self, device: str) -> dict[str, Any]:
        answer: dict[str, Any] = await self.call("GET", f"devices/{device}/queue")
        return answer

    async def restart(self) -> None:
        raise PortError("a running simulator cannot be restarted by a scenario")
