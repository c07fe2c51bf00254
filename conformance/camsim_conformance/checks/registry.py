"""Which function judges which requirement."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache

from camsim_conformance.session.observed import Observed

Check = Callable[[Observed], None]
_found: dict[str, Check] = {}


def judges(requirement: str) -> Callable[[Check], Check]:
    """Marks the one check of a requirement. Raises: ValueError for a second one."""

    def mark(check: Check) -> Check:
        known = _found.get(requirement)
        if known is not None and known.__module__ != check.__module__:
            raise ValueError(f"{requirement} is judged by {known.__name__} and {check.__name__}")
        _found[requirement] = check
        check.requirement = requirement  # type: ignore[attr-defined]
        return check

    return mark


@cache
def checks() -> Mapping[str, Check]:
    """All checks by requirement id."""
    package = importlib.import_module(__package__)
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.startswith("test_"):
            importlib.import_module(f"{package.__name__}.{module.name}")
    return dict(_found)
