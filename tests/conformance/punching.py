"""Punches that were told and rows that are stored, for the tests of what the judge makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from camsim.protocol.facts import Punch
from camsim.readback.model import Capabilities, Snapshot, StoredPunch, TimePolicy
from camsim_conformance.model.history import Occurrence, histories
from camsim_conformance.plan.cases import Case, Step
from camsim_conformance.plan.told import Deed, Keep, Told

NOON = 1_790_000_000 - 1_790_000_000 % 86400 + 43200
KEEPS = frozenset({"punches", "type", "input", "temperature", "mask", "device"})
People = Mapping[str, tuple[Occurrence, ...]]


def punch(user: str = "7", at: int = NOON, type_: str = "CheckIn", input_: str = "Face", offset: int = 330) -> Punch:
    """A punch with temperature and mask as printed."""
    return Punch(user, at, offset, type_, input_, 36.8, False)


def row(one: Punch, **other: object) -> StoredPunch:
    """The row that a right target stores of a punch; `other` are fields that differ."""
    fields: dict[str, object] = {
        "user": one.user_id,
        "time": one.log_time,
        "type": one.type,
        "input": one.input,
        "temperature": one.temperature,
        "mask": one.mask,
        **other,
    }
    return StoredPunch(**fields)  # type: ignore[arg-type]


def told(
    one: Punch, *, keep: Keep = Keep.MUST, device: int = 0, acknowledged: bool = True, case: str = "a"
) -> Occurrence:
    """One telling of a punch."""
    step = Step("RealTimePunchLog", b"", b"", device)
    what = Told(Deed.PUNCH, one.user_id, one.log_time, one.offset, one, keep=keep)
    return Occurrence(Case(case, (step,), requirement="CB-PUNCH-001"), 0, step, what, (), acknowledged)


def people(*some: Occurrence) -> People:
    """Their histories."""
    return histories(some)


def snapshot(rows: Sequence[StoredPunch], policy: TimePolicy = "instant") -> Snapshot:
    """A store of these rows, by user."""
    found: dict[str, tuple[StoredPunch, ...]] = {}
    for one in rows:
        found[one.user] = (*found.get(one.user, ()), one)
    return Snapshot(Capabilities(policy, KEEPS), found, {}, {})
