"""Fixtures: the built wheel, and an environment with it installed."""

from __future__ import annotations

from pathlib import Path

import pytest
from environments import build, install


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel."""
    return build(tmp_path_factory.mktemp("wheel"), "wheel")


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command `camsim` of a fresh environment with the wheel."""
    return install(tmp_path_factory.mktemp("environment"), wheel) / "camsim"
