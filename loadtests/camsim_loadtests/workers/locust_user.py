"""The Locust side: one user a worker that runs the open-loop driver, and the reports between workers and master.

Importing locust patches the process, so nothing but Locust imports this module. The master gives every worker its share
(k of n) and one set of settings; a single process is worker 0 of 1.
"""

from __future__ import annotations

import logging
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import gevent
import gevent.socket
import locust.runners
import msgspec
from gevent.event import AsyncResult
from locust import LoadTestShape, User, constant, events, task
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.event import EventHook
from locust.rpc import Message
from locust.runners import MasterRunner, Runner, WorkerRunner

from camsim.durations import duration_s
from camsim.ownership import SafetyError, UnreachableError, own_origin
from camsim.shown import for_terminal
from camsim_loadtests.driver.driver import Driver
from camsim_loadtests.driver.ledger import Ledger
from camsim_loadtests.driver.tally import Step
from camsim_loadtests.plan.plan import Plan
from camsim_loadtests.plan.settings import ONLY_YOURS, Settings, checked

from .collector import Collector
from .launch import FOLDER_VARIABLE, LAUNCH_VARIABLE, LIFE_VARIABLE, SETTINGS_VARIABLE

_START_DELAY_S = 0.3  # for the share to reach every worker
_REPORT_S = 1.0
_SHARE_WAIT_S = 30.0
_SHARE_MESSAGE = "storm-share"
_SECRETS = ("auth_token", "security_key")
_TIMES = ("duration_s", "deadline_s", "retry_s", "drain_limit_s", "timeout_s")
_LOOPBACK = "127.0.0.1"
_CLAIMED = "storm_i_own_this"
_LOG = logging.getLogger("camsim.storm")

locust.runners.WORKER_REPORT_INTERVAL = _REPORT_S


class Share(msgspec.Struct, frozen=True):
    """What one worker is to do."""

    settings: Settings
    worker: int
    workers: int


class ProcessState:
    """What this process has of the storm: a master collects, a worker drives, a single process does both."""

    def __init__(self) -> None:
        self.share: AsyncResult[Share] = AsyncResult()
        self.driver: Driver | None = None
        self.collector: Collector | None = None
        self.began = 0.0


STATE = ProcessState()


class PunchStorm(User):
    """All devices of one worker. Locust spawns one a worker; the rate is in the plan, not in a number of users."""

    wait_time = constant(0)
    fixed_count = 0

    @task
    def storm(self) -> None:
        """Drive the share to its end, then stay until Locust stops the test."""
        share = STATE.share.get(timeout=_SHARE_WAIT_S)
        if STATE.driver is None:
            STATE.driver = Driver(Plan(share.settings), share.worker, share.workers, self._observe)
            _run(STATE.driver)
        gevent.sleep(3600)

    def _observe(self, name: str, milliseconds: float, length: int, problem: str | None) -> None:
        self.environment.events.request.fire(
            request_type="POST",
            name=name,
            response_time=milliseconds,
            response_length=length,
            exception=None if problem is None else NoAckError(for_terminal(problem)),
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
        collector = STATE.collector
        if collector is None:
            workers = _count(self.runner)
            return workers, float(workers)
        _gather_locally()
        elapsed = time.perf_counter() - STATE.began
        collector.write_progress(elapsed)
        if collector.finished(elapsed):
            return None
        return collector.workers, float(collector.workers)


def _count(runner: Runner | None) -> int:
    if isinstance(runner, MasterRunner):
        return max(1, runner.worker_count)
    return 1


def _gather_locally() -> None:
    if STATE.collector is not None and STATE.driver is not None:
        STATE.collector.take(STATE.driver.step())


def _add_options(parser: LocustArgumentParser) -> None:
    """One `--storm-…` option a setting, and a field of Locust's page; none when `camsim storm` has settled them."""
    # Both listen on every address of the machine unless told otherwise; remote workers alone need the master's.
    parser.set_defaults(web_host=_LOOPBACK)
    if "--master" not in sys.argv:
        parser.set_defaults(master_bind_host=_LOOPBACK)
    if SETTINGS_VARIABLE in os.environ:
        return
    parser.add_argument(
        "--storm-i-own-this", action="store_true", default=False, help="The public target is mine.", dest=_CLAIMED
    )
    defaults = Settings(url="")
    for name in _option_names():
        value = getattr(defaults, name)
        parser.add_argument(
            "--storm-" + name.removesuffix("_s").replace("_", "-"),
            dest=f"storm_{name}",
            type=duration_s if name in _TIMES else type(value),
            default=value,
            is_secret=name in _SECRETS,
            help=f"default {value}",
        )


def _option_names() -> list[str]:
    return [field.name for field in msgspec.structs.fields(Settings) if field.name not in ("url", "address")]


def _settings_json(environment: Environment) -> bytes:
    """The settings as the command made them; as Locust's command line or page did, once the target is one's own.

    Raises: SettingsError, SafetyError, UnreachableError.
    """
    launched = os.environ.get(SETTINGS_VARIABLE)
    if launched is not None:
        return launched.encode()
    options = vars(environment.parsed_options)
    asked = {name: options[f"storm_{name}"] for name in _option_names()}
    asked["start_s"] = asked["start_s"] or int(time.time())
    settings = checked(Settings(url=environment.host or "", **asked))
    claimed = bool(options[_CLAIMED])
    origin = own_origin(settings.url, settings.auth_token, claimed=claimed, ca=settings.ca, only=ONLY_YOURS)
    return msgspec.json.encode(msgspec.structs.replace(settings, address=origin.address))


def _listen(environment: Environment, runner: Runner, **_: object) -> None:
    life = os.environ.get(LIFE_VARIABLE)
    if life is not None:
        gevent.spawn(_end_with_command, int(life))
    if "--processes" in sys.argv and isinstance(runner, WorkerRunner):
        gevent.spawn(_end_with_parent, os.getppid())
    if isinstance(runner, WorkerRunner):
        runner.register_message(_SHARE_MESSAGE, _receive_share)


def _end_with_command(life: int) -> None:
    """A killed command cannot tell Locust to stop, and a storm must not go on that nobody watches."""
    gevent.socket.wait_read(life)
    os._exit(1)


def _end_with_parent(parent: int) -> None:
    """The same for workers that Locust forked on a machine of its own."""
    while os.getppid() == parent:
        gevent.sleep(1)
    os._exit(1)


def _receive_share(environment: Environment, msg: Message, **_: object) -> None:
    settings = msgspec.json.decode(msg.data["settings"], type=Settings)
    _begin(Share(settings, msg.data["worker"], msg.data["workers"]))


def _begin(share: Share) -> None:
    STATE.driver = None  # Locust's page can start a second storm in the same process
    STATE.share.set(share)


def _share_out(environment: Environment, **_: object) -> None:
    runner = environment.runner
    if isinstance(runner, WorkerRunner):
        return
    try:
        text = _settings_json(environment)
    except (SafetyError, UnreachableError) as refusal:
        _LOG.error("%s", for_terminal(str(refusal)))
        environment.process_exit_code = 4
        if runner is not None:
            (runner.quit if environment.web_ui is None else runner.stop)()
        return
    settings = msgspec.json.decode(text, type=Settings)
    folder = _folder()
    start_up = time.time() - float(os.environ.get(LAUNCH_VARIABLE) or time.time()) + _START_DELAY_S
    STATE.collector = Collector(settings, _count(runner), start_up, folder)
    STATE.began = time.perf_counter() + _START_DELAY_S
    if not isinstance(runner, MasterRunner):
        _begin(Share(settings, 0, 1))
        return
    clients = sorted(client.id for client in runner.clients.ready)
    for worker, client_id in enumerate(clients):
        share = {"settings": text, "worker": worker, "workers": len(clients)}
        runner.send_message(_SHARE_MESSAGE, share, client_id)


def _folder() -> Path | None:
    """Where the command waits for the result; None under Locust alone."""
    name = os.environ.get(FOLDER_VARIABLE)
    return Path(name) if name else None


def _report(client_id: str, data: dict[str, object], **_: object) -> None:
    if STATE.driver is not None:
        data["storm"] = msgspec.msgpack.encode(STATE.driver.step())


def _take(client_id: str, data: dict[str, bytes], **_: object) -> None:
    if STATE.collector is not None and "storm" in data:
        STATE.collector.take(msgspec.msgpack.decode(data["storm"], type=Step))


def _leave(environment: Environment, **_: object) -> None:
    collector = STATE.collector
    if collector is None:
        return
    _gather_locally()
    if _folder() is not None:
        collector.write_raw()
        environment.process_exit_code = 0  # the command judges, not Locust
    else:
        # Nobody judges after Locust alone: its log says at least whether everything arrived.
        _LOG.info("ledger: %s", Ledger(collector.settings.total, bytes(collector.rows)).summary())


_LISTENERS: tuple[tuple[EventHook, Callable[..., None]], ...] = (
    (events.init_command_line_parser, _add_options),
    (events.init, _listen),
    (events.test_start, _share_out),
    (events.report_to_master, _report),
    (events.worker_report, _take),
    (events.quitting, _leave),
)
for _hook, _listener in _LISTENERS:
    _hook.add_listener(_listener)  # type: ignore[no-untyped-call]
