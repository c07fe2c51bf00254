"""Damage copies of a state file at random and load them: each is the same state or is refused by name, never another.

Run: python scripts/attack/damage.py --tries 3000
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from camsim.service.state_file import StoreError
from camsim.service.state_reader import load
from camsim.state.gateway import whole

PEOPLE = 5


def _serve(state: Path, ready: Path, every: int) -> subprocess.Popen[bytes]:
    words = ["serve", "--devices", "4", "--users", str(PEOPLE), "--model", "f38+", "--quiet", "--port", "0"]
    words += ["--management-port", "0", "--clock", "manual", "--state", str(state), "--ready-file", str(ready)]
    ready.unlink(missing_ok=True)
    words += ["--snapshot-every", str(every)]
    process = subprocess.Popen([sys.executable, "-m", "camsim", *words])
    while not ready.exists():
        time.sleep(0.02)
    return process


def _post(url: str, path: str, body: object) -> None:
    request = urllib.request.Request(f"{url}/api/{path}", json.dumps(body).encode(), method="POST")  # noqa: S310  loopback
    urllib.request.urlopen(request).read()  # noqa: S310  loopback


def make(folder: Path, every: int, *, clean: bool) -> Path:
    """A state file after some work: killed, so that its log and -wal are full, or stopped."""
    state, ready = folder / "state.db", folder / "ready.json"
    process = _serve(state, ready, every)
    url = json.loads(ready.read_text())["management_url"]
    for number in range(150):
        device = f"SIM{number % 4 + 1:05d}"
        _post(url, f"devices/{device}/punches", [{"user": str(number % PEOPLE + 1), "count": 40}])
        if number % 9 == 0:
            _post(url, f"devices/{device}/users", {"user": f"9{number}", "templates": ["Card", "Fingerprint"]})
        if number % 7 == 0:
            _post(url, "clock/advance", {"seconds": 31})
    process.send_signal(signal.SIGTERM if clean else signal.SIGKILL)
    process.wait(20)
    return state


def state_of(path: Path) -> tuple[bytes | None, str]:
    """The whole state as bytes, or why it was refused."""
    try:
        found = load(path)
    except StoreError as problem:
        return None, str(problem)
    return (b"" if found.kernel is None else whole(found.kernel.state)), ""


def _bytes(path: Path) -> tuple[bytes, bytes]:
    wal = Path(f"{path}-wal")
    return path.read_bytes(), wal.read_bytes() if wal.exists() else b""


# --- damages ----------------------------------------------------------------------------------------------------------


def flip(data: bytearray, dice: random.Random) -> str:
    """One bit."""
    place = dice.randrange(len(data))
    data[place] ^= 1 << dice.randrange(8)
    return f"bit at {place}"


def zero(data: bytearray, dice: random.Random) -> str:
    """A stretch of zeros, as a disk gives back."""
    size = dice.choice([16, 512, 4096])
    place = dice.randrange(len(data)) // size * size
    data[place : place + size] = bytes(len(data[place : place + size]))
    return f"{size} zeros at {place}"


def cut(data: bytearray, dice: random.Random) -> str:
    """The end is missing."""
    size = dice.randrange(len(data))
    del data[size:]
    return f"cut to {size}"


def swap(data: bytearray, dice: random.Random) -> str:
    """Two pages change places."""
    pages = max(2, len(data) // 4096)
    a, b = (4096 * dice.randrange(pages) for _ in range(2))
    data[a : a + 4096], data[b : b + 4096] = data[b : b + 4096], data[a : a + 4096]
    return f"pages at {a} and {b} swapped"


def remove_row(path: Path, dice: random.Random) -> str:
    """A row less."""
    table = dice.choice(["log", "snapshot", "meta"])
    with sqlite3.connect(path) as db:
        rows = [row[0] for row in db.execute(f"SELECT rowid FROM {table}")] if table != "meta" else []  # noqa: S608
        if table == "meta":
            keys = [row[0] for row in db.execute("SELECT key FROM meta WHERE key <> 'created'")]
            key = dice.choice(keys)
            db.execute("DELETE FROM meta WHERE key = ?", (key,))
            said = f"meta {key} removed"
        elif rows:
            row = dice.choice(rows)
            db.execute(f"DELETE FROM {table} WHERE rowid = ?", (row,))  # noqa: S608
            said = f"{table} row {row} removed"
        else:
            said = "nothing to remove"
    db.close()
    return said


_OF_BYTES: list[Callable[[bytearray, random.Random], str]] = [flip, flip, flip, flip, flip, flip, zero, cut, swap]


def one(original: Path, folder: Path, dice: random.Random) -> str:
    """Damage a copy in one way; says how."""
    copy = folder / "copy.db"
    for part in ("", "-wal", "-shm"):
        Path(f"{copy}{part}").unlink(missing_ok=True)
        if Path(f"{original}{part}").exists():
            shutil.copyfile(f"{original}{part}", f"{copy}{part}")
    wal = Path(f"{copy}-wal")
    if dice.random() < 0.05:
        return remove_row(copy, dice)
    if wal.exists() and dice.random() < 0.03:
        wal.unlink()
        return "the -wal file removed"
    parts = [path for path in (copy, wal) if path.exists() and path.stat().st_size]
    part = dice.choice(parts)
    data = bytearray(part.read_bytes())
    said = dice.choice(_OF_BYTES)(data, dice)
    part.write_bytes(data)
    return f"{said} of {part.name.removeprefix('copy.db') or 'the file'}"


def attack(tries: int, seed: int, every: int, *, clean: bool, quiet: bool) -> tuple[Counter[str], list[str]]:
    """So many damages of one file: outcomes, and what was loaded as another state."""
    dice, outcomes, wrong = random.Random(seed), Counter[str](), list[str]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        original = make(folder, every, clean=clean)
        before, why = state_of(original)
        if before is None:
            return Counter({"the file itself was refused": 1}), [why]
        for number in range(tries):
            said = one(original, folder, dice)
            untouched = _bytes(folder / "copy.db")
            after, why = state_of(folder / "copy.db")
            if _bytes(folder / "copy.db") != untouched:
                wrong.append(f"{said}: the file was changed by reading it")
            if after is None:
                outcomes["refused"] += 1
                if str(folder / "copy.db") not in why:
                    wrong.append(f"{said}: {why}")
            elif after == before:
                outcomes["same state"] += 1
            else:
                outcomes["another state"] += 1
                wrong.append(said)
            if not quiet and number % 250 == 249:
                print(f"{number + 1}/{tries} {dict(outcomes)}", flush=True)
    return outcomes, wrong


def main() -> int:
    """Damage three files: killed with a long log, killed with many snapshots, stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    total, wrong = Counter[str](), list[str]()
    for number, (every, clean) in enumerate([(100_000, False), (40, False), (100_000, True)]):
        found = attack(given.tries // 3, given.seed + number, every, clean=clean, quiet=given.json)
        total += found[0]
        wrong += found[1]
    if given.json:
        print(json.dumps({"outcomes": total, "wrong": wrong}))
    else:
        print(f"{dict(total)}", *wrong[:20], sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
