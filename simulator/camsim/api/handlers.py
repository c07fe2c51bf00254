"""What answers the routes that are no plain action: views of the state, the clock, and waiting for entries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from aiohttp import web

from camsim import __version__
from camsim.actions.values import instant_of
from camsim.control import answers, on_device, openapi, records, route, routes
from camsim.control.actions import ClearFaults, Reset, SetKnobs
from camsim.control.moving import AdvanceBody, IdleBody
from camsim.control.records import COMMAND_STATES
from camsim.control.route import Route
from camsim.durations import duration_ms
from camsim.kernel.events import ControlError, usage
from camsim.secrecy import NONE, Secrets
from camsim.service.runtime import Runtime
from camsim.state import faults
from camsim.state.gateway import RegisteredDevice
from camsim.synthetic.versions import versions

from . import fleet_view, log_views, pieces, views
from .bodies import body_of, decoded, read
from .queries import filters_of_body, filters_of_query, is_number, number_of
from .waiting import Waiters, count_matching


class Api(Protocol):
    """What a handler may use of the server. `started`: the host's seconds since 1970; `full`: show secrets."""

    runtime: Runtime
    waiters: Waiters
    full: bool
    gateway_url: str
    started: float

    def secrets(self) -> Secrets | None:
        """Those in use, which no answer holds; None where everything is shown."""


Handler = Callable[[Any, web.Request], Awaitable[object]]

# --- the simulator ----------------------------------------------------------------------------------------------------


async def _health(api: Api, request: web.Request) -> answers.Health:
    return views.health(api.runtime, api.started, api.gateway_url)


async def _version(api: Api, request: web.Request) -> answers.Version:
    return answers.Version(__version__, api.gateway_url)


async def _config(api: Api, request: web.Request) -> answers.Config:
    return views.config(api.runtime)


async def _patch_config(api: Api, request: web.Request) -> answers.Answer:
    """`{"profile", "knobs"}`, or an object of knobs alone."""
    raw, route = await read(request), routes.PATCH_CONFIG
    body: dict[str, object] = decoded(raw, dict[str, object], route)
    if set(body) <= {"profile", "knobs"}:  # no knob goes by one of these names
        action: SetKnobs = decoded(raw, SetKnobs, route)
    else:
        action = SetKnobs(knobs=body)
    answer = await api.runtime.control(action)
    await api.runtime.configure_courier()  # tls.verify and callback.keepalive are of the courier's connections
    return answer


async def _register(api: Api, request: web.Request) -> answers.Register:
    state = api.runtime.kernel.state
    return answers.Register(state.profile, views.register(state.knobs))


async def _metrics(api: Api, request: web.Request) -> web.Response:
    return web.Response(text=fleet_view.metrics(api.runtime), content_type=route.TEXT)


async def _openapi(api: Api, request: web.Request) -> dict[str, object]:
    return openapi.document(__version__)


async def _reset(api: Api, request: web.Request) -> answers.Answer:
    body: Reset = await body_of(request, routes.RESET)
    return await api.runtime.reset(body.scope)


# --- devices ----------------------------------------------------------------------------------------------------------


async def _devices(api: Api, request: web.Request) -> answers.Devices:
    return answers.Devices(fleet_view.devices(api.runtime.kernel.state.devices, api.secrets()))


def _registered(api: Api, request: web.Request) -> RegisteredDevice:
    return api.runtime.kernel.peek(request.match_info["stgid"])


async def _device(api: Api, request: web.Request) -> answers.DeviceDetails:
    return views.device_in_full(_registered(api, request), api.secrets())


async def _users(api: Api, request: web.Request) -> on_device.Users:
    return views.users(_registered(api, request), full=api.full)


async def _logs(api: Api, request: web.Request) -> web.StreamResponse:
    registered, query = _registered(api, request), request.query
    return await pieces.logs(request, registered, log_views.range_of(registered, query.get("start"), query.get("end")))


async def _photos(api: Api, request: web.Request) -> on_device.Photos:
    return views.photos(_registered(api, request))


async def _access(api: Api, request: web.Request) -> on_device.AccessWindows:
    return views.access(_registered(api, request))


async def _digest(api: Api, request: web.Request) -> on_device.Digest:
    return await pieces.digest(_registered(api, request))


async def _queue(api: Api, request: web.Request) -> records.Queue:
    return views.queue(_registered(api, request), api.runtime.kernel.now, api.secrets())


async def _commands(api: Api, request: web.Request) -> records.Commands:
    state = request.query.get("state")
    if state is not None and state not in COMMAND_STATES:
        raise usage("state", state, ", ".join(COMMAND_STATES))
    return records.Commands(views.commands(api.runtime.kernel, api.secrets(), state))


# --- clock ------------------------------------------------------------------------------------------------------------


async def _clock(api: Api, request: web.Request) -> answers.ClockView:
    return views.clock(api.runtime)


async def _set_clock(api: Api, request: web.Request) -> answers.ClockView:
    body: routes.ClockBody = await body_of(request, routes.SET_CLOCK)
    start = instant_of("start", body.start, 0)
    await api.runtime.set_clock(body.mode)
    if start is not None:
        await api.runtime.begin_at(start * 1000)
    return views.clock(api.runtime)


async def _advance(api: Api, request: web.Request) -> answers.Moved:
    body: AdvanceBody = await body_of(request, routes.ADVANCE)
    patience, seconds = body.patience, body.seconds
    if isinstance(seconds, str):
        try:
            seconds = duration_ms(seconds) / 1000
        except ValueError as problem:
            raise ControlError(422, "invalid_value", str(problem)) from None
    return await api.runtime.advance(seconds, patience)


async def _run_until_idle(api: Api, request: web.Request) -> answers.Moved:
    body: IdleBody = await body_of(request, routes.RUN_UNTIL_IDLE)
    return await api.runtime.run_until_idle(body.patience)


# --- faults, journal, ledger ------------------------------------------------------------------------------------------


async def _faults(api: Api, request: web.Request) -> records.Faults:
    return records.Faults([faults.present(fault) for fault in api.runtime.kernel.state.faults])


async def _fault_catalogue(api: Api, request: web.Request) -> records.FaultCatalogue:
    return records.FaultCatalogue({where: dict(does) for where, does in faults.DOES.items()})


async def _clear_fault(api: Api, request: web.Request) -> answers.Answer:
    number = request.match_info["id"]
    if not is_number(number):
        raise usage("id", number, "the number of a fault")
    return await api.runtime.control(ClearFaults(id=int(number)))


async def _journal(api: Api, request: web.Request) -> web.StreamResponse:
    state = api.runtime.kernel.state
    if request.query.get("canonical") in ("1", "true", "yes"):
        return await pieces.canonical(request, state, versions(), api.secrets() or NONE)
    limit = number_of(request, "limit", "200")
    wanted = filters_of_query(request.query, "limit", "canonical")
    return await pieces.journal_view(request, state, limit, wanted, api.secrets())


async def _journal_count(api: Api, request: web.Request) -> records.Count:
    body: routes.Filter = await body_of(request, routes.JOURNAL_COUNT)
    return records.Count(count_matching(api.runtime.kernel.state.journal, filters_of_body(body)))


async def _journal_wait(api: Api, request: web.Request) -> records.Waited:
    """Wait (real seconds) until at least `count` entries match."""
    body: routes.Wait = await body_of(request, routes.JOURNAL_WAIT)
    found = await api.waiters.wait(request, filters_of_body(body), body.count, body.timeout)
    return records.Waited(found, found >= body.count)


async def _ledger(api: Api, request: web.Request) -> web.StreamResponse | records.LedgerView:
    return await pieces.ledger_view(request, api.runtime.kernel.state)


async def _ledger_csv(api: Api, request: web.Request) -> web.StreamResponse:
    return await pieces.ledger_csv(request, api.runtime.kernel.state)


HANDLERS: Mapping[Route[object], Handler] = {
    routes.HEALTH: _health,
    routes.VERSION: _version,
    routes.CONFIG: _config,
    routes.PATCH_CONFIG: _patch_config,
    routes.REGISTER: _register,
    routes.METRICS: _metrics,
    routes.OPENAPI: _openapi,
    routes.RESET: _reset,
    routes.DEVICES: _devices,
    routes.DEVICE: _device,
    routes.USERS: _users,
    routes.LOGS: _logs,
    routes.PHOTOS: _photos,
    routes.ACCESS: _access,
    routes.DIGEST: _digest,
    routes.QUEUE: _queue,
    routes.COMMANDS: _commands,
    routes.CLOCK: _clock,
    routes.SET_CLOCK: _set_clock,
    routes.ADVANCE: _advance,
    routes.RUN_UNTIL_IDLE: _run_until_idle,
    routes.FAULTS: _faults,
    routes.FAULT_CATALOGUE: _fault_catalogue,
    routes.CLEAR_FAULT: _clear_fault,
    routes.JOURNAL: _journal,
    routes.JOURNAL_COUNT: _journal_count,
    routes.JOURNAL_WAIT: _journal_wait,
    routes.LEDGER: _ledger,
    routes.LEDGER_CSV: _ledger_csv,
}
