"""How punches and stored rows are written down."""

from __future__ import annotations

from camsim.protocol import timestamps
from camsim.protocol.facts import Punch
from camsim.readback.model import Snapshot, StoredPunch


def punch_text(punch: Punch) -> str:
    """`user 123 at 2020-09-17 07:48:22 GMT +0530 CheckIn by Face`."""
    text = f"user {punch.user_id} at {timestamps.gmt(punch.log_time, punch.offset)} {punch.type}"
    if punch.input:
        text += f" by {punch.input}"
    return text


def stored_text(row: StoredPunch, snapshot: Snapshot) -> str:
    """`user 123 at 2020-09-17T02:18:22Z CheckIn`, as the adapter told it."""
    try:
        moment = timestamps.local(row.time).replace(" ", "T")
    except timestamps.TimestampError:
        moment = f"second {row.time}"  # a stored time may be any number, also one no calendar has
    if snapshot.capabilities.time_policy == "instant":
        moment += "Z"
    text = f"user {row.user} at {moment}"
    return f"{text} {row.type}" if row.type else text
