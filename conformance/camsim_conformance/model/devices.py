"""What a target calls each device, and of which punches it can know the device."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from camsim_conformance.plan.told import Keep

from .dues import Due, Person


def device_is_told(person: Person, due: Due) -> bool:
    """False without a SerialNumber, where one row stands for punches of several devices, and for what need not be kept
    at all, as a punch with the token of one device and the serial number of another."""
    if "frame" in due.occurrences[0].step.values or due.keep is not Keep.MUST:
        return False
    return not any(other is not due and other.punch == due.punch for other in person.dues)


def device_words(persons: Iterable[Person]) -> dict[int, str]:
    """What the target calls each device, by the majority of its rows."""
    counts: dict[int, Counter[str]] = {}
    for person in persons:
        for due in person.dues:
            if due.row is not None and due.row.device is not None:
                counts.setdefault(due.device, Counter())[due.row.device] += 1
    found = {}
    for device, words in counts.items():
        found[device] = words.most_common(1)[0][0]
    return found
