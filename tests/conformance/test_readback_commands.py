"""`camsim readback try` and `suggest`, and `camsim cleanup`: real databases, real adapters."""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from certifying import FAST, TOKEN, adapter, profile
from typer.testing import CliRunner, Result

from camsim.receiver import start
from camsim_conformance.command import app
from camsim_conformance.commands.cleanup import place_of
from camsim_conformance.report.files import clean_up_list, left_behind
from camsim_conformance.session.session import Session

ROW = {"user": "7", "time": "2026-09-17T02:18:22Z", "type": "CheckIn", "input": "Face"}
WITH_WORDS = {"time_policy": "instant", "keeps": ["punches", "type", "input"]}
SCHEMA = """
CREATE TABLE tbl_attendance_log (id INTEGER PRIMARY KEY, emp_code TEXT, log_time DATETIME, direction TEXT,
  verify_mode TEXT, body_temperature REAL, device_serial TEXT);
CREATE TABLE employees (emp_code TEXT, first_name TEXT, last_name TEXT, salary REAL);
CREATE TABLE fingerprints (emp_code TEXT, type TEXT, finger_index INTEGER, template_data TEXT);
CREATE TABLE settings (name TEXT, value TEXT);
INSERT INTO tbl_attendance_log VALUES (1, '7', '2026-11-24 19:07:46 GMT +0530', 'in', 'FP', 36.6, 'ZHM1'),
  (2, '7', '2026-11-24 20:07:46 GMT +0530', 'out', 'Face', NULL, 'ZHM1'),
  (3, '8', '2026-11-25 9:7:6 GMT +0530', 'in', 'Face', NULL, 'ZHM1');
INSERT INTO employees VALUES ('7', 'Asha', 'Rao', 1.0);
INSERT INTO fingerprints VALUES ('7', 'Fingerprint', 3, 'AAAA');
"""


def camsim(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def tried(answer: Callable[[list[str]], Any], *people: str, capabilities: Any = WITH_WORDS) -> tuple[int, Any]:
    """Exit code and document of a trial of an HTTP adapter."""
    users = [word for person in people or ("7", "8") for word in ("--user", person)]
    with adapter(lambda kind, asked: {kind: answer(asked)}, capabilities) as url:
        done = camsim("readback", "try", url, *users, "--json")
    return done.exit_code, json.loads(done.stdout) if done.stdout.startswith("{") else done.stderr


def of(*users: str, **more: Any) -> list[dict[str, Any]]:
    return [{**ROW, "user": user, **more} for user in users]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    file = tmp_path / "app.db"
    with sqlite3.connect(file) as connection:
        connection.executescript(SCHEMA)
    connection.close()
    return file


# --- try --------------------------------------------------------------------------------------------------------------


def test_a_good_adapter_is_believed_and_its_times_are_shown_in_both_readings() -> None:
    code, told = tried(lambda asked: [{**row, "time": "2026-9-17 7:48:22 GMT +0530"} for row in of(*asked) if
                                      row["user"] in ("7", "8")])  # fmt: skip
    assert (code, told["believed"], told["faults"], told["hints"]) == (0, True, [], [])
    assert {(row["instant"], row["wall"]) for row in told["punches"]} == {
        ("2026-09-17T02:18:22Z", "2026-09-17T07:48:22")
    }
    assert told["capabilities"]["keeps"] == ["input", "punches", "type"]


def known(asked: list[str], **more: Any) -> list[dict[str, Any]]:
    return of(*[user for user in asked if user in ("7", "8")], **more)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda asked: known(asked, time="2026-09-17T02:18:22"), "has no offset"),
        (lambda asked: known(asked, time=20_713), "another unit"),
        (lambda asked: known(asked, time="yesterday"), "cannot be read"),
        (lambda asked: [{"user": user} for user in asked], 'without "time"'),
        (lambda asked: [], "nothing is shown of 7, 8"),
        (lambda asked: known(asked[:1]), "answers only the first user="),
        (lambda asked: of(*asked), "who is nobody"),
    ],
)
def test_what_cannot_be_believed_ends_with_3_and_is_named(answer: Callable[[list[str]], Any], why: str) -> None:
    code, told = tried(answer)
    assert (code, told["believed"]) == (3, False)
    assert why in " ".join(told["faults"])


@pytest.mark.parametrize(
    ("answer", "more", "why"),
    [
        (lambda asked: known(["7", "8"]) + of("9"), {}, "rows of people who were not asked for"),
        (lambda asked: known(asked, type="arrival"), {}, "type 'arrival' is no word of a device"),
        (lambda asked: known(asked, type=None), {}, "keeps says type, and a row has none"),
        (lambda asked: known(asked, mask=True), {}, "rows have mask, and keeps does not name it"),
        (known, {"keeps": ["punches", "type", "input", "photos"]}, "keeps names photos"),
        (known, {"input_words": {"f": ["Faec"]}}, "input_words says 'f' is Faec"),
    ],
)
def test_what_may_be_meant_otherwise_is_hinted_at(answer: Callable[[list[str]], Any], more: Any, why: str) -> None:
    code, told = tried(answer, capabilities={**WITH_WORDS, **more})
    assert (code, told["faults"]) == (0, [])
    assert why in " ".join(told["hints"])


def test_an_adapter_that_is_no_adapter_and_wrong_usage_have_their_exit_codes(tmp_path: Path) -> None:
    assert tried(lambda asked: [], capabilities={"time_policy": "maybe"})[0] == 3
    assert camsim("readback", "try", "ftp://x", "--user", "7").exit_code == 2
    typo = camsim("readback", "try", f"sql:sqlite:///{tmp_path}/typo.db", "--user", "7", "--map", "none.toml")
    assert (typo.exit_code, "none.toml" in typo.stderr) == (2, True)


# --- suggest ----------------------------------------------------------------------------------------------------------


def test_a_suggested_map_is_accepted_at_once(database: Path, tmp_path: Path) -> None:
    file = tmp_path / "map.toml"
    done = camsim("readback", "suggest", f"sql:sqlite:///{database}", "--out", file)
    assert done.exit_code == 0, done.stderr
    text = file.read_text()
    for part in ('time_policy = "instant"', "tell the instant, as '2026-11-24 19:07:46 GMT +0530'", "'FP' is no word"):
        assert part in text
    shown = camsim("readback", "try", f"sql:sqlite:///{database}", "--map", file, "--user", "7", "--json")
    told = json.loads(shown.stdout)
    assert (shown.exit_code, told["faults"]) == (0, [])
    first = told["punches"][0]
    assert (first["instant"], first["type"], first["device"]) == ("2026-11-24T13:37:46Z", "in", "ZHM1")
    assert told["capabilities"]["type_words"]["in"] == ["BreakIn", "CheckIn", "MealIn", "OverTimeIn"]
    assert (told["templates"][0]["index"], told["users"][0]["first_name"]) == (3, "Asha")
    assert camsim("readback", "suggest", f"sql:sqlite:///{database}", "--out", file).exit_code == 2  # it is there


def test_a_database_without_punches_says_what_it_has(tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE invoice (number TEXT, total REAL)")
    connection.close()
    done = camsim("readback", "suggest", f"sql:sqlite:///{file}")
    assert (done.exit_code, "invoice(number, total)" in done.stderr) == (3, True)
    assert camsim("readback", "suggest", f"sql:sqlite:///{tmp_path}/typo.db").exit_code == 2
    assert not (tmp_path / "typo.db").exists()


def test_naive_times_are_taken_for_a_wall_clock_and_the_map_says_so(tmp_path: Path) -> None:
    file = tmp_path / "naive.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE punches (user_id INTEGER, punch_time TEXT)")
        connection.execute("INSERT INTO punches VALUES (7, '2026-11-24 19:07:46')")
    connection.close()
    text = camsim("readback", "suggest", f"sql:sqlite:///{file}").stdout
    assert 'time_policy = "device-local"' in text
    assert "ids with leading zeros or letters cannot be kept apart" in text


# --- a run by SQL from the schema to the clean-up ---------------------------------------------------------------------


def test_a_suggested_map_certifies_and_cleans_up_after_itself(tmp_path: Path) -> None:
    database, file, out = tmp_path / "receiver.db", tmp_path / "map.toml", tmp_path / "report"
    with start("sqlite", tokens=[TOKEN], db=str(database)) as receiver:
        assert camsim("readback", "suggest", f"sql:sqlite:///{database}", "--out", file).exit_code == 0
        words = ("--readback", f"sql:sqlite:///{database}", "--map", file, "--settle", FAST["settle_s"], "--out", out)
        globs = ("--requirement", "CB-DUP-*", "--requirement", "CB-TPL-001", "--requirement", "CB-USR-001")
        done = camsim("certify", receiver.url, "--auth-token", TOKEN, "--features", "user-data", *globs, *words)
        assert done.exit_code == 0, done.stdout + done.stderr
        printed = camsim("cleanup", out, "--map", file)
    assert printed.exit_code == 0, printed.stderr
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM punch").fetchone() > (0,)
        connection.executescript(printed.stdout)
        for table in ("punch", "person", "template"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    connection.close()


def test_the_lines_of_the_cookbook_do_what_it_says(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[2] / "docs" / "cookbook" / "certify-in-ci.md").read_text()
    lines = re.findall(r"^camsim (?:readback|cleanup) (?!try \S*(?:py|cmd):).*$", page, re.MULTILINE)
    assert len(lines) == 4
    folder = database.parent
    with sqlite3.connect(database) as connection:
        rows = [("1001", "2026-11-24 19:07:46 GMT +0530"), ("1002", "2026-11-24 19:07:46 GMT +0530")]
        connection.executemany("INSERT INTO tbl_attendance_log (emp_code, log_time) VALUES (?, ?)", rows)
    connection.close()
    (folder / "report").mkdir()
    people = listed(folder / "report", 3)
    (folder / "remove-users.sh").write_text('#!/bin/sh\necho "$@" > removed\n')
    (folder / "remove-users.sh").chmod(0o755)
    monkeypatch.chdir(folder)
    for line in lines:
        words, _, file = line.partition("#")[0].partition(">")
        done = camsim(*words.split()[1:])
        assert done.exit_code == 0, done.stdout + done.stderr
        if file:
            (folder / file.strip()).write_text(done.stdout)
    assert (folder / "removed").read_text().split() == people
    assert (
        "DELETE FROM tbl_attendance_log WHERE emp_code IN ('1000', '1001', '1002');"
        in (folder / "cleanup.sql").read_text()
    )


# --- cleanup ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("select", "place"),
    [
        ("SELECT user_id AS user, at AS time FROM log WHERE user_id IN :users", ("log", "user_id", ())),
        ("select l.who as user from app.log AS l where l.who in (:users);", ("app.log", "who", ())),
        ("SELECT u AS user FROM log WHERE CAST(u AS TEXT) IN :users", ("log", "CAST(u AS TEXT)", ())),
        ("SELECT u AS user FROM log JOIN staff ON log.s = staff.id WHERE staff.code IN :users", None),
        ("SELECT u AS user FROM log, staff WHERE u IN :users", None),
        ("SELECT u AS user FROM log WHERE u IN :users AND kind = 1", ("log", "u", ("kind = 1",))),
        ("SELECT code AS user FROM staff WHERE deleted_at IS NULL AND code IN :users", ("staff", "code", ())),
        (
            "SELECT s.code AS user FROM staff s WHERE s.gone = 0 AND s.code IN (:users) AND s.org = 'a'",
            ("staff", "code", ("org = 'a'",)),
        ),
        ("SELECT u AS user FROM log WHERE u IN :users ORDER BY at", ("log", "u", ())),
        ("SELECT u AS user FROM log WHERE u IN :users AND at > (SELECT 1)", None),
        ("SELECT u AS user FROM log WHERE kind = 1 OR u IN :users", None),
        ("SELECT u AS user FROM (SELECT * FROM log) WHERE u IN :users", None),
    ],
)
def test_only_a_plain_select_of_one_table_becomes_a_delete(select: str, place: tuple[object, ...] | None) -> None:
    assert place_of(select) == place


def listed(folder: Path, count: int) -> list[str]:
    people = [str(number) for number in range(1000, 1000 + count)]
    (folder / "cleanup.txt").write_text("\n".join(people) + "\n")
    return people


def test_a_select_that_is_not_plain_gives_the_ids_and_no_delete(tmp_path: Path) -> None:
    people = listed(tmp_path, 3)
    file = tmp_path / "map.toml"
    file.write_text('[punches]\nselect = "SELECT a AS user FROM x JOIN y ON x.i = y.i WHERE y.a IN :users"\n')
    done = camsim("cleanup", tmp_path, "--map", file)
    assert (done.exit_code, "DELETE" in done.stdout) == (0, False)
    assert all(user in done.stdout for user in people)


def test_a_command_of_ones_own_gets_the_ids_a_hundred_at_a_time(tmp_path: Path) -> None:
    people = listed(tmp_path, 230)
    script = tmp_path / "remove.py"
    script.write_text(f"import sys\nopen({str(tmp_path / 'got')!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')\n")
    assert camsim("cleanup", tmp_path, "--run", f"{sys.executable} {script}").exit_code == 0
    got = (tmp_path / "got").read_text()
    assert ([len(line.split()) for line in got.splitlines()], got.split()) == ([100, 100, 30], people)
    script.write_text("raise SystemExit(5)\n")
    failed = camsim("cleanup", tmp_path, "--run", f"{sys.executable} {script}")
    assert (failed.exit_code, "ended with 5 at ids 1000 to 1099" in failed.stderr) == (1, True)


def test_cleanup_needs_a_run_and_one_way(tmp_path: Path) -> None:
    assert camsim("cleanup", tmp_path, "--run", "true").exit_code == 2
    listed(tmp_path, 1)
    assert camsim("cleanup", tmp_path).exit_code == 2


def test_people_who_were_there_before_are_never_removed(tmp_path: Path) -> None:
    given = tuple(str(n) for n in range(1, 30))
    made = Session(profile("http://127.0.0.1:9/", None, "CB-DUP-001", people=given)).plan()
    clean_up_list(tmp_path, made, given)
    own, before = left_behind(tmp_path)
    assert before
    assert set(before) <= set(given)
    assert not set(own) & set(given)
    assert set(own) | set(before) == set(made.left_behind)
