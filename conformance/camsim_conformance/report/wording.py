"""How a report says things: answers in one line, moments, places of the vendor's page."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

from camsim_conformance.plan.cases import Step
from camsim_conformance.sending import ack
from camsim_conformance.sending.exchange import Exchange, NoAnswer
from camsim_conformance.target.profile import Profile

MOST_ANSWER = 160  # letters of an answer's body
_PAGE_BEGINS = re.compile(r"<(?:!doctype|html|head|body|h1|title)\b", re.IGNORECASE)
_UNSEEN = re.compile(r"<(style|script)\b.*?(?:</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
# The last tag may be cut: reports keep only the beginning of an answer.
_TAG = re.compile(r"<[^<>]*(?:>|$)")
_PLACE = re.compile(r"V([23]):(\d+)")
_SILENCE = {
    NoAnswer.REFUSED: "the connection was refused",
    NoAnswer.TLS: "the TLS handshake failed",
    NoAnswer.TIMEOUT: "none came in time",
    NoAnswer.CLOSED: "the connection was closed before one came",
    NoAnswer.BROKEN: "what came is not HTTP",
    NoAnswer.MEANT: "the connection was dropped on purpose",
}


def without_markup(text: str) -> str:
    """The text; a page of HTML in it becomes one line of what the page says. Names with a tag in them stay as they
    are."""
    if _PAGE_BEGINS.search(text) is None:
        return text
    shown = unescape(_TAG.sub(" ", _UNSEEN.sub(" ", text)))
    return " ".join(shown.split())


def answer_text(exchange: Exchange, profile: Profile, step: Step) -> str:
    """`HTTP 200 {"status":"done"} (12 ms)` in one line, or why there is no answer."""
    if not exchange.answered:
        why = _SILENCE[exchange.no_answer or NoAnswer.BROKEN]
        return f"no answer: {why} ({exchange.detail})" if exchange.detail else f"no answer: {why}"
    body, _ = ack.opened(exchange, profile, step)
    words = " ".join(without_markup(body.decode("utf-8", "replace")).split())
    if len(words) > MOST_ANSWER:
        words = f"{words[:MOST_ANSWER]}…"
    return f"HTTP {exchange.status} {words or '(empty body)'} ({exchange.seconds * 1000:.0f} ms)"


def utc(seconds: float) -> str:
    """`2026-11-24T10:00:00Z`; a number that no calendar has as `second 99999999999999`."""
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return f"second {seconds:.0f}"
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def place(source: str) -> str:
    """`line 1170 of the vendor's v3 page` for V3:1170; other texts as they are."""
    found = _PLACE.fullmatch(source)
    return f"line {found[2]} of the vendor's v{found[1]} page" if found else source


def distance(seconds: int) -> str:
    """`7 h`, `5 h 30 min`, `12 s`; without a sign."""
    left, parts = abs(seconds), []
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def counted(number: int, one: str, many: str = "") -> str:
    """`1 cause`, `3 causes`."""
    return f"{number} {one if number == 1 else many or one + 's'}"
