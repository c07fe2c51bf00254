"""`camsim replay DIR CASE`: send the kept bytes of a case again."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from camsim.protocol.v2 import envelope as envelope_v2
from camsim.protocol.v3 import envelope
from camsim.protocol.vocabulary import Protocol
from camsim_conformance.plan.cases import Case, Step, Transport
from camsim_conformance.report.masking import fill
from camsim_conformance.sending import ack
from camsim_conformance.sending.client import Client
from camsim_conformance.sending.exchange import Exchange
from camsim_conformance.sending.lanes import Lanes
from camsim_conformance.target.address import UnreachableError, refuse_unless_allowed, resolve
from camsim_conformance.target.profile import Device, Profile, UsageError, check_key, parse_device
from camsim_conformance.verdict.result import Exit

from .errors import console, ended

_SEALS = {Protocol.V3: envelope.seal_v3, Protocol.V2: envelope_v2.seal_v2}


def replay(
    folder: Annotated[Path, typer.Argument(help="The --out folder of a run.")],
    case: Annotated[str, typer.Argument(help="A case id, as CB-DUP-001/twice.")],
    auth_token: Annotated[
        str, typer.Option(help="AuthToken that fills the placeholder.", envvar="CAMSIM_AUTH_TOKEN")
    ] = "",
    security_key: Annotated[
        str | None, typer.Option(help="Key for encrypted cases.", envvar="CAMSIM_SECURITY_KEY")
    ] = None,
    device: Annotated[list[str] | None, typer.Option(help="Further devices of the run, as for certify.")] = None,
    url: Annotated[str | None, typer.Option(help="Another target than the run's.")] = None,
    ca: Annotated[Path | None, typer.Option(help="Certificate authority, PEM.")] = None,
    i_own_this: Annotated[bool, typer.Option("--i-own-this", help="The target is public and mine.")] = False,
) -> None:
    """Send the steps of one case again and show the answers; exit 1 when one is no acknowledgement.

    Example: camsim replay out CB-DUP-001/twice --auth-token T
    """
    with ended("replay"):
        known = _read(folder, case)
        devices = _devices(auth_token, security_key, device or [])
        profile = Profile(url or known["url"], devices, Protocol(known["protocol"]), ca=ca, i_own_this=i_own_this)
        made = Case(known["id"].partition("/")[0], known["id"].partition("/")[2], _steps(folder, known, devices))
        exchanges = asyncio.run(_send(made, profile))
    good = True
    for exchange in exchanges:
        step = made.steps[exchange.step]
        console.print(f"{step.what}: {exchange.text()}", markup=False)
        why = ack.why_not(exchange, profile, step)
        if why is not None and step.judged and step.transport not in (Transport.LOST_ACK, Transport.LOST_EARLY):
            good = False
            console.print(f"  no acknowledgement: {why}", markup=False)
    raise typer.Exit(int(Exit.PASSED if good else Exit.FAILED))


def _read(folder: Path, case: str) -> dict[str, Any]:
    file = folder / "cases" / case / "case.json"
    if ".." in Path(case).parts or not file.is_file():
        known = sorted(
            str(path.parent.relative_to(folder / "cases")) for path in (folder / "cases").glob("*/*/case.json")
        )
        near = [name for name in known if name.startswith(case.partition("/")[0])] or known
        raise UsageError(f"{case!r}: no such case in {folder}; there are {', '.join(near[:6]) or 'none'}")
    read: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return read


def _devices(token: str, key: str | None, texts: list[str]) -> tuple[Device, ...]:
    if not token:
        raise UsageError("--auth-token is missing: the kept bytes hold a placeholder in its place")
    first = Device(token, key=check_key(key))
    return (first, *(parse_device(text, first) for text in texts))


def _steps(folder: Path, known: dict[str, Any], devices: tuple[Device, ...]) -> tuple[Step, ...]:
    base = folder / "cases" / known["id"]
    steps = []
    for row in known["steps"]:
        raw = (base / row["file"]).read_bytes()
        plain = fill(gzip.decompress(raw) if row["file"].endswith(".gz") else raw, devices)
        key = devices[min(row["device"], len(devices) - 1)].key
        if row["encrypt"] and key is None:
            raise UsageError("--security-key is missing: this case was sent encrypted")
        wire = _SEALS[Protocol(known["protocol"])](plain, key) if row["encrypt"] else plain
        steps.append(
            Step(
                row["what"],
                plain,
                wire,
                row["device"],
                row["content_type"],
                Transport(row["transport"]),
                row["query"],
                row["copies"],
                row["retries"],
                row["judged"],
                row["encrypt"],
            )
        )
    return tuple(steps)


async def _send(case: Case, profile: Profile) -> list[Exchange]:
    target = resolve(profile.url, profile.ca)
    refuse_unless_allowed(target, profile)
    async with Client(target, profile) as client:
        exchanges = await Lanes(client, case.steps[0], lambda _: None).one(case)
    if all(exchange.lost for exchange in exchanges):
        raise UnreachableError(f"{target.origin}: {exchanges[0].text()}")
    return exchanges
