"""Wrong receivers and unusual right ones: what the suite must fail, and what it must not.

Each is the reference receiver in memory with one or more steps replaced; `camsim receiver --broken NAME` runs one.
"""

from camsim.receiver.memory import Policy

from . import (
    acknowledgements,
    benign,
    benign_order,
    conditions,
    crowds,
    duplicates,
    encryption,
    forgeries,
    framing,
    identity,
    people,
    people_beside,
    punches,
    returning,
    robustness,
    senders,
    shared_faults,
    standing,
    stored_then_refused,
    times,
    v2,
)
from .model import BENIGN, MUTANTS, Benign, Mutant

__all__ = ["BENIGN", "MUTANTS", "Benign", "Mutant", "Policy", "policy"]

# Each declares its variants when it is imported: this is the list of those that do.
DECLARED_BY = (
    *(acknowledgements, benign, benign_order, conditions, crowds, duplicates, encryption, framing, identity, people),
    *(people_beside, punches, forgeries, returning, robustness, senders, shared_faults, standing),
    *(stored_then_refused, times, v2),
)


def policy(name: str) -> Policy:
    """A fresh policy of a mutant or benign variant. Raises: KeyError naming the closest names."""
    row = MUTANTS.get(name) or BENIGN.get(name)
    if row is None:
        raise KeyError(f"{name!r} is no mutant; the {len(MUTANTS)} names are in camsim_conformance.mutants.MUTANTS")
    return row.behaviour()
