"""`camsim replay DIR CASE`: send the kept bytes of a case again."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path
from typing import Annotated

import typer

from camsim.protocol.v2 import envelope as envelope_v2
from camsim.protocol.v3 import envelope
from camsim.protocol.vocabulary import Protocol
from camsim_conformance.plan.cases import Case, Step, Transport
from camsim_conformance.report.case_files import CaseFile, StepDocument
from camsim_conformance.report.masking import fill
from camsim_conformance.sending import ack
from camsim_conformance.sending.case_sender import CaseSender
from camsim_conformance.sending.client import Client
from camsim_conformance.sending.exchange import Exchange
from camsim_conformance.target.address import UnreachableError, refuse_unless_allowed, resolve
from camsim_conformance.target.profile import (
    Device,
    Profile,
    UsageError,
    check_key,
    check_selection,
    devices_from,
    parse_seconds,
)
from camsim_conformance.verdict.result import Exit

from .errors import console, exit_on_error
from .options import DEADLINE, DEFAULT_DEADLINE

_SEALS = {Protocol.V3: envelope.seal_v3, Protocol.V2: envelope_v2.seal_v2}
_LOSES_ITS_ANSWER = (Transport.LOST_ACK, Transport.LOST_EARLY)
MOST_NAMES = 6


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
    ca: Annotated[Path | None, typer.Option(help="Certificate authority, PEM.")] = None,
    i_own_this: Annotated[bool, typer.Option("--i-own-this", help="The target is public and mine.")] = False,
) -> None:
    """Send the steps of one case again and show the answers; exit 1 when one is no acknowledgement or late.

    Example: camsim replay out CB-DUP-001/twice --auth-token T
    """
    with exit_on_error("replay"):
        kept = _read(folder, case)
        devices = _devices(auth_token, security_key, device or [])
        protocol = Protocol(kept["protocol"])
        profile = Profile(
            url or kept["url"],
            devices,
            protocol,
            deadline_s=parse_seconds("--deadline", deadline),
            ca=ca,
            i_own_this=i_own_this,
        )
        check_selection(profile)
        again = _case(folder, kept, profile)
        exchanges = asyncio.run(_send(again, profile))
    good = True
    for exchange in exchanges:
        step = again.steps[exchange.step]
        console.print(f"{step.what}: {exchange.text()}", markup=False)
        why = ack.why_not(exchange, profile, step)
        if why is not None and step.judged and step.transport not in _LOSES_ITS_ANSWER:
            good = False
            console.print(f"  no acknowledgement: {why}", markup=False)
        if step.judged and exchange.answered and exchange.seconds > profile.deadline_s:
            good = False
            console.print(f"  late: {exchange.seconds:.2f} s, the deadline is {profile.deadline_s:g} s", markup=False)
    raise typer.Exit(int(Exit.PASSED if good else Exit.FAILED))


def _read(folder: Path, case: str) -> CaseFile:
    file = folder / "cases" / case / "case.json"
    # A case id is a path below cases/, and never one out of it.
    if ".." in Path(case).parts or not file.is_file():
        raise UsageError(f"{case!r}: no such case in {folder}; there are {_names_like(folder, case)}")
    kept: CaseFile = json.loads(file.read_text("utf-8"))
    return kept


def _names_like(folder: Path, case: str) -> str:
    cases = folder / "cases"
    known = sorted(str(path.parent.relative_to(cases)) for path in cases.glob("*/*/case.json"))
    near = [name for name in known if name.startswith(case.partition("/")[0])]
    return ", ".join((near or known)[:MOST_NAMES]) or "none"


def _devices(token: str, key: str | None, texts: list[str]) -> tuple[Device, ...]:
    if not token:
        raise UsageError("--auth-token is missing: the kept bytes hold a placeholder in its place")
    return devices_from(token, check_key(key), texts)


def _case(folder: Path, kept: CaseFile, profile: Profile) -> Case:
    requirement, _, name = kept["id"].partition("/")
    files = folder / "cases" / kept["id"]
    return Case(name, tuple(_step(files, row, profile) for row in kept["steps"]), requirement=requirement)


def _step(files: Path, row: StepDocument, profile: Profile) -> Step:
    raw = (files / row["file"]).read_bytes()
    if row["file"].endswith(".gz"):
        raw = gzip.decompress(raw)
    plain = fill(raw, profile.devices)
    # Devices beyond those given borrow the last one's key.
    key = profile.devices[min(row["device"], len(profile.devices) - 1)].key
    if row["encrypt"] and key is None:
        raise UsageError("--security-key is missing: this case was sent encrypted")
    return Step(
        what=row["what"],
        plain=plain,
        wire=_SEALS[profile.protocol](plain, key) if row["encrypt"] else plain,
        device=row["device"],
        content_type=row["content_type"],
        transport=Transport(row["transport"]),
        query=row["query"],
        copies=row["copies"],
        retries=row["retries"],
        judged=row["judged"],
        sealed=row["encrypt"],
    )


def _ignore(case: str) -> None:
    """One case is no progress to show."""


async def _send(case: Case, profile: Profile) -> list[Exchange]:
    target = resolve(profile.url, profile.ca)
    refuse_unless_allowed(target, profile)
    async with Client(target, profile) as client:
        exchanges = await CaseSender(client, case.steps[0], _ignore).one(case)
    if all(exchange.lost for exchange in exchanges):
        raise UnreachableError(f"{target.origin}: {exchanges[0].text()}")
    return exchanges
