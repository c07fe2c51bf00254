"""One running simulator for the demonstrations of knobs, spoken to over HTTP alone: client, receiver, control API."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import trustme
from aiohttp import web
from running_sim import NOW, TOKEN, Answer, Loop, Sim, settings
from wire_v2 import FORM, PATH, form, message

Value = Any  # of a knob, as people write it
Outcome = Any  # what a client or a receiver saw
DONE = (200, b'{"status":"done"}', "application/json")


@dataclass(slots=True)
class Taken:
    """A callback as it arrived: its `peer` port, in how many `pieces`, whether `whole`, at which virtual ms."""

    query: str
    headers: Mapping[str, str]
    body: bytes
    peer: int
    pieces: int
    whole: bool
    at: int

    @property
    def message(self) -> Any:
        """The parsed body, of a v2 form the JSON text in it."""
        if self.body.startswith(b"request_data="):
            return json.loads(parse_qs(self.body.decode())["request_data"][0])
        return json.loads(self.body)

    @property
    def frame(self) -> Any:
        """What stands under `RealTime`."""
        return self.message["RealTime"]


Reply = tuple[int, bytes, str]


@dataclass
class Inbox:
    """What one device has sent, and how it is answered: always, or by a function."""

    taken: list[Taken] = field(default_factory=list)
    answer: Reply | Callable[[Taken], Awaitable[Reply]] = DONE


class World:
    """The simulator, and a receiver by HTTP and HTTPS with an inbox for each path."""

    def __init__(self, loop: Loop) -> None:
        self.inboxes: dict[str, Inbox] = {}
        self.sim = Sim(loop, settings())
        self.plain, self.secure = loop.run(self._listen())

    async def _listen(self) -> tuple[str, str]:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
        self._runner = web.ServerRunner(web.Server(self._take, access_log=None), shutdown_timeout=0.1)
        await self._runner.setup()
        for tls in (None, context):
            await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=tls).start()
        plain, secure = (address[1] for address in self._runner.addresses)
        return f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{secure}"

    async def _take(self, request: web.BaseRequest) -> web.Response:
        inbox = self.inboxes[request.path.strip("/")]
        peer = request.transport.get_extra_info("peername")[1] if request.transport else 0
        body, pieces, whole = b"", 0, True
        try:
            async for chunk in request.content.iter_any():
                body, pieces = body + chunk, pieces + 1
        except (OSError, web.RequestPayloadError, web.HTTPException):
            whole = False  # the peer went away before its body had ended
        taken = Taken(request.query_string, request.headers, body, peer, pieces, whole, self.sim.now)
        inbox.taken.append(taken)
        status, text, kind = inbox.answer if isinstance(inbox.answer, tuple) else await inbox.answer(taken)
        return web.Response(status=status, body=text, headers={"Content-Type": kind})

    def case(self, knob: str, value: Value, more: Mapping[str, Value] | None = None, **spec: Any) -> Case:
        """A device of its own under the documented profile with one knob turned, and `more` that it needs."""
        knobs = {"rest.latency": 0, **(more or {}), knob: value}
        self.api("PATCH", "config", {"profile": "documented", "knobs": knobs})
        name = f"{knob}-{value}".translate(str.maketrans(" ?&#/%[],", "_________"))
        return Case(self, name[:60], spec)

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """A call of the control API that must go well."""
        answer = self.sim.api(method, path, body)
        assert answer.status < 300, answer.body
        return answer.message

    def stop(self) -> None:
        """Stop everything."""
        self.sim.loop.run(self._runner.cleanup())
        self.sim.stop()


class Case:
    """A device, its inbox, and a client of it."""

    def __init__(self, world: World, stgid: str, spec: Mapping[str, Any]) -> None:
        self.world, self.stgid, self._devices = world, stgid, [stgid]
        self.inbox = world.inboxes[stgid] = Inbox()
        base = world.secure if spec.get("secure") else world.plain
        self._url = f"{base}/{stgid}"
        self.add(stgid, **{key: given for key, given in spec.items() if key != "secure"})

    def add(self, stgid: str, **spec: Any) -> str:
        """A device that tells the same inbox."""
        usual = {"users": 3, "templates": [], "auth_token": TOKEN, "callback_url": self._url}
        self.world.api("POST", "devices", {"id": stgid, **usual, **spec})
        if stgid not in self._devices:
            self._devices.append(stgid)
        return stgid

    def close(self) -> None:
        """The devices go, and what they still wanted with them."""
        for stgid in self._devices:
            self.world.api("DELETE", f"devices/{stgid}")

    # --- the device and its people --------------------------------------------------------------------------------

    def do(self, path: str, body: Any = None, device: str = "") -> Any:
        """A call about the device."""
        return self.world.api("POST", f"devices/{device or self.stgid}/{path}", body)

    def patch(self, **given: Any) -> None:
        """The device is configured anew."""
        self.world.api("PATCH", f"devices/{self.stgid}", given)

    def punch(self, user: str = "1", device: str = "", **given: Any) -> None:
        """Somebody punches."""
        self.do("punches", {"user": user, **given}, device)

    def advance(self, seconds: float) -> None:
        """Virtual time passes."""
        self.world.api("POST", "clock/advance", {"seconds": seconds})

    def idle(self) -> None:
        """Until nothing is left to do."""
        self.world.api("POST", "clock/run-until-idle")

    @property
    def now(self) -> int:
        """Virtual seconds since 1970."""
        return int(self.world.api("GET", "clock")["now"])

    @property
    def queue(self) -> Any:
        """The callback queue."""
        return self.world.api("GET", f"devices/{self.stgid}/queue")

    # --- the client -----------------------------------------------------------------------------------------------

    def later(self, wanted: Any, device: str = "", **frame: Any) -> Future[Answer]:
        """A command, sent and not waited for."""
        body = {"OperationID": "op1", "AuthToken": TOKEN, "Time": NOW, **wanted, **frame}
        return self.world.sim.post_later(json.dumps(body).encode(), f"stgid={device or self.stgid}")

    def rest(self, wanted: Any, device: str = "", **frame: Any) -> Answer:
        """A command and its answer."""
        return self.later(wanted, device, **frame).result(30)

    def code(self, wanted: Any, device: str = "", **frame: Any) -> Any:
        """`StatusCode` of the answer."""
        return self.rest(wanted, device, **frame).code

    def v2(self, operation: str, user: str = "", data: Any = "") -> Any:
        """A v2 command and its immediate answer."""
        body = form(message(operation, user, data, tag=self.stgid))
        return self.world.sim.post_later(body, "", PATH, Content_Type=FORM).result(30).message

    def waits(self) -> bool:
        """Whether a command of the device is not answered yet."""
        commands = self.world.api("GET", "commands")["commands"]
        return any(not one["answered"] for one in commands if one["device"] in self._devices)

    # --- the receiver ---------------------------------------------------------------------------------------------

    @property
    def taken(self) -> list[Taken]:
        """The callbacks so far."""
        return self.inbox.taken

    def frames(self, key: str) -> list[Any]:
        """What stands under `RealTime.<key>`, of the callbacks that have it."""
        return [item.frame[key] for item in self.taken if key in item.frame]

    def infos(self) -> list[Any]:
        """`ApiRequestInfo` of the v2 callbacks so far."""
        return [item.message["ApiRequestInfo"] for item in self.taken]

    def wait_for_attempts(self, count: int) -> list[str]:
        """Verdicts of the first attempts of callbacks, as the journal has them; waits for that many."""
        wanted = {"device": self.stgid, "direction": "callback", "count": count, "timeout": 20}
        self.world.api("POST", "journal/wait", wanted)
        entries = self.world.api("GET", f"journal?device={self.stgid}&direction=callback")["entries"]
        return [entry["verdict"] for entry in entries][:count]


# --- the demonstrations -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What is done, and what comes of it under each value of the knob."""

    run: Callable[[World, Value], Outcome]
    outcomes: Sequence[tuple[Value, Outcome]]


DEMONSTRATIONS: dict[str, Demonstration] = {}
Run = Callable[[World, Value], Outcome]


def shows(knob: str, *outcomes: tuple[Value, Outcome]) -> Callable[[Run], Run]:
    """Register a function (world, value) -> what client or receiver see, with what each value makes of it."""

    def register(run: Run) -> Run:
        assert knob not in DEMONSTRATIONS, f"{knob} is demonstrated twice"
        DEMONSTRATIONS[knob] = Demonstration(run, outcomes)
        return run

    return register


async def answer_late(taken: Taken) -> Reply:
    """Longer than the most impatient value of `callback.timeout` that is shown, shorter than the others."""
    await asyncio.sleep(0.3)
    return DONE
