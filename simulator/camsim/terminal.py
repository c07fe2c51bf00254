"""A console for text that others wrote: whatever is printed on it, no control and no markup of theirs comes through."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from .shown import for_lines, for_terminal, json_text

Part = str | tuple[str, str]  # a text, or a text with its style


def has_letters() -> bool:
    """Whether standard output can write every letter; what cannot gets JSON's escapes, which are the same value."""
    return (sys.stdout.encoding or "").lower().startswith("utf")


def print_json(value: object, indent: int | None = 1) -> None:
    """JSON on standard output: the result itself."""
    sys.stdout.write(json_text(value, indent, letters=has_letters()) + "\n")


class Terminal(Console):
    """Rich's console without guesses: no markup in texts, no highlighting, no pictures for `:words:`, no wrapping."""

    def __init__(self, *, stderr: bool = False, width: int | None = None, file: TextIO | None = None) -> None:
        super().__init__(
            stderr=stderr, width=width, file=file, markup=False, highlight=False, emoji=False, soft_wrap=True
        )

    def say(self, *parts: Part) -> None:
        """One line; a line end inside a part is shown as `\\n`."""
        say(self, *parts)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """As rich does; the last hand that touches every text before it is written."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=for_lines(segment.text))


def say(console: Console, *parts: Part) -> None:
    """One line on any console of rich."""
    line = Text()
    for part in parts:
        text, style = (part, "") if isinstance(part, str) else part
        line.append(for_terminal(text), style)
    console.print(line)
