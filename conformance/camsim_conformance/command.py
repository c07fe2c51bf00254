"""The conformance commands of `camsim`; they join it by the entry-point group camsim.commands."""

from __future__ import annotations

import typer

from camsim_conformance.commands.mutants import group as mutants

from .commands import certify, cleanup, info, keys, readback, replay

app = typer.Typer(name="camsim", no_args_is_help=True, add_completion=False, help="Certify a callback URL.")


def register(into: typer.Typer) -> None:
    """Add the conformance commands to another application."""
    into.command("certify")(certify.certify)
    into.command("explain")(info.explain)
    into.command("requirements")(info.requirements)
    into.command("diff")(info.diff)
    into.command("replay")(replay.replay)
    into.command("verify")(keys.verify)
    into.command("cleanup")(cleanup.cleanup)
    into.add_typer(readback.group, name="readback")
    into.add_typer(keys.group, name="key")
    into.add_typer(mutants, name="mutants")


register(app)
