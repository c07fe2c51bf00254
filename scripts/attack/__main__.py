"""Run the attacks of this folder one after the other: `python scripts/attack [--only NAME] [--json]`.

An attack is a script that exits 0 when camsim holds and 1 when something broke; its last line says what came of it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]


def attacks() -> dict[str, Path]:
    """Every attack by name; what begins with an underscore is shared by several."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.py")) if not path.stem.startswith("_")}


def run(name: str, path: Path) -> dict[str, object]:
    """One attack in a process of its own."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, str(path)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    return {
        "name": name,
        "held": done.returncode == 0,
        "code": done.returncode,
        "took_s": round(time.monotonic() - began, 1),
        "summary": lines[-1] if lines else "it said nothing",
        "output": done.stdout,
    }


def main() -> int:
    """0 when every attack failed to break anything."""
    parser = argparse.ArgumentParser(prog="python scripts/attack", description=__doc__)
    parser.add_argument("--only", metavar="NAME", action="append", help="this one alone; may repeat")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    given = parser.parse_args()
    known = attacks()
    unknown = [name for name in given.only or [] if name not in known]
    if unknown:
        parser.error(f"no attack {', '.join(unknown)}; there are {', '.join(known) or 'none'}")
    results = []
    for name in given.only or known:
        result = run(name, known[name])
        results.append(result)
        if given.json:
            continue
        print(
            f"{'held' if result['held'] else 'BROKE':6}{name:24}{result['took_s']:>8} s  {result['summary']}",
            flush=True,
        )
        if not result["held"]:
            print(result["output"], flush=True)
    if given.json:
        print(json.dumps(results, indent=1))
    return int(not all(result["held"] for result in results))


if __name__ == "__main__":
    sys.exit(main())
