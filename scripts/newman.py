"""Run the exported Postman collection with newman, twice in a row, against a fresh device and the reference receiver.

    python scripts/newman.py [--profile NAME]...

Every profile gets a simulator of its own on free ports; default: each of the register's.
newman comes from npm into build/npm.
Exit: 0 green, or skipped because npm is not there (the reason is printed); 1 a test of the collection failed; 3 npm
could not install newman.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from npm_tools import NpmError, SkippedError, install, script

NEWMAN = "newman", "6.2.2"
TOKEN = "newman-token-of-32-characters-00"  # noqa: S105  made up
PROFILES = ("documented", "observed", "strict", "hostile")
START_LIMIT_S, RUN_LIMIT_S = 30, 300
CAMSIM = [sys.executable, "-m", "camsim"]


@contextmanager
def started(command: list[str], ready: Path) -> Iterator[dict[str, Any]]:
    """A server of camsim until the block ends; what its ready file says."""
    process = subprocess.Popen([*CAMSIM, *command, "--quiet", "--ready-file", str(ready)])
    try:
        deadline = time.monotonic() + START_LIMIT_S
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"camsim {command[0]} did not start")
            time.sleep(0.05)
        yield json.loads(ready.read_text())
    finally:
        process.terminate()
        process.wait(20)


def run_twice(newman: list[str], profile: str, folder: Path) -> int:
    """Two runs in a row against one fresh device. Returns how many tests and requests failed."""
    collection, failed = folder / "collection.json", 0
    exported = subprocess.run([*CAMSIM, "export", "postman"], capture_output=True, check=True)
    collection.write_bytes(exported.stdout)
    with ExitStack() as stack:
        listen = ["receiver", "--port", "0", "--auth-token", TOKEN]
        receiver = stack.enter_context(started(listen, folder / "receiver.json"))
        serve = ["serve", "--port", "0", "--management-port", "0", "--clock", "auto", "--profile", profile]
        serve += ["--auth-token", TOKEN, "--callback-url", receiver["url"]]
        gateway = stack.enter_context(started(serve, folder / "gateway.json"))
        variables = {
            "base_url": f"{gateway['gateway_url']}/external/api3.0/biometric",
            "stgid": gateway["devices"][0]["stgid"],
            "auth_token": TOKEN,
            "callback_url": receiver["url"],
        }
        for turn in (1, 2):
            failed += _run(newman, collection, variables, folder / f"run{turn}.json", f"{profile}, run {turn}")
    return failed


def _run(newman: list[str], collection: Path, variables: dict[str, str], report: Path, title: str) -> int:
    given = [word for key, value in variables.items() for word in ("--env-var", f"{key}={value}")]
    command = [*newman, "run", str(collection), *given, "--reporters", "json", "--reporter-json-export", str(report)]
    subprocess.run(command, capture_output=True, timeout=RUN_LIMIT_S, check=False)
    if not report.exists():
        print(f"{title}: newman wrote no report")
        return 1
    run = json.loads(report.read_text())["run"]
    requests, tests = run["stats"]["requests"], run["stats"]["assertions"]
    print(f"{title}: {requests['total']} requests, {tests['total']} tests, {len(run['failures'])} failures")
    for failure in run["failures"]:
        print(f"  {failure['source']['name']}: {failure['error'].get('test', '')} {failure['error']['message']}")
    return len(run["failures"]) + (not tests["total"])


def main() -> int:
    """Run, and say how it went."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--profile", action="append", choices=PROFILES)
    profiles = parser.parse_args().profile or PROFILES
    try:
        newman = script(install(*NEWMAN), "newman")
    except SkippedError as reason:
        print(f"newman: skipped: {reason}")
        return 0
    except NpmError as problem:
        print(f"newman: {problem}", file=sys.stderr)
        return 3
    failed = 0
    for profile in profiles:
        with tempfile.TemporaryDirectory(prefix="camsim-newman-") as folder:
            failed += run_twice(newman, profile, Path(folder))
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
