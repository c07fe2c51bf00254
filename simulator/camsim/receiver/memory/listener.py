"""The asynchronous receiver's HTTP side: one route for callbacks, one for read-back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec
from aiohttp import web

from camsim.receiver.devices import Settings
from camsim.receiver.sightings import Sighting

from .policy import Policy
from .records import Json, Note, Outcome, Received, RefusedError, Reply, UnreadableError
from .store import Store

_MOST_IDS = 100


class MemoryReceiver:
    """A receiver in memory; its behaviour is its policy."""

    def __init__(
        self, settings: Settings, policy: Policy | None = None, seen: Callable[[Sighting], None] | None = None
    ) -> None:
        self.settings = settings
        self.policy = policy or Policy()
        self.policy.settings = settings
        self.store = Store()
        self.seen = seen

    def application(self) -> web.Application:
        """The aiohttp application; run it in any loop."""
        application = web.Application(client_max_size=self.settings.max_body)
        application.router.add_get("/readback/{page}", self._read_back)
        application.router.add_route("*", "/{path:.*}", self._callback)
        return application

    async def _callback(self, request: web.Request) -> web.StreamResponse:
        if request.method != "POST":
            return web.json_response({"status": "POST a callback here"}, status=405)
        try:
            reply = await self._answer(request)
        except RefusedError as refused:
            reply = refused.reply
        except ConnectionError:
            # The peer went away within its own body: nobody is left to answer.
            return web.Response(status=400)
        return await self.policy.send(request, reply)

    async def _answer(self, request: web.Request) -> Reply:
        early = await self.policy.gate(request)
        if early is not None:
            return early
        try:
            body = await self.policy.read(request)
        except web.HTTPRequestEntityTooLarge:
            return self._tell("?", "too large", self.policy.too_large())
        return await self.process(body, request.query.get("stgid", ""))

    async def process(self, body: bytes, stgid: str = "") -> Reply:
        """Open, check, store, answer: the whole receiver but for HTTP. Raises: RefusedError in mutants."""
        try:
            received = self.policy.open(body, stgid)
        except UnreadableError as error:
            return self._tell("?", str(error), self.policy.unreadable(error))
        if not self.policy.authentic(received):
            return self._tell(received.protocol, "token", self.policy.rejected(received))
        what, reply = await self._keep(received)
        return self._tell(received.protocol, what, reply)

    async def _keep(self, received: Received) -> tuple[str, Reply]:
        try:
            facts = self.policy.facts(received)
            outcome = await self.policy.keep(facts, self.store, received)
        except RefusedError:
            raise
        except Exception as error:
            self.store.notes.append(Note("failed", text=type(error).__name__))
            return Outcome.FAILED, self.policy.failed(received, error)
        # What is told names each kind once, in the order of the message.
        kinds = ", ".join(dict.fromkeys(type(fact).__name__.lower() for fact in facts))
        return f"{kinds} {outcome}", self.policy.acknowledge(received, outcome)

    def _tell(self, version: str, what: str, reply: Reply) -> Reply:
        if self.seen is not None:
            self.seen(Sighting(str(version), what, reply.status))
        return reply

    async def _read_back(self, request: web.Request) -> web.Response:
        page, users = request.match_info["page"], request.query.getall("user", [])
        if not self.settings.readback:
            return _json({"error": "read-back is off; switch it on with --readback"}, 404)
        if len(users) > _MOST_IDS:
            return _json({"error": f"at most {_MOST_IDS} ids a request, not {len(users)}"}, 400)
        shown = self._pages(users).get(page)
        if shown is None:
            return _json({"error": f"no page {page!r}"}, 404)
        return _json(shown(), 200)

    def _pages(self, users: Sequence[str]) -> Mapping[str, Callable[[], object]]:
        policy, store, ids = self.policy, self.store, list(dict.fromkeys(users))

        def rows(show: Callable[[str, Store], Sequence[Json]]) -> list[Json]:
            found: list[Json] = []
            for user in ids:
                found += show(user, store)
            return found

        return {
            "capabilities": policy.capabilities,
            "punches": lambda: {"punches": rows(policy.shown_punches)},
            "templates": lambda: {"templates": rows(policy.shown_templates)},
            "users": lambda: {"users": rows(policy.shown_users)},
            "counts": store.counts,
        }


def _json(value: object, status: int) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")
