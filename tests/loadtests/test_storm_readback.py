"""The read-back client against adapters that are none."""

from __future__ import annotations

import sys
from collections import Counter

import pytest

from camsim.readback.http import HttpReadBack
from camsim.readback.model import ReadBackError
from camsim.readback.opening import open_form
from camsim.receiver import start


def test_what_is_stored_is_read(receiver):
    target = receiver()
    target.stored["7"] = Counter(["2023-01-01T00:00:00Z"])

    with HttpReadBack(target.readback) as adapter:
        assert adapter.capabilities().time_policy == "instant"
        assert [(row.user, row.time) for row in adapter.punches(["7", "8"])] == [("7", 1_672_531_200)]


def test_a_kept_connection_that_the_server_closed_meanwhile_is_opened_again(monkeypatch, receiver):
    target = receiver()
    connections = set()
    answer = target.server.RequestHandlerClass._answer

    def answer_and_close(self, status, text):
        connections.add(self.client_address)
        answer(self, status, text)
        self.close_connection = True  # without saying so in a header, as a server does with an idle connection

    monkeypatch.setattr(target.server.RequestHandlerClass, "_answer", answer_and_close)

    with HttpReadBack(target.readback) as adapter:
        assert [adapter.capabilities().time_policy for _ in range(3)] == ["instant"] * 3
    assert len(connections) == 3


def test_a_connection_is_kept_within_a_block_alone(monkeypatch, receiver):
    target = receiver()
    connections = set()
    answer = target.server.RequestHandlerClass._answer
    monkeypatch.setattr(
        target.server.RequestHandlerClass,
        "_answer",
        lambda self, status, text: (connections.add(self.client_address), answer(self, status, text)),
    )
    with HttpReadBack(target.readback) as adapter:
        for _ in range(3):
            list(adapter.punches(["7"]))
    assert len(connections) == 1

    for _ in range(3):
        list(HttpReadBack(target.readback).punches(["7"]))
    assert len(connections) == 4


def test_a_read_back_names_itself_without_user_name_and_password():
    assert HttpReadBack("http://me:secret@127.0.0.1:8000/readback/").name == "HTTP http://127.0.0.1:8000/readback"


def test_more_than_a_hundred_users_are_never_asked_at_once(receiver):
    with HttpReadBack(receiver().readback) as adapter, pytest.raises(ValueError, match="at most 100"):
        adapter.punches(["1"] * 101)


@pytest.mark.parametrize(
    ("status", "text", "told"),
    [
        (404, "{}", "HTTP 404"),
        (200, "<html>", "no usable answer"),
        (200, '{"keeps":[]}', "time_policy"),
        (200, '{"time_policy":"lunar"}', "'lunar'; allowed are"),
    ],
)
def test_an_adapter_that_is_none_is_named(monkeypatch, receiver, status, text, told):
    target = receiver()
    handler = target.server.RequestHandlerClass
    monkeypatch.setattr(handler, "do_GET", lambda self: self._answer(status, text))

    with HttpReadBack(target.readback) as adapter, pytest.raises(ReadBackError, match=told):
        adapter.capabilities()


def test_a_closed_port_is_named(free_port):
    with HttpReadBack(f"http://127.0.0.1:{free_port}") as adapter, pytest.raises(ReadBackError, match="refused"):
        adapter.capabilities()


@pytest.mark.parametrize("url", ["sql:sqlite:///x", "127.0.0.1:1", "cmd:./dump.sh"])
def test_other_forms_are_told_what_is_possible(url):
    with pytest.raises(ValueError, match="HTTP form"):
        HttpReadBack(url)


def test_a_storm_reads_back_by_sql_as_a_certificate_does(tmp_path, storm):
    database, file = tmp_path / "stored.db", tmp_path / "map.toml"
    select = "SELECT user AS user, at AS time FROM punch WHERE user IN :users"
    file.write_text(f'time_policy = "instant"\n[punches]\nselect = "{select}"\n')
    with start("sqlite", db=str(database)) as target:
        ran = storm(target.url, "--readback", f"sql:sqlite:///{database}", "--map", str(file), tries=5)
    assert ran.code == 0, ran.out + ran.err
    found = ran.document["readback"]
    assert (found["url"], found["punches"], found["missing"]) == (f"sql:sqlite:///{database}", 50, 0)


def test_a_storm_reads_back_by_a_command(tmp_path):
    script = tmp_path / "dump.py"
    rows = '[{"user": user, "time": "2023-01-01T00:00:00Z"} for user in sys.argv[1:]]'
    script.write_text(f'import json, sys\nprint(json.dumps({{"time_policy": "instant", "punches": {rows}}}))\n')
    with open_form(f"cmd:{sys.executable} {script} --token secret") as adapter:
        assert adapter.capabilities().time_policy == "instant"
        assert [row.time for row in adapter.punches(["7"])][-1] == 1_672_531_200
        assert "secret" not in adapter.url


def test_a_map_belongs_to_sql_alone(tmp_path):
    with pytest.raises(ValueError, match="only --readback sql:URL has a map"):
        open_form("http://127.0.0.1:1/readback", tmp_path / "map.toml")
