"""Certify the vendor's own PHP demo: taken from the v3 page, run with PHP and MariaDB, judged by `camsim certify`.

    python scripts/vendor_php_demo.py PAGE                     print the verdicts
    python scripts/vendor_php_demo.py PAGE --out DIR           keep verdicts.md and every report of certify
    python scripts/vendor_php_demo.py PAGE --write-docs        put the table into docs/cookbook/vendor-php-demo.md

PAGE is the text of the vendor's v3 page; it is not shipped and nothing of it is kept: the two files live in a temporary
folder while the script runs. One line of the demo is changed, the connection: the socket of the temporary server
instead of localhost. Needs PyMySQL from PyPI and Debian's php-cli, php-mysql and mariadb-server (root installs them).
Exit: 0 judged, whatever the verdicts; 2 the page has no such demo; 3 could not judge, with the reason.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import vendor_php_servers as servers
from vendor_php_servers import SkippedError

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs" / "cookbook" / "vendor-php-demo.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
SECTION, SQL_FILE, PHP_FILE, NEXT_STEP = "Demo with PHP Program", "cams_db_setup.sql", "cams-callback.php", "Step "
DATABASE, TOKEN = "cams_biometric", "vendor-php-demo-token"  # made up; the demo never looks at it
RUN_LIMIT_S = 600.0
SELECT = (
    "SELECT user_id AS user, log_time AS time, punch_type AS type, input_type AS input, temperature,"
    " face_mask AS mask, serial_number AS device FROM attendance_logs WHERE user_id IN :users"
)
# The demo has no table for people and templates: to claim user-data is to say that it keeps them, and none is found.
NOTHING = "SELECT NULL AS user FROM attendance_logs WHERE FALSE AND user_id IN :users"


class PageError(ValueError):
    """The page does not hold the demo; the message says which part is missing."""


@dataclass(frozen=True, slots=True)
class Demo:
    """The two files of the demo, and the 1-based line of the page each begins at."""

    sql: str
    sql_line: int
    php: str
    php_line: int


@dataclass(frozen=True, slots=True)
class Run:
    """One run of certify: features, what the read-back declares the stored time to be, and PHP's time zone."""

    name: str
    features: str
    time_policy: str
    timezone: str = "UTC"


RUNS = (
    Run("core", "core", "instant"),
    Run("everything", "core,user-data,photo", "instant"),
    Run("wall clock", "core", "device-local"),
    Run("wall clock, PHP in Kolkata", "core", "device-local", "Asia/Kolkata"),
)


# --- the page ---------------------------------------------------------------------------------------------------------


def demo_of(page: str) -> Demo:
    """The demo of the section "Demo with PHP Program". Raises: PageError."""
    lines = page.splitlines()
    section = _find(lines, SECTION, 0)
    sql = _find(lines, SQL_FILE, section) + 1
    sql_end = _find(lines, NEXT_STEP, sql, whole=False)
    php = _find(lines, PHP_FILE, sql_end) + 1
    php_end = _find(lines, "?>", php) + 1
    if lines[php].strip() != "<?php":
        raise PageError(f'line {php + 1} is {lines[php]!r}; "<?php" is expected under {PHP_FILE}')
    return Demo(_text(lines[sql:sql_end]), sql + 1, _text(lines[php:php_end]), php + 1)


def _find(lines: Sequence[str], wanted: str, start: int, *, whole: bool = True) -> int:
    for number in range(start, len(lines)):
        line = lines[number].strip()
        if line == wanted or (not whole and line.startswith(wanted)):
            return number
    raise PageError(f'no line "{wanted}" after line {start + 1}: is this the text of the v3 page?')


def _text(lines: Sequence[str]) -> str:
    return "\n".join(lines).strip() + "\n"


def connected(php: str, server: Path) -> str:
    """The handler with its one connection line pointed at the socket `server`. Raises: PageError."""
    line = f'$pdo = new PDO("mysql:unix_socket={server};dbname={DATABASE};charset=utf8mb4", "root", "");'
    changed, count = re.subn(r"^\$pdo\s*=\s*new PDO\(.*\);[ \t]*$", lambda _: line, php, flags=re.MULTILINE)
    if count != 1:
        raise PageError(f"{count} lines of {PHP_FILE} begin with `$pdo = new PDO(`; exactly one is expected")
    return changed


# --- the verdicts -----------------------------------------------------------------------------------------------------


def certified(run: Run, url: str, server: Path, folder: Path, seed: int) -> dict[str, Any]:
    """result.json of one run of certify; its reports stay in `folder`. Raises: SkippedError."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "map.toml"
    file.write_text(map_of(run))
    database = f"sql:mysql+pymysql://root@localhost/{DATABASE}?unix_socket={quote(str(server), safe='')}"
    command = [sys.executable, "-m", "camsim", "certify", url, "--auth-token", TOKEN, "--seed", str(seed)]
    command += ["--features", run.features, "--readback", database, "--map", str(file), "--out", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=RUN_LIMIT_S)
    (folder / "terminal.txt").write_text(done.stdout + done.stderr)
    if done.returncode not in (0, 1):
        raise SkippedError(f"certify ({run.name}) ended with {done.returncode}: {(done.stdout + done.stderr)[-1500:]}")
    return dict(json.loads((folder / "result.json").read_text()))


def map_of(run: Run) -> str:
    """The map.toml of a run: what is claimed to be kept follows the features."""
    claims_people = "user-data" in run.features
    keeps = ["punches", "type", "input", "temperature", "mask", "device", *(["templates", "users"] * claims_people)]
    tables = {"punches": SELECT, **({"templates": NOTHING, "users": NOTHING} if claims_people else {})}
    head = f"time_policy = {json.dumps(run.time_policy)}\nkeeps = {json.dumps(keeps)}\n"
    return head + "".join(f"\n[{name}]\nselect = {json.dumps(select)}\n" for name, select in tables.items())


def judged(demo: Demo, out: Path, seed: int) -> dict[str, dict[str, Any]]:
    """result.json by name of run; everything started is stopped. Raises: PageError, SkippedError."""
    results: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="cams-php-", ignore_cleanup_errors=True) as name:
        folder, site = Path(name), Path(name) / "site"
        site.mkdir()
        (site / PHP_FILE).write_text(connected(demo.php, folder / servers.SOCKET))
        servers.handed_over(folder, site, site / PHP_FILE)
        with servers.mariadb(folder) as server:
            for number, run in enumerate(RUNS, 1):
                print(f"run {number} of {len(RUNS)}: {run.name} ...", file=sys.stderr)
                servers.run_sql(server, f"DROP DATABASE IF EXISTS {DATABASE};\n{demo.sql}")
                with servers.php(site, run.timezone) as url:
                    results[run.name] = certified(run, f"{url}/{PHP_FILE}", server, out / f"run-{number}", seed)
                shutil.copy(folder / servers.PHP_LOG, out / f"run-{number}")
    return results


def table_of(results: Mapping[str, Mapping[str, Any]]) -> str:
    """The runs and their verdicts by requirement, as Markdown."""
    lines = [
        "| run | `--features` | read-back says times are | PHP's zone | outcome | grade |",
        "|---|---|---|---|---|---|",
    ]
    for run in RUNS:
        found = results[run.name]
        cells = (run.name, run.features, run.time_policy, run.timezone, found["outcome"], found["grade"])
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", f"| requirement | level | {' | '.join(run.name for run in RUNS)} |", "|---|---|" + "---|" * len(RUNS)]
    verdicts = {name: {row["id"]: row["verdict"] for row in found["requirements"]} for name, found in results.items()}
    for row in results[RUNS[0].name]["requirements"]:
        cells = tuple(verdicts[run.name].get(row["id"], "–") for run in RUNS)
        lines.append(f"| {row['id']} | {row['level']} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _version(*command: str) -> str:
    done = subprocess.run(
        [servers.program(command[0]) or "", *command[1:]], capture_output=True, text=True, check=False
    )
    found = re.search(r"\d+\.\d+\.\d+", done.stdout)
    return found.group() if found else "of unknown version"


def report_of(page: bytes, demo: Demo, results: Mapping[str, Mapping[str, Any]], seed: int) -> str:
    """The measured part of the docs: what was judged with what, and the table."""
    digest = hashlib.sha256(page).hexdigest()[:12]
    head = (
        f"PHP {_version('php', '-v')}, MariaDB {_version('mariadbd', '--version')}, seed {seed}; page with SHA-256"
        f" {digest}…, {SQL_FILE} from line {demo.sql_line}, {PHP_FILE} from line {demo.php_line}.\n"
    )
    return f"{head}\n{table_of(results)}"


def write_docs(report: str) -> None:
    """The measured part of the cookbook page is this report."""
    before, rest = DOCS.read_text("utf-8").split(BEGIN)
    DOCS.write_text(f"{before}{BEGIN}\n{report}{END}{rest.split(END)[1]}", "utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the script; its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("page", type=Path, help="the text of the vendor's v3 page")
    parser.add_argument("--out", type=Path, help="folder for verdicts.md and the reports of certify")
    parser.add_argument("--seed", type=int, default=1, help="seed of certify (1)")
    parser.add_argument("--no-install", action="store_true", help="never install a Debian package")
    parser.add_argument("--write-docs", action="store_true", help=f"put the table into {DOCS.relative_to(ROOT)}")
    told = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped
    try:
        page = told.page.read_bytes()
        demo = demo_of(page.decode("utf-8"))
        servers.needs(install=not told.no_install)
        with tempfile.TemporaryDirectory(prefix="cams-php-out-") as spare:
            results = judged(demo, (told.out or Path(spare)).resolve(), told.seed)
    except (OSError, PageError) as error:
        print(f"vendor_php_demo: {error}", file=sys.stderr)
        return 2
    except (SkippedError, subprocess.TimeoutExpired) as error:
        print(f"vendor_php_demo: skipped: {error}", file=sys.stderr)
        return 3
    report = report_of(page, demo, results, told.seed)
    print(report, end="")
    if told.out:
        (told.out / "verdicts.md").write_text(report, "utf-8")
    if told.write_docs:
        write_docs(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
