"""Accepted violations with a reason, an owner and an end: they never hide, and never last."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from camsim.wording import why
from camsim_conformance.requirements.verdicts import Verdict
from camsim_conformance.target.profile import UsageError

# What a waiver may be for. One that is needed no more must go: it would hide the next violation.
VIOLATED = frozenset({Verdict.FAIL, Verdict.ADVICE})
EXAMPLE = '[[waiver]]\nid = "CB-DUP-001"\nreason = "fixed in release 8"\nowner = "payroll team"\nexpires = 2030-01-31'


@dataclass(frozen=True, slots=True)
class Waiver:
    """One accepted violation of a requirement."""

    id: str
    reason: str
    owner: str
    expires: date


def load(file: Path | None) -> tuple[Waiver, ...]:
    """The waivers of a file. Raises: UsageError with an example."""
    if file is None:
        return ()
    try:
        document = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"--waivers {file}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--waivers {file}: {why(error)}") from None
    rows = document.get("waiver")
    if not isinstance(rows, list):
        raise UsageError(f"--waivers {file}: no [[waiver]] found; write\n{EXAMPLE}")
    return tuple(_waiver(row, file) for row in rows)


def _waiver(row: object, file: Path) -> Waiver:
    row = row if isinstance(row, Mapping) else {}
    texts = {name: _text(row.get(name)) for name in ("id", "reason", "owner")}
    missing = [name for name, text in texts.items() if not text.strip()]
    expires = row.get("expires")
    if isinstance(expires, datetime):
        expires = expires.date()
    if not isinstance(expires, date):
        missing.append("expires")
    if missing or not isinstance(expires, date):
        raise UsageError(f"--waivers {file}: a waiver without {', '.join(missing)}; write\n{EXAMPLE}")
    return Waiver(**texts, expires=expires)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def problems(
    waivers: tuple[Waiver, ...], verdicts: Mapping[str, Verdict], known: frozenset[str], today: date
) -> list[str]:
    """What is wrong with the waivers themselves: unknown, expired, or for something that passes now."""
    found = []
    for waiver in waivers:
        if waiver.id not in known:
            found.append(f"waiver {waiver.id}: no such requirement; see camsim requirements")
        elif waiver.expires < today:
            found.append(f"waiver {waiver.id}: expired on {waiver.expires} (owner {waiver.owner})")
        elif waiver.id in verdicts and verdicts[waiver.id] not in VIOLATED:
            found.append(f"waiver {waiver.id}: not needed, the verdict is {verdicts[waiver.id]}; remove it")
    return found
