"""How findings write down punches and stored rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from camsim.protocol import timestamps
from camsim.protocol.facts import Punch
from camsim.readback.model import StoredPunch, TimePolicy
from camsim_conformance.requirements.verdicts import Finding

MOST_SHOWN = 4


def unverified(why: str) -> Finding:
    """The side could not be looked at."""
    return Finding(holds=True, expected="seen by read-back", actual=why, verified=False)


def counted(number: int) -> str:
    """`no stored row`, `1 stored row`, `2 stored rows`."""
    if number == 0:
        return "no stored row"
    if number == 1:
        return "1 stored row"
    return f"{number} stored rows"


def some(texts: Sequence[str]) -> str:
    """The first few, and how many there are more."""
    shown = ", ".join(texts[:MOST_SHOWN])
    more = len(texts) - MOST_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def punches(sent: Iterable[Punch]) -> str:
    """The first few punches, described."""
    return some([punch(one) for one in sent])


def rows(stored: Iterable[StoredPunch], policy: TimePolicy) -> str:
    """The first few stored rows, described."""
    return some([row(one, policy) for one in stored])


def punch(sent: Punch) -> str:
    """`user 123 at 2020-09-17 07:48:22 GMT +0530 CheckIn by Face`."""
    text = f"user {sent.user_id} at {timestamps.gmt(sent.log_time, sent.offset)} {sent.type}"
    if sent.input:
        text += f" by {sent.input}"
    return text


def row(stored: StoredPunch, policy: TimePolicy) -> str:
    """`user 123 at 2020-09-17T02:18:22Z CheckIn`, as the adapter told it."""
    text = f"user {stored.user} at {_iso(stored.time)}"
    if policy == "instant":
        text += "Z"
    if stored.type:
        text += f" {stored.type}"
    return text


def _iso(seconds: int) -> str:
    try:
        return timestamps.local(seconds).replace(" ", "T")
    except timestamps.TimestampError:
        return f"second {seconds}"  # a stored time may be any number, also one no calendar has
