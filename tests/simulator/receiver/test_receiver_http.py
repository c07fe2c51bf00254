"""Both reference receivers and HTTP: framing, sizes, concurrency, read-back pages."""

from __future__ import annotations

import http.client
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

DONE = (200, b'{"status":"done"}')
TOKEN = "COJJ7eiiPBGUfmIQPvh2PJWWDLX7OuKs"
TIME = "2020-09-17 07:48:22 GMT +0530"
GOOD = json.dumps({"RealTime": {"AuthToken": TOKEN, "PunchLog": {"UserId": "1", "LogTime": TIME}}}).encode()
LIMIT = 8 * 1024 * 1024


def padded(size: int) -> bytes:
    return GOOD[:-1] + b" " * (size - len(GOOD)) + b"}"


def raw(client: Any, *pieces: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", client.running.port), timeout=10) as connection:
        for piece in pieces:
            connection.sendall(piece)
        return connection.recv(4096)


def test_a_chunked_body_is_read(client: Any) -> None:
    client.connection.request("POST", "/", iter([GOOD[:7], GOOD[7:]]), encode_chunked=True)
    assert client.connection.getresponse().read() == DONE[1]
    assert len(client.times("1")) == 1


def test_expect_100_continue_is_answered_before_the_body(client: Any) -> None:
    head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(GOOD)}\r\nExpect: 100-continue\r\n\r\n"
    assert raw(client, head.encode()).startswith(b"HTTP/1.1 100")


def test_header_names_in_lower_case_are_read(client: Any) -> None:
    head = f"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {len(GOOD)}\r\n\r\n"
    assert raw(client, head.encode(), GOOD).endswith(DONE[1])


def test_a_body_in_pieces_is_read_whole(client: Any) -> None:
    head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(GOOD)}\r\n\r\n"
    assert raw(client, head.encode(), GOOD[:20], GOOD[20:]).endswith(DONE[1])


def test_a_body_of_eight_megabytes_is_stored(client: Any) -> None:
    assert client.send(padded(LIMIT)) == DONE


def test_a_larger_body_is_answered_413_and_the_next_one_is_stored(client: Any) -> None:
    assert client.send(padded(LIMIT + 1))[0] == 413
    client.connection.close()
    assert client.send(GOOD) == DONE


def test_a_larger_chunked_body_is_answered_413(client: Any) -> None:
    chunk = b" " * 1024 * 1024
    client.connection.request("POST", "/", iter([chunk] * 9), encode_chunked=True)
    assert client.connection.getresponse().status == 413


@pytest.mark.parametrize(
    "body",
    [b"", b"\x00", b"{", b"[]", b"42", b'{"a":' * 100_000, b"[" * 100_000, GOOD[:-3], b'{"RealTime":"\xff"}', b"QUJD"],
    ids=lambda body: repr(body[:8]),
)
def test_what_is_no_callback_is_answered_400_and_the_next_one_is_stored(client: Any, body: bytes) -> None:
    assert client.send(body)[0] == 400
    assert client.send(GOOD) == DONE


def test_text_before_and_after_the_json_is_ignored_when_it_is_white(client: Any) -> None:
    assert client.send(b"\xef\xbb\xbf \r\n" + GOOD + b" \n") == DONE


@pytest.mark.parametrize("path", ["/", "/callback?stgid=X", "/a/b?stgid=X?stgid=X"])
def test_any_path_receives_callbacks(client: Any, path: str) -> None:
    assert client.send(GOOD, path) == DONE


def test_other_methods_are_answered_405(client: Any) -> None:
    client.connection.request("GET", "/callback")
    answer = client.connection.getresponse()
    assert (answer.status, bool(answer.read())) == (405, True)


def test_copies_at_the_same_moment_are_one_row(client: Any) -> None:
    def send(_: int) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", client.running.port, timeout=10)
        connection.request("POST", "/", GOOD)
        status = connection.getresponse().status
        connection.close()
        return status

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(send, range(24))) == [200] * 24
    assert len(client.times("1")) == 1


def test_a_dropped_connection_does_no_harm(client: Any) -> None:
    with socket.create_connection(("127.0.0.1", client.running.port), timeout=10) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{")
    assert client.send(GOOD) == DONE


def test_capabilities_tell_the_time_policy(client: Any) -> None:
    status, told = client.get("capabilities")
    assert (status, told["time_policy"], told["keeps"][0]) == (200, "instant", "punches")


def test_read_back_is_off_unless_asked_for(connect: Any) -> None:
    client = connect(readback=False)
    assert client.get("punches?user=1")[0] == 404


def test_an_unknown_page_is_answered_404(client: Any) -> None:
    assert client.get("secrets")[0] == 404


@pytest.mark.parametrize(("count", "status"), [(0, 200), (100, 200), (101, 400)])
def test_read_back_takes_at_most_a_hundred_ids(client: Any, count: int, status: int) -> None:
    ids = "&".join(f"user={n}" for n in range(count))
    assert client.get(f"punches?{ids}")[0] == status


def test_counts_are_the_same_by_http_and_in_python(client: Any) -> None:
    client.send(GOOD)
    assert client.get("counts")[1] == client.running.counts() == {"punch": 1, "person": 0, "template": 0, "note": 0}
