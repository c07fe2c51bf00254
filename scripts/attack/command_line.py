"""Attacks on the command line: every command with files, arguments and servers that nobody would give it.

The whole of what tests/simulator/test_hostile_command_line.py tries in part. Exit code 0 when every command ends with a
sentence and one of its exit codes, 1 with what broke.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run as a script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    options = parser.parse_args()
    tests = "tests/simulator/test_hostile_command_line.py"
    command = [sys.executable, "-m", "pytest", "-q", "--tb=line", "-p", "no:cacheprovider", tests]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "CAMSIM_WHOLE": "1"}, capture_output=True, text=True, check=False
    )
    broken = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if done.returncode and not broken:
        broken = [done.stdout[-2000:] + done.stderr[-2000:]]
    print(done.stdout[-4000:], file=sys.stderr if options.json else sys.stdout)
    if options.json:
        print(json.dumps({"attack": "command_line", "holds": not broken, "broken": broken}))
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
