"""The finding on instants that are told in several offsets."""

from __future__ import annotations

from camsim_conformance.model.observation import Aspect
from camsim_conformance.observed import Observed
from camsim_conformance.requirements.verdicts import Finding

from .told import as_told


def one_time(case: Observed) -> Finding:
    """Instants told in different offsets compare as instants; a declared wall clock cannot show that."""
    snapshot = case.snapshot
    if snapshot is None or snapshot.capabilities.time_policy != "device-local":
        return as_told(case, Aspect.ROW, Aspect.INSTANT)
    return Finding(
        holds="multi-zone" not in case.profile.features,
        expected="instants that compare across offsets",
        actual="the target keeps the device's wall clock, which cannot order punches of several zones",
        strict=False,
    )
