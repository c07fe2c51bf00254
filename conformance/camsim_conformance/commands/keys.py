"""`camsim key new` and `camsim verify`: issue certificates, and believe them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from camsim_conformance.report import certificate
from camsim_conformance.verdict.result import Exit

from .errors import console, errors, exit_on_error

group = typer.Typer(no_args_is_help=True, help="Keys that sign certificates.")


@group.callback()
def keys() -> None:
    """Keys that sign certificates."""


@group.command("new")
def new(out: Annotated[Path, typer.Option(help="Folder for issuer.key and issuer.pub.")] = Path()) -> None:
    """Make an Ed25519 key pair: issuer.key stays secret, issuer.pub goes to whoever verifies.

    Example: camsim key new --out keys
    """
    with exit_on_error("key new"):
        private, public = certificate.new_key(out)
    console.say(f"secret: {private}\npublic: {public}")


def verify(
    file: Annotated[Path, typer.Argument(help="certificate.json of a run.")],
    key: Annotated[Path, typer.Option(help="issuer.pub of whoever issued it.")],
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Verify a certificate offline; exit 1 when it is tampered, of another key, or expired.

    Example: camsim verify out/certificate.json --key issuer.pub
    """
    with exit_on_error("verify"):
        try:
            found = certificate.verify(file, key)
        except certificate.CertificateError as error:
            errors.say(f"camsim verify: {error}")
            raise typer.Exit(int(Exit.FAILED)) from None
    if json_:
        document = {
            "target": found.target,
            "grade": found.grade,
            "expires": found.expires.isoformat(),
            "shown": found.shown,
            "not_shown": found.not_shown,
        }
        print(json.dumps(document))  # noqa: T201
        return
    console.say(f"valid: {found.target}, grade {found.grade}, until {found.expires:%Y-%m-%d}")
    console.say(f"  shown:     {found.shown}\n  not shown: {found.not_shown}")
