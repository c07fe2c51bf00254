"""A requirement stands in one place: its id, its cases and its check; whatever is missing is said at import."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.checks import sections
from camsim_conformance.checks.registry import judged_by, requirement
from camsim_conformance.observed import Observed
from camsim_conformance.plan.builder import Builder
from camsim_conformance.plan.cases import Case
from camsim_conformance.requirements import by_id

FOLDER = Path(sections.__file__).parent


def cases(make: Builder) -> Iterator[Case]:
    yield Case("any")


def check(case: Observed) -> None:
    """Judges nothing."""


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    sections.judged.cache_clear()
    yield
    sections.judged.cache_clear()


def section(*ids: str) -> ModuleType:
    """A section that judges these."""
    module = ModuleType("section")
    for number, name in enumerate(ids):

        def judge(case: Observed) -> None:
            """Judges nothing."""

        judge.__module__ = module.__name__
        setattr(module, f"test_{number}", requirement(name, cases)(judge))
    return module


def test_a_check_of_an_unknown_requirement_is_refused() -> None:
    with pytest.raises(ValueError, match="CB-DUP-999: no such requirement"):
        requirement("CB-DUP-999", cases)


def test_a_check_without_cases_is_refused() -> None:
    with pytest.raises(ValueError, match="CB-DUP-001: no cases"):
        requirement("CB-DUP-001")


def test_a_requirement_that_is_judged_nowhere_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    rest = tuple(module for module in sections.SECTIONS[Protocol.V3] if not module.__name__.endswith("test_time"))
    monkeypatch.setattr(sections, "SECTIONS", {Protocol.V3: rest})
    with pytest.raises(sections.SectionError, match=r"judged nowhere.*CB-TIME-001, CB-TIME-002, CB-TIME-003"):
        sections.judged(Protocol.V3)


def test_a_requirement_that_is_judged_twice_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    both = (*sections.SECTIONS[Protocol.V3], section("CB-DUP-001"))
    monkeypatch.setattr(sections, "SECTIONS", {Protocol.V3: both})
    with pytest.raises(sections.SectionError, match="CB-DUP-001 is judged twice"):
        sections.judged(Protocol.V3)


def test_every_module_of_tests_is_a_section() -> None:
    listed = {module.__name__.rpartition(".")[2] for some in sections.SECTIONS.values() for module in some}
    assert {file.stem for file in FOLDER.glob("test_*.py")} == listed


def test_an_id_stands_once() -> None:
    text = "\n".join(file.read_text("utf-8") for file in FOLDER.glob("test_*.py"))
    assert sorted(re.findall('@requirement\\("([^"]+)"', text)) == sorted(by_id())


def test_a_function_that_is_no_check_judges_nothing() -> None:
    assert judged_by(cases) is None
    assert judged_by(requirement("CB-DUP-001", cases)(check)) is not None
