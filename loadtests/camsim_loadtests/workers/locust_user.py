"""The Locust side: one user a worker that runs the open-loop driver, and the reports between workers and master.

Importing locust patches the process, so nothing but Locust imports this module. The master gives every worker its share
(k of n) and one set of settings; a single process is worker 0 of 1.
"""

from __future__ import annotations

import logging
import os
import time
import traceback
from pathlib import Path
from typing import Any

import gevent
import locust.runners
import msgspec
from gevent.event import AsyncResult
from locust import LoadTestShape, User, constant, events, task
from locust.runners import MasterRunner, WorkerRunner

from camsim_loadtests.driver.driver import Driver
from camsim_loadtests.driver.tally import Step
from camsim_loadtests.plan.plan import Plan
from camsim_loadtests.plan.settings import Settings, checked, seconds

from .collector import Collector

SETTINGS_VARIABLE, FOLDER_VARIABLE, LAUNCH_VARIABLE = "CAMSIM_STORM", "CAMSIM_STORM_DIR", "CAMSIM_STORM_LAUNCHED"
_START_DELAY_S = 0.3  # for the share to reach every worker
_REPORT_S = 1.0
_SHARE_WAIT_S = 30.0
_SECRETS = ("auth_token", "security_key")
_TIMES = ("duration_s", "deadline_s", "retry_s", "drain_limit_s", "timeout_s")
_LOG = logging.getLogger("camsim.storm")

locust.runners.WORKER_REPORT_INTERVAL = _REPORT_S


class Share(msgspec.Struct):
    """What one worker is to do."""

    settings: Settings
    worker: int
    workers: int


class Stage:
    """The state of this process's part in the storm."""

    def __init__(self) -> None:
        self.share: AsyncResult[Share] = AsyncResult()
        self.driver: Driver | None = None
        self.collector: Collector | None = None
        self.began = 0.0


STAGE = Stage()


class PunchStorm(User):
    """All devices of one worker. Locust spawns one a worker; the rate is in the plan, not in a number of users."""

    wait_time = constant(0)
    fixed_count = 0

    @task
    def storm(self) -> None:
        """Drive the share to its end, then stay until Locust stops the test."""
        share = STAGE.share.get(timeout=_SHARE_WAIT_S)
        if STAGE.driver is None:
            STAGE.driver = Driver(Plan(share.settings), share.worker, share.workers, self._observe)
            _run(STAGE.driver)
        gevent.sleep(3600)

    def _observe(self, name: str, milliseconds: float, length: int, problem: str | None) -> None:
        self.environment.events.request.fire(
            request_type="POST",
            name=name,
            response_time=milliseconds,
            response_length=length,
            exception=None if problem is None else NoAckError(problem),
            context={},
        )


class NoAckError(Exception):
    """An attempt that brought no acknowledgement, as Locust's failure table shows it."""


def _run(driver: Driver) -> None:
    try:
        driver.run(_START_DELAY_S)
    except gevent.GreenletExit:
        raise
    except Exception:
        driver.crash = traceback.format_exc()
        _LOG.exception("the driver failed")


class UntilDrained(LoadTestShape):
    """One user a worker until every worker is done."""

    def tick(self) -> tuple[int, float] | None:
        """Called by Locust once a second."""
        collector = STAGE.collector
        if collector is None:
            workers = _workers(self.runner)
            return workers, float(workers)
        _gather_locally()
        elapsed = time.perf_counter() - STAGE.began
        collector.write_progress(elapsed)
        return None if collector.finished(elapsed) else (collector.workers, float(collector.workers))


def _workers(runner: Any) -> int:
    return max(1, runner.worker_count) if isinstance(runner, MasterRunner) else 1


def _gather_locally() -> None:
    if STAGE.collector is not None and STAGE.driver is not None:
        STAGE.collector.take(STAGE.driver.step())


def _add_options(parser: Any) -> None:
    defaults = msgspec.json.decode(os.environ.get(SETTINGS_VARIABLE, '{"url": ""}'), type=Settings)
    for field in msgspec.structs.fields(Settings):
        if field.name == "url":
            continue
        value = getattr(defaults, field.name)
        kind = seconds if field.name in _TIMES else type(value)
        option = "--storm-" + field.name.removesuffix("_s").replace("_", "-")
        parser.add_argument(
            option,
            dest=f"storm_{field.name}",
            type=kind,
            default=value,
            is_secret=field.name in _SECRETS,
            help=f"default {value}",
        )


def _settings(environment: Any) -> Settings:
    options = vars(environment.parsed_options)
    names = [field.name for field in msgspec.structs.fields(Settings) if field.name != "url"]
    settings = Settings(url=environment.host or "", **{name: options[f"storm_{name}"] for name in names})
    return checked(settings if settings.start_s else msgspec.structs.replace(settings, start_s=int(time.time())))


def _listen(environment: Any, runner: Any, **_: Any) -> None:
    if isinstance(runner, WorkerRunner):
        runner.register_message("storm-share", _receive_share)


def _receive_share(environment: Any, msg: Any, **_: Any) -> None:
    STAGE.driver = None
    STAGE.share.set(msgspec.json.decode(msg.data["share"], type=Share))


def _share_out(environment: Any, **_: Any) -> None:
    runner = environment.runner
    if isinstance(runner, WorkerRunner):
        return
    settings, workers = _settings(environment), _workers(runner)
    folder = os.environ.get(FOLDER_VARIABLE)
    start_up = time.time() - float(os.environ.get(LAUNCH_VARIABLE) or time.time()) + _START_DELAY_S
    STAGE.collector = Collector(settings, workers, start_up, Path(folder) if folder else None)
    STAGE.began = time.perf_counter() + _START_DELAY_S
    if isinstance(runner, MasterRunner):
        clients = sorted(client.id for client in runner.clients.ready)
        for worker, client_id in enumerate(clients):
            share = Share(settings, worker, len(clients))
            runner.send_message("storm-share", {"share": msgspec.json.encode(share)}, client_id)
    else:
        STAGE.driver = None
        STAGE.share.set(Share(settings, 0, 1))


def _report(client_id: str, data: dict[str, Any], **_: Any) -> None:
    if STAGE.driver is not None:
        data["storm"] = msgspec.msgpack.encode(STAGE.driver.step())


def _take(client_id: str, data: dict[str, Any], **_: Any) -> None:
    if STAGE.collector is not None and "storm" in data:
        STAGE.collector.take(msgspec.msgpack.decode(data["storm"], type=Step))


def _leave(environment: Any, **_: Any) -> None:
    if STAGE.collector is None:
        return
    _gather_locally()
    _LOG.info("ledger: %s", STAGE.collector.ledger.summary())
    if os.environ.get(FOLDER_VARIABLE):
        STAGE.collector.write_raw()
        environment.process_exit_code = 0  # the command judges, not Locust


_LISTENERS: dict[str, Any] = {
    "init_command_line_parser": _add_options,
    "init": _listen,
    "test_start": _share_out,
    "report_to_master": _report,
    "worker_report": _take,
    "quitting": _leave,
}
for _event, _listener in _LISTENERS.items():
    hook: Any = getattr(events, _event)
    hook.add_listener(_listener)
