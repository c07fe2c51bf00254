"""The plan: every case of every selected requirement, in a stable order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from camsim.protocol.v3.messages import Style
from camsim.protocol.vocabulary import Protocol
from camsim_conformance.requirements import Requirement
from camsim_conformance.target.profile import Profile

from . import (
    acks,
    auth,
    duplicates,
    encryption,
    hostile,
    order,
    punches,
    templates,
    times,
    v2_hostile,
    v2_people,
    v2_punches,
    wire,
)
from .builder import Maker, PeopleError, Scenario
from .cases import Case, Stage, Step

SCENARIOS: Mapping[Protocol, tuple[Scenario, ...]] = {
    Protocol.V3: (
        acks.cases,
        wire.cases,
        auth.cases,
        punches.cases,
        duplicates.cases,
        order.cases,
        times.cases,
        templates.cases,
        encryption.cases,
        hostile.cases,
    ),
    Protocol.V2: (v2_punches.cases, v2_people.cases, v2_hostile.cases),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will send. `people` are read back; `left_behind` are all ids the target may keep."""

    cases: tuple[Case, ...]
    people: tuple[str, ...]
    left_behind: tuple[str, ...]
    preflight: Step
    canaries: tuple[Case, ...]
    absent: str

    @property
    def watched(self) -> tuple[str, ...]:
        """Who is read back: only people something is expected of. What a target makes of a time that is none, as
        PHP's year -1, is nobody's business."""
        expected = {user for case in (*self.canaries, *self.cases) for user in case.expect.people}
        canaries = self.people[: len(self.canaries)]
        return tuple(user for user in self.people if user in expected or user in canaries)

    def stage(self, stage: Stage) -> tuple[Case, ...]:
        """The cases of one stage that do apply."""
        return tuple(case for case in self.cases if case.stage is stage and case.blocked is None)

    def only_people(self, known: Iterable[str]) -> Plan:
        """The plan with only these people to read back: others were made for cases that are not asked for."""
        allowed = set(known)
        return replace(self, people=tuple(user for user in self.people if user in allowed))

    def only(self, ids: Iterable[str]) -> Plan:
        """The plan with only these cases."""
        wanted = set(ids)
        return replace(self, cases=tuple(case for case in self.cases if case.id in wanted))


def plan(profile: Profile, now_s: int, prefix: int) -> Plan:
    """All cases of the selected requirements. Pure: the same arguments give the same bytes. Raises: PeopleError."""
    made = _made(Maker(profile, now_s, prefix))
    if not profile.people:
        return made
    needed = _needed(made, prefix)
    if len(needed) > len(profile.people):
        raise PeopleError(
            f"--users names {len(profile.people)} people, this run needs {len(needed)}: every case has people of its "
            "own. Name more, or ask for less with --requirement and --features."
        )
    # The same plan again, with people the target knows in the places of those it would not.
    return _made(Maker(profile, now_s, prefix, dict(zip(needed, profile.people, strict=False)))).only_people(
        profile.people
    )


def _made(maker: Maker) -> Plan:
    profile = maker.profile
    selected = profile.selected()
    canaries = tuple(_canaries(maker))
    first = maker.user()
    preflight = maker.step(maker.punch(first), what="preflight")
    absent = maker.stranger()
    wanted = {row.id for row in selected if _blocked(row, profile) is None}
    made = [_announced(maker, case) for scenario in SCENARIOS[profile.protocol] for case in scenario(maker)]
    cases = [case for case in made if case.requirement in wanted]
    covered = {case.requirement for case in cases}
    cases += [_placeholder(row, profile) for row in selected if row.id not in covered]
    rank = {row.id: number for number, row in enumerate(selected)}
    cases.sort(key=lambda case: rank[case.requirement])
    # The first one punches before the read-back is looked at for the first time.
    people = tuple(dict.fromkeys(user for user in maker.people if user != first))
    return Plan(tuple(cases), people, (first, *people, *maker.strangers), preflight, canaries, absent)


def _needed(made: Plan, prefix: int) -> list[str]:
    """The people of the run that are sent or expected, in order."""
    every = (*made.canaries, *made.cases)
    steps = [made.preflight, *(step for case in every for some in (case.steps, *case.spares) for step in some)]
    told = {
        found
        for step in steps
        for found in re.findall(rf"{prefix:05d}[0-9]{{4}}", step.plain.decode("utf-8", "replace"))
    }
    told |= {user for case in made.cases for user in case.expect.people}
    return [user for user in made.left_behind if user in told and user in {*made.people, made.left_behind[0]}]


def _canaries(maker: Maker) -> Iterable[Case]:
    # Three plain punches of different make: the adapter is proved when one of them is seen, whatever the target
    # thinks of the others.
    shapes: Iterable[tuple[str, dict[str, Any], Style]] = (
        ("CheckIn", {}, Style()),
        ("CheckOut", {"temperature": None, "mask": None}, Style()),
        ("CheckIn", {}, Style(temperature="number")),
    )
    for type_, more, style in shapes:
        punch = maker.punch(maker.user(), type_=type_, input_="Fingerprint", **more)
        step = maker.step(punch, what="canary", style=style)
        yield Case("CANARY", type_, (*maker.announce([punch.user_id]), step))


def _announced(maker: Maker, case: Case) -> Case:
    if not maker.profile.announce or case.blocked is not None or case.requirement == "CB-TPL-005":
        return case
    return replace(case, steps=maker.announce(case.expect.people) + case.steps)


def _blocked(row: Requirement, profile: Profile) -> str | None:
    missing = [feature for feature in row.features if feature not in profile.features]
    return f"the profile does not claim {', '.join(missing)}" if missing else None


def _placeholder(row: Requirement, profile: Profile) -> Case:
    reason = _blocked(row, profile) or "no case of it applies to this profile"
    return Case(row.id, "not-applicable", blocked=reason)
