"""What else than a fault of the target may be behind a cause, and what to do then: look at the read-back, declare a
clock, make the people known.

An adapter and a target that do the same cannot be told apart from outside; whoever reads the finding can, in the table.
"""

from __future__ import annotations

from camsim.readback.model import Capabilities
from camsim_conformance.model.observation import Aspect, Cause, Deviation
from camsim_conformance.target.profile import Profile

_IN_THE_TABLE = "Look into the table first: if the row is there, it is the read-back that leaves it out"
_OTHERS = "LIMIT, GROUP BY or DISTINCT, a JOIN with people who are not deleted"
_DECLARED = (
    'If that clock is kept on purpose, declare it: time_policy "device-local" in the capabilities of the read-back or '
    "in map.toml."
)


_STRANGERS = (
    "If people must be known before they punch: --announce tells of everybody first, and --users FILE names people "
    "whom the target knows already; the rest is then judged as well."
)


def notes_of(cause: Cause, profile: Profile, capabilities: Capabilities | None) -> list[str]:
    """Notes on a cause. `capabilities`: of the read-back; None without one."""
    explanation = cause.explanation
    if ("known", "no") in explanation.values and not profile.announce and not profile.people:
        return [_STRANGERS]
    return _of_read_back(cause, capabilities) if capabilities is not None else []


def _of_read_back(cause: Cause, capabilities: Capabilities) -> list[str]:
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
