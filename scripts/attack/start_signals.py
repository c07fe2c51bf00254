"""Signals while a command starts: sent at random moments of its first 1.2 s, it ends with 0 or 130 and without a trace.

What arrives before the interpreter has come to camsim cannot be handled there; such shots are counted apart.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

CERTIFY = ["certify", "http://127.0.0.1:9/callback", "--auth-token", "t" * 32]
STORM = ["storm", "http://127.0.0.1:9/callback", "--duration", "60s"]
COMMANDS = {
    "serve": ["serve", "--port", "0", "--management-port", "0", "--quiet", "--ready-file", "READY"],
    "serve-state": [
        "serve",
        "--port",
        "0",
        "--management-port",
        "0",
        "--quiet",
        "--state",
        "STATE",
        "--devices",
        "200",
    ],
    "serve-many": ["serve", "--port", "0", "--management-port", "0", "--quiet", "--devices", "5000"],
    "receiver": ["receiver", "--port", "0", "--ready-file", "READY"],
    "demo": ["demo"],
    "certify": CERTIFY,
    "storm": STORM,
    "scenario": ["scenario", "run", "offline-weekend"],
}
# A closed port ends these by themselves (3), a scenario when it is through.
BY_ITSELF = {"certify": 3, "storm": 3, "scenario": 0, "demo": 0}
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE_S = 60.0


def is_caught(pid: int, number: int) -> bool:
    """True once the process has a handler of its own for a signal; the interpreter has one for SIGINT only."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True
    caught = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(caught >> (signal.SIGTERM - 1) & 1) or not number


def shoot(name: str, number: signal.Signals, delay_s: float, twice: bool, folder: Path) -> tuple[str, str]:
    """What came of one shot: `held`, `early` or `BROKE`, and how."""
    places = {"READY": str(folder / "ready.json"), "STATE": str(folder / f"{time.monotonic_ns()}.db")}
    words = [places.get(word, word) for word in COMMANDS[name]]
    process = subprocess.Popen(
        [sys.executable, "-m", "camsim", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    time.sleep(delay_s)
    handled = is_caught(process.pid, number)
    process.send_signal(number)
    if twice:
        time.sleep(random.random() * 0.05)
        process.send_signal(number)
    try:
        _, said = process.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return "BROKE", f"{name}: runs on {PATIENCE_S:g} s after {number.name} at {delay_s:.3f} s"
    code = process.returncode
    fine = code in (0, 130) or code == BY_ITSELF.get(name)
    if fine and "Traceback" not in said and "Exception ignored" not in said:
        if (folder / "ready.json").exists():
            return "BROKE", f"{name}: the ready file is still there after {number.name} at {delay_s:.3f} s"
        return "held", str(code)
    if not handled:
        return "early", str(code)
    return "BROKE", f"{name}: code {code} after {number.name} at {delay_s:.3f} s{' twice' * twice}\n{said[-2000:]}"


def main() -> int:
    """0 when every command held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shots", type=int, default=30, help="per command")
    parser.add_argument("--within", type=float, default=1.2, help="seconds after the start, at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=COMMANDS, action="append")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    dice, totals, broken = random.Random(given.seed), Counter[str](), []
    for name in given.only or COMMANDS:
        found = Counter[str]()
        for shot in range(given.shots):
            with tempfile.TemporaryDirectory() as folder:
                moment = dice.random() * given.within
                became, how = shoot(name, SIGNALS[shot % 3], moment, shot % 5 == 4, Path(folder))
            found[became if became != "held" else f"held {how}"] += 1
            if became == "BROKE":
                broken.append(how)
        totals.update(found)
        print(f"{name}: {dict(found)}", file=sys.stderr if given.json else sys.stdout, flush=True)
    for how in broken:
        print(how, file=sys.stderr)
    if given.json:
        print(json.dumps({"held": not broken, "outcomes": totals, "broken": broken}, indent=1))
    else:
        print(f"{sum(totals.values())} signals at {len(given.only or COMMANDS)} commands: {len(broken)} broke")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
