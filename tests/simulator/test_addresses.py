"""Which addresses are one's own: every way to write another one's is seen through."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from camsim.addresses import why_foreign
from camsim.ownership import Origin, UnreachableError, connect, is_private, pinned, read_challenge

OWN = ["127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.254", "192.168.0.1", "::1", "fd12::1%eth0"]
CLOUD = "169.254.169.254"
FOREIGN = [
    "8.8.8.8", "172.32.0.1", CLOUD, "169.254.0.1", "100.100.100.200", "100.64.0.1", "192.0.0.192", "168.63.129.16",
    "0.0.0.0", "0.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1", "203.0.113.9",
    "::", "fe80::1", "fe80::1%lo", "fec0::1", "ff02::1", "fd00:ec2::254", "fd20:ce::254", "2001:db8::1", "100::1",
]  # fmt: skip


def carried(address: str) -> Iterator[str]:
    """Every IPv6 form of an IPv4 address."""
    number = int(ipaddress.IPv4Address(address))
    low = f"{number >> 16:x}:{number & 0xFFFF:x}"
    last = f"{~number >> 16 & 0xFFFF:x}:{~number & 0xFFFF:x}"
    yield from (f"::ffff:{address}", f"::ffff:{low}", f"::ffff:0:{low}", f"::{low}", f"64:ff9b::{low}")
    yield from (f"64:ff9b:1::{low}", f"2002:{low}::1", f"2001:0:5ef5:79fb:0:0:{last}", f"fd00::5efe:{low}")
    yield f"fd00::200:5efe:{low}"


@pytest.mark.parametrize("address", OWN)
def test_loopback_and_private_ones_are_ones_own(address: str) -> None:
    assert why_foreign(address) is None


@pytest.mark.parametrize("address", FOREIGN)
def test_all_others_are_not(address: str) -> None:
    assert not is_private(address)


@pytest.mark.parametrize("reached", [CLOUD, "127.0.0.1", "10.0.0.1", "8.8.8.8"])
def test_an_ipv4_address_inside_an_ipv6_one_is_never_private_and_is_named(reached: str) -> None:
    for form in carried(reached):
        why = why_foreign(form)
        assert why is not None, form
        assert f"of {reached} " in why


@pytest.mark.parametrize("host", ["2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "0", "0x0"])
def test_a_number_is_judged_by_the_address_it_becomes(host: str) -> None:
    _, foreign = pinned(Origin("http", host, 80))
    assert foreign is not None
    assert pinned(Origin("http", "2130706433", 80)) == (Origin("http", "2130706433", 80), None)


def answering(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let the name server give these answers, one after the other; the names that were asked."""
    asked: list[str] = []

    def look_up(host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        if host[0].isdigit():
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
        asked.append(host)
        rows = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (row, port)) for row in rows]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def test_a_name_of_a_metadata_service_is_foreign_whatever_it_becomes(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, ["10.0.0.1"])
    for name in ("metadata.google.internal", "METADATA.google.internal.", "instance-data"):
        assert pinned(Origin("http", name, 80))[1] is not None


@contextmanager
def listening(serve: Callable[[socket.socket], None], host: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    """A server that treats each connection so; gives its port."""
    listener = socket.create_server((host, port))

    def accept() -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=treat, args=(sock,), daemon=True).start()

    def treat(sock: socket.socket) -> None:
        try:
            with sock:
                serve(sock)
        except OSError:
            pass

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def plain(text: bytes) -> Callable[[socket.socket], None]:
    def serve(sock: socket.socket) -> None:
        sock.recv(65536)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(text), text))

    return serve


def test_a_name_that_changes_its_address_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(plain(b"mine")) as port, listening(plain(b"theirs"), "127.0.0.2", port):
        asked = answering(monkeypatch, ["127.0.0.1"], ["127.0.0.2"])
        origin, foreign = pinned(Origin("http", "rebind.test", port))
        answers = {read_challenge(origin)[1] for _ in range(3)}
    assert (foreign, answers, asked) == (None, {b"mine"}, ["rebind.test"])


def test_of_two_own_addresses_the_one_that_listens_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, ["127.0.0.3", "127.0.0.2"])
    with listening(plain(b""), "127.0.0.2") as port:
        assert pinned(Origin("http", "two.test", port))[0].address == "127.0.0.2"


def dripping(head: bytes, drop: bytes) -> Callable[[socket.socket], None]:
    def serve(sock: socket.socket) -> None:
        sock.recv(65536)
        sock.sendall(head)
        while True:
            sock.sendall(drop)
            time.sleep(0.02)

    return serve


def whole(connection: http.client.HTTPConnection) -> bytes:
    connection.request("GET", "/")
    return connection.getresponse().read(65536)


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\n", b"X"),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"z"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nz\r\n"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"z"),
        (b"\x16\x03\x03\x3f\xff\x02", b"\x00"),  # a TLS record that never ends
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_answer_that_drips_ends_with_the_time_limit(head: bytes, drop: bytes, scheme: str) -> None:
    with listening(dripping(head, drop)) as port:
        began = time.monotonic()
        connection = connect(Origin(scheme, "127.0.0.1", port), None, 0.2)
        with pytest.raises(OSError, match=r".+"):
            whole(connection)
        connection.close()
    assert time.monotonic() - began < 5


def test_a_huge_answer_is_read_in_part_alone() -> None:
    def serve(sock: socket.socket) -> None:
        sock.recv(65536)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while True:
            sock.sendall(b"x" * 65536)

    with listening(serve) as port:
        status, body = read_challenge(Origin("http", "127.0.0.1", port))
    assert (status, len(body)) == (200, 4096)


def test_a_challenge_that_redirects_is_not_followed() -> None:
    heard: list[bytes] = []

    def elsewhere(sock: socket.socket) -> None:
        heard.append(sock.recv(65536))

    with listening(elsewhere) as other:
        where = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/\r\nContent-Length: 0\r\n\r\n" % other

        def serve(sock: socket.socket) -> None:
            sock.recv(65536)
            sock.sendall(where)

        with listening(serve) as port:
            assert read_challenge(Origin("http", "127.0.0.1", port))[0] == 302
    assert heard == []


def test_a_name_without_address_is_unreachable() -> None:
    with pytest.raises(UnreachableError):
        pinned(Origin("http", "nowhere.invalid", 80))
