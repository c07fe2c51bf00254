"""A first map of ordinary schemas: times in two columns, columns that no name says, ids of a table of people; and a map
to complete where a column is missing."""

from __future__ import annotations

import sqlite3
import tomllib
from pathlib import Path

import pytest
from test_commands import camsim

from camsim_conformance.readback.suggest import suggested


def database(tmp_path: Path, *statements: str) -> str:
    file = tmp_path / "app.db"
    with sqlite3.connect(file) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()
    return f"sqlite:///{file}"


def punches_of(url: str) -> str:
    found = tomllib.loads(suggested(url).text)
    return str(found["punches"]["select"])


@pytest.mark.parametrize(
    ("columns", "time", "said"),
    [
        ("badge TEXT, ts INTEGER", "1796104686", "badge AS user, ts AS time"),
        ("badge TEXT, ts_ms INTEGER", "1796104686000", "ts_ms AS time"),
        ("device_user TEXT, punched_at TEXT", "'2026-12-01 06:00:28+00'", "device_user AS user, punched_at AS time"),
        ("emp_code TEXT, moment_of_it TEXT", "'2026-12-01T06:00:28Z'", "emp_code AS user, moment_of_it AS time"),
    ],
)
def test_more_names_and_what_columns_hold_are_understood(tmp_path: Path, columns: str, time: str, said: str) -> None:
    url = database(
        tmp_path,
        f"CREATE TABLE event_log ({columns}, kind TEXT, via TEXT, created_at TEXT)",
        f"INSERT INTO event_log VALUES ('0042', {time}, 'CheckIn', 'Face', '2026-12-01 09:00:00')",
    )
    assert said in punches_of(url)


@pytest.mark.parametrize("filled", [True, False])
def test_a_day_and_a_time_of_day_become_one_time(tmp_path: Path, filled: bool) -> None:
    rows = ["INSERT INTO attendance VALUES ('7', '2026-12-01', '11:27:45')"] if filled else []
    url = database(tmp_path, "CREATE TABLE attendance (emp_no TEXT, att_date TEXT, att_time TEXT)", *rows)
    assert "att_date || ' ' || att_time AS time" in punches_of(url)
    assert ('time_policy = "device-local"' in suggested(url).text) == filled


@pytest.mark.parametrize("reference", ["REFERENCES employees(id)", ""])
def test_the_id_of_a_row_of_people_is_no_id_of_a_device(tmp_path: Path, reference: str) -> None:
    url = database(
        tmp_path,
        "CREATE TABLE employees (id INTEGER PRIMARY KEY, code TEXT, first_name TEXT, last_name TEXT, deleted_at TEXT)",
        f"CREATE TABLE logs (id INTEGER PRIMARY KEY, employee_id INTEGER {reference}, happened TEXT, kind TEXT)",
        "INSERT INTO employees VALUES (1, '0042', 'Asha', 'Rao', NULL)",
        "INSERT INTO logs VALUES (1, 1, '2026-12-01T06:00:47Z', 'CheckIn')",
    )
    select = punches_of(url)
    assert "employees.code AS user" in select
    assert "JOIN employees ON employees.id = logs.employee_id WHERE employees.code IN :users" in select
    assert "WHERE deleted_at IS NULL AND code IN :users" in suggested(url).text
    file = tmp_path / "map.toml"
    file.write_text(suggested(url).text)
    tried = camsim("readback", "try", f"sql:{url}", "--map", file, "--user", "0042")
    assert tried.exit_code == 0
    assert "instant=2026-12-01T06:00:47Z" in tried.stdout
    assert "=None" not in tried.stdout


def test_what_is_missing_is_named_and_a_map_to_complete_is_written(tmp_path: Path) -> None:
    url = database(
        tmp_path, "CREATE TABLE attendance (employee_code TEXT, place TEXT)", "CREATE TABLE menu (dish TEXT)"
    )
    out = tmp_path / "map.toml"
    done = camsim("readback", "suggest", f"sql:{url}", "--out", out)
    assert done.exit_code == 3
    assert "attendance comes nearest, and no column of it looks like the time of a punch." in done.stderr
    assert "menu(dish)" in done.stderr
    text = out.read_text()
    assert "# TODO: no column of attendance looks like the time of a punch" in text
    assert "employee_code AS user, TODO_time AS time FROM attendance" in text


def test_numbers_that_are_no_seconds_are_to_be_converted(tmp_path: Path) -> None:
    url = database(tmp_path, "CREATE TABLE att (emp TEXT, ts REAL)", "INSERT INTO att VALUES ('7', 46357.25)")
    assert "# TODO: ts holds 46357.25, which as seconds is the year 1970; counted in days" in suggested(url).text


def test_a_database_without_tables_is_said_to_be_empty(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    done = camsim("readback", "suggest", f"sql:sqlite:///{tmp_path / 'empty.db'}")
    assert (done.exit_code, "no table at all" in done.stderr) == (3, True)


def test_a_map_that_is_not_there_says_where_it_was_looked_for(tmp_path: Path) -> None:
    url = database(tmp_path, "CREATE TABLE att (emp TEXT, ts REAL)")
    done = camsim("readback", "try", f"sql:{url}", "--map", tmp_path / "no.toml", "--user", "7")
    assert done.exit_code == 2
    assert f"no such file ({tmp_path / 'no.toml'})" in done.stderr
