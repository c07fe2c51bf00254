"""camsim.service.responses: complete answers are HTTP, whatever the client's connection is like."""

from __future__ import annotations

import json
import socket
from typing import BinaryIO
from urllib.parse import urlsplit

import pytest
from running_sim import TOKEN, Sim

BODY = json.dumps({"Load": {"DeviceInformation": "All"}, "OperationID": "o", "AuthToken": TOKEN, "Time": "x"}).encode()


def _ask(sim: Sim, *heads: str) -> list[tuple[bytes, bytes]]:
    """Head and body of the answers to requests that are written at once on one connection."""
    parts = urlsplit(sim.host.gateway_url)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as connection:
        for head in heads:
            connection.sendall(f"{head}\r\nHost: x\r\nContent-Length: {len(BODY)}\r\n\r\n".encode() + BODY)
        stream = connection.makefile("rb")
        return [_one(stream) for _ in heads]


def _one(stream: BinaryIO) -> tuple[bytes, bytes]:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline()
        assert line, f"the connection was closed after {head!r}"
        head += line
    length = int(head.lower().split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0])
    return head, stream.read(length)


V11 = "POST /?stgid=SIM1 HTTP/1.1"
V10 = "POST /?stgid=SIM1 HTTP/1.0"


@pytest.mark.parametrize("clock", ["real", "manual"])
@pytest.mark.parametrize("head", [V11, f"{V11}\r\nConnection: close", V10, f"{V10}\r\nConnection: keep-alive"])
def test_every_kind_of_connection_gets_a_whole_answer(sim: Sim, clock: str, head: str) -> None:
    sim.api("PUT", "clock", {"mode": clock})
    [(answer, body)] = _ask(sim, head)
    assert b" 200 " in answer.split(b"\r\n")[0]
    assert json.loads(body)["StatusCode"] == 0


def test_two_requests_on_one_connection_get_two_answers(sim: Sim) -> None:
    sim.api("PUT", "clock", {"mode": "real"})
    assert [json.loads(body)["StatusCode"] for _, body in _ask(sim, V11, V11)] == [0, 0]
