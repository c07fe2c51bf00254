"""Fixtures of the conformance tests: one receiver a test, and one full result a session for the tests of reports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from certifying import TOKEN, profile

from camsim.receiver import Running, start
from camsim_conformance import certify
from camsim_conformance.certify import Outputs

FULL = frozenset({"core", "user-data", "photo"})


@pytest.fixture
def receiver() -> Iterator[Running]:
    """The asynchronous reference receiver."""
    with start(tokens=[TOKEN]) as made:
        yield made


@pytest.fixture(scope="session")
def passed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """Document and --out folder of a full run that passes at grade State."""
    out = tmp_path_factory.mktemp("passed")
    with start(tokens=[TOKEN]) as made:
        chosen = profile(made.url, made.readback_url, features=FULL)
        _, document = certify.certify(chosen, Outputs(out=out))
    return document, out


@pytest.fixture(scope="session")
def failed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """Document and --out folder of a run against a receiver that stores every copy."""
    out = tmp_path_factory.mktemp("failed")
    with start(tokens=[TOKEN], broken=_policy("no-dedupe")) as made:
        chosen = profile(made.url, made.readback_url, "CB-DUP-*", "CB-ACK-001")
        _, document = certify.certify(chosen, Outputs(out=out))
    return document, out


def _policy(name: str) -> Any:
    from camsim_conformance.mutants import policy

    return policy(name)
