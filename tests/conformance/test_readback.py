"""The four forms of read-back tell the same, and liars void the run."""

from __future__ import annotations

import hashlib
import sqlite3
import sys
import textwrap
import time
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from certifying import CAPABILITIES, adapter, gathered, profile, run, told, verdicts

from camsim.readback.model import MAX_IDS, take
from camsim.readback.rows import capabilities_of, punch_of
from camsim.readback.sql import SqlReadBack
from camsim.readback.times import seconds_of, unit_hint
from camsim.receiver import KnownDevice, Running, start
from camsim_conformance.model.words import TypeMatch, input_match, type_match
from camsim_conformance.plan.cases import Step
from camsim_conformance.plan.plan import Plan
from camsim_conformance.readback import ReadBackError, open_readback
from camsim_conformance.session.session import Session
from camsim_conformance.target.profile import Device, UsageError

AT = 1_600_309_102
ROW = {"user": "7", "time": "2020-09-17T02:18:22Z", "type": "CheckIn"}


# --- forms ------------------------------------------------------------------------------------------------------------


def test_http_shows_what_the_receiver_stored(receiver: Running) -> None:
    assert verdicts(run(profile(receiver.url, receiver.readback_url, "CB-DUP-001", "CB-PUNCH-001"))) == {
        "CB-PUNCH-001": "PASS",
        "CB-DUP-001": "PASS",
    }


def map_file(folder: Path) -> Path:
    file = folder / "map.toml"
    file.write_text(
        textwrap.dedent(
            """
            time_policy = "instant"
            keeps = ["punches", "templates", "users", "type"]
            [punches]
            select = "SELECT who AS user, at AS time, kind AS type FROM log WHERE who IN :users"
            [templates]
            select = "SELECT who AS user, kind AS type, NULL AS 'index', data FROM template WHERE who IN :users"
            """
        )
    )
    return file


def test_sql_reads_named_columns_and_naive_times_as_utc(tmp_path: Path) -> None:
    database = tmp_path / "app.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE log (who TEXT, at TEXT, kind TEXT)")
        connection.execute("INSERT INTO log VALUES ('7', '2020-09-17 02:18:22', 'CheckIn'), ('8', '2020-09-17', 'x')")
        connection.execute("CREATE TABLE template (who TEXT, kind TEXT, data TEXT)")
        connection.execute("INSERT INTO template VALUES ('7', 'Card', '9804445')")
    connection.close()
    chosen = profile("http://127.0.0.1:1/", f"sql:sqlite:///{database}", sql_map=map_file(tmp_path))
    found = open_readback(chosen)
    assert found is not None
    capabilities = found.capabilities()
    snapshot = take(found, capabilities, ["7"])
    assert [row.time for row in snapshot.punches["7"]] == [AT]
    assert "users" not in capabilities.keeps
    assert snapshot.templates["7"][0].sha256 == hashlib.sha256(b"9804445").hexdigest()


def test_sql_without_a_map_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="map"):
        open_readback(profile("http://127.0.0.1:1/", "sql:sqlite://"))


def test_sql_that_fails_cannot_be_believed(tmp_path: Path) -> None:
    database = tmp_path / "empty.db"
    database.touch()
    found = open_readback(profile("http://127.0.0.1:1/", f"sql:sqlite:///{database}", sql_map=map_file(tmp_path)))
    assert found is not None
    with pytest.raises(ReadBackError, match="no such table"):
        take(found, found.capabilities(), ["7"])


def test_a_mistyped_sqlite_path_is_named_and_makes_no_file(tmp_path: Path) -> None:
    missing = tmp_path / "typo.db"
    with pytest.raises(UsageError, match=f"no such file: {missing}"):
        open_readback(profile("http://127.0.0.1:1/", f"sql:sqlite:///{missing}", sql_map=map_file(tmp_path)))
    assert not missing.exists()
    for url in ("sql:sqlite://", "sql:sqlite:///:memory:"):
        with pytest.raises(UsageError, match="in memory"):
            open_readback(profile("http://127.0.0.1:1/", url, sql_map=map_file(tmp_path)))


@pytest.mark.parametrize(
    ("select", "why"),
    [
        ("SELECT who AS user, at AS time FROM log", "no :users"),
        ("SELECT who AS id, at AS time FROM log WHERE who IN :users", "tells id, time and no user"),
        ("SELECT who AS user, at FROM log WHERE who IN (:users)", "tells at, user and no time"),
    ],
)
def test_a_mistake_in_the_map_is_told_with_an_example(tmp_path: Path, select: str, why: str) -> None:
    database, file = tmp_path / "app.db", tmp_path / "map.toml"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE log (who TEXT, at TEXT, kind TEXT)")
    connection.close()
    file.write_text(f'time_policy = "instant"\n[punches]\nselect = "{select}"\n')
    with pytest.raises(ReadBackError, match=why) as told:
        SqlReadBack(f"sqlite:///{database}", file).rows("punches", ["7"])
    assert "AS user, log_time AS time" in str(told.value)


def dump(folder: Path, document: Any, code: int = 0) -> str:
    script = folder / "dump.py"
    script.write_text(f"import json, sys\nprint(json.dumps({document!r}))\nsys.exit({code})\n")
    return f"cmd:{sys.executable} {script}"


def test_a_command_prints_the_same_json(tmp_path: Path) -> None:
    document = {"capabilities": CAPABILITIES, "punches": [ROW]}
    found = open_readback(profile("http://127.0.0.1:1/", dump(tmp_path, document)))
    assert found is not None
    assert [row.time for row in take(found, found.capabilities(), ["7"]).punches["7"]] == [AT]


@pytest.mark.parametrize(
    ("document", "code", "why"), [({}, 1, "exit code 1"), ([], 0, "JSON list"), ({"x": 1}, 0, "time_policy")]
)
def test_a_command_that_fails_cannot_be_believed(tmp_path: Path, document: Any, code: int, why: str) -> None:
    found = open_readback(profile("http://127.0.0.1:1/", dump(tmp_path, document, code)))
    assert found is not None
    with pytest.raises(ReadBackError, match=why):
        found.capabilities()


def test_a_python_object_is_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_adapter.py").write_text(
        "class Adapter:\n"
        "    time_policy = 'device-local'\n"
        "    def punches(self, users):\n"
        "        return [{'user': user, 'time': '2020-09-17T07:48:22'} for user in users]\n"
    )
    monkeypatch.chdir(tmp_path)
    found = open_readback(profile("http://127.0.0.1:1/", "py:own_adapter:Adapter"))
    assert found is not None
    capabilities = found.capabilities()
    assert capabilities.keeps == {"punches", "type", "input", "temperature", "mask", "device"}
    assert take(found, capabilities, ["7"]).punches["7"][0].time == AT + 19_800


def _ask(form: str) -> None:
    found = open_readback(profile("http://127.0.0.1:1/", form))
    assert found is not None
    take(found, found.capabilities(), ["7"])


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("thing = None", "is NoneType and no adapter: an adapter is an object.*time_policy"),
        ("class thing:\n    time_policy = 'instant'\n    keeps = ['punches']", r"no method punches\(users\)"),
        ("class thing:\n    def __init__(self):\n        raise OSError('no database')", "OSError: no database"),
    ],
)
def test_a_python_object_that_is_no_adapter_says_what_one_is(
    body: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "no_adapter.py").write_text(body + "\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "no_adapter", raising=False)
    with pytest.raises((UsageError, ReadBackError), match=why):
        _ask("py:no_adapter:thing")


def test_a_python_object_may_tell_its_capabilities_as_over_http(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "http_like.py").write_text(
        "class Adapter:\n    def capabilities(self):\n        return {'time_policy': 'instant', 'keeps': ['punches']}\n"
    )
    monkeypatch.chdir(tmp_path)
    found = open_readback(profile("http://127.0.0.1:1/", "py:http_like:Adapter"))
    assert found is not None
    assert found.capabilities().time_policy == "instant"


@pytest.mark.parametrize("text", ["py:no_such_module_here:X", "py:json", "ftp://x", "cmd:"])
def test_a_form_that_cannot_be_opened_is_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        open_readback(profile("http://127.0.0.1:1/", text))


# --- values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["2020-09-17T02:18:22Z", "2020-09-17T02:18:22.000Z", "2020-09-17T07:48:22+05:30", "2020-09-17 02:18:22+00:00"],
)
def test_an_instant_may_be_written_at_any_offset(text: str) -> None:
    assert seconds_of(text, "instant", "test") == AT


@pytest.mark.parametrize(
    ("text", "policy"),
    [("2020-09-17T02:18:22", "instant"), ("2020-9-17 2:18:22", "instant"), ("soon", "device-local"), (True, "instant")],
)
def test_a_time_that_tells_no_moment_cannot_be_believed(text: object, policy: Any) -> None:
    with pytest.raises(ReadBackError, match=r"has no offset.*device-local|cannot be read"):
        seconds_of(text, policy, "test")


@pytest.mark.parametrize(
    ("value", "local"),
    [
        ("2020-09-17 07:48:22 GMT +0530", AT + 19_800),
        ("2020-9-17 7:48:22 GMT +0530", AT + 19_800),
        ("2020-09-17T07:48:22.75+05:30", AT + 19_800),
        ("2020-09-17T02:18:22Z", AT),
        (AT, AT),
        (AT * 1000 + 999, AT),
        (str(AT), AT),
        (f"{AT}.5", AT),
        (str(AT * 1000), AT),
        (AT + 0.25, AT),
        (Decimal(AT * 1000), AT),
        (datetime.fromtimestamp(AT, timezone(timedelta(hours=5, minutes=30))), AT + 19_800),
    ],
)
def test_a_time_may_be_kept_in_any_usual_form(value: object, local: int) -> None:
    assert seconds_of(value, "instant", "test") == AT
    assert seconds_of(value, "device-local", "test") == local


def test_milliseconds_of_digits_are_no_date_of_iso() -> None:
    # datetime.fromisoformat takes this for 23:45 of a day in 1790.
    assert seconds_of("1790112412345", "instant", "test") == 1_790_112_412


@pytest.mark.parametrize(
    ("seconds", "hint"),
    [(AT // 60, "minutes"), (AT // 86_400, "1970; counted in days"), (AT * 1000, "microseconds"), (0, "year 1970")],
)
def test_a_time_of_another_unit_is_known_by_its_year(seconds: int, hint: str) -> None:
    assert hint in (unit_hint(seconds) or "")
    assert unit_hint(AT) is None


def test_own_words_for_inputs_are_translated_as_those_for_types() -> None:
    capabilities = capabilities_of({"time_policy": "instant", "input_words": {"FP": ["Fingerprint"], "1": "Face"}}, "x")
    assert input_match("fp", "Fingerprint", capabilities)
    assert input_match("1", "Face", capabilities)
    assert not input_match("1", "Card", capabilities)
    assert input_match("Card", "Card", capabilities)
    assert not input_match(None, "Card", capabilities)


def test_in_and_out_under_one_word_cannot_be_believed() -> None:
    with pytest.raises(ReadBackError, match="'present' is CheckIn, CheckOut"):
        capabilities_of({"time_policy": "instant", "type_words": {"present": ["CheckIn", "CheckOut"]}}, "x")
    with pytest.raises(ReadBackError, match="'meal'"):
        capabilities_of({"time_policy": "instant", "type_words": {"meal": ["MealStart", "meal_end"]}}, "x")


def test_no_page_says_which_way_somebody_goes_to_eat_in_v2() -> None:
    words = {"in": ["CheckIn", "MealEnd"], "out": ["CheckOut", "MealStart"]}
    capabilities = capabilities_of({"time_policy": "instant", "type_words": words}, "x")
    assert type_match("out", "MealStart", capabilities) is TypeMatch.SAME
    assert type_match("in", "MealStart", capabilities) is TypeMatch.WRONG


@pytest.mark.parametrize(
    "row", [{}, {"user": "7"}, {"time": "2020-09-17T02:18:22Z"}, [], {**ROW, "temperature": "warm"}]
)
def test_a_row_without_its_parts_cannot_be_believed(row: Any) -> None:
    with pytest.raises(ReadBackError):
        punch_of(row, "instant", "test")


def test_at_most_a_hundred_ids_are_asked_at_once() -> None:
    asked: list[int] = []

    def answer(kind: str, users: list[str]) -> Any:
        asked.append(len(users))
        return {kind: []}

    with adapter(answer) as url:
        found = open_readback(profile("http://127.0.0.1:1/", url))
        assert found is not None
        take(found, found.capabilities(), [str(n) for n in range(250)])
    assert asked == [MAX_IDS, MAX_IDS, 50]


def test_rows_of_people_nobody_asked_for_are_left_out() -> None:
    with adapter(lambda kind, users: {kind: [ROW]}) as url:
        found = open_readback(profile("http://127.0.0.1:1/", url))
        assert found is not None
        assert take(found, found.capabilities(), ["1"]).punches == {}


# --- liars ------------------------------------------------------------------------------------------------------------


class Liar:
    """Adapters that lie, each a function of kind and users."""

    def __init__(self) -> None:
        self.calls = 0

    def everything(self, kind: str, users: list[str]) -> Any:
        return {kind: [{"user": user, "time": "2026-01-01T00:00:00Z"} for user in users]}

    def nothing(self, kind: str, users: list[str]) -> Any:
        return {kind: []}

    def yesterday(self, kind: str, users: list[str]) -> Any:
        return {kind: [{"user": "555", "time": "2026-01-01T00:00:00Z"}]}

    def forgetful(self, kind: str, users: list[str]) -> Any:
        self.calls += 1
        seen = self.calls == 2  # the look for the canary
        return {kind: [{"user": users[0], "time": "2026-01-01T00:00:00Z"}] if seen else []}

    def no_json(self, kind: str, users: list[str]) -> Any:
        return b"<html>"

    def other_shape(self, kind: str, users: list[str]) -> Any:
        return {"rows": []}

    def no_time(self, kind: str, users: list[str]) -> Any:
        return {kind: [{"user": users[0]}]}


@pytest.mark.parametrize(
    "name", ["everything", "nothing", "yesterday", "no_json", "other_shape", "no_time", "forgetful"]
)
def test_a_lying_adapter_voids_the_run(receiver: Running, name: str) -> None:
    with adapter(getattr(Liar(), name)) as url:
        result = told(profile(receiver.url, url, "CB-DUP-001", "CB-ACK-001"))
    assert (result["exit_code"], result["grade"], bool(result["void"])) == (3, "none", True)


def test_people_of_whom_nothing_is_expected_are_not_read_back(receiver: Running) -> None:
    chosen = profile(receiver.url, receiver.readback_url, "CB-ACK-002", "CB-DUP-001")
    made = Session(chosen).plan()
    odd = set()
    for step in steps_of(made, "CB-ACK-002"):
        # A time that is none: what a target makes of it is nobody's business.
        if step.told is None:
            odd |= {user for user in made.people if user in step.plain.decode()}
    assert odd
    assert not odd & set(made.watched)
    assert {user for case in made.cases for user in case.expect.people} <= set(made.watched)


def steps_of(made: Plan, requirement: str) -> list[Step]:
    return [step for case in made.cases if case.requirement == requirement for step in case.steps]


def test_an_adapter_that_answers_500_voids_the_run(receiver: Running) -> None:
    with adapter(lambda kind, users: {}, status=500) as url:
        assert "HTTP 500" in (gathered(profile(receiver.url, url, "CB-DUP-001")).void or "")


@pytest.mark.parametrize("capabilities", [[], {"time_policy": "maybe"}, {"time_policy": "instant", "keeps": "punches"}])
def test_capabilities_that_are_none_void_the_run(receiver: Running, capabilities: Any) -> None:
    with adapter(lambda kind, users: {kind: []}, capabilities) as url:
        assert gathered(profile(receiver.url, url, "CB-DUP-001")).void


def test_a_read_back_that_does_not_answer_voids_the_run(receiver: Running) -> None:
    assert "no usable answer" in (gathered(profile(receiver.url, "http://127.0.0.1:9/x", "CB-DUP-001")).void or "")


def test_what_is_not_kept_is_unverified_and_gives_no_grade_state(receiver: Running) -> None:
    chosen = profile(receiver.url, receiver.readback_url, features=frozenset({"core", "user-data"}))
    real = open_readback(chosen)
    assert real is not None

    def answer(kind: str, users: list[str]) -> Any:
        snapshot = take(real, real.capabilities(), users, [kind])
        return {kind: [_plain(row) for rows in getattr(snapshot, kind).values() for row in rows]}

    with adapter(answer) as url:
        result = run(profile(receiver.url, url, features=frozenset({"core", "user-data"})))
    assert (str(result.grade), verdicts(result)["CB-TPL-001"]) == ("ack", "UNVERIFIED")
    assert "CB-TPL-001" in result.not_shown


def _plain(row: Any) -> dict[str, Any]:
    from camsim.protocol import timestamps

    return {
        "user": row.user,
        "time": timestamps.local(row.time).replace(" ", "T") + "Z",
        "type": row.type,
        "input": row.input,
    }


def test_people_with_a_past_are_judged_by_what_came_new(receiver: Running) -> None:
    people = tuple(str(n) for n in range(1, 40))
    chosen = profile(receiver.url, receiver.readback_url, "CB-DUP-001", "CB-ORD-001", people=people)
    earlier = Session(chosen, now_s=int(time.time()) - 7).run()
    assert earlier.void is None
    assert verdicts(run(chosen)) == {"CB-DUP-001": "PASS", "CB-ORD-001": "PASS"}


def test_every_device_speaks_with_its_own_key() -> None:
    devices = (Device("T" * 32, key="a" * 32), Device("U" * 32, "ZHM2", "Two", "CERT00002", "b" * 32))
    known = [KnownDevice("T" * 32, "a" * 32, stgid="CERT00001"), KnownDevice("U" * 32, "b" * 32, stgid="CERT00002")]
    with start(devices=known) as made:
        features = frozenset({"core", "aes", "multi-device"})
        chosen = profile(made.url, made.readback_url, "CB-DEV-001", "CB-DUP-006", devices=devices, features=features)
        assert verdicts(run(chosen))["CB-DEV-001"] == "PASS"
