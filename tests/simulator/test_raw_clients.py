"""A client that writes its own bytes, on both ports; the whole of it is scripts/attack/raw_client.py."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from running_sim import Sim, device

from camsim.api.waiting import Waiters
from camsim.control import routes
from camsim.service import connections, unread

DEEP = b"[" * 5000 + b"]" * 5000


@pytest.fixture
def sim(start_sim: Callable[..., Sim]) -> Sim:
    """With heads that have half a second, and a device that takes a while to answer."""
    return start_sim(
        device("SIM1"), device("V2", protocol="v2"), clock="real", head_s=0.5, knobs={"rest.latency": "1s"}
    )


@pytest.fixture(params=["gateway", "api"])
def port(request: pytest.FixtureRequest) -> str:
    """Each of the two ports."""
    return str(request.param)


def _connect(sim: Sim, port: str) -> socket.socket:
    url = sim.host.gateway_url if port == "gateway" else sim.host.management_url
    made = socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1])), timeout=10)
    made.settimeout(10)
    return made


def _said(made: socket.socket) -> bytes:
    parts = []
    with contextlib.suppress(ConnectionError):
        while part := made.recv(65536):
            parts.append(part)
    return b"".join(parts)


def _once(sim: Sim, port: str, data: bytes, *, half: bool = False) -> bytes:
    with _connect(sim, port) as made:
        with contextlib.suppress(ConnectionError):
            made.sendall(data)
            if half:
                made.shutdown(socket.SHUT_WR)
        return _said(made)


def _request(method: str, path: str, body: bytes = b"", *lines: str, close: bool = True) -> bytes:
    length = (
        []
        if any(line.startswith(("Content-Length", "Transfer")) for line in lines)
        else [f"Content-Length: {len(body)}"]
    )
    end = ["Connection: close"] if close else []
    head = (f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *lines, *length, *end, "", "")
    return "\r\n".join(head).encode("latin-1") + body


def _post(port: str, body: bytes, *lines: str, close: bool = True) -> bytes:
    path = "/external/api3.0/biometric?stgid=SIM1" if port == "gateway" else "/api/devices/SIM1/punches"
    return _request("POST", path, body, *lines, close=close)


def _good(sim: Sim, port: str) -> bytes:
    if port == "api":
        return b'{"user":"1"}'
    frame = {"OperationID": "1", "AuthToken": sim.slot().config.auth_token, "Time": "2020-09-13 12:26:40 GMT +0000"}
    return json.dumps({"Load": "DeviceInformation", **frame}).encode()


@pytest.mark.parametrize("start", [b"G", b"POST / HTTP/1.1\r\nHost: a\r\nX: "])
def test_an_unfinished_head_ends(sim: Sim, port: str, start: bytes) -> None:
    with _connect(sim, port) as made:
        made.sendall(start)
        time.sleep(0.1)
        made.sendall(b"x")
        assert _said(made).startswith((b"HTTP/1.1 408", b"HTTP/1.0 400", b"HTTP/1.1 400"))


def test_a_connection_between_two_requests_stays(sim: Sim, port: str) -> None:
    with _connect(sim, port) as made:
        for _ in range(2):
            made.sendall(_request("GET", "/api/health", close=False))
            assert made.recv(65536).startswith(b"HTTP/1.1 ")
            time.sleep(0.7)  # longer than a head may take


def test_who_has_said_all_is_answered(sim: Sim, port: str) -> None:
    data = _post(port, _good(sim, port), close=False)

    assert _once(sim, port, data, half=True).startswith(b"HTTP/1.1 200")
    assert _once(sim, port, data * 3, half=True).count(b"HTTP/1.1 200") == 3


def test_a_body_that_is_cut_off_is_not_waited_for(sim: Sim, port: str) -> None:
    began = time.monotonic()
    _once(sim, port, _post(port, b"{", "Content-Length: 1000"), half=True)

    assert time.monotonic() - began < 5


def test_a_client_that_goes_ends_its_wait_and_one_that_shuts_its_half_is_answered(sim: Sim) -> None:
    ask = _request("POST", "/api/journal/wait", b'{"user":"nobody","timeout":80000}', close=False)
    waiters: Waiters = sim.host.management.waiters
    made = _connect(sim, "api")
    made.sendall(ask)
    _until(lambda: waiters.number == 1)
    made.close()
    _until(lambda: waiters.number == 0)

    assert b'"reached":false' in _once(sim, "api", ask, half=True)


def test_only_so_many_wait_and_each_wakes_on_its_entry(sim: Sim) -> None:
    waiters: Waiters = sim.host.management.waiters
    waiters.most = 30
    sockets = [_connect(sim, "api") for _ in range(30)]
    for number, made in enumerate(sockets):
        wanted = json.dumps({"user": str(1 + number % 3), "direction": "callback", "count": 1, "timeout": 60})
        made.sendall(_request("POST", "/api/journal/wait", wanted.encode()))
    _until(lambda: waiters.number == 30)
    refused = sim.api("POST", "journal/wait", {"user": "nobody"})
    assert (refused.status, refused.message["error"]["code"]) == (503, "too_many_waiters")
    sim.punch("2")
    _until(lambda: waiters.number == 20)
    for made in sockets[1::3]:
        assert b'"reached":true' in _said(made)
    sim.api("POST", "reset", {"scope": "journal"})
    sim.punch("1")
    _until(lambda: waiters.number == 10)
    for made in sockets:
        made.close()
    _until(lambda: waiters.number == 0)


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("size", [b"ffffffffffffffff", b"f" * 17, b"-1", b"0x1", b"g", b"5;" + b"x" * 20_000])
def test_a_size_of_a_chunk_that_nobody_means(sim: Sim, port: str, size: bytes) -> None:
    answer = _once(sim, port, _post(port, size + b"\r\n{}", "Transfer-Encoding: chunked"), half=True)

    assert not answer or answer[9:10] == b"4"


@pytest.mark.parametrize("length", ["9" * 30, "9" * 5000, "-1", "1e3", "", "2\r\nContent-Length: 3"])
def test_a_length_that_nobody_means(sim: Sim, port: str, length: str) -> None:
    answer = _once(sim, port, _post(port, b"{}", f"Content-Length: {length}"), half=True)

    assert not answer or answer[9:10] == b"4"


def test_bodies_that_are_coming_are_bounded_together(sim: Sim, port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread.ROOM, "most", 1_000_000)
    half = _post(port, b'{"a":"' + b"x" * 700_000, "Content-Length: 800000")
    with _connect(sim, port) as first:
        first.sendall(half)
        _until(lambda: unread.ROOM.held > 600_000)
        assert _once(sim, port, half).startswith(b"HTTP/1.1 503")
        assert _once(sim, port, _post(port, _good(sim, port))).startswith(b"HTTP/1.1 200")
    _until(lambda: unread.ROOM.held == 0)


@pytest.mark.parametrize(
    "body",
    [
        b'{"user":' + DEEP + b"}",
        b"[" + b"{}," * 1_200_000 + b"{}]",
        b"[" * 1_200_000,
        b'[{"user":"1","count":1000000},{"user":"1","count":1000000}]',
    ],
    ids=["deep", "objects", "brackets", "punches"],
)
def test_a_body_that_asks_for_too_much(sim: Sim, port: str, body: bytes) -> None:
    answer = _once(sim, port, _post(port, body))

    assert answer[9:12] in (b"413", b"422") if port == "api" else b'"StatusCode":' in answer


@pytest.mark.parametrize("path", ["faults", "config", "scenarios"])
def test_depth_where_anything_may_stand(sim: Sim, path: str) -> None:
    method = "PATCH" if path == "config" else "POST"
    for body in (b'{"scenario":' + DEEP + b"}", b'{"match":' + DEEP + b"}", b'{"knobs":{"dup.p":' + DEEP + b"}}"):
        assert _once(sim, "api", _request(method, f"/api/{path}", body))[9:12] in (b"422", b"400")


def test_a_crowd_that_says_nothing_makes_room(start_sim: Callable[..., Sim], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "most_connections", lambda: 20)
    sim = start_sim()
    crowd = [_connect(sim, "api") for _ in range(60)]

    assert sim.api("GET", "health").status == 200
    for made in crowd:
        made.close()


ODD = (
    "9" * 5000,
    "%00",
    "%ff",
    "..%2f..%2fetc",
    "%c3%28",
    "a" * 7000,
    "%F0%9F%98%80",
    "\xff",
    "%",
    "%zz",
    "\xb2",
    "{}",
)
ODD += ("%ed%a0%80", "1%0d%0aX:%20y", "-1", "1e5", "NaN", "'", "%5b%5d", "*", "0x10", "٣".encode().decode("latin-1"))


def _targets() -> Iterator[tuple[str, str]]:
    for number, route in enumerate(routes.ROUTES):
        if route in (routes.RESET, routes.UPLINK, routes.OPENAPI, routes.REGISTER, routes.SCENARIO_LIBRARY):
            continue
        for odd in ODD[number % 5 :: 5]:
            plain = {"stgid": "SIM1", "user": "1", "what": "retry-now", "id": "1"}
            for name in route.in_path:
                yield route.method, route.path.format(**{**plain, name: odd})
            for name in (*route.query, "odd"):
                if route is not routes.REMOVE_DEVICE:
                    yield route.method, f"{route.path.format(**plain)}?{name}={odd}"


def test_odd_paths_and_queries_of_every_route_are_answered(sim: Sim) -> None:
    for method, path in _targets():
        answer = _once(sim, "api", _request(method, f"/api/{path}", b"{}" if method != "GET" else b""))
        assert answer[9:10] in (b"2", b"4"), (method, path[:100], answer[:500])
    assert sim.api("GET", "journal").status == 200


HEADS = (
    *("Authorization: Bearer \xff\xfe", "Host: \xff", "Content-Type: \xff", "Origin: \xff", "Cookie: " + "\xff" * 100),
    *("Expect: \xff", "Transfer-Encoding: \xff", "Connection: \xff", "X-\xff: 1", "Content-Encoding: br"),
)


@pytest.mark.parametrize("line", HEADS)
def test_heads_beyond_ascii(start_sim: Callable[..., Sim], port: str, line: str, tmp_path: Path) -> None:
    sim = start_sim(management_token="secret", state=tmp_path / "state.db")

    answer = _once(sim, port, _post(port, b"{}", line), half=True)

    assert answer[9:10] != b"5", answer
    assert sim.api("GET", "health", Authorization="Bearer secret").status == 200
    for path in ("/\xff%ff", "/%ff%00", "/external/api3.0/biometric?stgid=%ff&stgid=%ed%a0%80", "/?stgid=\xff"):
        assert _once(sim, "gateway", _request("POST", path, b"{}"), half=True)[9:10] in (b"2", b"4"), path
    assert sim.api("GET", "journal", Authorization="Bearer secret").status == 200
