"""`make bench`: every benchmark of the simulator, one table, one JSON file in bench-results/."""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
NAMES = (
    "startup_bench",
    "rest_bench",
    "callback_bench",
    "loadlog_bench",
    "state_bench",
    "receivers_bench",
    "backlog_bench",
    "plugin_bench",
    "scale_bench",
)


def _flat(value: object, prefix: str = "") -> list[tuple[str, float]]:
    if isinstance(value, dict):
        return [pair for key, item in value.items() for pair in _flat(item, f"{prefix}{key}.")]
    return [(prefix.rstrip("."), value)] if isinstance(value, (int, float)) else []


def main() -> int:
    """Run what is named on the command line, or all."""
    sys.path.insert(0, str(HERE))
    wanted = sys.argv[1:] or [name for name in NAMES if (HERE / f"{name}.py").exists()]
    results = {}
    for name in wanted:
        began = time.perf_counter()
        results[name] = importlib.import_module(name).measure()
        print(f"{name} ({time.perf_counter() - began:.0f} s)")
        for key, value in _flat(results[name]):
            print(f"    {key:<36}{value:12.3f}")
    folder = HERE.parent / "bench-results"
    folder.mkdir(exist_ok=True)
    (folder / "bench.json").write_text(json.dumps(results, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
