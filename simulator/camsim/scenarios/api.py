"""The control API for scenarios: run one in this simulator, read how it went, list the library."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from aiohttp import web

from camsim.api.bodies import body_of
from camsim.api.handlers import Handler
from camsim.api.queries import is_number
from camsim.api.server import Management, json_response
from camsim.control import routes
from camsim.control.route import Route
from camsim.control.routes import ScenarioBody
from camsim.kernel.events import ControlError
from camsim.wording import shown

# What runs scenarios is imported when the first one is asked for: most simulators never run one, and start faster.

if TYPE_CHECKING:
    from .document import Scenario

_KEPT = 100


class _Runs:
    """Runs of one simulator: numbered, one at a time, the last hundred kept."""

    def __init__(self) -> None:
        self.reports: dict[int, dict[str, object]] = {}
        self.number = 0
        self.alone = asyncio.Lock()
        self.tasks: set[asyncio.Task[None]] = set()

    def open(self, name: str) -> int:
        self.number += 1
        self.reports[self.number] = {"id": self.number, "scenario": name, "state": "running", "verdict": None}
        for old in list(self.reports)[:-_KEPT]:
            del self.reports[old]
        return self.number


def _runs(management: Management) -> _Runs:
    """The runs of one simulator; they go with it."""
    return _RUNS.setdefault(management, _Runs())


_RUNS: WeakKeyDictionary[Management, _Runs] = WeakKeyDictionary()


async def _post(management: Management, request: web.Request) -> web.Response:
    """Run a scenario; `wait` false answers at once."""
    from . import runner
    from .drivers import InProcess

    body: ScenarioBody = await body_of(request, routes.RUN_SCENARIO)
    scenario = _wanted(body)
    runs, driver = _runs(management), InProcess(management.runtime, management.gateway_url)
    number = runs.open(scenario.name)

    async def work() -> None:
        # Two scenarios at once would move each other's clock.
        async with runs.alone:
            report = await runner.run(scenario, driver, body.callback_url, keep=body.keep)
        runs.reports[number] = {"id": number, "state": "done", **report.shown()}

    task = asyncio.ensure_future(work())
    runs.tasks.add(task)
    task.add_done_callback(runs.tasks.discard)
    if body.wait:
        await task
        return json_response(runs.reports[number])
    return json_response(runs.reports[number], 202)


def _wanted(body: ScenarioBody) -> Scenario:
    from . import document
    from .errors import ScenarioError

    try:
        if body.scenario is not None:
            return document.build(body.scenario)
        library = document.library()
        return library[str(body.name)]
    except ScenarioError as problem:
        hint = "schemas/scenario.schema.json says what is allowed"
        raise ControlError(422, "invalid_scenario", str(problem), hint) from None
    except KeyError:
        known = ", ".join(document.library())
        raise ControlError(404, "unknown_scenario", f"name = {shown(body.name)} is not in the library", known) from None


async def _get(management: Management, request: web.Request) -> dict[str, object]:
    number = request.match_info["id"]
    report = None
    if is_number(number):
        report = _runs(management).reports.get(int(number))
    if report is None:
        raise ControlError(404, "unknown_run", f"no run {shown(number)}", "POST scenarios answers the id")
    return report


async def _library(management: Management, request: web.Request) -> dict[str, object]:
    from . import document

    return {"scenarios": [document.shown(item) for item in document.library().values()]}


HANDLERS: Mapping[Route[Any], Handler] = {
    routes.RUN_SCENARIO: _post,
    routes.SCENARIO_LIBRARY: _library,
    routes.SCENARIO_RUN: _get,
}
