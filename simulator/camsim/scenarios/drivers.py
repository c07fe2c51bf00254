"""Two ways to drive a simulator: in the same process, or through the management API of a running one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import aiohttp
import msgspec

from camsim.api import views
from camsim.kernel.events import ControlError, Restarted
from camsim.service.runtime import Runtime
from camsim.state import journal, ledger


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
    def _state(self) -> Any:
        return self.runtime.kernel.state

    async def control(self, action: str, device: str = "", **args: Any) -> Any:
        answer = await self.runtime.control(action, device, **args)
        if action == "knobs":
            policy = self.runtime.kernel.policy
            await self.runtime.courier.configure(policy.tls_verify, policy.keepalive)
        return answer

    async def devices(self) -> dict[str, dict[str, Any]]:
        return {stgid: views.device(slot) for stgid, slot in self._state.slots.items()}

    async def clock(self) -> dict[str, Any]:
        return views.clock(self.runtime)

    async def set_clock(self, mode: str) -> None:
        self.runtime.set_clock(mode)

    async def advance(self, seconds: float) -> dict[str, Any]:
        return await self.runtime.advance(seconds)

    async def run_until_idle(self) -> dict[str, Any]:
        return await self.runtime.run_until_idle()

    async def commands(self) -> list[dict[str, Any]]:
        return views.commands(self.runtime.kernel, None)

    async def journal(self, after: int) -> tuple[int, list[dict[str, Any]]]:
        book = self._state.journal
        return book.dropped, [journal.present(entry) for entry in book.select() if entry.seq > after]

    async def punches(self) -> list[dict[str, Any]]:
        return [ledger.present(device, record) for device, record in self._state.ledger.rows()]

    async def queue(self, device: str) -> dict[str, Any]:
        kernel = self.runtime.kernel
        shown: dict[str, Any] = views.DEVICE_VIEWS["queue"](kernel, views.slot(kernel, device), {}, False)
        return shown

    async def restart(self) -> None:
        self.runtime.submit(Restarted())


# Action -> (method, path); the rest of the arguments is the body.
_CALLS: Mapping[str, tuple[str, str]] = {
    "add_devices": ("POST", "devices"),
    "remove_device": ("DELETE", "devices/{device}"),
    "patch_device": ("PATCH", "devices/{device}"),
    "online": ("POST", "devices/{device}/online"),
    "offline": ("POST", "devices/{device}/offline"),
    "power_cycle": ("POST", "devices/{device}/power-cycle"),
    "punches": ("POST", "devices/{device}/punches"),
    "put_user": ("POST", "devices/{device}/users"),
    "delete_user": ("DELETE", "devices/{device}/users/{user}"),
    "date": ("POST", "devices/{device}/date"),
    "enrol_finger": ("POST", "devices/{device}/enrol-finger"),
    "uplink": ("POST", "uplink"),
    "queue": ("POST", "devices/{device}/queue/{what}"),
    "knobs": ("PATCH", "config"),
    "add_fault": ("POST", "faults"),
    "clear_faults": ("DELETE", "faults"),
    "reset": ("POST", "reset"),
}
_LISTS: Mapping[str, str] = {"add_devices": "devices", "punches": "punches"}  # the body is this member alone


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
        method, path = _CALLS[action]
        filled = path.format(device=device, **args)
        rest = {key: value for key, value in args.items() if f"{{{key}}}" not in path}
        body = rest[_LISTS[action]] if action in _LISTS else rest
        return await self.call(method, filled, None if method == "DELETE" else body)

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
