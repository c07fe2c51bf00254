"""The control API for scenarios: run one in this simulator, read how it went, list the library."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import web

from camsim.kernel.events import ControlError

# What runs scenarios is imported when the first one is asked for: most simulators never run one, and start faster.

if TYPE_CHECKING:
    from .document import Scenario

_KEPT = 100


class _Runs:
    """Runs of one simulator: numbered, one at a time, the last hundred kept."""

    def __init__(self) -> None:
        self.reports: dict[int, dict[str, Any]] = {}
        self.number = 0
        self.alone = asyncio.Lock()
        self.tasks: set[asyncio.Task[None]] = set()

    def open(self, name: str) -> int:
        self.number += 1
        self.reports[self.number] = {"id": self.number, "scenario": name, "state": "running", "verdict": None}
        for old in list(self.reports)[:-_KEPT]:
            del self.reports[old]
        return self.number


def _runs(management: Any) -> _Runs:
    found: _Runs = management.extensions.setdefault("scenarios", _Runs())
    return found


async def _post(management: Any, request: web.Request) -> web.Response:
    """Run a scenario: `{"name": …}` of the library, or `{"scenario": {…}}`; `wait` false answers at once."""
    from camsim.api.server import json_response, object_of

    from . import runner
    from .drivers import InProcess

    body = await object_of(request)
    scenario = _wanted(body)
    runs, port = _runs(management), InProcess(management.runtime, management.gateway_url)
    number = runs.open(scenario.name)

    async def work() -> None:
        async with runs.alone:
            report = await runner.run(scenario, port, body.get("callback_url"), keep=bool(body.get("keep", False)))
        runs.reports[number] = {"id": number, "state": "done", **report.shown()}

    task = asyncio.ensure_future(work())
    runs.tasks.add(task)
    task.add_done_callback(runs.tasks.discard)
    if body.get("wait", True):
        await task
    return json_response(runs.reports[number], 200 if body.get("wait", True) else 202)


def _wanted(body: dict[str, Any]) -> Scenario:
    from . import document
    from .errors import ScenarioError

    try:
        if "scenario" in body:
            return document.build(body["scenario"])
        library = document.library()
        return library[body["name"]]
    except ScenarioError as problem:
        raise ControlError(
            422, "invalid_scenario", str(problem), "schemas/scenario.schema.json says what is allowed"
        ) from None
    except (KeyError, TypeError):
        known = ", ".join(document.library())
        raise ControlError(
            404, "unknown_scenario", f"name = {body.get('name')!r} is not in the library", known
        ) from None


async def _get(management: Any, request: web.Request) -> Any:
    number = request.match_info["id"]
    report = _runs(management).reports.get(int(number)) if number.isdigit() else None
    if report is None:
        raise ControlError(404, "unknown_run", f"no run {number!r}", "POST scenarios answers the id")
    return report


async def _library(management: Any, request: web.Request) -> Any:
    from . import document

    return {"scenarios": [document.shown(item) for item in document.library().values()]}


ROUTES: list[tuple[str, str, Any]] = [
    ("POST", "scenarios", _post),
    ("GET", "scenarios/library", _library),
    ("GET", "scenarios/{id}", _get),
]
