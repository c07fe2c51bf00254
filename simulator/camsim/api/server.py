"""The control API on its own port: JSON in and out under /api, errors with code, message and hint."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Awaitable, Callable, Mapping

import msgspec
from aiohttp import web

from camsim.control import routes
from camsim.control.route import Route
from camsim.kernel.events import ControlError
from camsim.secrecy import Secrets
from camsim.service.runtime import Runtime
from camsim.service.state_file import StoreError
from camsim.state.known_secrets import KnownSecrets

from . import browsers
from .bodies import MOST_BYTES, action_of
from .handlers import HANDLERS, Handler
from .waiting import Waiters

log = logging.getLogger("camsim.management")
_API_HINT = "GET /api/health says whether the API is there; docs/management-api.md lists the calls"


class Management:
    """The control API over one runtime. `more`: handlers of routes that a higher layer serves."""

    def __init__(
        self,
        runtime: Runtime,
        *,
        token: str | None = None,
        allowed_hosts: frozenset[str] = frozenset(),
        full: bool = False,
        gateway_url: str = "",
        more: Mapping[Route[object], Handler] | None = None,
    ) -> None:
        self.runtime = runtime
        self.waiters = Waiters(runtime)
        self.token = token
        self.allowed_hosts = browsers.known_names(allowed_hosts)
        self.full = full
        self._known = KnownSecrets([token])
        self.gateway_url = gateway_url
        self.started = time.time()
        self.handlers = {**HANDLERS, **(more or {})}

    def secrets(self) -> Secrets | None:
        """Those in use, which no answer holds; None where everything is shown."""
        return None if self.full else self._known.of(self.runtime.kernel.state)

    def _error(self, status: int, code: str, message: str, hint: str = "") -> web.Response:
        """The answer of a call that failed; whatever it quotes, no secret."""
        secrets = self.secrets()
        if secrets is not None:
            message, hint = secrets.text(message), secrets.text(hint)
        return json_response({"error": {"code": code, "message": message, "hint": hint}}, status)

    def application(self) -> web.Application:
        """An aiohttp application with every route."""
        app = web.Application(middlewares=[self._guard], client_max_size=MOST_BYTES)
        for route in routes.ROUTES:
            app.router.add_route(route.method, f"/api/{route.path}", self._served(route))
        app.router.add_get("/", _root)
        return app

    def _served(self, route: Route[object]) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """What answers a route: its own handler, else the action of its body is carried out."""
        handler = self.handlers.get(route)

        async def respond(request: web.Request) -> web.StreamResponse:
            answer: object
            if handler is None:
                answer = await self.runtime.control(await action_of(request, route))
            else:
                answer = await handler(self, request)
            if isinstance(answer, web.StreamResponse):
                return answer
            if isinstance(answer, bytes):
                return web.Response(body=answer, content_type=route.media)
            return json_response(answer, route.status)

        return respond

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            self._admit(request)
            return await handler(request)
        except ControlError as problem:
            return self._error(problem.http, problem.code, problem.message, problem.hint)
        except web.HTTPException as problem:
            code = problem.reason.lower().replace(" ", "_")
            return self._error(problem.status, code, f"{request.method} {request.path}", _API_HINT)
        except StoreError as problem:
            return self._error(503, "state_not_written", str(problem), "the simulator has stopped taking work")
        except asyncio.CancelledError:
            raise
        except Exception as problem:  # our own fault, and said so
            log.exception("management call failed")
            return self._error(500, "internal_error", f"{type(problem).__name__}: {problem}", "this is a bug in camsim")

    def _admit(self, request: web.Request) -> None:
        """A page of somebody else in a browser is refused; whoever has no token is nobody."""
        browsers.admit(request, self.allowed_hosts)
        if self.token is not None:
            given = request.headers.get("Authorization", "")
            # Compared in constant time: how long it takes must not say how much of a token is right.
            if not hmac.compare_digest(given.encode("utf-8", "surrogateescape"), f"Bearer {self.token}".encode()):
                hint = "Authorization: Bearer <--management-token>"
                raise ControlError(401, "unauthorized", "a bearer token is needed", hint)


async def _root(request: web.Request) -> web.Response:
    return web.Response(text="camsim: the control API is under /api/ (start with /api/health)\n")


def json_response(value: object, status: int = 200) -> web.Response:
    """A JSON answer, encoded once."""
    body = msgspec.json.encode(value, enc_hook=list)  # of what is made while it is written
    return web.Response(body=body, status=status, content_type="application/json")
