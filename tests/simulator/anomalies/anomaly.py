"""What the tests of anomalies say often: make a fault, look at what arrived."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aiohttp import web
from running_sim import START_MS, Sim

from camsim.protocol.timestamps import parse


def fault(sim: Sim, where: str, do: str, **given: Any) -> dict[str, Any]:
    """A fault as the control API answers it; `options` is what the API calls `with`."""
    options = given.pop("options", {})
    extra = {"with": options} if options else {}
    made: dict[str, Any] = sim.control("add_fault", "", where=where, do=do, **given, **extra)
    return made


def on_request(sim: Sim, do: str, **given: Any) -> None:
    """A fault of the callbacks on their way to the receiver."""
    fault(sim, "callback.request", do, **given)


def users(sim: Sim) -> list[str]:
    """Who punched, in the order in which it arrived."""
    return [punch["UserId"] for punch in sim.receiver.frames("PunchLog")]


def times(sim: Sim) -> list[str]:
    """LogTimes as written, in the order in which they arrived."""
    return [punch["LogTime"] for punch in sim.receiver.frames("PunchLog")]


def minutes(sim: Sim) -> list[int]:
    """Instants of the punches that arrived, as minutes before the start."""
    return [(START_MS // 1000 - parse(text).epoch_s) // 60 for text in times(sim)]


def ledger(sim: Sim) -> dict[str, int]:
    """What became of every punch, counted."""
    return sim.host.runtime.kernel.state.ledger.summary()


def backlog(sim: Sim, count: int = 8) -> None:
    """A device that is offline with punches of user 1, one a minute until now."""
    sim.control("offline")
    sim.control("punches", punches=[{"user": "1", "count": count, "every": "1m"}])


def serve(sim: Sim, take: Callable[[Any], Any]) -> tuple[str, Callable[[], None]]:
    """Serve callbacks with a handler of the test's own, which sees the connection; gives its URL and what stops it."""

    async def begin() -> web.ServerRunner:
        runner = web.ServerRunner(web.Server(take, access_log=None), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner

    runner = sim.loop.run(begin())
    return f"http://127.0.0.1:{runner.addresses[0][1]}/", lambda: sim.loop.run(runner.cleanup())
