"""Wrong receivers and unusual right ones: what the suite must fail, and what it must not.

Each is the reference receiver in memory with one or more steps replaced; `camsim receiver --broken NAME` runs one.
"""

from camsim.receiver.memory import Policy

from . import (
    acknowledgements,
    duplicates,
    encryption,
    framing,
    identity,
    people,
    punches,
    robustness,
    shared_faults,
    times,
)
from . import benign as harmless
from . import v2 as second_version
from .model import BENIGN, MUTANTS, Benign, Mutant

__all__ = ["BENIGN", "MUTANTS", "Benign", "Mutant", "Policy", "policy"]

_DECLARED_BY = (
    *(acknowledgements, duplicates, encryption, framing, harmless),
    *(identity, people, punches, robustness, second_version, shared_faults, times),
)


def policy(name: str) -> Policy:
    """A fresh policy of a mutant or benign variant. Raises: KeyError naming the closest names."""
    row = MUTANTS.get(name) or BENIGN.get(name)
    if row is None:
        raise KeyError(f"{name!r} is no mutant; the {len(MUTANTS)} names are in camsim_conformance.mutants.MUTANTS")
    return row.behaviour()
