"""Fixtures of the conformance tests: one receiver a test, and one full result a session for the tests of reports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from certifying import TOKEN, profile
from made_once import Made, once

from camsim.receiver import Running, start
from camsim_conformance import certify
from camsim_conformance.certify import Outputs
from camsim_conformance.session import preflight

FULL = frozenset({"core", "user-data", "photo"})


@pytest.fixture
def receiver() -> Iterator[Running]:
    """The asynchronous reference receiver."""
    with start(tokens=[TOKEN]) as made:
        yield made


@pytest.fixture(autouse=True)
def short_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same first punch comes three times to who refuses it; nothing here needs the time of a cold start."""
    monkeypatch.setattr(preflight, "PAUSE_S", 0.02)


@pytest.fixture(scope="session")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Document and --out folder of a full run that passes at grade State."""

    def make(out: Path) -> dict[str, Any]:
        with start(tokens=[TOKEN]) as made:
            chosen = profile(made.url, made.readback_url, features=FULL)
            return dict(certify.certify(chosen, Outputs(out=out))[1])

    return once(tmp_path_factory, "passed", make)


@pytest.fixture(scope="session")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Document and --out folder of a run against a receiver that stores every copy."""

    def make(out: Path) -> dict[str, Any]:
        with start(tokens=[TOKEN], broken=_policy("no-dedupe")) as made:
            chosen = profile(made.url, made.readback_url, "CB-DUP-*", "CB-ACK-001")
            return dict(certify.certify(chosen, Outputs(out=out))[1])

    return once(tmp_path_factory, "failed", make)


def _policy(name: str) -> Any:
    from camsim_conformance.mutants import policy

    return policy(name)
