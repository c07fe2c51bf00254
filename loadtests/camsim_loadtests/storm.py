"""One storm from the request to the exit code: what is checked before it, and what is judged after."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console

from camsim_loadtests.plan.plan import Plan
from camsim_loadtests.plan.settings import Settings, checked
from camsim_loadtests.verdict.reconcile import compare
from camsim_loadtests.verdict.result import Measured, document, measure, metrics
from camsim_loadtests.verdict.thresholds import Exit, Threshold
from camsim_loadtests.workers.collector import Raw
from camsim_loadtests.workers.launch import LOG_FILE, Crew, run

from . import preflight
from .readback import ReadBack, ReadBackError
from .report import console, files
from .safety import raise_descriptor_limit, refuse_strangers
from .verdict import thresholds as judge

_console = Console(highlight=False, soft_wrap=True)
_errors = Console(stderr=True, highlight=False, soft_wrap=True)


class Request(msgspec.Struct, frozen=True):
    """What was asked for on the command line."""

    settings: Settings
    crew: Crew
    fail_on: list[str]
    readback: str | None
    readback_sample: int
    settle_s: float
    out: Path | None
    as_json: bool
    i_own_this: bool


def hold(request: Request, version: str) -> Exit:
    """Run the storm and report it.

    Raises: ValueError (usage), RefusedError, UnreachableError, ReadBackError before the storm, LocustError.
    """
    settings = checked(request.settings)
    thresholds = judge.chosen(request.fail_on, settings.deadline_s, request.readback is not None)
    raise_descriptor_limit(settings.connections_each(request.crew.workers))
    refuse_strangers(settings.url, settings.auth_token, request.i_own_this)
    with ReadBack(request.readback) if request.readback else nullcontext() as adapter:
        return _hold(request, settings, thresholds, adapter, version)


def _hold(
    request: Request, settings: Settings, thresholds: list[Threshold], adapter: ReadBack | None, version: str
) -> Exit:
    problem = _greet(Plan(settings), adapter, request.settle_s)
    if problem is not None:
        _errors.print(
            f"camsim storm: {settings.url} answers and does not acknowledge: {problem}; nothing more was sent",
            markup=False,
        )
        return Exit.FAILED
    return _judge(request, _run(request, settings), adapter, thresholds, version)


def _greet(plan: Plan, adapter: ReadBack | None, settle_s: float) -> str | None:
    """Why the first punch was not acknowledged; None when it was, and the read-back shows it."""
    before = preflight.untouched(plan, adapter) if adapter else 0
    problem = preflight.knock(plan)
    if problem is None and adapter:
        preflight.trust(plan, adapter, before, settle_s)
    return problem


def _run(request: Request, settings: Settings) -> Raw:
    with _folder(request.out) as folder, console.Watch(_errors) as watch:
        return run(settings, request.crew, folder, watch)


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
                (out / LOG_FILE).write_bytes(log.read_bytes())


def _judge(request: Request, raw: Raw, adapter: ReadBack | None, thresholds: list[Threshold], version: str) -> Exit:
    measured = measure(raw)
    doubts = judge.driver_doubts(raw.counts, raw.workers, len(raw.workers_done), raw.crash)
    if adapter:
        doubts += _read_back(request, measured, adapter)
    rows = judge.judged(thresholds, metrics(measured))
    code = judge.verdict(rows, doubts)
    _tell(request, document(measured, rows, code, doubts, version))
    return code


def _read_back(request: Request, measured: Measured, adapter: ReadBack) -> list[str]:
    """Enter what is stored; the doubts that came of it."""
    try:
        measured.comparison = compare(
            measured.plan, measured.ledger, adapter, request.readback_sample, request.settle_s
        )
    except ReadBackError as error:
        return [f"the read-back failed after the storm: {error}"]
    return []


def _tell(request: Request, told: dict[str, Any]) -> None:
    if request.out is not None:
        files.write(told, request.out)
    if request.as_json:
        print(msgspec.json.encode(told).decode())  # noqa: T201  the result goes to standard output as it is
        return
    _console.print(console.summary(told))
    for doubt in told["doubts"]:
        _console.print(f"could not judge: {doubt}", markup=False)
    if request.out is not None:
        _console.print(f"reports in {request.out}", markup=False)
