"""Read the report of `camsim storm`: evidence of load that a callback suite cannot make itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camsim.wording import one_line, why

from .profile import UsageError


@dataclass(frozen=True, slots=True)
class Storm:
    """What a storm showed. `rate` in punches a second, times in seconds."""

    rate: float
    duration_s: float
    p95_s: float
    sent: int
    lost: int
    read_back: bool

    def text(self) -> str:
        """One line for reports and certificates."""
        return (
            f"{self.sent} punches at {self.rate:g}/s for {self.duration_s:g} s, {self.lost} lost, "
            f"p95 {self.p95_s * 1000:.0f} ms"
        )


def read(file: Path) -> Storm:
    """The storm in a report file. Raises: UsageError."""
    try:
        document = json.loads(file.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"--storm {file}: {why(error)}; give the storm.json of camsim storm --out") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--storm {file}: no report of camsim storm ({why(error)})") from None
    if not isinstance(document, Mapping):
        raise UsageError(f"--storm {file}: a JSON object is expected")
    return _storm(document, file)


def _storm(document: Mapping[str, Any], file: Path) -> Storm:
    try:
        latency, ledger, stored = document["latency"], document["ledger"], document["readback"]
        if document["outcome"] == "could-not-judge":
            raise UsageError(
                f"--storm {file}: that storm is incomplete ({'; '.join(document['doubts'])}): run it again"
            )
        return Storm(
            float(document["rate"]["reached"]),
            float(document["duration_s"]),
            float(latency["p95"]),
            int(ledger["total"]),
            int(ledger["undelivered"]) + (int(stored["missing"]) if stored else 0),
            stored is not None,
        )
    except UsageError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise UsageError(f"--storm {file}: no report of camsim storm ({one_line(repr(error), 200)})") from None
