"""What a replay believes of a folder: all of one that was made here, of others nothing that the user did not name."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import typer

from camsim.ownership import origin_of
from camsim.shown import for_terminal
from camsim_conformance.report.case_files import CaseFile, RunFile
from camsim_conformance.report.kept import made_here
from camsim_conformance.target.address import SafetyError
from camsim_conformance.target.profile import UsageError

from .errors import errors

_RUNS = ("cmd:", "py:", "sql:")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Where a replay sends, how it reads back, and from which folder that is spelled; None for what is not known."""

    url: str
    readback: str | None = None
    sql_map: Path | None = None
    ca: Path | None = None
    folder: str | None = None


def chosen(folder: Path, kept: CaseFile, run: RunFile | None, given: Mapping[str, object], *, yes: bool) -> Chosen:
    """What the user gave, and where that is silent what the folder says, if it may say it.

    `given`: url, readback, map and ca. Raises: UsageError; SafetyError when nobody agreed to the target of a folder
    that was not made here.
    """
    url, readback, sql_map, ca = (given[name] for name in ("url", "readback", "map", "ca"))
    mine = Chosen(str(url or kept["url"]), _text(readback), _path(sql_map), _path(ca))
    own = made_here(folder, kept, run)
    if not own and url is None:
        _ask(kept, run, yes=yes)
    errors.say(f"sending to {mine.url}")
    # What another target stores, this one's adapter does not show.
    if run is None or readback is not None or url is not None or run["readback"] is None:
        return replace(mine, ca=mine.ca or _kept_path(run, "ca", own=own))
    return _with_kept(mine, run, own=own)


def _with_kept(mine: Chosen, run: RunFile, *, own: bool) -> Chosen:
    adapter = run["readback"] or ""
    if "@SECRET@" in adapter or "@AUTH_TOKEN" in adapter or "@SECURITY_KEY" in adapter:
        raise UsageError(f"--readback is missing: the run's was {adapter}, whose secret is not kept")
    if own:
        sql_map = mine.sql_map.resolve() if mine.sql_map is not None else _kept_path(run, "map", own=True)
        ca = mine.ca.resolve() if mine.ca is not None else _kept_path(run, "ca", own=True)
        return Chosen(mine.url, adapter, sql_map, ca, run["folder"])
    if not adapter.startswith(_RUNS) and _same_host(adapter, mine.url):
        return replace(mine, readback=adapter)
    errors.say(
        f"not read back with {adapter}: what a folder from elsewhere names is neither run nor asked; give --readback "
        "if you want it"
    )
    return mine


def _same_host(adapter: str, url: str) -> bool:
    try:
        return origin_of(adapter) == origin_of(url)
    except ValueError:
        return False


def _ask(kept: CaseFile, run: RunFile | None, *, yes: bool) -> None:
    """Returns when the user agrees to the target that the folder names. Raises: SafetyError."""
    said = f"this folder was not made here, or was changed since; it says that {kept['id']} goes to {kept['url']}"
    if run is not None and run["url"] != kept["url"]:
        raise SafetyError(f"{said}, and that its run went to {run['url']}: name the target with --url URL")
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise SafetyError(f"{said}, with your AuthToken. Name the target with --url URL, or agree with --yes")
    if not typer.confirm(for_terminal(f"{said}. Send it there, with your AuthToken?"), err=True):
        raise SafetyError("nothing was sent; --url URL names another target")


def _kept_path(run: RunFile | None, name: str, *, own: bool) -> Path | None:
    """A file that the run was given; of another's folder none: it could trust another's authority."""
    if run is None or not own:
        return None
    found = run["ca"] if name == "ca" else run["map"]
    return Path(found) if found is not None else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _path(value: object) -> Path | None:
    return value if isinstance(value, Path) else None
