"""The control API on its own port: JSON in and out under /api, errors with code, message and hint."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from camsim import __version__, durations
from camsim.kernel.events import ControlError
from camsim.service.runtime import Runtime
from camsim.service.store import StoreError
from camsim.state import faults, journal, ledger

from . import views

log = logging.getLogger("camsim.management")
Handler = Callable[["Management", web.Request], Awaitable[Any]]
_MAX_BODY = 64 * 1024 * 1024
MOST_WAIT_S = 86_400  # also the most entries worth waiting for: the journal holds fewer
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1", "[::1]"})


class Management:
    """Routes of the control API over one runtime."""

    def __init__(
        self,
        runtime: Runtime,
        *,
        token: str | None = None,
        allowed_hosts: frozenset[str] = LOOPBACK,
        full: bool = False,
        gateway_url: str = "",
    ) -> None:
        self.runtime = runtime
        self.token = token
        self.allowed_hosts = allowed_hosts | LOOPBACK
        self.full = full
        self.gateway_url = gateway_url
        self.started = time.time()
        self.extensions: dict[str, Any] = {}

    def application(self) -> web.Application:
        """An aiohttp application with every route."""
        app = web.Application(middlewares=[self._guard], client_max_size=_MAX_BODY)
        for method, path, handler in ROUTES:
            app.router.add_route(method, f"/api/{path}", self._bound(handler))
        app.router.add_get("/", self._bound(_root))
        return app

    def _bound(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def respond(request: web.Request) -> web.StreamResponse:
            answer = await handler(self, request)
            return answer if isinstance(answer, web.StreamResponse) else json_response(answer)

        return respond

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        try:
            self._admit(request)
            return await handler(request)
        except ControlError as problem:
            return _error(problem.http, problem.code, problem.message, problem.hint)
        except web.HTTPException as problem:
            return _error(
                problem.status, problem.reason.lower().replace(" ", "_"), f"{request.method} {request.path}", _API_HINT
            )
        except StoreError as problem:
            return _error(503, "state_not_written", str(problem), "the simulator has stopped taking work")
        except asyncio.CancelledError:
            raise
        except Exception as problem:  # our own fault, and said so
            log.exception("management call failed")
            return _error(500, "internal_error", f"{type(problem).__name__}: {problem}", "this is a bug in camsim")

    def _admit(self, request: web.Request) -> None:
        host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
        if host.lower() not in self.allowed_hosts:
            raise ControlError(403, "wrong_host", f"Host {request.host!r} is not served", "add it with --allowed-host")
        if self.token is not None:
            given = request.headers.get("Authorization", "")
            if not hmac.compare_digest(given.encode(), f"Bearer {self.token}".encode()):
                raise ControlError(
                    401, "unauthorized", "a bearer token is needed", "Authorization: Bearer <--management-token>"
                )


_API_HINT = "GET /api/health says whether the API is there; docs/management-api.md lists the calls"


def json_response(value: Any, status: int = 200) -> web.Response:
    """A JSON answer, encoded once."""
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")


def _error(status: int, code: str, message: str, hint: str = "") -> web.Response:
    return json_response({"error": {"code": code, "message": message, "hint": hint}}, status)


async def body_of(request: web.Request, *, required: bool = True) -> Any:
    """The JSON body; an empty one is {} where none is required. Raises: ControlError 400."""
    raw = await request.read()
    if not raw and not required:
        return {}
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise ControlError(400, "not_json", f"the body is not JSON: {problem}", "send JSON") from None


async def object_of(request: web.Request, *, required: bool = True) -> dict[str, Any]:
    """The JSON body, which must be an object. Raises: ControlError 400."""
    value = await body_of(request, required=required)
    if not isinstance(value, dict):
        raise ControlError(400, "not_an_object", "the body is a JSON object", f"not {type(value).__name__}")
    return value


def _stgid(request: web.Request) -> str:
    return request.match_info["stgid"]


# --- health -----------------------------------------------------------------------------------------------------------


async def _root(m: Management, request: web.Request) -> web.Response:
    return web.Response(text="camsim: the control API is under /api/ (start with /api/health)\n")


async def _health(m: Management, request: web.Request) -> Any:
    return {**views.health(m.runtime, m.started), "gateway_url": m.gateway_url}


async def _version(m: Management, request: web.Request) -> Any:
    return {"version": __version__, "gateway_url": m.gateway_url}


async def _config(m: Management, request: web.Request) -> Any:
    return views.config(m.runtime)


async def _patch_config(m: Management, request: web.Request) -> Any:
    body = await object_of(request)
    args = body if set(body) <= {"profile", "knobs"} else {"knobs": body}
    answer = await m.runtime.control("knobs", **args)
    policy = m.runtime.kernel.policy
    await m.runtime.courier.configure(policy.tls_verify, policy.keepalive)
    return answer


async def _register(m: Management, request: web.Request) -> Any:
    return {"profile": m.runtime.kernel.state.profile, "rows": views.register(m.runtime.kernel.state.knobs)}


async def _metrics(m: Management, request: web.Request) -> web.Response:
    return web.Response(text=views.metrics(m.runtime), content_type="text/plain")


# --- devices ----------------------------------------------------------------------------------------------------------


async def _devices(m: Management, request: web.Request) -> Any:
    return {"devices": [views.device(slot) for slot in m.runtime.kernel.state.slots.values()]}


async def _add_devices(m: Management, request: web.Request) -> web.Response:
    body = await body_of(request)
    specs = body if isinstance(body, list) else [body]
    return json_response(await m.runtime.control("add_devices", devices=specs), 201)


async def _device(m: Management, request: web.Request) -> Any:
    return views.device_in_full(views.slot(m.runtime.kernel, _stgid(request)), full=m.full)


async def _patch_device(m: Management, request: web.Request) -> Any:
    return await m.runtime.control("patch_device", _stgid(request), **await object_of(request))


async def _delete_device(m: Management, request: web.Request) -> Any:
    return await m.runtime.control("remove_device", _stgid(request))


def _device_action(action: str) -> Handler:
    async def act(m: Management, request: web.Request) -> Any:
        return await m.runtime.control(action, _stgid(request), **await object_of(request, required=False))

    return act


async def _punches(m: Management, request: web.Request) -> Any:
    body = await body_of(request)
    specs = body if isinstance(body, list) else [body]
    return await m.runtime.control("punches", _stgid(request), punches=specs)


async def _delete_user(m: Management, request: web.Request) -> Any:
    return await m.runtime.control("delete_user", _stgid(request), user=request.match_info["user"])


async def _queue_action(m: Management, request: web.Request) -> Any:
    return await m.runtime.control("queue", _stgid(request), what=request.match_info["what"])


async def _uplink(m: Management, request: web.Request) -> Any:
    return await m.runtime.control("uplink", up=(await object_of(request)).get("up", True))


def _view(name: str) -> Handler:
    async def show(m: Management, request: web.Request) -> Any:
        slot = views.slot(m.runtime.kernel, _stgid(request))
        return views.DEVICE_VIEWS[name](m.runtime.kernel, slot, dict(request.query), m.full)

    return show


async def _commands(m: Management, request: web.Request) -> Any:
    return {"commands": views.commands(m.runtime.kernel, request.query.get("state"))}


# --- clock ------------------------------------------------------------------------------------------------------------


async def _clock(m: Management, request: web.Request) -> Any:
    return views.clock(m.runtime)


async def _set_clock(m: Management, request: web.Request) -> Any:
    body = await object_of(request)
    mode = body.get("mode")
    if not isinstance(mode, str):
        raise ControlError(
            422, "invalid_value", f"mode = {mode!r} is not allowed", "allowed: real, manual, auto, scaled:N"
        )
    m.runtime.set_clock(mode)
    return views.clock(m.runtime)


async def _advance(m: Management, request: web.Request) -> Any:
    seconds = (await object_of(request)).get("seconds")
    if isinstance(seconds, str):
        try:
            seconds = durations.duration_ms(seconds) / 1000
        except ValueError as problem:
            raise ControlError(422, "invalid_value", str(problem)) from None
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool):
        raise ControlError(
            422, "invalid_value", f"seconds = {seconds!r} is not allowed", "allowed: a number, or 15s, 2m, 48h"
        )
    return await m.runtime.advance(seconds)


async def _run_until_idle(m: Management, request: web.Request) -> Any:
    return await m.runtime.run_until_idle()


# --- faults, journal, ledger ------------------------------------------------------------------------------------------


async def _faults(m: Management, request: web.Request) -> Any:
    return {"faults": [faults.present(fault) for fault in m.runtime.kernel.state.faults]}


async def _fault_catalogue(m: Management, request: web.Request) -> Any:
    return {"where": faults.DOES}


async def _add_fault(m: Management, request: web.Request) -> web.Response:
    return json_response(await m.runtime.control("add_fault", **await object_of(request)), 201)


async def _clear_faults(m: Management, request: web.Request) -> Any:
    number = request.match_info.get("id")
    if number is not None and not _is_number(number):
        raise ControlError(422, "invalid_value", f"id = {number!r} is not allowed", "allowed: the number of a fault")
    return await m.runtime.control("clear_faults", id=int(number) if number else None)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


_FILTERS = ("operation", "user", "device", "direction", "verdict")


_DIRECTIONS = ("callback", "rest", "control")


def _filters(source: Any, *others: str) -> dict[str, Any]:
    """What to select by; a filter that does not exist would match silently, so it is refused."""
    for key in source:
        if key not in _FILTERS and key not in others:
            allowed = ", ".join((*_FILTERS, *others))
            raise ControlError(422, "invalid_value", f"{key!r} is no filter of the journal", f"allowed: {allowed}")
    if source.get("direction", "rest") not in _DIRECTIONS:
        hint = f"allowed: {', '.join(_DIRECTIONS)}"
        raise ControlError(422, "invalid_value", f"direction = {source['direction']!r} is not allowed", hint)
    return {key: source[key] for key in _FILTERS if key in source}


async def _journal(m: Management, request: web.Request) -> Any:
    book = m.runtime.kernel.state.journal
    if request.query.get("canonical") in ("1", "true", "yes"):
        return web.Response(body=journal.canonical(book), content_type="application/x-ndjson")
    limit = request.query.get("limit", "200")
    if not _is_number(limit):
        raise ControlError(422, "invalid_value", f"limit = {limit!r} is not allowed", "allowed: a whole number")
    entries = book.newest(int(limit), **_filters(request.query, "limit", "canonical"))
    return {"dropped": book.dropped, "entries": [journal.present(entry, full=m.full) for entry in entries]}


async def _journal_count(m: Management, request: web.Request) -> Any:
    body = await object_of(request, required=False)
    return {"count": sum(1 for _ in m.runtime.kernel.state.journal.select(**_filters(body)))}


async def _journal_wait(m: Management, request: web.Request) -> Any:
    """Wait (real seconds) until at least `count` entries match."""
    body = await object_of(request, required=False)
    wanted, patience = body.get("count", 1), body.get("timeout", 10)
    for key, value in (("count", wanted), ("timeout", patience)):
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value <= MOST_WAIT_S:
            raise ControlError(
                422, "invalid_value", f"{key} = {value!r} is not allowed", f"allowed: 0 to {MOST_WAIT_S}"
            )
    filters, deadline = _filters(body, "count", "timeout"), time.monotonic() + patience
    while True:
        found = sum(1 for _ in m.runtime.kernel.state.journal.select(**filters))
        if found >= wanted or time.monotonic() >= deadline:
            return {"count": found, "reached": found >= wanted}
        await asyncio.sleep(0.01)


async def _journal_clear(m: Management, request: web.Request) -> Any:
    return await m.runtime.control("clear_journal")


async def _ledger(m: Management, request: web.Request) -> Any:
    book = m.runtime.kernel.state.ledger
    wanted = {key: request.query[key] for key in ("device", "user") if key in request.query}
    all_rows = book.rows() if request.query.get("summary") != "1" else ()
    rows = [ledger.present(device, record) for device, record in all_rows]
    chosen = [row for row in rows if all(row[key] == value for key, value in wanted.items())]
    return {"summary": book.summary(), "punches": chosen}


async def _ledger_csv(m: Management, request: web.Request) -> web.Response:
    return web.Response(text=ledger.as_csv(m.runtime.kernel.state.ledger), content_type="text/csv")


async def _reset(m: Management, request: web.Request) -> Any:
    body = await object_of(request, required=False)
    return await m.runtime.reset(body.get("scope", "all"))


ROUTES: list[tuple[str, str, Handler]] = [
    ("GET", "health", _health),
    ("GET", "version", _version),
    ("GET", "config", _config),
    ("PATCH", "config", _patch_config),
    ("GET", "register", _register),
    ("GET", "metrics", _metrics),
    ("GET", "devices", _devices),
    ("POST", "devices", _add_devices),
    ("GET", "devices/{stgid}", _device),
    ("PATCH", "devices/{stgid}", _patch_device),
    ("DELETE", "devices/{stgid}", _delete_device),
    ("POST", "devices/{stgid}/online", _device_action("online")),
    ("POST", "devices/{stgid}/offline", _device_action("offline")),
    ("POST", "devices/{stgid}/power-cycle", _device_action("power_cycle")),
    ("POST", "devices/{stgid}/punches", _punches),
    ("POST", "devices/{stgid}/users", _device_action("put_user")),
    ("DELETE", "devices/{stgid}/users/{user}", _delete_user),
    ("POST", "devices/{stgid}/date", _device_action("date")),
    ("POST", "devices/{stgid}/enrol-finger", _device_action("enrol_finger")),
    ("GET", "devices/{stgid}/users", _view("users")),
    ("GET", "devices/{stgid}/logs", _view("logs")),
    ("GET", "devices/{stgid}/photos", _view("photos")),
    ("GET", "devices/{stgid}/access", _view("access")),
    ("GET", "devices/{stgid}/digest", _view("digest")),
    ("GET", "devices/{stgid}/queue", _view("queue")),
    ("POST", "devices/{stgid}/queue/{what}", _queue_action),
    ("POST", "uplink", _uplink),
    ("GET", "commands", _commands),
    ("GET", "clock", _clock),
    ("PUT", "clock", _set_clock),
    ("POST", "clock/advance", _advance),
    ("POST", "clock/run-until-idle", _run_until_idle),
    ("GET", "faults", _faults),
    ("GET", "faults/catalogue", _fault_catalogue),
    ("POST", "faults", _add_fault),
    ("DELETE", "faults", _clear_faults),
    ("DELETE", "faults/{id}", _clear_faults),
    ("GET", "journal", _journal),
    ("POST", "journal/count", _journal_count),
    ("POST", "journal/wait", _journal_wait),
    ("POST", "journal/clear", _journal_clear),
    ("GET", "ledger", _ledger),
    ("GET", "ledger.csv", _ledger_csv),
    ("POST", "reset", _reset),
]

from camsim.scenarios.api import ROUTES as _SCENARIO_ROUTES  # noqa: E402  they run scenarios on a simulator like this one

ROUTES += _SCENARIO_ROUTES
