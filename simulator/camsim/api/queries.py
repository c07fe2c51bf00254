"""What may stand behind `?` and in filters: a word that means nothing is refused, for it would match in silence."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from camsim.control.routes import FILTERS, Filter
from camsim.kernel.events import ControlError, usage

_DIRECTIONS = ("callback", "rest", "control")


def is_number(text: str) -> bool:
    """A whole number of at most nine digits."""
    # `isdigit` alone lets ² and ٣ pass, and Python reads at most 4,300 digits.
    return text.isascii() and text.isdigit() and len(text) < 10


def number_of(request: web.Request, name: str, default: str) -> int:
    """A whole number of the query. Raises: ControlError."""
    text = request.query.get(name, default)
    if not is_number(text):
        raise usage(name, text, "a whole number")
    return int(text)


def filters_of_query(query: Mapping[str, str], *others: str) -> dict[str, str]:
    """Which journal entries are meant, beside the `others` that a query may hold. Raises: ControlError."""
    for key in query:
        if key not in FILTERS and key not in others:
            allowed = ", ".join((*FILTERS, *others))
            raise ControlError(422, "invalid_value", f"{key!r} is no filter of the journal", f"allowed: {allowed}")
    return _checked({key: query[key] for key in FILTERS if key in query})


def filters_of_body(body: Filter) -> dict[str, str]:
    """The same of a body. Raises: ControlError."""
    wanted: dict[str, str] = {}
    for key in FILTERS:
        value = getattr(body, key)
        if value is not None:
            wanted[key] = str(value)
    return _checked(wanted)


def _checked(filters: dict[str, str]) -> dict[str, str]:
    direction = filters.get("direction", "rest")
    if direction not in _DIRECTIONS:
        raise usage("direction", direction, ", ".join(_DIRECTIONS))
    return filters
