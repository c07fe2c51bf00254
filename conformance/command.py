"""The conformance commands of `camsim`; they join it by the entry-point group camsim.commands."""

from __future__ import annotations

import typer

from .commands import certify, keys, reading, replaying
from .commands.mutants import group as mutants

app = typer.Typer(name="camsim", no_args_is_help=True, add_completion=False, help="Certify a callback URL.")


def register(into: typer.Typer) -> None:
    """Add the conformance commands to another application."""
    into.command("certify")(certify.certify)
    into.command("explain")(reading.explain)
    into.command("requirements")(reading.requirements)
    into.command("diff")(reading.diff)
    into.command("replay")(replaying.replay)
    into.command("verify")(keys.verify)
    into.add_typer(keys.group, name="key")
    into.add_typer(mutants, name="mutants")


register(app)
