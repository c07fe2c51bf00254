"""simulator.wholly: complete answers are HTTP, whatever the client's connection is like."""

from __future__ import annotations

import json
import socket
from urllib.parse import urlsplit

import pytest
from running_sim import TOKEN, Sim

BODY = json.dumps({"Load": {"DeviceInformation": "All"}, "OperationID": "o", "AuthToken": TOKEN, "Time": "x"}).encode()


def _ask(sim: Sim, *heads: str) -> list[bytes]:
    """The answers to requests that are written at once on one connection."""
    parts = urlsplit(sim.host.gateway_url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as connection:
        for head in heads:
            lines = f"{head}\r\nHost: x\r\nContent-Length: {len(BODY)}\r\n"
            connection.sendall(lines.encode() + b"\r\n" + BODY)
        connection.shutdown(socket.SHUT_WR)
        data = b""
        while more := connection.recv(65536):
            data += more
    return [b"HTTP/1." + answer for answer in data.split(b"HTTP/1.")[1:]]


V11 = "POST /?stgid=SIM1 HTTP/1.1"
V10 = "POST /?stgid=SIM1 HTTP/1.0"


@pytest.mark.parametrize("clock", ["real", "manual"])
@pytest.mark.parametrize("head", [V11, f"{V11}\r\nConnection: close", V10, f"{V10}\r\nConnection: keep-alive"])
def test_every_kind_of_connection_gets_a_whole_answer(sim: Sim, clock: str, head: str) -> None:
    sim.api("PUT", "clock", {"mode": clock})
    head_bytes, _, body = _ask(sim, head)[0].partition(b"\r\n\r\n")
    assert b" 200 " in head_bytes.split(b"\r\n")[0]
    assert json.loads(body)["StatusCode"] == 0


def test_two_requests_on_one_connection_get_two_answers(sim: Sim) -> None:
    sim.api("PUT", "clock", {"mode": "real"})
    answers = _ask(sim, V11, V11)
    assert [json.loads(answer.partition(b"\r\n\r\n")[2])["StatusCode"] for answer in answers] == [0, 0]


def test_the_length_is_that_of_the_body(sim: Sim) -> None:
    sim.api("PUT", "clock", {"mode": "real"})
    head, _, body = _ask(sim, V11)[0].partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
