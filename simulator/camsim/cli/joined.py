"""The whole command: that of `app`, what lives in modules of its own, and what the other packages add."""

from __future__ import annotations

import importlib.metadata
import sys

from typer.models import CommandInfo

from .app import app
from .control import Exit
from .output import write_anything


def _own() -> None:
    """Commands that live in modules of their own."""
    from .lint import lint
    from .receiver import receiver
    from .scenario import app as scenario
    from .state import app as state

    app.command("lint")(lint)
    app.command("receiver")(receiver)
    app.add_typer(scenario)
    app.add_typer(state)


def _join() -> None:
    """Let the other packages add their commands: entry-point group `camsim.commands`."""
    for entry in sorted(importlib.metadata.entry_points(group="camsim.commands"), key=lambda entry: entry.name):
        try:
            add = entry.load()
        except ImportError as problem:
            _missing(entry.name, str(problem))
            continue
        add(app)


def _missing(name: str, why: str) -> None:
    way = f"`camsim {name}` needs more packages ({why}): in the clone, .venv/bin/pip install -e '.[all]'"
    anything = {"ignore_unknown_options": True, "allow_extra_args": True}  # else its own options would be the error

    @app.command(name, help="Not installed: needs the extra 'all'.", context_settings=anything, add_help_option=False)
    def absent() -> None:
        raise Exit(2, way)


def main() -> None:
    """Run a command; what belongs to other commands is loaded only when it is asked for."""
    if _first_word() not in {_name(command) for command in app.registered_commands}:
        _own()
        _join()
    write_anything()
    app()


def _first_word() -> str:
    for word in sys.argv[1:]:
        if not word.startswith("-"):
            return word
    return ""


def _name(command: CommandInfo) -> str:
    return str(command.name or getattr(command.callback, "__name__", ""))
