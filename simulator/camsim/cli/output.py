"""What a command prints: one line, or JSON; nothing in it that a peer wrote for the terminal."""

from __future__ import annotations

import io
import sys

import typer

from camsim.shown import for_json, for_terminal, json_text


def say(text: str, *, err: bool = False) -> None:
    """One line on standard output, or on standard error."""
    typer.echo(for_terminal(text), err=err)


def say_json(value: object, indent: int | None = 1) -> None:
    """The value as JSON; what JSON has no form for as its text."""
    letters = (sys.stdout.encoding or "").lower().startswith("utf")
    typer.echo(json_text(value, indent, letters=letters))


def say_lines(lines: bytes) -> None:
    """JSON lines that are compared: nothing of them is written anew but what a terminal would obey."""
    sys.stdout.buffer.write(for_json(lines.decode("utf-8", "backslashreplace")).encode())


def write_anything() -> None:
    """Show a letter that the console's encoding lacks as its escape, where Python would give up."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
