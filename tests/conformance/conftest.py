"""Fixtures of the conformance tests: one receiver a test, and one full result a session for the tests of reports."""

from __future__ import annotations

import fcntl
import os
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from certifying import TOKEN, profile

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


Made = tuple[dict[str, Any], Path]


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], dict[str, Any]]) -> Made:
    """Document and folder of a run that is made once, whichever worker of xdist asks for it first."""
    root = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    out, kept = root / name, root / f"{name}.pickle"
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            out.mkdir()
            kept.write_bytes(pickle.dumps(make(out)))
    return pickle.loads(kept.read_bytes()), out


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
