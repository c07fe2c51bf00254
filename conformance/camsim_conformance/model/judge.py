"""Judging is a function of what was sent, answered and stored: from a run to all observations of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from camsim.protocol.facts import Punch
from camsim.readback.model import Snapshot
from camsim_conformance.plan.cases import Case, Stage
from camsim_conformance.plan.firsts import first_values, without_first
from camsim_conformance.plan.punch_moments import crowd_values, moment_values
from camsim_conformance.plan.punch_pairs import pair_values
from camsim_conformance.plan.punch_values import key_of, of_one_side, values_of
from camsim_conformance.plan.told import Deed
from camsim_conformance.sending.exchange import Exchange
from camsim_conformance.target.profile import Profile

from .after import after
from .answers import observe_answers, step_values
from .dues import dues_of
from .history import Occurrence, histories, occurrences
from .moments import Choice, choice
from .observation import Observation
from .people import observe_people
from .people_events import Person, person_of
from .punches import observe_nobody, observe_punches
from .scene import Scene
from .turns import turns
from .unchanged import observe_unchanged

QUARTER_S, FURTHEST_S = 900, 15 * 3600  # zones lie quarters of an hour apart, and no further from UTC
_AT_ONCE = frozenset({Stage.MAIN, Stage.LATE})  # stages whose cases are sent at the same time
_LATER = ("then:", "more:", "run-more:")  # what comes after an event
LATER = frozenset({Stage.LATE, Stage.FORGED, Stage.HOSTILE})


@dataclass(frozen=True, slots=True)
class Seen:
    """What a run shows. `main` was read when everything honest had settled, `after` when late copies, forgeries and
    hostile bodies had; both without what stood `before`. `derived`: ids that were read back because a target may make
    them of the run's. Times: epoch seconds of the run's start and end."""

    profile: Profile
    cases: Sequence[Case]
    answers: Mapping[str, Sequence[Exchange]]
    started_s: float
    ended_s: float
    before: Snapshot | None = None
    main: Snapshot | None = None
    after: Snapshot | None = None
    derived: frozenset[str] = frozenset()

    def had(self, punch: Punch) -> bool:
        """Whether the person had a row before the run that may be of the punch's moment, on whatever clock."""
        if self.before is None:
            return False
        for row in self.before.punches.get(punch.user_id, ()):
            apart = row.time - punch.log_time
            if apart % QUARTER_S == 0 and abs(apart) <= FURTHEST_S:
                return True
        return False


@dataclass(frozen=True, slots=True)
class View:
    """All observations of a run, and how the target reads times; None without a read-back."""

    observations: tuple[Observation, ...]
    choice: Choice | None


def observe(seen: Seen, known: Choice | None = None, *, stored_alone: bool = False) -> View:
    """Everything that can be looked at. `known`: how the target was seen to read times. `stored_alone` leaves
    answers and values of punches out: who asks what is still to come needs neither, and they take most time. Pure."""
    sent = list(occurrences(seen.cases, seen.answers, seen.profile))
    people = histories(sent)
    values = _Values(seen, people, sent)
    found: list[Observation] = []
    if not stored_alone:
        found += observe_answers(sent, values.by_step(sent), seen.profile)
    if seen.main is None:
        return View(tuple(found), None)
    punches = [due.punch for history in people.values() for due in dues_of(history)]
    chosen = known or choice(punches, seen.main, seen.profile.protocol)
    sent_whole = [case for case in seen.cases if case.id in seen.answers]
    found += observe_nobody(sent_whole, people, seen.main)
    for snapshot, some in _stages(seen, people):
        scene = Scene(
            snapshot,
            chosen,
            seen.profile.protocol,
            seen.started_s,
            seen.ended_s,
            seen.had,
            seen.profile.erase_on_delete,
            _no_values if stored_alone else values.at,
            seen.derived,
        )
        found += observe_punches(some, scene)
        settled = seen.main if snapshot is not seen.main else None
        for one in observe_people(some, snapshot, seen.before, settled):
            found.append(replace(one, requirement=one.case.partition("/")[0]))
    if seen.after is not None:
        untouched = [user for user, history in people.items() if not _later(history)]
        found += observe_unchanged(people, untouched, seen.main, seen.after)
    return View(tuple(found), chosen)


def _no_values(user: str, place: int) -> Mapping[str, str]:
    del user, place
    return {}


def _stages(
    seen: Seen, people: Mapping[str, tuple[Occurrence, ...]]
) -> Iterator[tuple[Snapshot, Mapping[str, tuple[Occurrence, ...]]]]:
    """Each person with the snapshot that shows the end of what was told of it."""
    early = {user: history for user, history in people.items() if not _later(history)}
    late = {user: history for user, history in people.items() if _later(history)}
    if seen.main is not None:
        yield seen.main, early
    if seen.after is not None:
        yield seen.after, late


def _later(history: Sequence[Occurrence]) -> bool:
    return any(one.case.stage in LATER for one in history)


def _may_come_first(one: Occurrence, other: Occurrence) -> bool:
    """Whether an update that stands later in the plan may reach the target before this event."""
    if other.told.deed is not Deed.UPDATE or one.case.stage is not other.case.stage or one.case.stage not in _AT_ONCE:
        return False
    return one.case is not other.case or one.case.at_once > 1


def event_values(history: Sequence[Occurrence], place: int, now_s: int, person: Person | None = None) -> dict[str, str]:
    """The factor values of the event at a place of its person's history; `now_s` are the epoch seconds of the run.
    `person` is what the history tells; None where it is made here."""
    one = history[place]
    found = step_values(one, history[:place])
    if any(_may_come_first(one, other) for other in history[place + 1 :]):
        # Told of by a case that is sent at the same time: known by then or not, nobody can say.
        del found["known"]
    if one.told.punch is not None:
        found.update(values_of(history, place, now_s))
        found.update(pair_values(history, place))
        found.update(first_values(history, place))
        found.update(crowd_values(*of_one_side(history, place)))
        found.update(moment_values(one.told.punch))
        found.update(after(person or person_of(one.told.user, history), history, place))
    return found


def _before_the_answer(values: Mapping[str, str]) -> Mapping[str, str]:
    """An answer depends on nothing that came after it."""
    return without_first({factor: name for factor, name in values.items() if not factor.startswith(_LATER)})


class _Values:
    """The factor values of each event, made once."""

    def __init__(self, seen: Seen, people: Mapping[str, tuple[Occurrence, ...]], sent: Sequence[Occurrence]) -> None:
        self._people = people
        self._made: dict[tuple[str, int], Mapping[str, str]] = {}
        self._told: dict[str, Person] = {}
        self._now_s = int(seen.started_s)
        self._turns = turns(sent)

    def at(self, user: str, place: int) -> Mapping[str, str]:
        """The values of the event at a place of a person's history."""
        key = (user, place)
        if key not in self._made:
            history = self._people[user]
            if user not in self._told:
                self._told[user] = person_of(user, history)
            found = event_values(history, place, self._now_s, self._told[user])
            punch = key_of(history[place])
            self._made[key] = found if punch is None else {**found, **self._turns.get(punch, {})}
        return self._made[key]

    def by_step(self, sent: Sequence[Occurrence]) -> dict[tuple[str, int], Mapping[str, str]]:
        """The values of every step, by case and number."""
        found: dict[tuple[str, int], Mapping[str, str]] = {}
        for user, history in self._people.items():
            for place, one in enumerate(history):
                found[one.id, one.number] = _before_the_answer(self.at(user, place))
        for one in sent:
            found.setdefault((one.id, one.number), step_values(one, ()))
        return found
