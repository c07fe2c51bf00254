"""The control API and browsers: a foreign page is refused on every route and method, a program is not."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable

import pytest
from running_sim import TOKEN, Sim

from camsim.control.routes import ROUTES

Start = Callable[..., Sim]
SIMPLE_TYPES = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")


def port_of(sim: Sim) -> int:
    return int(sim.host.management_url.rsplit(":", 1)[1])


def send(port: int, text: str, *, address: str = "127.0.0.1") -> tuple[int, bytes]:
    """Raw bytes out; status and body of the first answer."""
    with socket.create_connection((address, port), timeout=10) as peer:
        peer.sendall(text.encode("latin-1"))
        answer = b""
        while part := peer.recv(65536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1]), body


def call(
    sim: Sim, *headers: str, target: str = "/api/health", method: str = "GET", body: str = ""
) -> tuple[int, bytes]:
    """One request with exactly these headers; SELF stands for the simulator's own authority."""
    own = f"127.0.0.1:{port_of(sim)}"
    lines = [header.replace("SELF", own) for header in headers]
    if not any(line.lower().startswith("host:") for line in lines):
        lines.insert(0, f"Host: {own}")
    if body:
        lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join([f"{method} {target.replace('SELF', own)} HTTP/1.1", *lines, "Connection: close"])
    return send(port_of(sim), f"{head}\r\n\r\n{body}")


def refused(answer: tuple[int, bytes]) -> str:
    status, body = answer
    error = json.loads(body)["error"]
    assert set(error) == {"code", "message", "hint"}
    assert error["hint"]
    assert status == 403
    return str(error["code"])


# --- foreign pages ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "",
        "http://127.0.0.1",  # another page of this machine
        "http://127.0.0.1:1",
        "https://SELF",
        "http://SELF.evil.example",
        "http://user@SELF",
        "http://SELF/",
        "http://SELF http://evil.example",
        "SELF",
        "file://",
        "chrome-extension://abcdef",
        "http://[::1]:1",
        "http://\xff",
    ],
)
def test_a_foreign_origin_is_refused(sim: Sim, origin: str) -> None:
    assert refused(call(sim, f"Origin: {origin}")) == "foreign_origin"


def test_another_name_of_this_machine_is_another_origin(sim: Sim) -> None:
    port = port_of(sim)
    for page in ("localhost", "[::1]", "127.0.0.2", "127.0.0.1."):
        assert refused(call(sim, f"Origin: http://{page}:{port}")) == "foreign_origin"


@pytest.mark.parametrize("site", ["cross-site", "same-site", "Cross-Site", "", "same-origin, cross-site", "new-word"])
def test_another_site_is_refused_without_an_origin_too(sim: Sim, site: str) -> None:
    assert refused(call(sim, f"Sec-Fetch-Site: {site}")) == "foreign_origin"


def test_headers_that_come_twice_are_refused(sim: Sim) -> None:
    assert refused(call(sim, "Origin: http://SELF", "Origin: http://evil.example")) == "foreign_origin"
    assert refused(call(sim, "Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site")) == "foreign_origin"
    assert call(sim, "Host: SELF", "Host: evil.example")[0] in (400, 403)


def test_every_route_and_method_refuses_a_foreign_page_and_nothing_changes(sim: Sim) -> None:
    before = sim.api("GET", "devices").body, sim.api("GET", "faults").body, sim.api("GET", "clock").body
    targets = {f"/api/{route.path}".replace("{stgid}", "SIM1").replace("{id}", "1") for route in ROUTES}
    for target in sorted(targets | {"/", "/api/events", "/api/journal?canonical=1", "/nothing"}):
        for method in METHODS:
            status, _ = call(
                sim, "Origin: http://evil.example", "Content-Type: text/plain", target=target, method=method
            )
            assert status == 403, (method, target)
    assert (sim.api("GET", "devices").body, sim.api("GET", "faults").body, sim.api("GET", "clock").body) == before


@pytest.mark.parametrize("kind", SIMPLE_TYPES)
def test_a_simple_request_of_a_page_is_refused_and_the_same_of_a_program_is_not(sim: Sim, kind: str) -> None:
    typed = f"Content-Type: {kind}"
    post = {"method": "POST", "target": "/api/reset", "body": '{"scope": "journal"}'}
    assert refused(call(sim, typed, "Origin: http://evil.example", **post)) == "foreign_origin"
    assert (
        refused(call(sim, typed, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", **post)) == "foreign_origin"
    )
    assert call(sim, typed, **post)[0] == 200


def test_a_preflight_is_refused(sim: Sim) -> None:
    asked = ("Origin: http://evil.example", "Access-Control-Request-Method: POST", "Sec-Fetch-Mode: cors")
    assert refused(call(sim, *asked, method="OPTIONS", target="/api/reset")) == "foreign_origin"


def test_a_web_socket_of_a_page_is_refused(sim: Sim) -> None:
    upgrade = ("Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13")
    assert refused(call(sim, *upgrade, "Origin: http://evil.example")) == "foreign_origin"


def test_a_token_does_not_open_the_door_to_a_page(start_sim: Start) -> None:
    sim = start_sim(management_token="s3cret")
    assert refused(call(sim, "Authorization: Bearer s3cret", "Origin: null")) == "foreign_origin"
    assert refused(call(sim, "Origin: null")) == "foreign_origin"  # and says nothing of tokens


# --- our own pages ----------------------------------------------------------------------------------------------------


def test_a_page_of_this_port_is_served(start_sim: Start) -> None:
    sim = start_sim(allowed_hosts=("CamSim.example:99",))
    port = port_of(sim)
    own = ["127.0.0.1", "localhost", "LOCALHOST", "[::1]", "localhost.", "camsim.example", "127.8.8.8"]
    for name in own:
        page = (f"Host: {name}:{port}", f"Origin: HTTP://{name.swapcase()}:{port}", "Sec-Fetch-Site: same-origin")
        assert call(sim, *page)[0] == 200, name
    assert call(sim, "Host: localhost", "Origin: http://localhost:80")[0] == 200  # one and the same port
    assert call(sim, "Sec-Fetch-Site: none", "Sec-Fetch-Mode: navigate", "Sec-Fetch-User: ?1")[0] == 200


# --- by which name ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example:8125",
        "foo.localhost",
        "localhost..",
        "localhost:80:80",
        "localhost:port",
        "user@localhost",
        "localhost/",
        "local host",
        "::1",
        "[::1",
        "[localhost]",
        "[fe80::1]",
        "0.0.0.0",
        "[::]",
        "127.1",
        "2130706433",
        "0177.0.0.1",
        "[::ffff:10.0.0.1]",
        "\xff",
        "",
    ],
)
def test_another_host_is_refused(sim: Sim, host: str) -> None:
    assert refused(call(sim, f"Host: {host}")) == "wrong_host"


@pytest.mark.parametrize(
    "host", ["[0:0:0:0:0:0:0:1]:9", "[::ffff:127.0.0.1]", "[::FFFF:7f00:1]", "LocalHost.", "127.9.9.9:1"]
)
def test_every_form_of_loopback_is_served(sim: Sim, host: str) -> None:
    assert call(sim, f"Host: {host}")[0] == 200


def test_an_absolute_target_is_held_to_the_same_names(sim: Sim) -> None:
    assert call(sim, target="http://SELF/api/health")[0] == 200
    assert refused(call(sim, target="http://evil.example/api/health")) == "wrong_host"
    assert refused(call(sim, "Host: evil.example", target="http://SELF/api/health")) == "wrong_host"
    assert refused(call(sim, "Host: localhost:1", target="http://SELF/api/health")) == "wrong_host"
    assert refused(call(sim, "Origin: http://evil.example", target="http://SELF/api/health")) == "foreign_origin"


def test_a_program_without_a_host_is_served_and_a_page_is_not(sim: Sim) -> None:
    port = port_of(sim)
    assert send(port, "GET /api/health HTTP/1.0\r\n\r\n")[0] == 200
    assert (
        refused(send(port, f"GET /api/health HTTP/1.0\r\nOrigin: http://127.0.0.1:{port}\r\n\r\n")) == "foreign_origin"
    )
    assert send(port, "GET /api/health HTTP/1.1\r\nConnection: close\r\n\r\n")[0] == 400


# --- the gateway port is for everybody --------------------------------------------------------------------------------


def test_the_gateway_port_takes_callers_from_anywhere(sim: Sim) -> None:
    port = int(sim.host.gateway_url.rsplit(":", 1)[1])
    body = json.dumps(
        {"Load": {"User": {}}, "OperationID": "a1", "AuthToken": TOKEN, "Time": "2020-09-17 11:09:09 GMT +0530"}
    )
    head = (
        "POST /external/api3.0/biometric?stgid=SIM404 HTTP/1.1\r\nHost: gateway.example\r\nOrigin: http://evil.example\r\n"
        f"Sec-Fetch-Site: cross-site\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    status, answer = send(port, head + body)
    assert status == 200
    assert b"StatusCode" in answer
