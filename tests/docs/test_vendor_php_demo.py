"""The script that certifies the vendor's PHP demo takes the demo from a page; the run itself is `make vendor-php`."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts"
PAGE = """\
How to call it

cams-callback.php
is named before its section as well.
Demo with PHP Program

Step 1 — Create the table

cams_db_setup.sql
CREATE DATABASE some_name;

CREATE TABLE t (id INT);

Step 2 — The handler

cams-callback.php
<?php
// Where the data lives
$pdo = new PDO("mysql:host=example;dbname=some_name", "someone", "secret");
$other = 'new PDO(';
?>

Step 3 — Try it
"""


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return importlib.import_module("vendor_php_demo")


def test_both_files_are_taken_from_their_section(script: ModuleType) -> None:
    demo = script.demo_of(PAGE)
    assert demo.sql == "CREATE DATABASE some_name;\n\nCREATE TABLE t (id INT);\n"
    assert demo.php.splitlines()[0] == "<?php"
    assert demo.php.splitlines()[-1] == "?>"


def test_the_lines_of_the_page_are_told(script: ModuleType) -> None:
    demo, lines = script.demo_of(PAGE), PAGE.splitlines()
    assert lines[demo.sql_line - 1] == "CREATE DATABASE some_name;"
    assert lines[demo.php_line - 1] == "<?php"


def test_only_the_connection_line_is_changed(script: ModuleType) -> None:
    before = script.demo_of(PAGE).php
    after = script.connected(before, Path("/run/some.sock"))
    changed = [new for old, new in zip(before.splitlines(), after.splitlines(), strict=True) if old != new]
    assert len(changed) == 1
    assert "unix_socket=/run/some.sock;" in changed[0]


def test_a_handler_without_one_connection_line_is_refused(script: ModuleType) -> None:
    with pytest.raises(script.PageError, match="0 lines"):
        script.connected("<?php\n?>\n", Path("/run/some.sock"))


@pytest.mark.parametrize("missing", ["Demo with PHP Program", "cams_db_setup.sql", "<?php", "?>"])
def test_a_page_without_the_demo_says_what_is_missing(script: ModuleType, missing: str) -> None:
    with pytest.raises(script.PageError) as error:
        script.demo_of(PAGE.replace(missing, "something else"))
    assert missing in str(error.value)


def test_another_page_ends_with_2_and_starts_nothing(tmp_path: Path) -> None:
    page = tmp_path / "page.txt"
    page.write_text("nothing of the kind")
    command = [sys.executable, str(SCRIPTS / "vendor_php_demo.py"), str(page), "--no-install"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "is this the text of the v3 page?" in done.stderr


def test_without_php_the_run_is_skipped_with_the_way_out(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(script.servers, "SYSTEM_PATHS", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    with pytest.raises(script.SkippedError, match="apt-get install mariadb-client mariadb-server php-cli php-mysql"):
        script.servers.needs(install=False)


def test_people_are_claimed_only_with_user_data(script: ModuleType) -> None:
    keeps = {run.name: tomllib.loads(script.map_of(run))["keeps"] for run in script.RUNS}
    assert {name for name, kept in keeps.items() if "templates" in kept} == {"everything"}


def test_the_cookbook_page_has_a_table_of_every_run(script: ModuleType) -> None:
    measured = script.DOCS.read_text("utf-8").split(script.BEGIN)[1].split(script.END)[0]
    head = next(line for line in measured.splitlines() if line.startswith("| requirement"))
    assert [cell.strip() for cell in head.split("|")[3:-1]] == [run.name for run in script.RUNS]
