"""`camsim demo`: a gateway, three devices, a receiver, a working day, every operation, and what came of it."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from camsim import ending

from .report import show
from .setup import progress, receiver
from .v3 import demonstrate


@ending.interrupting()
def run(*, seed: int, people: int, protocol: str = "v3", as_json: bool = False) -> int:
    """Run the demonstration; 0 only when everything was delivered and answered as it should be."""
    if protocol == "v2":
        from .v2 import run as run_v2

        return run_v2(seed=seed, people=people, as_json=as_json)
    if protocol != "v3":
        sys.stderr.write(f"camsim: --protocol = {protocol!r} is not allowed; allowed: v3, v2\n")
        return 2
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, receiver(Path(folder)) as inbox, progress(quiet=as_json) as step:
        report = asyncio.run(demonstrate(seed, people, inbox, step))
    report["took_s"] = round(time.monotonic() - began, 1)
    if as_json:
        sys.stdout.write(json.dumps(report, indent=1) + "\n")
    else:
        show(report)
    return int(not report["passed"])
