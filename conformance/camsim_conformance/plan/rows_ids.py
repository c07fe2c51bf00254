"""Rows of UserIDs: one kind of id at a time, all of the run's own prefix, all else plain."""

from __future__ import annotations

from collections.abc import Iterator

from .builder import Builder
from .cases import Case
from .factors import AGES, MINUTE, value_of
from .punch_values import id_of
from .rows import punch_case
from .rows_people import Place


def identity_rows(make: Builder) -> Iterator[Case]:
    """One case for each kind of id, `id=letters`; two people where one could be taken for the other. None for given
    people (--users), who have the ids they have: plan/uncovered says so."""
    if make.profile.people:
        return
    for kind, ids in _kinds(make.user()).items():
        value = value_of("id", kind)
        if value is None:
            raise ValueError(f"{kind}: no value of the factor id")
        requirement = value.requirement(make.profile.protocol)
        values: dict[str, str]
        for number, user in enumerate(ids):
            make.people.append(user)
            # Minutes apart: a punch that is booked to the other one is told by its moment too.
            place = Place(user, make.ago(AGES["now"] + 2 * number * MINUTE))
            # The number beside the one with leading zeros is a usual one.
            values = {} if id_of(user) == "digits" else {"id": kind}
            if number == 0 and kind in ("letters", "leading-zeros", "hyphen"):
                values["repeat"] = "bytes"  # who compares ids as numbers finds no copy of one with letters
            name = f"id={kind}" if number == 0 else f"id={kind}-{number + 1}"
            yield punch_case(make, name, values, requirement, place)


def _kinds(bare: str) -> dict[str, tuple[str, ...]]:
    """Ids that hold the five digits of the run and two of their own, whatever else they are made of."""
    run, own = bare[:5], bare[-2:]
    return {
        # Shorter ones cannot be of one run alone: they may be somebody's.
        "short": (f"{run}{own[1]}",),
        # As User123, and as long as any other id.
        "letters": (f"User{run}",),
        "leading-zeros": (f"00{run}{own}", f"{run}{own}"),
        "hyphen": (f"{run}-{own}1",),
        "underscore": (f"{run}_{own}2",),
        "ten-digits": (f"1{run}00{own}",),
        "beyond-32-bits": (f"9{run}00{own}",),
        "12-digits": (f"{run}00000{own}",),
        "case-alone": (f"Ab{run}{own}", f"aB{run}{own}"),
    }
