"""The driver's connection: answers in every framing, connections that close, peers that say nothing."""

from __future__ import annotations

import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camsim_loadtests.driver.connection import Answer, Connection, ConnectionFailedError, Target, plain_answer

DONE = b'{"status":"done"}'
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n" + DONE


@pytest.fixture
def peer():
    """`peer(answers, …)`: each connection gets the next list of answers; returns the target and the requests heard."""
    listener = socket.create_server(("127.0.0.1", 0))
    heard: list[bytes] = []

    def serve(connections):
        for answers in connections:
            sock, _ = listener.accept()
            with sock:
                for answer in answers:
                    heard.append(_request(sock))
                    sock.sendall(answer)
        listener.close()

    def start(*connections, timeout_s=2.0):
        threading.Thread(target=serve, args=(connections,), daemon=True).start()
        return Target(f"http://127.0.0.1:{listener.getsockname()[1]}/cb?a=b", timeout_s), heard

    yield start
    listener.close()


def _request(sock):
    data = b""
    while b"\r\n\r\n" not in data:
        data += sock.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += sock.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def connection():
    """A connection to a target, closed in the end."""
    made = []

    def start(target):
        made.append(Connection(target))
        return made[-1]

    yield start
    for one in made:
        one.close()


def _post(connection, target, body=b"{}"):
    return connection.post(target.head("application/json"), body)


@pytest.mark.parametrize(
    "answer",
    [
        WHOLE,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n" + DONE + b"\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n" + DONE,
        b"HTTP/1.1 200 OK\r\nConnection: close\r\ncontent-length:17\r\n\r\n" + DONE,
        b"HTTP/1.1 100 Continue\r\n\r\n" + WHOLE,
        b"HTTP/1.1 103 Early Hints\r\nLink: </x.css>\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + WHOLE,
    ],
)
def test_an_answer_is_read_whatever_its_framing(peer, connection, answer):
    target, _ = peer([answer])

    assert _post(connection(target), target) == Answer(200, DONE)


def test_the_request_is_what_a_receiver_expects(peer, connection):
    target, heard = peer([WHOLE])
    _post(connection(target), target, body=b'{"x":1}')

    assert heard[0].startswith(b"POST /cb?a=b HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nContent-Type: application/json\r\n" in heard[0]
    assert heard[0].endswith(b"\r\n\r\n" + b'{"x":1}')


def test_a_connection_is_kept(peer, connection):
    target, heard = peer([WHOLE, WHOLE])
    kept = connection(target)

    assert [_post(kept, target).status for _ in range(2)] == [200, 200]
    assert (len(heard), kept.reconnects) == (2, 0)


def test_an_idle_connection_that_was_closed_is_opened_again(peer, connection):
    target, _ = peer([WHOLE], [WHOLE])
    kept = connection(target)

    assert [_post(kept, target).status for _ in range(2)] == [200, 200]
    assert kept.reconnects == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", "connection closed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx", "connection closed"),
        (b"hello\r\n\r\n", "not HTTP"),
    ],
)
def test_what_is_no_answer_has_a_kind(peer, connection, answer, kind):
    target, _ = peer([answer])

    with pytest.raises(ConnectionFailedError) as failed:
        _post(connection(target), target)
    assert failed.value.kind == kind


def test_silence_is_a_timeout(connection):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target = Target(f"http://127.0.0.1:{silent.getsockname()[1]}/", 0.1)
        with pytest.raises(ConnectionFailedError) as failed:
            _post(connection(target), target)

    assert failed.value.kind == "timeout"


def test_a_closed_port_refuses(free_port, connection):
    target = Target(f"http://127.0.0.1:{free_port}/", 1.0)
    with pytest.raises(ConnectionFailedError) as failed:
        _post(connection(target), target)

    assert failed.value.kind == "connection refused"


def test_the_tag_of_a_device_goes_into_the_query():
    assert b"POST /cb?a=b&stgid=SIM1 " in Target("http://h/cb?a=b", 1).head("x", "stgid=SIM1")
    assert b"POST /?stgid=SIM1 " in Target("http://h", 1).head("x", "stgid=SIM1")


@given(st.integers(200, 599), st.binary(max_size=40))
def test_a_plain_answer_is_read_without_the_parser(status, body):
    data = b"HTTP/1.1 %d x\r\nServer: y\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)

    assert plain_answer(data) == Answer(status, body)


@pytest.mark.parametrize(
    "data",
    [
        WHOLE[:-1],
        WHOLE + b"x",
        WHOLE.replace(b"1.1", b"1.0"),
        WHOLE.replace(b"Content-Length: 17", b"Transfer-Encoding: chunked\r\nContent-Length: 17"),
        WHOLE.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"),
        WHOLE.replace(b"17", b"+17"),
        b"HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_what_is_not_plain_is_left_to_the_parser(data):
    assert plain_answer(data) is None
