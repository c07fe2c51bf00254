"""The read-back client against adapters that are none."""

from __future__ import annotations

from collections import Counter

import pytest

from camsim_loadtests.readback import ReadBack, ReadBackError


def test_what_is_stored_is_read(receiver):
    target = receiver()
    target.stored["7"] = Counter(["2023-01-01T00:00:00Z"])

    with ReadBack(target.readback) as adapter:
        assert adapter.capabilities().time_policy == "instant"
        assert [(row.user, row.time) for row in adapter.punches(["7", "8"])] == [("7", "2023-01-01T00:00:00Z")]


def test_more_than_a_hundred_users_are_never_asked_at_once(receiver):
    with ReadBack(receiver().readback) as adapter, pytest.raises(ValueError, match="at most 100"):
        adapter.punches(["1"] * 101)


@pytest.mark.parametrize(
    ("status", "text", "told"),
    [
        (404, "{}", "HTTP 404"),
        (200, "<html>", "malformed"),
        (200, '{"keeps":[]}', "time_policy"),
        (200, '{"time_policy":"lunar"}', "'lunar' is neither"),
    ],
)
def test_an_adapter_that_is_none_is_named(monkeypatch, receiver, status, text, told):
    target = receiver()
    handler = target.server.RequestHandlerClass
    monkeypatch.setattr(handler, "do_GET", lambda self: self._answer(status, text))

    with ReadBack(target.readback) as adapter, pytest.raises(ReadBackError, match=told):
        adapter.capabilities()


def test_a_closed_port_is_named(free_port):
    with ReadBack(f"http://127.0.0.1:{free_port}") as adapter, pytest.raises(ReadBackError, match="refused"):
        adapter.capabilities()


@pytest.mark.parametrize("url", ["sql:sqlite:///x", "127.0.0.1:1", "cmd:./dump.sh"])
def test_other_forms_are_told_what_is_possible(url):
    with pytest.raises(ValueError, match="HTTP form"):
        ReadBack(url)
