"""What --policy declares is allowed, and nothing else: it makes no run incomplete and hides no other loss."""

from __future__ import annotations

import pytest
from calling import judged, verdicts

from camsim.protocol.vocabulary import Protocol
from camsim.receiver.memory import Policy
from camsim_conformance.mutants.people import DeletionWithPunches
from camsim_conformance.requirements.verdicts import Evidence, Verdict
from camsim_conformance.verdict.grade import lacking
from camsim_conformance.verdict.result import Outcome

OF_DELETION = {Protocol.V3: ("CB-USR-*", "CB-ROW-002"), Protocol.V2: ("V2-USR-*", "V2-ROW-002")}


@pytest.mark.parametrize("protocol", list(Protocol))
def test_who_erases_punches_on_deletion_passes_when_that_is_declared(protocol: Protocol) -> None:
    result = judged(DeletionWithPunches, protocol, *OF_DELETION[protocol], erase_on_delete=True)
    assert (result.outcome, list(result.causes)) == (Outcome.PASSED, [])
    # Nothing that a grade State stands on is missing; a whole run has it.
    assert lacking(result.requirements, Evidence.STATE) == []
    found = verdicts(result)
    assert found.get("CB-USR-002", Verdict.NOT_APPLICABLE) is Verdict.NOT_APPLICABLE
    said = [case.actual for row in result.requirements for case in row.cases if row.requirement.id == "CB-USR-002"]
    assert all("--policy erase-on-delete" in one for one in said)


@pytest.mark.parametrize(
    ("behaviour", "declared", "verdict"),
    [(DeletionWithPunches, False, Verdict.FAIL), (Policy, True, Verdict.PASS), (Policy, False, Verdict.PASS)],
)
def test_it_fails_undeclared_and_who_keeps_them_passes(
    behaviour: type[Policy], declared: bool, verdict: Verdict
) -> None:
    found = verdicts(judged(behaviour, Protocol.V3, "CB-USR-002", erase_on_delete=declared))
    assert found["CB-USR-002"] is verdict
