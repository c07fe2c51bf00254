"""All sections in the order in which their cases are made, and what they add up to: the plan, and the checks by id."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from types import ModuleType

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.plan.arrays import possible
from camsim_conformance.plan.builder import Builder
from camsim_conformance.plan.cases import Case
from camsim_conformance.plan.factors import usual_values
from camsim_conformance.plan.plan import ROWS, MakeCases, Plan, Stimuli, make_plan
from camsim_conformance.plan.rows import AGAIN, punch_case, with_again
from camsim_conformance.requirements import catalogue
from camsim_conformance.target.profile import Profile

from . import (
    test_acknowledgement,
    test_authentication,
    test_duplicates,
    test_encryption,
    test_order,
    test_photos,
    test_punches,
    test_robustness,
    test_rows,
    test_templates,
    test_time,
    test_v2_acknowledgement,
    test_v2_encryption,
    test_v2_people,
    test_v2_punches,
    test_v2_robustness,
    test_v2_rows,
    test_v2_wire,
    test_wire,
)
from .registry import Check, Judged, judged_by

# The order is part of every case's bytes: people are numbered as they are made.
SECTIONS: Mapping[Protocol, tuple[ModuleType, ...]] = {
    Protocol.V3: (
        test_acknowledgement,
        test_photos,
        test_wire,
        test_authentication,
        test_punches,
        test_duplicates,
        test_order,
        test_time,
        test_templates,
        test_encryption,
        test_robustness,
        test_rows,
    ),
    Protocol.V2: (
        test_v2_acknowledgement,
        test_v2_wire,
        test_v2_punches,
        test_v2_people,
        test_v2_encryption,
        test_v2_robustness,
        test_v2_rows,
    ),
}


class SectionError(RuntimeError):
    """A requirement is judged nowhere, or twice, or in the section of another protocol."""


@cache
def judged(protocol: Protocol) -> tuple[Judged, ...]:
    """Every requirement of a protocol with its cases and check, in the order of the sections. Raises: SectionError."""
    rows: dict[str, Judged] = {}
    for section in SECTIONS[protocol]:
        for row in _of(section):
            if row.requirement in rows:
                raise SectionError(f"{row.requirement} is judged twice, the second time in {section.__name__}")
            rows[row.requirement] = row
    odd = rows.keys() ^ {row.id for row in catalogue(protocol)}
    if odd:
        raise SectionError(
            f"{protocol}: judged nowhere, or in a section of the other protocol: {', '.join(sorted(odd))}"
        )
    return tuple(rows.values())


def _of(section: ModuleType) -> Iterator[Judged]:
    for member in vars(section).values():
        row = judged_by(member)
        # A section may import from another one: what it imports is judged there.
        if row is not None and row.check.__module__ == section.__name__:
            yield row


@cache
def checks() -> Mapping[str, Check]:
    """The check of every requirement of both protocols, by id."""
    return {row.requirement: row.check for protocol in Protocol for row in judged(protocol)}


@cache
def stimuli(protocol: Protocol) -> Stimuli:
    """What makes the cases of a protocol, in order: `cases` of every section first, then what is made `later`."""
    first: list[tuple[str, MakeCases]] = []
    later: list[tuple[str, MakeCases]] = []
    for row in judged(protocol):
        if row.cases is not None:
            first.append((row.requirement, row.cases))
        if row.later is not None:
            later.append((row.requirement, row.later))
    return (*first, *later)


def plan(profile: Profile, now_s: int, prefix: int) -> Plan:
    """All cases of the selected requirements. Pure: the same arguments give the same bytes. Raises: PeopleError."""
    return make_plan(profile, now_s, prefix, stimuli(profile.protocol))


def plan_again(
    profile: Profile,
    now_s: int,
    prefix: int,
    cases: Collection[str],
    rows: Mapping[str, Sequence[Mapping[str, str]]],
) -> tuple[Plan, Mapping[str, Sequence[str]]]:
    """Some cases by their ids with the people of another prefix, and a case for each row; the ids of those by the name
    that the rows came under. Raises: PeopleError."""
    requirement = ROWS[profile.protocol]
    made = {name: [f"probe-{name}-{number}" for number in range(1, len(some) + 1)] for name, some in rows.items()}

    def probes(make: Builder) -> Iterator[Case]:
        for name, some in rows.items():
            for case, values in zip(made[name], some, strict=True):
                # An explanation may ask for what cannot meet in one message.
                if possible(usual_values() | dict(values), profile.protocol):
                    yield from with_again(punch_case(make, case, values))

    whole = make_plan(profile, now_s, prefix, (*stimuli(profile.protocol), (requirement, probes)))
    ids = {name: [f"{requirement}/{case}" for case in some] for name, some in made.items()}
    wanted = set(cases)
    for some in ids.values():
        wanted.update(some)
        wanted.update(case + AGAIN for case in some)
    return whole.only(wanted), ids


checks()  # a gap is an error of ours: said when the suite is imported, not in somebody's run
