"""The read-back adapters of docs/adapters tell what a receiver stored; each runs where its runtime is installed."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from certifying import TOKEN, profile, run, verdicts
from test_commands import camsim

from camsim.receiver import start

ADAPTERS = Path(__file__).resolve().parents[2] / "docs" / "adapters"
# The tables the adapters speak of, as views on those of the reference receiver.
VIEWS = """
CREATE VIEW punches AS SELECT user AS user_id, datetime(at, 'unixepoch') AS log_time, type, input FROM punch;
CREATE VIEW templates AS SELECT user AS user_id, type, idx, data FROM template;
CREATE VIEW users AS SELECT user AS user_id, first AS first_name, last AS last_name FROM person;
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(line: list[str], port: int, folder: Path, **env: str) -> Iterator[None]:
    """A process that listens on `port` until the test is over."""
    log = folder / "adapter.log"
    with (
        log.open("w") as out,
        subprocess.Popen(line, cwd=folder, env=os.environ | env, stdout=out, stderr=out) as child,
    ):
        try:
            wait_for(port, child, log)
            yield
        finally:
            child.terminate()


def wait_for(port: int, child: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 15
    while time.monotonic() < until and child.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(log.read_text())


Adapter = Callable[[Path, Path, int], "tuple[list[str], dict[str, str], str]"]


def flask(folder: Path, database: Path, port: int) -> tuple[list[str], dict[str, str], str]:
    shutil.copy(ADAPTERS / "flask_readback.py", folder)
    (folder / "app.py").write_text(
        "from flask import Flask\nfrom flask_readback import readback\n"
        f"app = Flask(__name__)\napp.config['DATABASE'] = {str(database)!r}\napp.register_blueprint(readback)\n"
        f"app.run(port={port})\n"
    )
    return [sys.executable, "app.py"], {}, f"http://127.0.0.1:{port}/readback"


def php(folder: Path, database: Path, port: int) -> tuple[list[str], dict[str, str], str]:
    binary = shutil.which("php")
    if binary is None:
        pytest.skip("php is not installed: apt-get install php-cli php-sqlite3")
    shutil.copy(ADAPTERS / "readback.php", folder)
    line = [binary, "-S", f"127.0.0.1:{port}", "-t", str(folder)]
    return line, {"READBACK_DSN": f"sqlite:{database}"}, f"http://127.0.0.1:{port}/readback.php"


def express(folder: Path, database: Path, port: int) -> tuple[list[str], dict[str, str], str]:
    binary = shutil.which("node")
    if binary is None:
        pytest.skip("node is not installed")
    probe = [binary, "-e", "require('express')"]
    if subprocess.run(probe, capture_output=True, check=False).returncode:
        pytest.skip("express is not installed: npm install express, and set NODE_PATH to its node_modules")
    shutil.copy(ADAPTERS / "express_readback.js", folder)
    # The driver is the application's choice; this one needs nothing beside Python.
    (folder / "query.py").write_text(
        "import json, sqlite3, sys\n"
        f"db = sqlite3.connect({str(database)!r})\ndb.row_factory = sqlite3.Row\n"
        "print(json.dumps([dict(row) for row in db.execute(sys.argv[1], json.loads(sys.argv[2]))]))\n"
    )
    (folder / "app.js").write_text(
        textwrap.dedent(
            f"""
            const app = require("express")();
            const {{ execFileSync }} = require("child_process");
            const query = (sql, values) =>
              JSON.parse(execFileSync({sys.executable!r}, ["query.py", sql, JSON.stringify(values)]));
            app.use("/readback", require("./express_readback.js")(query));
            app.listen({port}, "127.0.0.1");
            """
        )
    )
    return [binary, "app.js"], {}, f"http://127.0.0.1:{port}/readback"


@pytest.mark.parametrize("adapter", [flask, php, express], ids=lambda adapter: adapter.__name__)
def test_an_adapter_certifies_a_receiver(adapter: Adapter, tmp_path: Path) -> None:
    database, port = tmp_path / "app.db", free_port()
    line, env, url = adapter(tmp_path, database, port)
    with start("sqlite", tokens=[TOKEN], db=str(database)) as receiver, process(line, port, tmp_path, **env):
        with closing(sqlite3.connect(database)) as db:
            db.executescript(VIEWS)
        asked = ("CB-DUP-001", "CB-PUNCH-001", "CB-TIME-001", "CB-TPL-001", "CB-USR-001", "CB-WIRE-002")
        found = verdicts(run(profile(receiver.url, url, *asked, features=frozenset({"core", "user-data"}))))
    assert found == dict.fromkeys(found, "PASS")
    assert set(found) == set(asked)


@pytest.mark.parametrize("file", ["flask_readback.py", "express_readback.js", "readback.php"])
def test_an_adapter_has_at_most_forty_lines(file: str) -> None:
    assert len((ADAPTERS / file).read_text("utf-8").splitlines()) <= 40


@pytest.mark.parametrize("form", ["py:readback:Store", f"cmd:{sys.executable} readback.py"])
def test_a_program_certifies_a_receiver_in_both_of_its_forms(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = tmp_path / "app.db"
    shutil.copy(ADAPTERS / "readback.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ATTENDANCE_DB", str(database))
    with start("sqlite", tokens=[TOKEN], db=str(database)) as receiver:
        with closing(sqlite3.connect(database)) as db:
            db.executescript(VIEWS)
        asked = ("CB-DUP-001", "CB-TPL-001", "CB-USR-001")
        chosen = profile(receiver.url, form, *asked, features=frozenset({"core", "user-data"}), confirm=False)
        found = verdicts(run(chosen))
    monkeypatch.delitem(sys.modules, "readback", raising=False)
    assert found == dict.fromkeys(asked, "PASS")


def test_the_lines_of_the_cookbook_for_a_program_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ADAPTERS.parent / "cookbook" / "certify-in-ci.md").read_text("utf-8")
    lines = re.findall(r"^camsim (readback try \S*(?:py|cmd):.*)$", page, re.MULTILINE)
    shutil.copy(ADAPTERS / "readback.py", tmp_path)
    with closing(sqlite3.connect(tmp_path / "app.db")) as db:
        db.executescript(
            "CREATE TABLE punches (user_id TEXT, log_time TEXT, type TEXT, input TEXT);"
            "CREATE TABLE templates (user_id TEXT, type TEXT, idx TEXT, data TEXT);"
            "CREATE TABLE users (user_id TEXT, first_name TEXT, last_name TEXT);"
            "INSERT INTO punches VALUES ('1001', '2026-12-01 06:00:00', 'CheckIn', 'Face');"
        )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ATTENDANCE_DB", "app.db")
    for line in lines:
        words = shlex.split(line.replace("cmd:python ", f"cmd:{sys.executable} "))
        done = camsim(*words)
        assert (done.exit_code, "instant=2026-12-01T06:00:00Z" in done.stdout) == (0, True)
    monkeypatch.delitem(sys.modules, "readback", raising=False)
    assert len(lines) == 2
