"""`camsim key new` and `camsim verify`: issue certificates, and believe them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from camsim.terminal import print_json
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
    console.say(f"secret: {private}")
    console.say(f"public: {public}")


def verify(
    file: Annotated[Path, typer.Argument(help="certificate.json of a run.")],
    key: Annotated[
        Path | None,
        typer.Option(help="issuer.pub of whoever issued it, not from the same place; else nobody knows who did."),
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Verify a certificate offline, with the result and the reports beside it, and say what it cannot show.

    Example: camsim verify out/certificate.json --key issuer.pub

    Exit codes: 0 it holds, 1 it does not (tampered, of another key, expired, of the future, of another kind, of a
    result that did not pass), 2 usage, 3 nothing was changed and, without --key, nobody knows who issued it.
    """
    with exit_on_error("verify"):
        try:
            found = certificate.verify(file, key)
        except certificate.CertificateError as error:
            errors.say(f"camsim verify: {error}")
            raise typer.Exit(int(Exit.FAILED)) from None
    if json_:
        print_json(_document(found), indent=None)
    else:
        _show(found)
    raise typer.Exit(int(Exit.PASSED if found.named else Exit.INCOMPLETE))


def _document(found: certificate.Certified) -> dict[str, object]:
    return {
        "target": found.target,
        "grade": found.grade,
        "result": found.result,
        "issued": found.issued.isoformat(),
        "expires": found.expires.isoformat(),
        "shown": found.shown,
        "not_shown": found.not_shown,
        "unknown": list(found.unknown),
    }


def _show(found: certificate.Certified) -> None:
    holds = "valid" if found.named else "unchanged"
    warned = ", with advice" if found.result == "WARNED" else ""
    console.say(f"{holds}: {found.target}, grade {found.grade}{warned}, until {found.expires:%Y-%m-%d}")
    console.say(f"  shown:     {found.shown}")
    console.say(f"  not shown: {found.not_shown}")
    for text in found.unknown:
        console.say(f"  not known: {text}")
