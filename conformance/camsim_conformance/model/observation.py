"""One thing that was looked at: an answer, a stored row or one attribute of it, and whether it is as the model says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from camsim_conformance.requirements.verdicts import Level


class Aspect(StrEnum):
    """What is looked at."""

    ANSWER = "answer"  # of one step
    ROW = "row"  # a punch has its row
    COUNT = "count"  # and no more than one
    INSTANT = "instant"  # of a stored row
    TYPE = "type"
    INPUT = "input"
    TEMPERATURE = "temperature"
    MASK = "mask"
    DEVICE = "device"
    TEMPLATE = "template"
    NAME = "name"
    PERSON = "person"  # a user is there, or gone
    FORGERY = "forgery"  # nothing of a forged message is stored
    UNCHANGED = "unchanged"  # what was true before a forgery or a hostile body is true after it


class Deviation(StrEnum):
    """How something deviates. Of an answer the whole signature says it: `http 500`, `no answer`, `status ok`."""

    MISSING = "missing"
    DOUBLED = "doubled"
    INVENTED = "invented"  # a row that nothing explains
    OTHER_PERSON = "booked to another person"
    WRONG = "wrong"
    NULL = "null"
    SHIFTED = "shifted"  # an instant by a constant, by the offset, or to the arrival
    STILL_THERE = "still there"
    STORED = "stored"  # although forged
    CHANGED = "changed"
    PUSHED_OUT = "pushed out"  # by what came later
    MIXED = "mixed"  # with what was told of somebody else
    LATE = "late"


ALLOWED = "allowed"  # among the notes of an unknown observation: which option lets it be as it is
# Among the notes of an observation: to whom a punch is booked, and the word that stands in place of the right one.
OTHER_USER = "other user"
STORED_WORD = "stored word"


@dataclass(frozen=True, slots=True)
class Observation:
    """One comparison of the run with the model.

    `values` are all factor values that hold for it, defaults included: an explanation is a conjunction of them.
    `deviation` is None when it is right. What an earlier deviation hides is not `known`: never right, never wrong.
    `level` is the most that a deviation may be here, before the values have their say. `steps` are the numbers of the
    case's steps that tell it. `seconds` is how far an instant is off. Only observations of one aspect and one deviation
    are explained together.
    """

    aspect: Aspect
    case: str
    steps: tuple[int, ...]
    user: str
    values: Mapping[str, str]
    deviation: str | None = None
    known: bool = True
    level: Level = Level.MUST
    expected: str = ""
    actual: str = ""
    seconds: int | None = None
    requirement: str | None = None  # the requirement of a named case, whose level its deviations have
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def right(self) -> bool:
        """True when it is known and as the model says."""
        return self.known and self.deviation is None

    @property
    def wrong(self) -> bool:
        """True when it is known to deviate."""
        return self.known and self.deviation is not None


Values = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """A conjunction of at most three factor values, with the observations that it covers.

    `wrong`: deviating ones under the values; `right`: right ones under the values (a cause that comes and goes);
    `without`: right ones of the same aspect where one of the values does not hold. `outside`: where one of the values
    does not hold, how many deviate in this way, of how many; `known`: all known ones of the aspect. `alternatives`:
    other conjunctions that hold for exactly the same wrong ones, the likeliest first. No values at all and nothing
    right: it is always so; no values and something right: now and then.
    """

    aspect: Aspect
    deviation: str
    values: Values
    wrong: tuple[Observation, ...]
    right: int = 0
    without: int = 0
    outside: tuple[int, int] = (0, 0)
    known: int = 0
    alternatives: tuple[Values, ...] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """One finding: what explains some deviations, whose it is, and what a second round said of it.

    `also` are explanations of other aspects under the same values: an event that is answered 500 is often lost as well.
    And those of the same aspect and deviation that differ in the value of one factor: one bug of several offsets.
    `confirmed`: None when no second round looked at it. `repeated`: how often it was shown again, of how many tries.
    `unaffected`: how often it did not show without the values in the second round, of how many.
    """

    id: str
    explanation: Explanation
    requirement: str
    level: Level
    sentence: str
    change: str
    also: tuple[Explanation, ...] = ()
    confirmed: bool | None = None
    repeated: tuple[int, int] = (0, 0)
    unaffected: tuple[int, int] = (0, 0)
    notes: tuple[str, ...] = ()

    @property
    def cases(self) -> tuple[str, ...]:
        """Ids of the cases that show it, each once."""
        found = []
        for explanation in (self.explanation, *self.also):
            found += [one.case for one in explanation.wrong]
        return tuple(dict.fromkeys(found))
