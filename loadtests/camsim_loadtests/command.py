"""`camsim storm URL`: check, run Locust, read back, judge, report."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer

from camsim import ending
from camsim.durations import duration_s
from camsim.given_secrets import secret
from camsim.ownership import SafetyError, UnreachableError
from camsim.readback.model import ReadBackError
from camsim.secrecy import without_credentials
from camsim.terminal import Terminal
from camsim_loadtests.plan.profiles import PROFILES
from camsim_loadtests.plan.settings import DEFAULT_TOKEN, Settings
from camsim_loadtests.verdict.thresholds import Exit
from camsim_loadtests.workers.launch import LocustError, Workers, become_worker

from .storm import Request, run_storm

_errors = Terminal(stderr=True)
_EXITS: Mapping[type[Exception], Exit] = {
    SafetyError: Exit.REFUSED,
    UnreachableError: Exit.COULD_NOT_JUDGE,
    ReadBackError: Exit.COULD_NOT_JUDGE,
    LocustError: Exit.COULD_NOT_JUDGE,
    ValueError: Exit.USAGE,
}


def storm(
    url: Annotated[
        str, typer.Argument(help="Callback URL (rest-flood: the RESTful endpoint). Not needed with --worker.")
    ] = "",
    devices: Annotated[int, typer.Option(help="Virtual devices.")] = 100,
    people: Annotated[int | None, typer.Option(help="Users in all; ten a device unless given.")] = None,
    profile: Annotated[str, typer.Option(help=f"Kind of storm: {', '.join(PROFILES)}.")] = "steady",
    rate: Annotated[float, typer.Option(help="Arrivals a second, mean over the duration.")] = 50.0,
    duration: Annotated[str, typer.Option(help="How long arrivals come, as 90s or 5m.")] = "60s",
    deadline: Annotated[str, typer.Option(help="Within which 95 % must be acknowledged.")] = "2s",
    fail_on: Annotated[
        list[str] | None, typer.Option(help='What must hold, as "p95<2s" or "lost==0"; repeatable.')
    ] = None,
    readback: Annotated[
        str | None, typer.Option(help="Shows what is stored: http://…, sql:URL, cmd:./dump.sh, py:module:object.")
    ] = None,
    map_: Annotated[Path | None, typer.Option("--map", help="map.toml of sql: read-back.")] = None,
    readback_sample: Annotated[int, typer.Option(help="Compare so many users only; 0 compares all.")] = 0,
    settle: Annotated[str, typer.Option(help="Time a target may take to store.")] = "3s",
    auth_token: Annotated[
        str | None, typer.Option(help=f"AuthToken of all devices; default: CAMSIM_AUTH_TOKEN, else {DEFAULT_TOKEN}.")
    ] = None,
    auth_token_file: Annotated[
        Path | None, typer.Option(help="A file with it, which no list of processes shows.")
    ] = None,
    security_key: Annotated[
        str | None, typer.Option(help="AES-256 key, 32 characters; default: CAMSIM_SECURITY_KEY.")
    ] = None,
    security_key_file: Annotated[Path | None, typer.Option(help="A file with the key.")] = None,
    protocol: Annotated[str, typer.Option(help="v3 or v2; as the profile says unless given.")] = "",
    seed: Annotated[int, typer.Option(help="Equal seeds send equal punches, whatever the number of workers.")] = 1,
    start: Annotated[int, typer.Option(help="LogTime of the first moment, UTC epoch seconds; now unless given.")] = 0,
    first_user: Annotated[int, typer.Option(help="Lowest UserID; a nine-digit block of the seed unless given.")] = 0,
    retry: Annotated[str, typer.Option(help="Wait before a delivery is repeated.")] = "1s",
    drain_limit: Annotated[str, typer.Option(help="How long to go on delivering after the duration.")] = "60s",
    lost_ack: Annotated[float, typer.Option(help="Share of acknowledgements treated as never received.")] = 0.0,
    duplicates: Annotated[
        float, typer.Option(help="Share of items sent again; as the profile says unless given.")
    ] = -1.0,
    connections: Annotated[int, typer.Option(help="Most connections at once; one a device unless given.")] = 0,
    timeout: Annotated[str, typer.Option(help="Patience with an answer.")] = "10s",
    processes: Annotated[int, typer.Option(min=1, help="Worker processes on this machine.")] = 1,
    master: Annotated[bool, typer.Option("--master", help="Lead workers of other machines.")] = False,
    expect_workers: Annotated[int, typer.Option(min=1, help="With --master: wait for so many.")] = 1,
    worker: Annotated[bool, typer.Option("--worker", help="Be a worker of a master; needs no URL.")] = False,
    master_host: Annotated[str, typer.Option(help="With --worker: where the master is.")] = "127.0.0.1",
    master_port: Annotated[int, typer.Option(help="Port between master and workers; 0 picks one on this machine.")] = 0,
    ca: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Certificate authority of an HTTPS target and read-back."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for storm.json, storm.html and junit.xml.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print storm.json.")] = False,
    i_own_this: Annotated[bool, typer.Option("--i-own-this", help="The public target is mine.")] = False,
) -> None:
    """Send a storm of punches to a callback URL and judge what became of every one.

    Example: camsim storm http://127.0.0.1:8123/callback --devices 1000 --profile shift-start --rate 200 --duration 2m
    --readback http://127.0.0.1:8123/readback --fail-on "p95<2s" --fail-on "lost==0"

    Exit codes: 0 passed, 1 a threshold is broken, 2 usage, 3 could not judge, 4 refused for safety.
    """
    try:
        if worker:
            become_worker(master_host, master_port, processes)
        token = secret("--auth-token", auth_token, auth_token_file) or DEFAULT_TOKEN
        key = secret("--security-key", security_key, security_key_file) or ""
        # The one place where they are made: from here they travel as JSON, and nobody makes them again.
        settings = Settings(
            url=url, devices=devices, people=people or 10 * devices, profile=profile, rate=rate, seed=seed,
            duration_s=duration_s(duration), deadline_s=duration_s(deadline), start_s=start or int(time.time()),
            first_user=first_user, auth_token=token, security_key=key, protocol=protocol,
            retry_s=duration_s(retry), drain_limit_s=duration_s(drain_limit), timeout_s=duration_s(timeout),
            lost_ack=lost_ack, duplicates=duplicates, connections=connections, ca_file=str(ca or ""),
        )  # fmt: skip
        workers = Workers(processes=processes, master=master, expect_workers=expect_workers, master_port=master_port)
        request = Request(
            settings=settings, workers=workers, fail_on=fail_on or [], readback=readback, sql_map=map_, out=out,
            as_json=json_, readback_sample=readback_sample, settle_s=duration_s(settle), i_own_this=i_own_this,
        )  # fmt: skip
        with ending.interrupting():
            code = run_storm(request, _version())
    except tuple(_EXITS) as error:
        # What is refused as a usage has lines of its own, with the command to run; so has the end of Locust's log.
        show = _errors.print if isinstance(error, ValueError | LocustError) else _errors.say
        show(f"camsim storm: {without_credentials(str(error))}")
        code = _exit_of(error)
    raise typer.Exit(code)


def _exit_of(error: Exception) -> Exit:
    return next(code for kind, code in _EXITS.items() if isinstance(error, kind))


def register(app: typer.Typer) -> None:
    """Add `storm` to the `camsim` command (entry-point group camsim.commands)."""
    app.command("storm")(storm)


def main() -> None:
    """`python -m camsim_loadtests`."""
    app = typer.Typer(add_completion=False)
    register(app)
    app(args=sys.argv[1:], prog_name="python -m camsim_loadtests")


def _version() -> str:
    try:
        return version("camsim")
    except PackageNotFoundError:
        return "0"
