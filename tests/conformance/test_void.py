"""A target that cannot be judged gives exit 3 and says what to do; one that answers wrongly is failed."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import trustme
from certifying import TOKEN, TcpServer, profile, rows, serving, told

from camsim.receiver import Running, start
from camsim_conformance.sending.case_sender import CaseSender


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_closed_port_is_no_verdict() -> None:
    result = told(profile(f"http://127.0.0.1:{free_port()}/cams"))
    assert (result["exit_code"], result["grade"], result["outcome"]) == (3, "none", "incomplete")
    assert "start the receiver" in result["void"]


def test_a_hanging_socket_is_no_verdict() -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    with TcpServer(hang) as server:
        result = told(profile(f"http://127.0.0.1:{server.port}/", patience_s=0.3))
    assert (result["exit_code"], "no answer came" in result["void"]) == (3, True)


def test_what_speaks_no_http_is_no_verdict() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail ready\r\n")
        await writer.drain()
        writer.close()

    with TcpServer(greet) as server:
        assert told(profile(f"http://127.0.0.1:{server.port}/"))["exit_code"] == 3


def test_a_host_without_an_address_is_no_verdict() -> None:
    from camsim_conformance.target.address import UnreachableError, resolve

    with pytest.raises(UnreachableError, match="no address"):
        resolve("http://no-such-host.invalid/")


@pytest.fixture
def tls(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    return context, file


class Done(BaseHTTPRequestHandler):
    """Says done to everything, and keeps nothing."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b'{"status":"done"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


def test_an_unknown_certificate_authority_is_no_verdict_and_ca_helps(tls: tuple[ssl.SSLContext, Path]) -> None:
    context, authority = tls
    with serving_tls(context) as url:
        refused = told(profile(url, None, "CB-WIRE-*"))
        trusted = told(profile(url, None, "CB-WIRE-001", "CB-WIRE-005", ca=authority))
    assert (refused["exit_code"], "--ca" in refused["void"]) == (3, True)
    assert (trusted["exit_code"], trusted["counts"]["PASS"]) == (0, 2)


def serving_tls(context: ssl.SSLContext) -> Any:
    from contextlib import contextmanager

    @contextmanager
    def made() -> Any:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await answer_done(reader, writer)

        with TlsServer(serve, context) as server:
            yield f"https://127.0.0.1:{server.port}/cams"

    return made()


class TlsServer(TcpServer):
    """The same over TLS."""

    def __init__(self, serve: Any, context: ssl.SSLContext) -> None:
        super().__init__(serve)
        self._context = context

    async def _main(self) -> None:
        await self.listen(self._context)


async def answer_done(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One request in whatever framing, one acknowledgement."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if b"100-continue" in head:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if b"chunked" in head:
            await reader.readuntil(b"0\r\n\r\n")
        else:
            length = next(int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(length)
        body = b'{"status":"done"}'
        answer = (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
        )
        writer.write(answer % (len(body), body))
        await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


@pytest.mark.parametrize("body", [b"", b"ok", b'{"Status":"done"}', b'{"status":"Done"}', b"null"])
def test_an_answer_that_is_no_acknowledgement_is_failed(body: bytes) -> None:
    class Wrong(Done):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Wrong) as url:
        result = told(profile(url, None, "CB-ACK-001"))
    assert (result["exit_code"], result["counts"]["FAIL"], result["void"]) == (1, 1, None)
    assert "preflight" in result["problems"][0]


def test_a_target_that_acknowledges_and_stores_nothing_is_void_not_passed() -> None:
    with serving(Done) as url, start(tokens=[TOKEN]) as other:
        result = told(profile(url, other.readback_url))
    assert (result["exit_code"], result["grade"]) == (3, "none")


async def reset_when_kept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers once a connection, and resets it when it is used again, as one that was closed while it was idle."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
        kind = b"Content-Type: application/json\r\n"
        writer.write(b"HTTP/1.1 200 OK\r\n" + kind + b'Content-Length: 17\r\n\r\n{"status":"done"}')
        await reader.read(1)
        # Lingering for no time makes the end a reset.
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def test_a_kept_connection_that_is_reset_is_opened_again() -> None:
    with TcpServer(reset_when_kept) as server:
        result = told(profile(f"http://127.0.0.1:{server.port}/", None, "CB-ACK-001"))
    assert (result["exit_code"], result["counts"]["PASS"]) == (0, 1)


def drops_every(count: int) -> Any:
    """Keeps connections and acknowledges, but closes one in so many without an answer to the request that it read."""
    came = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal came
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r\n")[0]))
                came += 1
                if came % count == 0:
                    break
                kind = b"Content-Type: application/json\r\n"
                writer.write(b"HTTP/1.1 200 OK\r\n" + kind + b'Content-Length: 17\r\n\r\n{"status":"done"}')
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    return serve


def test_a_dropped_answer_is_named_though_the_second_try_is_answered() -> None:
    with TcpServer(drops_every(10)) as server:
        result = told(profile(f"http://127.0.0.1:{server.port}/", None, "CB-ACK-001"))
    cases = [case for case in rows(result, "CB-ACK-001")["cases"] if case["verdict"] == "NON-STRICT"]
    assert (result["exit_code"], len(cases)) == (0, 1)
    assert "the connection closed without an answer once before it" in cases[0]["actual"]


async def in_two_chunks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An acknowledgement in two chunks with a pause between."""
    try:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(b'5\r\n{"sta\r\n')
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.write(b'c\r\ntus":"done"}\r\n0\r\n\r\n')
        await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


def test_an_answer_in_chunks_is_read_to_its_end() -> None:
    with TcpServer(in_two_chunks) as server:
        result = told(profile(f"http://127.0.0.1:{server.port}/", None, "CB-ACK-001"))
    assert (result["exit_code"], result["counts"]["PASS"]) == (0, 1), result["problems"]


async def refuse_to_continue(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers in one piece without reading a body, and closes."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.0 400 Bad\r\n\r\nno")
    writer.close()


def test_a_refusal_before_the_body_is_read_whole() -> None:
    with TcpServer(refuse_to_continue) as server:
        result = told(profile(f"http://127.0.0.1:{server.port}/", None, "CB-WIRE-005"))
    case = next(case for case in rows(result, "CB-WIRE-005")["cases"] if case["id"].endswith("expect-100-continue"))
    assert "HTTP 400 no" in case["actual"]


def test_an_error_of_our_own_is_an_incomplete_run(receiver: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(CaseSender, "in_turn", fails)
    result = told(profile(receiver.url, None, "CB-ACK-001"))
    assert (result["exit_code"], result["void"]) == (3, "harness error: ZeroDivisionError('ours')")


class Mortal:
    """Stops listening when a body says so."""

    def __init__(self, poison: bytes) -> None:
        self.poison = poison
        self.server: TcpServer | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = [int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:")]
            body = await reader.readexactly(length[0]) if length else b""
        except (asyncio.IncompleteReadError, ConnectionError):
            body = b""
        if self.poison in body and self.server is not None:
            self.server.die()
            writer.transport.abort()
            return
        writer.write(b'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 17\r\n\r\n{"status":"done"}')
        await writer.drain()
        writer.close()


def mortal(poison: bytes, *globs: str) -> dict[str, Any]:
    target = Mortal(poison)
    with TcpServer(target.serve) as server:
        target.server = server
        return told(profile(f"http://127.0.0.1:{server.port}/", None, *globs))


def test_a_target_that_dies_of_a_hostile_body_and_stays_dead_fails_that_case() -> None:
    result = mortal(b'"RealTime":[[[[', "CB-ROB-003", "CB-ACK-004")
    result = mortal(b"[[[[[[", "CB-ROB-003", "CB-ACK-004")
    cases = {case["id"]: case for row in result["requirements"] for case in row["cases"]}
    assert result["exit_code"] == 1
    assert cases["CB-ROB-003/deep-nesting"]["verdict"] == "FAIL"
    assert "stayed dead" in cases["CB-ROB-003/deep-nesting"]["actual"]
    assert cases["CB-ROB-003/cut-short"]["verdict"] == "COULD-NOT-RUN"


def test_a_target_that_dies_half_way_is_no_verdict() -> None:
    result = mortal(b"Siesta", "CB-ACK-*")
    assert (result["exit_code"], result["grade"]) == (3, "none")
    assert "CB-ACK-002/unknown-type" in result["void"] or "stopped answering" in result["void"]


def test_a_void_run_judges_nothing(receiver: Running) -> None:
    result = told(profile(receiver.url, "http://127.0.0.1:9/"))
    assert set(json.loads(json.dumps(result["counts"]))) >= {"COULD-NOT-RUN"}
    assert result["counts"]["FAIL"] == result["counts"]["PASS"] == 0
