"""The plan: every case of every selected requirement, in a stable order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from camsim.protocol.v3.messages import Style
from camsim.protocol.vocabulary import Protocol
from camsim_conformance.requirements import Requirement
from camsim_conformance.target.profile import Profile

from .builder import Builder
from .cases import UNCHANGED, Case, Stage, Step
from .punch_values import id_of, mistaken_ids
from .run_facts import PeopleError
from .told import Deed, Keep
from .uncovered import uncovered

MakeCases = Callable[[Builder], Iterable[Case]]
# Requirement ids with what makes their cases. The order decides who gets which number, and with it the bytes of a run.
Stimuli = Sequence[tuple[str, MakeCases]]


PROBES = 9
FORGERIES = 3  # until the next good punch
# The requirement whose business a row is that is made for a run, and that of histories of people.
ROWS: Mapping[Protocol, str] = {Protocol.V3: "CB-ROW-001", Protocol.V2: "V2-ROW-001"}
HISTORIES: Mapping[Protocol, str] = {Protocol.V3: "CB-ROW-002", Protocol.V2: "V2-ROW-002"}
CHANGES = frozenset({"user-data", "names", "templates"})  # what these features are tried with changes people


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will send. `people` are read back; `left_behind` are all ids the target may keep. `probes` are good
    punches for between the forgeries; `uncovered` says in words what of all that was asked for is in no case.
    `introductions` tell of whoever punches outside of any case, with --announce; the first of them of the person of the
    preflight."""

    cases: tuple[Case, ...]
    people: tuple[str, ...]
    left_behind: tuple[str, ...]
    preflight: Step
    canaries: tuple[Case, ...]
    absent: str
    probes: tuple[Step, ...] = ()
    uncovered: tuple[str, ...] = ()
    introductions: tuple[Step, ...] = ()

    @property
    def derived(self) -> tuple[str, ...]:
        """What a target may have made of the unusual ids: cut, clamped, without zeros, in other case. Nobody's of the
        run."""
        found: list[str] = []
        for user in self.people:
            if id_of(user) not in ("digits", "short"):
                found += mistaken_ids(user)
        own = {*self.left_behind, *self.people}
        return tuple(dict.fromkeys(user for user in found if user and user not in own))

    @property
    def canary_people(self) -> tuple[str, ...]:
        """Who punches in the canaries."""
        return self.people[: len(self.canaries)]

    @property
    def watched(self) -> tuple[str, ...]:
        """Who is read back: everybody of whom something was told that a target understands. What it makes of a time
        that is none, as PHP's year -1, is nobody's business."""
        wanted = set(self.canary_people)
        for case in (*self.canaries, *self.cases):
            wanted.update(case.expect.people)
            for step in case.steps:
                if step.told is not None:
                    wanted.add(step.told.user)
        return tuple(user for user in self.people if user in wanted)

    def stage(self, stage: Stage) -> tuple[Case, ...]:
        """The cases of one stage that do apply."""
        return tuple(case for case in self.cases if case.stage is stage and case.blocked is None)

    def requests(self) -> Mapping[Stage, int]:
        """How many requests each stage sends, copies counted; retries and spares are not known before."""
        found = dict.fromkeys(Stage, 0)
        for case in self.cases:
            if case.blocked is None:
                found[case.stage] += sum(step.copies for step in case.steps)
        found[Stage.QUIET] += 1 + len(self.introductions) + sum(len(case.steps) for case in self.canaries)
        found[Stage.FORGED] += min(len(self.probes), len(self.stage(Stage.FORGED)) // FORGERIES)
        return found

    def only_people(self, known: Iterable[str]) -> Plan:
        """The plan with only these people to read back: others were made for cases that are not asked for."""
        allowed = set(known)
        return replace(self, people=tuple(user for user in self.people if user in allowed))

    def only(self, ids: Iterable[str]) -> Plan:
        """The plan with only these cases."""
        wanted = set(ids)
        return replace(self, cases=tuple(case for case in self.cases if case.id in wanted))


def make_plan(profile: Profile, now_s: int, prefix: int, stimuli: Stimuli) -> Plan:
    """All cases of the selected requirements. Pure: the same arguments give the same bytes. Raises: PeopleError."""
    plan = _planned(Builder(profile, now_s, prefix), stimuli)
    if not profile.people:
        return plan
    needed = _needed(plan, prefix)
    spare = len(profile.people) - len(needed)
    if spare < 0:
        raise PeopleError(
            f"--users names {len(profile.people)} people, this run needs {len(needed)}: rows share people, every other "
            "case has people of its own. Name more, or ask for less with --requirement and --features."
        )
    # Rows spread over whoever is left; who gets which number changes with it.
    if spare:
        needed = _needed(_planned(_builder(profile, now_s, prefix, spare), stimuli), prefix)
    if len(needed) > len(profile.people):
        spare, needed = 0, _needed(plan, prefix)
    # The same plan again, with people the target knows in the places of those it would not.
    given = dict(zip(needed, profile.people, strict=False))
    return _planned(_builder(profile, now_s, prefix, spare, given), stimuli).only_people(profile.people)


def _builder(
    profile: Profile, now_s: int, prefix: int, spare: int, given: Mapping[str, str] = MappingProxyType({})
) -> Builder:
    make = Builder(profile, now_s, prefix, given)
    make.spare_people = spare
    return make


def _planned(make: Builder, stimuli: Stimuli) -> Plan:
    canaries = tuple(_canaries(make))
    first = make.user()
    preflight = make.step(make.punch(first), what="preflight")
    absent = make.stranger()
    probes = tuple(make.step(make.punch(make.visitor()), what="a good punch", keep=Keep.MAY) for _ in range(PROBES))
    # Every section makes its cases, asked for or not: so a case keeps its people whatever is selected beside it.
    every: list[Case] = []
    for requirement, cases in stimuli:
        if make.profile.quick and _is_combined(requirement):
            continue
        every += _of(make, requirement, cases)
    chosen = tuple(_selected(every, make.profile))
    between = [probe.told.user for probe in probes if probe.told is not None]
    introductions = make.announce(dict.fromkeys([first, *between, *_told_nothing(make, chosen)]))
    # The first one punches before the read-back is looked at for the first time.
    people = tuple(dict.fromkeys(user for user in make.people if user != first))
    return Plan(
        cases=chosen,
        people=people,
        left_behind=(first, *people, *make.strangers),
        preflight=preflight,
        canaries=canaries,
        absent=absent,
        probes=probes,
        uncovered=uncovered(make.profile, chosen, ROWS[make.profile.protocol]),
        introductions=introductions,
    )


def _of(make: Builder, requirement: str, cases: MakeCases) -> Iterator[Case]:
    for case in cases(make):
        # A row has the requirement of its value already.
        yield replace(_introduced(make, case), requirement=case.requirement or requirement)


def _introduced(make: Builder, case: Case) -> Case:
    """The case with its people told of first, when --announce asks for it; those of its spares too."""
    if not (case.introduced and make.profile.announce):
        return case
    people = (*case.expect.people, *_unnamed(make, case.steps))
    spares = tuple(make.announce(_unnamed(make, steps)) + steps for steps in case.spares)
    return replace(case, steps=make.announce(dict.fromkeys(people)) + case.steps, spares=spares)


_OF_SOMEBODY_KNOWN = frozenset({Deed.PUNCH, Deed.PHOTO, Deed.UPDATE})


def _unnamed(make: Builder, steps: Iterable[Step]) -> Iterator[str]:
    """People of the run of whom the steps tell something before they tell a name: a target that stores only people it
    knows would leave that out."""
    own = {*make.people, *make.strangers}
    known: set[str] = set()
    for step in steps:
        told = step.told
        if told is None or told.keep is Keep.NEVER or told.user in known or told.user not in own:
            continue
        known.add(told.user)
        named = told.names is not None and any(told.names)
        if told.deed in _OF_SOMEBODY_KNOWN and not named:
            yield told.user


def _told_nothing(make: Builder, cases: Iterable[Case]) -> Iterator[str]:
    """People of whom a changed message speaks, which tells nothing that must be kept: its answer alone is looked at,
    and told of in its case they would be watched."""
    if not make.profile.announce:
        return
    for case in cases:
        silent = [step.plain for step in case.steps if case.introduced and step.told is None]
        for user in (*make.people, *make.strangers):
            if user not in case.expect.people and any(f'"{user}"'.encode() in plain for plain in silent):
                yield user


def _selected(cases: Iterable[Case], profile: Profile) -> list[Case]:
    """The cases that are asked for, in the order of the catalogue, then the rows of arrays in the order in which they
    were made; one that says why for a requirement without any."""
    made: dict[str, int] = {}
    by_requirement: dict[str, list[Case]] = {}
    for case in cases:
        by_requirement.setdefault(case.requirement, []).append(case)
        # Rows may share people (--users): their punches come in the order that their values say, or mean nothing.
        if case.values:
            made[case.id] = len(made) + 1
    chosen: list[Case] = []
    for row in profile.selected():
        reason = _blocked(row, profile)
        if reason is None and row.id in by_requirement:
            chosen += by_requirement[row.id]
        else:
            # Never left out in silence: a report names everything that was asked for.
            chosen.append(_placeholder(row, reason or "no case of it applies to this profile"))
    return sorted(chosen, key=lambda case: made.get(case.id, 0))


def _blocked(row: Requirement, profile: Profile) -> str | None:
    if profile.quick and _is_combined(row.id):
        return "--quick sends the named cases alone"
    changes = row.id in HISTORIES.values() or CHANGES & set(row.features)
    if not profile.may_change_people and changes:
        return UNCHANGED
    missing = [feature for feature in row.features if feature not in profile.features]
    return f"the profile does not claim {', '.join(missing)}" if missing else None


def _is_combined(requirement: str) -> bool:
    """Whether its cases are combinations of values, or histories."""
    return requirement in ROWS.values() or requirement in HISTORIES.values()


def _placeholder(row: Requirement, reason: str) -> Case:
    return Case("not-applicable", requirement=row.id, blocked=reason)


def _needed(plan: Plan, prefix: int) -> list[str]:
    """The people of the run that are sent or expected, in order."""
    mentioned: set[str] = set()
    # Looked for in the bytes: only they say for sure who is told to the target.
    pattern = re.compile(rf"{prefix:05d}[0-9]{{4}}")
    for step in _every_step(plan):
        mentioned.update(pattern.findall(step.plain.decode("utf-8", "replace")))
    for case in plan.cases:
        mentioned.update(case.expect.people)
    # Strangers are mentioned too, but nothing of them is ever read back: nobody need know them.
    first = plan.left_behind[0]
    own = {first, *plan.people}
    return [user for user in plan.left_behind if user in mentioned and user in own]


def _every_step(plan: Plan) -> Iterator[Step]:
    yield plan.preflight
    for case in (*plan.canaries, *plan.cases):
        yield from case.steps
        for spare in case.spares:
            yield from spare


def _canaries(make: Builder) -> Iterator[Case]:
    # Three plain punches of different make: the adapter is proved when one of them is seen, whatever the target
    # thinks of the others.
    printed = make.punch(make.user(), input_="Fingerprint")
    yield _canary(make, "CheckIn", printed.user_id, make.step(printed, what="canary"))
    bare = make.punch(make.user(), type_="CheckOut", input_="Fingerprint", temperature=None, mask=None)
    yield _canary(make, "CheckOut", bare.user_id, make.step(bare, what="canary"))
    number = make.punch(make.user(), input_="Fingerprint")
    step = make.step(number, what="canary", style=Style(temperature="number"))
    yield _canary(make, "CheckIn", number.user_id, step)


def _canary(make: Builder, name: str, user: str, step: Step) -> Case:
    return Case(name, (*make.announce([user]), step), requirement="CANARY")
