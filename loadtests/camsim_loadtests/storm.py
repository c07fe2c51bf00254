"""One storm from the request to the exit code: what is checked before it, and what is judged after."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import msgspec

from camsim.readback.model import ReadBackError
from camsim.readback.opening import open_own
from camsim.readback.rows import RowReadBack
from camsim.secrecy import without_credentials
from camsim.shown import for_json, for_lines
from camsim.terminal import Terminal
from camsim_loadtests.plan.plan import Plan
from camsim_loadtests.plan.settings import Settings, checked
from camsim_loadtests.verdict.reconcile import compare
from camsim_loadtests.verdict.result import Measured, document, measure, metrics
from camsim_loadtests.verdict.storm_json import StormDocument
from camsim_loadtests.verdict.thresholds import Exit, Threshold
from camsim_loadtests.workers.collector import RawResult
from camsim_loadtests.workers.launch import LOG_FILE, Workers, run

from .preflight import count_before, send_canary, verify_readback
from .report import console, files
from .safety import raise_descriptor_limit, refuse_strangers
from .verdict import thresholds as judge

_READBACK_TIMEOUT_S = 30.0  # a target that has just been stormed answers slowly
_console, _errors = Terminal(), Terminal(stderr=True)


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for on the command line."""

    settings: Settings
    workers: Workers
    fail_on: list[str]
    readback: str | None
    sql_map: Path | None
    readback_sample: int
    settle_s: float
    out: Path | None
    as_json: bool
    i_own_this: bool


def run_storm(request: Request, version: str) -> Exit:
    """Run the storm and report it.

    Raises: ValueError (usage), SafetyError, UnreachableError, ReadBackError before the storm, LocustError.
    """
    settings = checked(request.settings)
    thresholds = judge.chosen(request.fail_on, settings.deadline_s, request.readback is not None)
    raise_descriptor_limit(settings.connections_each(request.workers.count))
    origin = refuse_strangers(settings.url, settings.auth_token, request.i_own_this, settings.ca)
    # From here on nobody asks a name server: preflight and workers go to the address that was looked at.
    settings = msgspec.structs.replace(settings, address=origin.address)
    request = msgspec.structs.replace(request, settings=settings)
    with _adapter(request) as adapter:
        problem = _preflight(Plan(settings), adapter, request.settle_s)
        if problem is None:
            return _judge(request, _run(request), adapter, thresholds, version)
    target = without_credentials(settings.url)
    _errors.say(f"camsim storm: {target} answers and does not acknowledge: {problem}; nothing more was sent")
    return Exit.FAILED


def _adapter(request: Request) -> RowReadBack | nullcontext[None]:
    if not request.readback:
        return nullcontext()
    return open_own(
        request.readback, request.sql_map, request.settings.ca, _READBACK_TIMEOUT_S, i_own_this=request.i_own_this
    )


def _preflight(plan: Plan, adapter: RowReadBack | None, settle_s: float) -> str | None:
    """Why the first punch was not acknowledged; None when it was, and the read-back shows it."""
    if adapter is None:
        return send_canary(plan)
    before = count_before(plan, adapter)
    problem = send_canary(plan)
    if problem is None:
        verify_readback(plan, adapter, before, settle_s)
    return problem


def _run(request: Request) -> RawResult:
    with _folder(request.out) as folder, console.Watch(_errors) as watch:
        return run(request.settings, request.workers, folder, watch)


@contextmanager
def _folder(out: Path | None) -> Iterator[Path]:
    # The raw files are of no use to anybody afterwards; Locust's log is.
    with tempfile.TemporaryDirectory(prefix="camsim-storm-") as name:
        try:
            yield Path(name)
        finally:
            log = Path(name) / LOG_FILE
            if out is not None and log.exists():
                out.mkdir(parents=True, exist_ok=True)
                (out / LOG_FILE).write_text(for_lines(log.read_text("utf-8", "replace")), "utf-8")


def _judge(
    request: Request, raw: RawResult, adapter: RowReadBack | None, thresholds: list[Threshold], version: str
) -> Exit:
    measured = measure(request.settings, raw)
    doubts = judge.driver_doubts(raw.counts, raw.workers, len(raw.workers_done), raw.crash)
    if adapter:
        doubts += _read_back(request, measured, adapter)
    rows = judge.judged(thresholds, metrics(measured))
    code = judge.verdict(rows, doubts)
    _report(request, document(measured, rows, code, doubts, version))
    return code


def _read_back(request: Request, measured: Measured, adapter: RowReadBack) -> list[str]:
    """Enter what is stored; the doubts that came of it."""
    try:
        measured.comparison = compare(
            measured.plan, measured.ledger, adapter, request.readback_sample, request.settle_s
        )
    except ReadBackError as error:
        return [f"the read-back failed after the storm: {error}"]
    return []


def _report(request: Request, found: StormDocument) -> None:
    if request.out is not None:
        files.write(found, request.out)
    if request.as_json:
        print(for_json(msgspec.json.encode(found).decode()))  # noqa: T201  the result goes to standard output as it is
        return
    _console.print(console.summary(found))
    for doubt in found["doubts"]:
        _console.say(f"could not judge: {doubt}")
    if request.out is not None:
        _console.say(f"reports in {request.out}")
