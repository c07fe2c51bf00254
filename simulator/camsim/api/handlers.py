"""What answers the routes that are no plain action: views of the state, the clock, and waiting for entries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from aiohttp import web

from camsim import __version__
from camsim.actions.values import instant_of
from camsim.control import answers, on_device, openapi, records, route, routes
from camsim.control.actions import ClearFaults, Reset, SetKnobs
from camsim.control.records import COMMAND_STATES
from camsim.control.route import Route
from camsim.durations import duration_ms
from camsim.kernel.events import ControlError, usage
from camsim.service.runtime import Runtime
from camsim.state import faults, journal, ledger
from camsim.state.gateway import RegisteredDevice
from camsim.synthetic.versions import versions

from . import views
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
    return web.Response(text=views.metrics(api.runtime), content_type=route.TEXT)


async def _openapi(api: Api, request: web.Request) -> dict[str, object]:
    return openapi.document(__version__)


async def _reset(api: Api, request: web.Request) -> answers.Answer:
    body: Reset = await body_of(request, routes.RESET)
    return await api.runtime.reset(body.scope)


# --- devices ----------------------------------------------------------------------------------------------------------


async def _devices(api: Api, request: web.Request) -> answers.Devices:
    return answers.Devices([views.device(one) for one in api.runtime.kernel.state.devices.values()])


def _registered(api: Api, request: web.Request) -> RegisteredDevice:
    return api.runtime.kernel.device(request.match_info["stgid"])


async def _device(api: Api, request: web.Request) -> answers.DeviceDetails:
    return views.device_in_full(_registered(api, request), full=api.full)


async def _users(api: Api, request: web.Request) -> on_device.Users:
    return views.users(_registered(api, request), full=api.full)


async def _logs(api: Api, request: web.Request) -> on_device.Logs:
    return views.logs(_registered(api, request), request.query.get("start"), request.query.get("end"))


async def _photos(api: Api, request: web.Request) -> on_device.Photos:
    return views.photos(_registered(api, request))


async def _access(api: Api, request: web.Request) -> on_device.AccessWindows:
    return views.access(_registered(api, request))


async def _digest(api: Api, request: web.Request) -> on_device.Digest:
    return views.digest_of(_registered(api, request))


async def _queue(api: Api, request: web.Request) -> records.Queue:
    return views.queue(_registered(api, request), api.runtime.kernel.now)


async def _commands(api: Api, request: web.Request) -> records.Commands:
    state = request.query.get("state")
    if state is not None and state not in COMMAND_STATES:
        raise usage("state", state, ", ".join(COMMAND_STATES))
    return records.Commands(views.commands(api.runtime.kernel, state))


# --- clock ------------------------------------------------------------------------------------------------------------


async def _clock(api: Api, request: web.Request) -> answers.ClockView:
    return views.clock(api.runtime)


async def _set_clock(api: Api, request: web.Request) -> answers.ClockView:
    body: routes.ClockBody = await body_of(request, routes.SET_CLOCK)
    start = instant_of("start", body.start, 0)
    api.runtime.set_clock(body.mode)
    if start is not None:
        await api.runtime.begin_at(start * 1000)
    return views.clock(api.runtime)


async def _advance(api: Api, request: web.Request) -> answers.Moved:
    body: routes.AdvanceBody = await body_of(request, routes.ADVANCE)
    if not isinstance(body.seconds, str):
        return await api.runtime.advance(body.seconds)
    try:
        return await api.runtime.advance(duration_ms(body.seconds) / 1000)
    except ValueError as problem:
        raise ControlError(422, "invalid_value", str(problem)) from None


async def _run_until_idle(api: Api, request: web.Request) -> answers.Moved:
    return await api.runtime.run_until_idle()


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


async def _journal(api: Api, request: web.Request) -> web.Response | records.Journal:
    book = api.runtime.kernel.state.journal
    if request.query.get("canonical") in ("1", "true", "yes"):
        return web.Response(body=journal.canonical(book, versions()), content_type="application/x-ndjson")
    limit = number_of(request, "limit", "200")
    entries = book.newest(limit, **filters_of_query(request.query, "limit", "canonical"))
    return records.Journal(book.dropped, [journal.present(entry, full=api.full) for entry in entries])


async def _journal_count(api: Api, request: web.Request) -> records.Count:
    body: routes.Filter = await body_of(request, routes.JOURNAL_COUNT)
    return records.Count(count_matching(api.runtime.kernel.state.journal, filters_of_body(body)))


async def _journal_wait(api: Api, request: web.Request) -> records.Waited:
    """Wait (real seconds) until at least `count` entries match."""
    body: routes.Wait = await body_of(request, routes.JOURNAL_WAIT)
    found = await api.waiters.wait(request, filters_of_body(body), body.count, body.timeout)
    return records.Waited(found, found >= body.count)


async def _ledger(api: Api, request: web.Request) -> records.LedgerView:
    book, wanted = api.runtime.kernel.state.ledger, request.query
    summary = records.Summary(**book.summary())
    if wanted.get("summary") == "1":
        return records.LedgerView(summary, [])
    rows = []
    for device, record in book.rows():
        if wanted.get("device", device) == device and wanted.get("user", record.user) == record.user:
            rows.append(ledger.present(device, record))
    return records.LedgerView(summary, rows)


async def _ledger_csv(api: Api, request: web.Request) -> web.Response:
    return web.Response(text=ledger.as_csv(api.runtime.kernel.state.ledger), content_type=route.CSV)


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
