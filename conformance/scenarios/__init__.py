"""The plan: every case of every selected requirement, in a stable order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from simulator.protocol.messages import Style
from simulator.protocol.vocabulary import Protocol

from ..cases import Case, Stage, Step
from ..maker import Maker, Scenario
from ..profile import Profile
from ..requirements import Requirement
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

    def stage(self, stage: Stage) -> tuple[Case, ...]:
        """The cases of one stage that do apply."""
        return tuple(case for case in self.cases if case.stage is stage and case.blocked is None)

    def only(self, ids: Iterable[str]) -> Plan:
        """The plan with only these cases."""
        wanted = set(ids)
        return replace(self, cases=tuple(case for case in self.cases if case.id in wanted))


def plan(profile: Profile, now_s: int, prefix: int) -> Plan:
    """All cases of the selected requirements. Pure: the same arguments give the same bytes. Raises: PeopleError."""
    selected = profile.selected()
    maker = Maker(profile, now_s, prefix)
    canaries = tuple(_canaries(maker))
    first = maker.user()
    preflight = maker.step(maker.punch(first), what="preflight")
    maker.people.remove(first)  # it punches before the read-back is looked at for the first time
    absent = maker.stranger()
    wanted = {row.id for row in selected if _blocked(row, profile) is None}
    made = [_announced(maker, case) for scenario in SCENARIOS[profile.protocol] for case in scenario(maker)]
    cases = [case for case in made if case.requirement in wanted]
    covered = {case.requirement for case in cases}
    cases += [_placeholder(row, profile) for row in selected if row.id not in covered]
    rank = {row.id: number for number, row in enumerate(selected)}
    cases.sort(key=lambda case: rank[case.requirement])
    people = tuple(dict.fromkeys(maker.people))
    return Plan(tuple(cases), people, (first, *people, *maker.strangers), preflight, canaries, absent)


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
