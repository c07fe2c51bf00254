"""Cold `camsim serve` to ready against `python -c "import aiohttp"`: the difference in seconds, run in turn."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROUNDS = 7


def _serve(folder: str, number: int) -> float:
    ready = Path(folder) / f"ready{number}.json"
    words = ["serve", "--port", "0", "--management-port", "0", "--ready-file", str(ready), "-q"]
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "camsim", *words])
    while not ready.exists():
        time.sleep(0.002)
    took = time.perf_counter() - began
    process.terminate()
    process.wait(10)
    return took


def _import() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import aiohttp"], check=True)
    return time.perf_counter() - began


def measure() -> dict[str, float]:
    """Median seconds of both and of the paired difference."""
    with tempfile.TemporaryDirectory() as folder:
        _serve(folder, 0)
        pairs = [(_serve(folder, number), _import()) for number in range(1, ROUNDS + 1)]
    return {
        "serve_s": median(a for a, _ in pairs),
        "import_aiohttp_s": median(b for _, b in pairs),
        "difference_s": median(a - b for a, b in pairs),
        "wanted_below": 0.7,
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
