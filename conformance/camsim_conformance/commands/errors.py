"""How a command ends: errors in one line with the way out, and the exit code that belongs to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from camsim.terminal import Terminal
from camsim_conformance.readback import ReadBackError
from camsim_conformance.target.address import SafetyError, UnreachableError
from camsim_conformance.target.profile import UsageError
from camsim_conformance.verdict.result import Exit

console, errors = Terminal(), Terminal(stderr=True)


@contextmanager
def exit_on_error(command: str) -> Iterator[None]:
    """Turn the errors of a run into a message and an exit code."""
    try:
        yield
    except UsageError as error:
        # These alone have lines of their own, with what to write instead.
        errors.print(f"camsim {command}: {error}")
        raise typer.Exit(int(Exit.USAGE)) from None
    except (UnreachableError, ReadBackError) as error:
        raise _exit(command, error, Exit.INCOMPLETE) from None
    except SafetyError as error:
        raise _exit(command, error, Exit.UNSAFE) from None


def _exit(command: str, error: Exception, code: Exit) -> typer.Exit:
    errors.say(f"camsim {command}: {error}")
    return typer.Exit(int(code))
