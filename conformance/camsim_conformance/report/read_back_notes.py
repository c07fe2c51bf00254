"""What a read-back may do that looks like the deviation of a cause: to be looked at before the target is changed.

An adapter and a target that do the same cannot be told apart from outside; whoever reads the finding can, in the table.
"""

from __future__ import annotations

from camsim.readback.model import Capabilities
from camsim_conformance.model.observation import Aspect, Cause, Deviation

_IN_THE_TABLE = "Look into the table first: if the row is there, it is the read-back that leaves it out"
_OTHERS = "LIMIT, GROUP BY or DISTINCT, a JOIN with people who are not deleted"
_DECLARED = (
    'If that clock is kept on purpose, declare it: time_policy "device-local" in the capabilities of the read-back or '
    "in map.toml."
)


def notes_of(cause: Cause, capabilities: Capabilities | None) -> list[str]:
    """Notes on a cause that a read-back showed; none without one."""
    if capabilities is None:
        return []
    explanation = cause.explanation
    if explanation.aspect is Aspect.ROW and explanation.deviation == Deviation.MISSING:
        return [f"{_IN_THE_TABLE} ({_left_out(dict(explanation.values))})."]
    if explanation.aspect is not Aspect.INSTANT:
        return []
    how = str(cause.sentence)
    if "seconds dropped" in how:
        return [
            "Look into the table first: if the seconds are there, it is the read-back that tells times without them."
        ]
    if "kept as" in how and "wall clock" in how and capabilities.time_policy == "instant":
        return [_DECLARED]
    return []


def _left_out(values: dict[str, str]) -> str:
    """What in an adapter leaves such rows out."""
    if values.get("edge") == "ahead":
        return "a WHERE that stops at its own clock's now"
    if "age" in values:
        return "a WHERE that tells the last so many days alone"
    return _OTHERS
