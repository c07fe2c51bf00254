"""Charts as inline SVG: no script, nothing from the network, colours from the page's own style sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import msgspec

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 720, 220, 56, 28, 10
Points = Sequence[tuple[float, float | None]]


class Line(msgspec.Struct, frozen=True):
    """One curve; `css` names its class in the style sheet."""

    label: str
    css: str
    points: Points


def chart(title: str, unit: str, x_unit: str, lines: Sequence[Line]) -> str:
    """A line chart from zero upwards, with four grid lines and a legend."""
    width = max((x for line in lines for x, _ in line.points), default=1.0) or 1.0
    top = _round_up(max((y for line in lines for _, y in line.points if y is not None), default=1.0))
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT + 24}" role="img" aria-label="{escape(title)}">',
        f"<title>{escape(title)}</title>",
    ]
    parts += [_grid(step / 4, top, unit) for step in range(5)]
    parts += [_tick(step / 6, width, x_unit) for step in range(7)]
    parts += [path for line in lines for path in _paths(line, width, top)]
    parts += [_legend(number, line) for number, line in enumerate(lines)]
    return "".join(parts) + "</svg>"


def _round_up(value: float) -> float:
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return float(next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= value))


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - 10)


def _y(share: float) -> float:
    return TOP + (1 - share) * (HEIGHT - TOP - BOTTOM)


def _grid(share: float, top: float, unit: str) -> str:
    y = _y(share)
    line = f'<line class="grid" x1="{LEFT}" x2="{WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}"/>'
    return line + _text(LEFT - 6, y + 4, "end", f"{share * top:g} {unit}")


def _tick(share: float, width: float, unit: str) -> str:
    return _text(_x(share), HEIGHT - 8, "middle", f"{share * width:.0f} {unit}")


def _text(x: float, y: float, anchor: str, text: str) -> str:
    return f'<text class="axis" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text.strip())}</text>'


def _paths(line: Line, width: float, top: float) -> list[str]:
    runs: list[list[str]] = [[]]  # a second in which nothing was measured leaves a gap, not a line across it
    for x, y in line.points:
        if y is None:
            runs.append([])
        else:
            runs[-1].append(f"{_x(x / width):.1f},{_y(min(1.0, y / top)):.1f}")
    return [f'<polyline class="{line.css}" points="{_dots(run)}"/>' for run in runs if run]


def _dots(run: list[str]) -> str:
    # A line of one point is drawn nowhere: twice the same point is a dot.
    if len(run) == 1:
        run = run * 2
    return " ".join(run)


def _legend(number: int, line: Line) -> str:
    x = LEFT + number * 150
    mark = f'<line class="{line.css}" x1="{x}" x2="{x + 20}" y1="{HEIGHT + 12}" y2="{HEIGHT + 12}"/>'
    return f'{mark}<text class="axis" x="{x + 26}" y="{HEIGHT + 16}">{escape(line.label)}</text>'
