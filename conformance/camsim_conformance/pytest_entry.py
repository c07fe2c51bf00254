"""The entry point pytest finds: does nothing, and imports nothing, until camsim_conformance.checks is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

CHECKS = "camsim_conformance.checks"


def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Load the real plugin when the command line names the checks, so that its options are known in time."""
    if any(CHECKS in word or "camsim_conformance/checks" in word for word in args):
        load(early_config)


def load(config: pytest.Config) -> None:
    """Register the plugin once."""
    from . import pytest_checks

    if not config.pluginmanager.has_plugin(pytest_checks.NAME):
        config.pluginmanager.register(pytest_checks, pytest_checks.NAME)
