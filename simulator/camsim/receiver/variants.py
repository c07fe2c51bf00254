"""Finds named faulty or benign variants of the receiver; packages add them by the entry-point group camsim.mutants."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Protocol

from .memory import Policy

GROUP = "camsim.mutants"


class VariantError(LookupError):
    """No variant of that name is installed."""


class Titled(Protocol):
    """A variant as a list shows it."""

    @property
    def title(self) -> str: ...


class Catalogue(Protocol):
    """What an entry point of the group loads: a module or object with these names."""

    MUTANTS: Mapping[str, Titled]
    BENIGN: Mapping[str, Titled]

    def policy(self, name: str) -> Policy:
        """A fresh policy object of that name."""
        ...


def catalogues() -> list[Catalogue]:
    """Everything the installed packages offer."""
    return [entry.load() for entry in entry_points(group=GROUP)]


def policy(name: str) -> Policy:
    """A fresh policy of the variant called `name`. Raises: VariantError with the way out."""
    found = catalogues()
    if not found:
        raise VariantError(f"{name!r}: no variants are installed; pip install 'camsim[conformance]'")
    for catalogue in found:
        if name in catalogue.MUTANTS or name in catalogue.BENIGN:
            return catalogue.policy(name)
    raise VariantError(f"{name!r} is no variant; see camsim receiver --list-broken")


def titles() -> dict[str, dict[str, str]]:
    """Names and titles under `broken` and `benign`."""
    broken: dict[str, str] = {}
    benign: dict[str, str] = {}
    for catalogue in catalogues():
        broken.update((name, row.title) for name, row in catalogue.MUTANTS.items())
        benign.update((name, row.title) for name, row in catalogue.BENIGN.items())
    return {"broken": broken, "benign": benign}
