"""`camsim replay DIR CASE`: show a case of a run again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.report.case_files import CaseFile, RunFile
from camsim_conformance.report.kept import read_case, read_run
from camsim_conformance.target.profile import (
    DEFAULT_SETTLE_S,
    Device,
    Profile,
    UsageError,
    check_key,
    check_selection,
    devices_from,
    parse_people,
    parse_seconds,
)
from camsim_conformance.verdict.result import Exit

from .errors import exit_on_error
from .options import DEADLINE, DEFAULT_DEADLINE
from .replay_fresh import of_run, send_fresh, started_in
from .replay_same import send_same


def replay(
    folder: Annotated[Path, typer.Argument(help="The --out folder of a run.")],
    case: Annotated[str, typer.Argument(help="A case id, as CB-DUP-001/twice.")],
    auth_token: Annotated[
        str, typer.Option(help="AuthToken that fills the placeholder.", envvar="CAMSIM_AUTH_TOKEN")
    ] = "",
    security_key: Annotated[
        str | None, typer.Option(help="Key for encrypted cases.", envvar="CAMSIM_SECURITY_KEY")
    ] = None,
    device: Annotated[list[str] | None, typer.Option(help="The devices of the run, as for certify.")] = None,
    deadline: Annotated[str, typer.Option(help=DEADLINE)] = DEFAULT_DEADLINE,
    url: Annotated[str | None, typer.Option(help="Another target than the run's.")] = None,
    readback: Annotated[str | None, typer.Option(help="Another adapter than the run's, as for certify.")] = None,
    map_: Annotated[Path | None, typer.Option("--map", help="map.toml of sql: read-back.")] = None,
    users: Annotated[str | None, typer.Option(help="Ids the target knows, or a file of them.")] = None,
    settle: Annotated[float | None, typer.Option(help="Seconds to let the target store; default: the run's.")] = None,
    alone: Annotated[bool, typer.Option("--alone", help="Send nothing beside the case.")] = False,
    same: Annotated[
        bool, typer.Option("--same", help="Send the kept bytes again: same people, times and ids.")
    ] = False,
    ca: Annotated[Path | None, typer.Option(help="Certificate authority, PEM.")] = None,
    i_own_this: Annotated[bool, typer.Option("--i-own-this", help="The target is public and mine.")] = False,
) -> None:
    """Send a case of a run again, with new people, times and ids, and judge what is answered and stored.

    With --same the kept bytes, answers only: their people exist already, so what is stored shows nothing new.

    Example: camsim replay out CB-DUP-001/twice --auth-token T

    Exit codes: 0 passed (advice too), 1 failed, 2 usage, 3 could not be judged, 4 refused for safety.
    """
    with exit_on_error("replay"):
        kept = read_case(folder, case)
        devices = _devices(auth_token, security_key, device or [])
        profile = Profile(
            url or kept["url"],
            devices,
            Protocol(kept["protocol"]),
            deadline_s=parse_seconds("--deadline", deadline),
            ca=ca,
            i_own_this=i_own_this,
        )
        check_selection(profile)
        if same:
            code = send_same(folder, kept, profile)
        else:
            run = read_run(folder)
            given = _given(run, readback=readback, map_=map_, url=url)
            code = _fresh(kept, run, profile, given, settle=settle, users=users, alone=alone)
    raise typer.Exit(int(code))


def _devices(token: str, key: str | None, texts: list[str]) -> tuple[Device, ...]:
    if not token:
        raise UsageError("--auth-token or CAMSIM_AUTH_TOKEN is missing: the kept bytes hold a placeholder in its place")
    return devices_from(token, check_key(key), texts)


def _given(
    run: RunFile, *, readback: str | None, map_: Path | None, url: str | None
) -> tuple[str | None, Path | None, str | None]:
    """The adapter with its map, and the folder it is spelled from. Raises: UsageError when it had a password."""
    kept = run["readback"]
    # What another target stores, this one's adapter does not show.
    if readback is not None or kept is None or url is not None:
        return readback, map_, None
    if "@SECRET@" in kept or "@AUTH_TOKEN" in kept or "@SECURITY_KEY" in kept:
        raise UsageError(f"--readback is missing: the run's was {kept}, whose secret is not kept")
    kept_map = Path(run["map"]) if run["map"] is not None else None
    return kept, map_.resolve() if map_ is not None else kept_map, run["folder"]


def _fresh(
    kept: CaseFile,
    run: RunFile,
    profile: Profile,
    adapter: tuple[str | None, Path | None, str | None],
    *,
    settle: float | None,
    users: str | None,
    alone: bool,
) -> Exit:
    readback, map_, folder = adapter
    kept_ca = Path(run["ca"]) if run["ca"] is not None else None
    whole = Profile(
        profile.url,
        profile.devices,
        profile.protocol,
        readback=readback,
        sql_map=map_,
        people=parse_people(users),
        settle_s=run.get("settle_s", DEFAULT_SETTLE_S) if settle is None else settle,
        ca=profile.ca.resolve() if profile.ca is not None else kept_ca,
        i_own_this=profile.i_own_this,
    )
    chosen = check_selection(of_run(whole, run))
    with started_in(folder):
        return send_fresh(kept, chosen, alone=alone)
