"""A simulator, a receiver and a client on one event loop in a thread, so that tests are written without await."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args

import aiohttp
import msgspec
from action_words import action_of
from aiohttp import web
from yarl import URL

from camsim.api import views
from camsim.control.actions import AnyAction
from camsim.control.devices import DeviceSpec
from camsim.host import Host
from camsim.settings import Settings
from camsim.state import journal
from camsim.state.gateway import RegisteredDevice

T = TypeVar("T")
TOKEN = "COJJ7eiiPBGUfmIQPvh2PJWWDLX7OuKs"  # of the printed samples
KEY = "0123456789abcdef0123456789abcdef"
START_MS = 1_600_000_000_000  # 2020-09-13 12:26:40 UTC
NOW = "2020-09-13 12:26:40 GMT +0000"
DONE = (200, b'{"status":"done"}')


class Loop:
    """An event loop that runs in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Begin; the result comes later."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, T], timeout: float = 30) -> T:
        """The result, or a TimeoutError after real seconds."""
        return self.start(work).result(timeout)

    def stop(self) -> None:
        """End what still runs, and the thread."""
        self.run(_cancel_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


async def _cancel_all() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


@dataclass(slots=True)
class Received:
    """One callback as it arrived."""

    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def message(self) -> Any:
        """The parsed body."""
        return json.loads(self.body)


@dataclass
class Receiver:
    """Records callbacks and answers what it is told to: `answer` is (status, body) or a function of the Received."""

    received: list[Received] = field(default_factory=list)
    answer: tuple[int, bytes] | Callable[[Received], tuple[int, bytes]] = DONE
    url: str = ""

    async def __call__(self, request: web.BaseRequest) -> web.Response:
        """Take one callback."""
        item = Received(request.path, request.query_string, dict(request.headers), await request.read())
        self.received.append(item)
        status, body = self.answer if isinstance(self.answer, tuple) else self.answer(item)
        return web.Response(status=status, body=body, content_type="application/json")

    @property
    def messages(self) -> list[Any]:
        """The parsed bodies."""
        return [item.message for item in self.received]

    def frames(self, key: str) -> list[Any]:
        """What stands under `RealTime.<key>`, of the callbacks that have it."""
        return [message["RealTime"][key] for message in self.messages if key in message["RealTime"]]

    def fail(self, times: int) -> None:
        """Answer 500 so many times, then done."""
        left = [times]

        def answer(item: Received) -> tuple[int, bytes]:
            left[0] -= 1
            return (500, b"no") if left[0] >= 0 else DONE

        self.answer = answer


@dataclass(slots=True)
class Answer:
    """What came back over HTTP."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def message(self) -> Any:
        """The parsed body."""
        return json.loads(self.body)

    @property
    def code(self) -> Any:
        """`StatusCode`."""
        return self.message.get("StatusCode")


ABOUT_A_DEVICE = {kind.__struct_config__.tag for kind in get_args(AnyAction) if "device" in kind.__struct_fields__}


def _plain(answer: Any) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(answer)
    return plain


class Sim:
    """A running simulator. Unless the settings say otherwise its clock is manual and devices answer at once."""

    def __init__(self, loop: Loop, settings: Settings) -> None:
        self.loop, self.receiver = loop, Receiver()
        self.settings = settings
        self.loop.run(self._start())

    async def _start(self) -> None:
        self._site = web.ServerRunner(web.Server(self.receiver, access_log=None), shutdown_timeout=0.1)
        await self._site.setup()
        await web.TCPSite(self._site, "127.0.0.1", 0).start()
        self.receiver.url = f"http://127.0.0.1:{self._site.addresses[0][1]}/callback"
        for spec in self.settings.devices:
            if spec.callback_url == "receiver":
                spec.callback_url = self.receiver.url
        self.host = await Host.start(self.settings)
        self._client = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20))

    def stop(self) -> None:
        """Stop everything."""
        self.loop.run(self._stop())

    async def _stop(self) -> None:
        await self._client.close()
        await self.host.stop()
        await self._site.cleanup()

    # --- the simulator from inside --------------------------------------------------------------------------------

    def slot(self, stgid: str = "SIM1") -> RegisteredDevice:
        """A device with its queues."""
        return self.host.runtime.kernel.state.devices[stgid]

    def control(self, action: str, device: str = "SIM1", **args: Any) -> Any:
        """A control action. Raises: ControlError."""
        wanted = action_of(action, device if action in ABOUT_A_DEVICE else "", args)
        return msgspec.to_builtins(self.loop.run(self.host.runtime.control(wanted)))

    def punch(self, user: str = "1", device: str = "SIM1", **more: Any) -> Any:
        """Somebody punches; the answer of the one punch."""
        return self.control("punches", device, punches=[{"user": user, **more}])["punches"][0]

    def idle(self) -> dict[str, Any]:
        """Run until nothing is left to do."""
        return _plain(self.loop.run(self.host.runtime.run_until_idle()))

    def advance(self, seconds: float) -> dict[str, Any]:
        """Let virtual time pass."""
        return _plain(self.loop.run(self.host.runtime.advance(seconds)))

    def clock(self, text: str) -> None:
        """Change the clock's mode."""

        async def switch() -> None:
            await self.host.runtime.set_clock(text)

        self.loop.run(switch())

    @property
    def now(self) -> int:
        """Virtual milliseconds."""
        return self.host.runtime.now()

    @property
    def entries(self) -> list[journal.Entry]:
        """The journal."""
        book = self.host.runtime.kernel.state.journal
        return list(book.select())

    def digest(self, device: str = "SIM1") -> str:
        """A hash over what is on the device."""
        return views.device_digest(self.slot(device))

    # --- the simulator from outside -------------------------------------------------------------------------------

    def post(
        self,
        body: bytes,
        query: str = "stgid=SIM1",
        path: str = "/external/api3.0/biometric",
        method: str = "POST",
        **headers: str,
    ) -> Answer:
        """Bytes to the gateway port."""
        return self.post_later(body, query, path, method, **headers).result(30)

    def post_later(
        self,
        body: bytes,
        query: str = "stgid=SIM1",
        path: str = "/external/api3.0/biometric",
        method: str = "POST",
        **headers: str,
    ) -> Future[Answer]:
        """The same without waiting; the request has been written when this returns."""
        heads = {"Content-Type": "application/json", **{key.replace("_", "-"): value for key, value in headers.items()}}
        before = self.host.runtime.kernel.state.journal.seq, self._held()
        future = self.loop.start(self.fetch(method, f"{self.host.gateway_url}{path}?{query}", body, heads))
        self.loop.run(self._arrived(before, future))
        return future

    def _held(self) -> int:
        return sum(len(slot.commands) for slot in self.host.runtime.kernel.state.devices.values())

    async def _arrived(self, before: tuple[int, int], future: Future[Answer]) -> None:
        journal = self.host.runtime.kernel.state.journal
        while (journal.seq, self._held()) == before and not future.done():  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(0)

    async def fetch(self, method: str, url: str, body: Any, headers: dict[str, str]) -> Answer:
        """One HTTP request; the URL is taken as it is written."""
        async with self._client.request(method, URL(url, encoded=True), data=body, headers=headers) as response:
            return Answer(response.status, await response.read(), dict(response.headers))

    def rest(self, message: Any, device: str = "SIM1") -> Answer:
        """A command as a client sends it; waits for the answer."""
        return self.rest_later(message, device).result(30)

    def rest_later(self, message: Any, device: str = "SIM1") -> Future[Answer]:
        """A command that has arrived when this returns; the answer comes later."""
        token = self.slot(device).config.auth_token
        frame = {"OperationID": "op1", "AuthToken": token, "Time": NOW}
        return self.post_later(json.dumps({**frame, **message}).encode(), f"stgid={device}")

    def api(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """A call of the management API."""
        heads = {key.replace("_", "-"): value for key, value in headers.items()}
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.loop.run(self.fetch(method, f"{self.host.management_url}/api/{path}", data, heads))


def settings(*devices: DeviceSpec, **given: Any) -> Settings:
    """Settings for a test: manual clock from a fixed moment, no latency, one device SIM1 with three users."""
    knobs = {"rest.latency": 0, **given.pop("knobs", {})}
    specs = list(devices) or [device()]
    return Settings(**{"clock": "manual", "start_ms": START_MS, "devices": specs, "knobs": knobs, **given})


def device(stgid: str = "SIM1", **given: Any) -> DeviceSpec:
    """A device that talks to the test's receiver and has the printed token."""
    plain = {"users": 3, "auth_token": TOKEN, "callback_url": "receiver", "templates": []}
    return DeviceSpec(id=stgid, **{**plain, **given})
