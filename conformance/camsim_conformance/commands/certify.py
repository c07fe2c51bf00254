"""`camsim certify URL`: send, settle, read back, judge, report."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn

from camsim import ending
from camsim.given_secrets import SecretError, secret
from camsim.terminal import print_json
from camsim_conformance.certify import Outputs
from camsim_conformance.certify import certify as run_to_reports
from camsim_conformance.report.console import show
from camsim_conformance.report.document import Document
from camsim_conformance.report.gathering import headline, verdict_line
from camsim_conformance.report.masking import without_password
from camsim_conformance.session.rounds import Progress as OnProgress
from camsim_conformance.target.profile import DEFAULT_IN_FLIGHT, DEFAULT_RATE, Profile, UsageError
from camsim_conformance.verdict.result import Result

from .errors import console, errors, exit_on_error
from .extent import PHASES, extent
from .options import (
    DEADLINE,
    DEEP,
    DEFAULT_DEADLINE,
    DEFAULT_SETTLE,
    DEVICE,
    IN_FLIGHT,
    NO_CONFIRM,
    POLICY,
    QUICK,
    RATE,
    SETTLE,
    USER_CHANGES,
    given,
    profile_of,
)


def certify(
    url: Annotated[str, typer.Argument(help="The callback URL, as it stands in the API Monitor.")],
    auth_token: Annotated[
        str | None, typer.Option(help="AuthToken of the first device; default: CAMSIM_AUTH_TOKEN.")
    ] = None,
    auth_token_file: Annotated[
        Path | None, typer.Option(help="A file with it, which no list of processes shows.")
    ] = None,
    security_key: Annotated[
        str | None, typer.Option(help="AES-256 key, 32 characters; default: CAMSIM_SECURITY_KEY.")
    ] = None,
    security_key_file: Annotated[Path | None, typer.Option(help="A file with the key.")] = None,
    protocol: Annotated[str, typer.Option(help="v3 or v2.")] = "v3",
    features: Annotated[
        str, typer.Option(help="core,user-data,names,templates,photo,aes,multi-zone,multi-device,load")
    ] = "core",
    readback: Annotated[str | None, typer.Option(help="http://…, sql:URL, cmd:./dump.sh, py:module:object")] = None,
    map_: Annotated[Path | None, typer.Option("--map", help="map.toml of sql: read-back.")] = None,
    requirement: Annotated[list[str] | None, typer.Option(help="Only these, as CB-DUP-*; repeatable.")] = None,
    level: Annotated[str, typer.Option(help="must, should or all.")] = "all",
    device: Annotated[list[str] | None, typer.Option(help=DEVICE)] = None,
    users: Annotated[str | None, typer.Option(help="Ids the target knows, or a file of them.")] = None,
    allow_user_changes: Annotated[bool, typer.Option("--allow-user-changes", help=USER_CHANGES)] = False,
    policy: Annotated[list[str] | None, typer.Option(help=POLICY)] = None,
    quick: Annotated[bool, typer.Option("--quick", help=QUICK)] = False,
    deep: Annotated[bool, typer.Option("--deep", help=DEEP)] = False,
    no_confirm: Annotated[bool, typer.Option("--no-confirm", help=NO_CONFIRM)] = False,
    announce: Annotated[bool, typer.Option("--announce", help="Send #3 for everybody first.")] = False,
    waivers: Annotated[Path | None, typer.Option(help="TOML file of accepted violations.")] = None,
    settle: Annotated[str, typer.Option(help=SETTLE)] = DEFAULT_SETTLE,
    deadline: Annotated[str, typer.Option(help=DEADLINE)] = DEFAULT_DEADLINE,
    rate: Annotated[float, typer.Option(help=RATE)] = DEFAULT_RATE,
    in_flight: Annotated[int, typer.Option(help=IN_FLIGHT)] = DEFAULT_IN_FLIGHT,
    seed: Annotated[int, typer.Option(help="Seed of synthetic data and shuffles.")] = 1,
    storm: Annotated[Path | None, typer.Option(help="JSON report of camsim storm.")] = None,
    ca: Annotated[Path | None, typer.Option(help="Certificate authority, PEM.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for all reports.")] = None,
    sign_key: Annotated[Path | None, typer.Option(help="issuer.key of camsim key new.")] = None,
    i_own_this: Annotated[bool, typer.Option("--i-own-this", help="The target is public and mine.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print result.json.")] = False,
) -> None:
    """Certify a callback URL.

    Example: camsim certify http://127.0.0.1:8000/cams --auth-token T --readback http://127.0.0.1:8000/readback

    Exit codes: 0 passed, 1 failed, 2 usage, 3 incomplete, 4 refused for safety.
    """
    lists = {"requirement": requirement or [], "device": device or [], "policy": policy or []}
    options = given({**locals(), "map": map_, **lists})
    with ending.interrupting(), exit_on_error("certify"):
        options["auth_token"] = _secret("--auth-token", auth_token, auth_token_file) or ""
        options["security_key"] = _secret("--security-key", security_key, security_key_file)
        profile, outputs = profile_of(url, options)
        result, document = _run(profile, outputs, quiet=json_)
    if json_:
        _print_json(document)
    else:
        show(document, console, str(out.resolve()) if out else None)
    raise typer.Exit(int(result.exit_code))


def _secret(flag: str, given: str | None, file: Path | None) -> str | None:
    try:
        return secret(flag, given, file)
    except SecretError as error:
        raise UsageError(str(error)) from None


def _print_json(document: Document) -> None:
    """result.json on standard output, and on standard error the one line that says how it ended."""
    print_json(document)
    if document["outcome"] != "passed":
        reason = document["void"] or headline(document) or verdict_line(document)
        errors.say(f"camsim certify: {document['outcome']}: {reason}")


def _run(profile: Profile, outputs: Outputs, *, quiet: bool) -> tuple[Result, Document]:
    if quiet:
        return run_to_reports(profile, outputs)
    outputs = replace(outputs, on_plan=lambda plan: errors.say(f"  {extent(plan, profile)}"))
    errors.say(f"certifying {without_password(profile.url)} (seed {profile.seed})")
    # A bar of progress is for somebody who looks: in a pipeline's log it would be a hundred lines.
    if errors.is_terminal:
        with Progress(*_columns(), console=errors, transient=True) as bar:
            return run_to_reports(profile, outputs, _advance(bar))
    return run_to_reports(profile, outputs, phases())


def _columns() -> tuple[ProgressColumn, ...]:
    count = TextColumn("{task.completed}/{task.total}")
    pace = TextColumn("{task.fields[pace]}")
    return TextColumn("{task.description:<44}"), BarColumn(), count, TimeElapsedColumn(), pace


def _advance(bar: Progress) -> OnProgress:
    task = bar.add_task(PHASES["preflight"], total=None, pace="")

    def advance(phase: str, done: int, total: int, pace: float | None = None) -> None:
        told = "" if pace is None else f"{pace:.0f}/s, the target asks to come later"
        bar.update(task, description=PHASES.get(phase, phase), completed=done, total=total or None, pace=told)

    return advance


def phases() -> OnProgress:
    """A line for each phase that begins, and for each pace that is half of any before; cases are too many for a log."""
    last, lowest = "", math.inf

    def say(phase: str, done: int, total: int, pace: float | None = None) -> None:
        nonlocal last, lowest
        text = PHASES.get(phase, "sending")
        if text != last:
            errors.say(f"  {text}")
        last = text
        if pace is not None and pace <= lowest / 2:
            errors.say(f"  the target asks to come later: {pace:.0f} requests a second for now")
            lowest = pace

    return say
