"""The requirements as data: what is asked of a callback URL, how strongly, and which sentence of the vendor asks it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import NotRequired, TypedDict, cast

from camsim.protocol.vocabulary import Protocol

from .verdicts import Evidence, Level

FEATURES: Mapping[str, str] = {
    "core": "punches, and an acknowledgement for everything a device may send",
    "user-data": "names and templates of users are stored: both of the next two",
    "names": "names of users are stored",
    "templates": "templates of users are stored",
    "photo": "attendance photos are received",
    "aes": "bodies are encrypted with the security key",
    "v2": "the older protocol (form field request_data)",
    "multi-zone": "devices in several time zones: stored times must be instants",
    "multi-device": "several devices, each with its own token",
    "load": "a storm of punches (evidence from camsim storm)",
}


# What claims more than itself.
PARTS: Mapping[str, frozenset[str]] = {"user-data": frozenset({"names", "templates"})}


def with_parts(features: frozenset[str]) -> frozenset[str]:
    """The features with all that they claim: `user-data` is `names` and `templates`."""
    return features.union(*(parts for name, parts in PARTS.items() if name in features))


@dataclass(frozen=True, slots=True)
class Quote:
    """A verbatim part of one line of a vendor page."""

    page: str
    line: int
    text: str

    @property
    def source(self) -> str:
        """`V3:1170`, as the register cites."""
        return f"{self.page.upper()}:{self.line}"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One row of the catalogue. `upgrade` raises the level under a feature; `why` says why a SHOULD is no MUST."""

    id: str
    title: str
    level: Level
    basis: str
    evidence: frozenset[Evidence]
    features: tuple[str, ...]
    operations: tuple[str, ...]
    quotes: tuple[Quote, ...]
    cases: str
    protocol: Protocol
    upgrade_feature: str | None = None
    upgrade_level: Level | None = None
    why: str | None = None

    def level_for(self, features: frozenset[str]) -> Level:
        """The level under the claimed features."""
        if self.upgrade_level is not None and self.upgrade_feature in features:
            return self.upgrade_level
        return self.level

    @property
    def evidence_text(self) -> str:
        """`A`, `S`, `A+S` or `T`."""
        return "+".join(sorted(self.evidence))


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A sentence of the page that is not checked, and why."""

    id: str
    reason: str
    quotes: tuple[Quote, ...]


# --- the rows as the TOML files write them ---------------------------------------------------------------------------


class _QuoteRow(TypedDict):
    page: str
    line: int
    text: str


class _UpgradeRow(TypedDict):
    feature: str
    level: str


class _RequirementRow(TypedDict):
    id: str
    title: str
    level: str
    basis: str
    evidence: str
    features: list[str]
    operations: list[str]
    quotes: list[_QuoteRow]
    cases: str
    why: NotRequired[str]
    upgrade: NotRequired[_UpgradeRow]


class _ExclusionRow(TypedDict):
    id: str
    reason: str
    quotes: list[_QuoteRow]


class _File(TypedDict):
    requirement: list[_RequirementRow]
    exclusion: NotRequired[list[_ExclusionRow]]


@cache
def catalogue(protocol: Protocol = Protocol.V3) -> tuple[Requirement, ...]:
    """All requirements of a protocol, in printed order."""
    return tuple(_requirement(row, protocol) for row in _document(protocol)["requirement"])


@cache
def exclusions(protocol: Protocol = Protocol.V3) -> tuple[Exclusion, ...]:
    """What is deliberately not checked."""
    rows = _document(protocol).get("exclusion", [])
    return tuple(Exclusion(row["id"], row["reason"], _quotes(row["quotes"])) for row in rows)


@cache
def by_id() -> Mapping[str, Requirement]:
    """Requirements of both protocols by id."""
    return {row.id: row for protocol in Protocol for row in catalogue(protocol)}


def _document(protocol: Protocol) -> _File:
    file = resources.files(__package__) / f"{protocol}.toml"
    return cast("_File", tomllib.loads(file.read_text("utf-8")))


def _quotes(rows: Iterable[_QuoteRow]) -> tuple[Quote, ...]:
    return tuple(Quote(page=row["page"], line=row["line"], text=row["text"]) for row in rows)


def _requirement(row: _RequirementRow, protocol: Protocol) -> Requirement:
    upgrade = row.get("upgrade")
    return Requirement(
        id=row["id"],
        title=row["title"],
        level=Level(row["level"]),
        basis=row["basis"],
        evidence=frozenset(Evidence(letter) for letter in row["evidence"]),
        features=tuple(row["features"]),
        operations=tuple(row["operations"]),
        quotes=_quotes(row["quotes"]),
        cases=row["cases"],
        protocol=protocol,
        upgrade_feature=upgrade["feature"] if upgrade else None,
        upgrade_level=Level(upgrade["level"]) if upgrade else None,
        why=row.get("why"),
    )
