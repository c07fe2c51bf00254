"""Pictures of causes as inline SVG: drawn for 320 units, so that a telephone shows them in their own size. Colours come
from the page; no meaning hangs on colour alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from markupsafe import Markup, escape

from .document_types import CauseDocument, CellDocument, InstantDocument, PictureDocument, ValueDocument
from .wording import counted, distance

WIDTH = 320
_LEFT, _SPAN = 16, 288
_MOST_DOTS = 12
_LETTER = 6.0  # width of a letter, generously
_CELL, _LABEL = 24, 104
_PERSON_AND_YEAR = re.compile(r"^user \S+ at (?:\d{4}-)?")
_SIGNS = {"kept": "●", "missing": "✗", "changed": "≠", "extra": "+"}
_STATES = {"kept": "as told", "missing": "missing", "changed": "other data", "extra": "never told"}


def picture(cause: CauseDocument) -> Markup:
    """The picture of a cause; nothing for a cause without one."""
    shown = cause["picture"]
    if shown is None:
        return Markup("")
    title, desc, height, parts = _DRAWN[shown["kind"]](shown)
    name = escape(f"picture-{cause['id']}")
    body = Markup("").join(parts)
    return Markup(
        '<svg class="pic" viewBox="0 0 {w} {h}" role="img" aria-labelledby="{n}-title {n}-desc">'
        '<title id="{n}-title">{t}</title><desc id="{n}-desc">{d}</desc>{b}</svg>'
    ).format(w=WIDTH, h=height, n=name, t=title, d=desc, b=body)


Drawn = tuple[str, str, int, list[Markup]]


def _text(x: float, y: float, text: str, look: str = "", anchor: str = "start") -> Markup:
    return Markup('<text x="{:.0f}" y="{:.0f}" class="{}" text-anchor="{}">{}</text>').format(x, y, look, anchor, text)


def _line(x1: float, y1: float, x2: float, y2: float, look: str) -> Markup:
    return Markup('<line x1="{:.0f}" y1="{:.0f}" x2="{:.0f}" y2="{:.0f}" class="{}"/>').format(x1, y1, x2, y2, look)


def _dot(x: float, y: float, radius: float, look: str) -> Markup:
    return Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{}" class="{}"/>').format(x, y, radius, look)


# --- instants --------------------------------------------------------------------------------------------------------


def _instants(shown: PictureDocument) -> Drawn:
    rows = shown["instants"]
    longest = max(abs(row["seconds"]) for row in rows) or 1
    parts: list[Markup] = []
    for number, row in enumerate(rows):
        parts += _instant(row, 8 + 62 * number, longest)
    texts = [f"sent {row['sent']}, stored {row['stored']}, {_off(row)}" for row in rows]
    return "Sent and stored times", "; ".join(texts), 62 * len(rows) + 8, parts


def _off(row: InstantDocument) -> str:
    return f"{distance(row['seconds'])} {'late' if row['seconds'] > 0 else 'early'}"


def _instant(row: InstantDocument, top: int, longest: int) -> Iterator[Markup]:
    length = max(12.0, _SPAN * abs(row["seconds"]) / longest)
    sent, stored = (_LEFT, _LEFT + length) if row["seconds"] > 0 else (_LEFT + length, _LEFT)
    middle = top + 26
    yield _line(_LEFT - 8, middle, _LEFT + _SPAN + 8, middle, "axis")
    yield _line(sent, middle, stored, middle, "span")
    yield _dot(sent, middle, 5, "good")
    yield Markup('<path d="M{0:.0f} {1:.0f}l6 6l-6 6l-6 -6z" class="bad"/>').format(stored, middle - 6)
    yield _label(sent, top + 12, f"sent {_moment(row['sent'])}", "")
    yield _label(stored, top + 48, f"stored {_moment(row['stored'])}, {_off(row)}", "badtext")


def _moment(text: str) -> str:
    return text.replace("T", " ")


def _label(x: float, y: float, text: str, look: str) -> Markup:
    """A text at its marker, on the side where it fits; in the middle where it fits on none."""
    wide = len(text) * _LETTER
    if x + wide <= WIDTH:
        return _text(x, y, text, look)
    if x >= wide:
        return _text(x, y, text, look, "end")
    return _text(WIDTH / 2, y, text, look, "middle")


# --- templates -------------------------------------------------------------------------------------------------------


def _templates(shown: PictureDocument) -> Drawn:
    cells = shown["cells"]
    types = list(dict.fromkeys(cell["type"] for cell in cells))
    indexes = sorted({cell["index"] for cell in cells}, key=lambda text: (len(text), text))
    high = 34 + _CELL * len(types)
    # Two grids stand beside each other when they fit.
    beside = 2 * len(indexes) * _CELL + 16 <= WIDTH - _LABEL
    x, y = (_LABEL + len(indexes) * _CELL + 16, 0) if beside else (_LABEL, high + 8)
    parts = [_text(0, 50 + _CELL * row, kind) for row, kind in enumerate(types)]
    parts += _grid(cells, types, indexes, (_LABEL, 0), stored=False)
    if not beside:
        parts += [_text(0, high + 58 + _CELL * row, kind) for row, kind in enumerate(types)]
    parts += _grid(cells, types, indexes, (x, y), stored=True)
    bottom = high if beside else 2 * high + 8
    used = list(dict.fromkeys(cell["state"] for cell in cells))
    parts.append(_text(0, bottom + 16, " · ".join(f"{_SIGNS[state]} {_STATES[state]}" for state in used), "soft"))
    texts = [f"{cell['type']} {cell['index']} {_STATES[cell['state']]}".replace("  ", " ") for cell in cells]
    return "Templates that were told and that are stored", "; ".join(texts), bottom + 24, parts


def _grid(
    cells: Sequence[CellDocument], types: Sequence[str], indexes: Sequence[str], at: tuple[int, int], *, stored: bool
) -> Iterator[Markup]:
    left, top = at
    yield _text(left, top + 12, "stored" if stored else "told", "strong")
    for column, index in enumerate(indexes):
        yield _text(left + _CELL * (column + 0.5), top + 28, index, "soft", "middle")
    for cell in cells:
        x = left + _CELL * indexes.index(cell["index"])
        y = top + 34 + _CELL * types.index(cell["type"])
        sign, look = _in_grid(cell, stored=stored)
        yield Markup('<rect x="{}" y="{}" width="{}" height="{}" class="cell {}"/>').format(
            x + 1, y, _CELL - 2, _CELL - 2, look
        )
        yield _text(x + _CELL / 2, y + 16, sign, f"{look}text", "middle")


def _in_grid(cell: CellDocument, *, stored: bool) -> tuple[str, str]:
    if not stored:
        return ("●", "plain") if cell["told"] else ("", "plain")
    return _SIGNS[cell["state"]], "goodcell" if cell["state"] == "kept" else "badcell"


# --- a sequence of messages and the rows they left --------------------------------------------------------------------


def _sequence(shown: PictureDocument) -> Drawn:
    sent, stored = shown["sent"], shown["stored"]
    high = 26 + 24 * max(len(sent), len(stored), 1)
    parts = [_text(0, 12, "sent", "strong"), _text(160, 12, "stored", "strong")]
    for number, one in enumerate(sent):
        y = 34 + 24 * number
        parts.append(_dot(8, y - 4, 7, "number"))
        parts.append(_text(8, y, str(number + 1), "inside", "middle"))
        sign, look = ("✓", "goodtext") if one["acknowledged"] else ("✗", "badtext")
        parts.append(_text(22, y, one["what"][:17]))
        parts.append(_text(132, y, sign, look))
    for number, row in enumerate(stored):
        y = 34 + 24 * number
        look = "good" if number == 0 else "bad"
        parts.append(_dot(166, y - 4, 4, look))
        parts.append(_text(176, y, _PERSON_AND_YEAR.sub("", row).replace("T", " ", 1)[:26], f"small {look}text"))
    if not stored:
        parts.append(_text(160, 34, "nothing", "badtext"))
    desc = f"{counted(len(sent), 'message')} sent, {counted(len(stored), 'row')} stored: {'; '.join(stored)}"
    return "What was sent and what is stored", desc, high, parts


# --- values ----------------------------------------------------------------------------------------------------------


def _values(shown: PictureDocument) -> Drawn:
    rows = shown["values"]
    parts = [_text(0, 12, shown["factor"], "strong")]
    for number, row in enumerate(rows):
        y = 34 + 22 * number
        look = "badtext strong" if row["blamed"] else ""
        parts.append(_text(0, y, _short(row["value"]), look))
        parts += _dots(row, y - 4)
        parts.append(_text(WIDTH, y, f"{row['wrong']} of {row['wrong'] + row['right']}", "small soft", "end"))
    texts = [f"{row['value']}: {row['wrong']} of {row['wrong'] + row['right']} wrong" for row in rows]
    return f"How often each value of {shown['factor']} was wrong", "; ".join(texts), 26 + 22 * len(rows), parts


def _short(text: str) -> str:
    return text if len(text) <= 17 else f"{text[:16]}…"


def _dots(row: ValueDocument, y: int) -> Iterator[Markup]:
    total = row["wrong"] + row["right"]
    shown = min(total, _MOST_DOTS)
    # What is wrong at all gets a dot, and so does what is right.
    wrong = round(shown * row["wrong"] / total) if total else 0
    if row["wrong"]:
        wrong = max(1, wrong)
    if row["right"]:
        wrong = min(shown - 1, wrong)
    for place in range(shown):
        x = 116 + 12 * place
        if place < wrong:
            yield _dot(x, y, 4.5, "bad")
            yield Markup('<path d="M{0:.1f} {1:.1f}l4 4m0 -4l-4 4" class="cross"/>').format(x - 2, y - 2)
        else:
            yield _dot(x, y, 4, "hollow")


_DRAWN = {"instants": _instants, "templates": _templates, "sequence": _sequence, "values": _values}
