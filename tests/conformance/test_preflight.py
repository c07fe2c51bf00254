"""The first punch: a sender that is refused voids the run and says what to give; a receiver that refuses all fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs

import pytest
from certifying import TOKEN, profile, serving, told

from camsim.protocol.vocabulary import Protocol
from camsim_conformance.target.profile import Device

Answer = tuple[int, str]
DONE: Answer = (200, '{"status":"done"}')
ACK = ("CB-ACK-00[1245]", "CB-DUP-001", "CB-PORT-001")


@contextmanager
def receiver(answer: Callable[[dict[str, Any], str], Answer]) -> Iterator[tuple[str, list[str]]]:
    """A receiver that answers by the message and the path; with all bodies that came."""
    came: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8", "replace")
            came.append(body)
            text = body if body.startswith("{") else next(iter(parse_qs(body).values()))[0]
            found = json.loads(text)
            status, said = answer(found.get("RealTime", found), self.path)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said.encode())

        def log_message(self, *_: Any) -> None:
            return

    with serving(Handler) as url:
        yield f"{url}/cams", came


def serial_of(message: dict[str, Any]) -> str:
    return str(message.get("SerialNumber", "KNOWN1"))  # some callbacks name no device


def table(status: int) -> Callable[[dict[str, Any], str], Answer]:
    """A receiver with a table of tokens, and of serial numbers."""

    def answer(message: dict[str, Any], path: str) -> Answer:
        if "PunchLog" in message and message["AuthToken"] != TOKEN:
            return 401, '{"error":"token"}'
        if serial_of(message) != "KNOWN1":
            return status, f'{{"error":"no device {serial_of(message)}"}}'
        return DONE

    return answer


@pytest.mark.parametrize("status", [403, 400])
def test_a_table_of_devices_voids_the_run_and_the_serial_number_helps(status: int) -> None:
    with receiver(table(status)) as (url, came):
        void = told(profile(url, None, *ACK))
        sent = len(came)
        good = told(profile(url, None, "CB-ACK-001", devices=(Device(TOKEN, serial="KNOWN1"),)))
    assert (void["exit_code"], void["counts"]["FAIL"]) == (3, 0)
    for text in (
        f"HTTP {status}",
        "ZHM1100000001",
        "CERT00001",
        "/cams",
        "--device serial=",
        "--users",
        "@AUTH_TOKEN_1@",
    ):
        assert text in void["void"]
    assert TOKEN not in void["void"]
    assert sent <= (7 if status == 403 else 19)
    assert (good["exit_code"], good["problems"]) == (0, [])


@pytest.mark.parametrize(("status", "way"), [(401, "--auth-token"), (404, "the URL's path"), (405, "the URL's path")])
def test_a_wrong_token_or_path_voids_the_run(status: int, way: str) -> None:
    with receiver(lambda message, path: (status, "no")) as (url, came):
        result = told(profile(url, None, *ACK))
    assert (result["exit_code"], len(came)) == (3, 7)
    assert f"Say what the target knows: {way}" in result["void"]


def test_in_v2_the_stgid_is_named() -> None:
    def answer(message: dict[str, Any], path: str) -> Answer:
        return DONE if message.get("ServiceTagId") == "KNOWN1" else (403, "unknown station")

    chosen: dict[str, Any] = {"protocol": Protocol.V2, "features": frozenset({"core", "v2"})}
    with receiver(answer) as (url, _):
        result = told(profile(url, None, "V2-ACK-*", **chosen))
        good = told(profile(url, None, "V2-ACK-001", **chosen, devices=(Device(TOKEN, stgid="KNOWN1"),)))
    assert (result["exit_code"], "--device stgid=" in result["void"]) == (3, True)
    assert good["exit_code"] == 0


def test_of_given_people_one_that_is_unknown_is_named() -> None:
    people = tuple(str(n) for n in range(100, 400))

    def answer(message: dict[str, Any], path: str) -> Answer:
        first = message.get("PunchLog", {}).get("UserId") == people[0]
        return (400, "who?") if first else DONE

    with receiver(answer) as (url, _):
        result = told(profile(url, None, "CB-ACK-004", people=people))
    assert (result["exit_code"], "--users" in result["void"], f"person {people[0]}" in result["void"]) == (
        3,
        True,
        True,
    )


@pytest.mark.parametrize("answer", [(500, "oops"), (200, '{"status":"ok"}'), (400, "bad"), (302, "")])
def test_a_receiver_that_refuses_everything_fails_once(answer: Answer) -> None:
    with receiver(lambda message, path: answer) as (url, came):
        result = told(profile(url, None, *ACK))
    rows = {row["id"]: row for row in result["requirements"]}
    assert (result["exit_code"], result["void"]) == (1, None)
    assert [name for name, row in rows.items() if row["verdict"] == "FAIL"] == ["CB-ACK-001"]
    assert rows["CB-DUP-001"]["cases"][0]["actual"].startswith(
        f"not sent: the printed callback #11 is refused (HTTP {answer[0]}"
    )
    assert len(came) == 3 + 4 + 11 + 1  # the preflight, the probes, each printed callback, the printed punch again


def test_a_receiver_that_breaks_over_its_own_devices_fails_though_it_ignores_others() -> None:
    def answer(message: dict[str, Any], path: str) -> Answer:
        known = message["AuthToken"] == TOKEN and serial_of(message) == "KNOWN1"
        return (500, "KeyError") if known and "PunchLog" in message else DONE

    with receiver(answer) as (url, _):
        result = told(profile(url, None, *ACK, devices=(Device(TOKEN, serial="KNOWN1"),)))
    assert (result["exit_code"], result["void"]) == (1, None)
    assert "acknowledged with another token" in result["requirements"][2]["cases"][0]["actual"]


def test_a_cold_start_stops_nothing() -> None:
    answers = iter([(500, "starting"), (503, "starting")])
    with receiver(lambda message, path: next(answers, DONE)) as (url, _):
        result = told(profile(url, None, "CB-ACK-001", "CB-ACK-004"))
    assert (result["exit_code"], result["problems"]) == (0, [])


def test_when_another_printed_punch_is_acknowledged_the_run_goes_on() -> None:
    def answer(message: dict[str, Any], path: str) -> Answer:
        return (500, "no face") if message.get("PunchLog", {}).get("InputType") == "Face" else DONE

    with receiver(answer) as (url, _):
        result = told(profile(url, None, "CB-ACK-001", "CB-ACK-004"))
    verdicts = {row["id"]: row["verdict"] for row in result["requirements"]}
    assert (result["exit_code"], verdicts) == (1, {"CB-ACK-001": "PASS", "CB-ACK-004": "INFO"})
    assert "preflight" in result["problems"][0]
