"""Checks of user data: merging by Type and Index, names, deletions."""

from __future__ import annotations

from camsim_conformance.findings.punches import acknowledged, same_set
from camsim_conformance.findings.users import people, templates
from camsim_conformance.session.observed import Observed

from .registry import judges


@judges("CB-TPL-001")
def test_split_templates_are_merged(case: Observed) -> None:
    """Templates that arrive in several callbacks are merged."""
    case.state = templates(case)


@judges("CB-TPL-002")
def test_the_key_is_type_and_index(case: Observed) -> None:
    """Templates are kept by Type and Index: the same key is updated, another key is not."""
    case.state = templates(case)


@judges("CB-TPL-003")
def test_the_template_names_its_user(case: Observed) -> None:
    """#6 to #8 have no UserID of their own: that of the template is used."""
    case.ack = acknowledged(case)
    case.state = templates(case)


@judges("CB-TPL-004")
def test_an_empty_array_removes_nothing(case: Observed) -> None:
    """An update with an empty Template array removes no template."""
    case.state = templates(case)


@judges("CB-TPL-005")
def test_an_early_template_is_not_lost(case: Observed) -> None:
    """A template that arrives before its user is known is not lost."""
    case.state = templates(case)


@judges("CB-TPL-006")
def test_empty_names_are_recorded(case: Observed) -> None:
    """Whether the empty names of #4 and #5 erase a stored name is recorded."""
    case.state = people(case)


@judges("CB-TPL-007")
def test_a_shared_operation_id_is_recorded(case: Observed) -> None:
    """What becomes of a card and a PIN that share an OperationID, as the printed samples do, is recorded."""
    case.state = templates(case)


@judges("CB-USR-001")
def test_deletions_and_renames_are_reflected(case: Observed) -> None:
    """A deletion at the device and a change of name are reflected."""
    case.state = people(case)


@judges("CB-USR-002")
def test_punches_outlive_their_user(case: Observed) -> None:
    """Punches stay when their user is deleted at the device."""
    case.state = same_set(case)
