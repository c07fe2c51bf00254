"""`camsim demo`: every callback and every operation over real HTTP, nothing lost, exit 0 only if that is true."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from camsim.protocol.catalogue import V3


def test_it_shows_every_operation_and_loses_nothing() -> None:
    command = [sys.executable, "-m", "camsim", "demo", "--people", "5", "--seed", "7", "--json"]
    demo = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    told: Mapping[str, Any] = json.loads(demo.stdout)
    rows = {row["operation"]: row for row in told["operations"]}
    assert (demo.returncode, demo.stderr, told["problems"], told["seed"]) == (0, "", [], 7)
    assert {row.name for row in V3} <= set(rows)
    assert [name for name, row in rows.items() if row["acknowledged"] != row["sent"] or not row["sent"]] == []
    assert told["punches"] == told["acknowledged"] == told["stored"] > told["lost"] == 0
    assert told["offline_burst"] > 0
