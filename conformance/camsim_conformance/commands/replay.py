"""`camsim replay DIR CASE`: show a case of a run again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from camsim.protocol.vocabulary import Protocol
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

from .errors import exit_on_error
from .options import DEADLINE, DEFAULT_DEADLINE
from .replay_fresh import of_run, send_fresh, started_in
from .replay_same import send_same
from .replay_trust import chosen


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
    url: Annotated[
        str | None, typer.Option("--url", "--target", help="The target; the run's, if the folder was made here.")
    ] = None,
    readback: Annotated[str | None, typer.Option(help="Another adapter than the run's, as for certify.")] = None,
    map_: Annotated[Path | None, typer.Option("--map", help="map.toml of sql: read-back.")] = None,
    users: Annotated[str | None, typer.Option(help="Ids the target knows, or a file of them.")] = None,
    settle: Annotated[float | None, typer.Option(help="Seconds to let the target store; default: the run's.")] = None,
    alone: Annotated[bool, typer.Option("--alone", help="Send nothing beside the case.")] = False,
    same: Annotated[
        bool, typer.Option("--same", help="Send the kept bytes again: same people, times and ids.")
    ] = False,
    ca: Annotated[Path | None, typer.Option(help="Certificate authority, PEM.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Agree to the target that a folder from elsewhere names.")] = False,
    i_own_this: Annotated[bool, typer.Option("--i-own-this", help="The target is public and mine.")] = False,
) -> None:
    """Send a case of a run again, with new people, times and ids, and judge what is answered and stored.

    With --same the kept bytes, answers only: their people exist already, so what is stored shows nothing new.

    Example: camsim replay out CB-DUP-001/twice --auth-token T

    Of a folder that was not made here, or was changed since, nothing is believed but the bytes of its cases: name the
    target with --url or agree to it, and name the read-back. No command, module or database that it names is used.

    Exit codes: 0 passed (advice too), 1 failed, 2 usage, 3 could not be judged, 4 refused for safety.
    """
    with exit_on_error("replay"):
        kept = read_case(folder, case)
        devices = _devices(auth_token, security_key, device or [])
        run = None if same else read_run(folder)
        given = {"url": url, "readback": readback, "map": map_, "ca": ca}
        where = chosen(folder, kept, run, given, yes=yes)
        profile = Profile(
            where.url,
            devices,
            _protocol(kept["protocol"]),
            deadline_s=parse_seconds("--deadline", deadline),
            readback=where.readback,
            sql_map=where.sql_map,
            people=parse_people(users),
            ca=where.ca,
            i_own_this=i_own_this,
        )
        check_selection(profile)
        if run is None:
            code = send_same(folder, kept, profile)
        else:
            settle_s = run.get("settle_s", DEFAULT_SETTLE_S) if settle is None else settle
            whole = check_selection(of_run(replace(profile, settle_s=settle_s), run))
            with started_in(where.folder):
                code = send_fresh(kept, whole, alone=alone)
    raise typer.Exit(int(code))


def _protocol(text: str) -> Protocol:
    try:
        return Protocol(text)
    except ValueError:
        raise UsageError(f"case.json: the protocol {text!r} is unknown") from None


def _devices(token: str, key: str | None, texts: list[str]) -> tuple[Device, ...]:
    if not token:
        raise UsageError("--auth-token or CAMSIM_AUTH_TOKEN is missing: the kept bytes hold a placeholder in its place")
    return devices_from(token, check_key(key), texts)
