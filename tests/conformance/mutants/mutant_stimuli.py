"""Says everything to a variant and notes everything that can be observed of it."""

from __future__ import annotations

import http.client
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

from mutant_conditions import PEOPLE, v2_conditions, v3_conditions
from mutant_messages import TOKEN, V2_TOKEN, people, punch, v2, v2_messages, v3, v3_messages

from camsim.protocol import cipher
from camsim.receiver import KnownDevice, Running, start
from camsim.receiver.memory import Policy

KEY = "0123456789abcdefghijklmnopqrstuv"
PATIENCE_S = 0.5
Seen = tuple[Any, ...]


class Talk:
    """A conversation with one variant: what was answered, and what was stored after it."""

    def __init__(self, policy: Policy | None, key: str | None) -> None:
        self.key = key
        self.seen: list[Seen] = []
        devices = [KnownDevice(TOKEN, key, stgid="SN1"), KnownDevice(V2_TOKEN, key, stgid="ST-1")]
        self.running: Running = start(devices=devices, broken=policy)

    def send(self, body: bytes, query: str = "", **headers: str) -> None:
        """POST on a connection of its own and note the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.running.port, timeout=PATIENCE_S)
        try:
            connection.request("POST", f"/callback{query}", body, {"Content-Type": "application/json"} | headers)
            answer = connection.getresponse()
            kept = ("Content-Type", "Transfer-Encoding", "Location", "Connection")
            told = [answer.headers.get(name) for name in kept]
            self.seen.append((answer.status, answer.version, answer.read(), *told))
        except (OSError, http.client.HTTPException) as error:
            self.seen.append(("silent", type(error).__name__))
        finally:
            connection.close()

    def message(self, message: dict[str, Any], **how: Any) -> None:
        """Send a message in the form its protocol asks for, encrypted when there is a key."""
        if "ApiRequestInfo" in message:
            info = json.dumps(message["ApiRequestInfo"]).encode()
            sealed = {"ApiRequestInfo": cipher.encrypt(self.key, info).decode()} if self.key else {}
            self.send(urlencode({"request_data": json.dumps(message | sealed, ensure_ascii=False)}).encode(), **how)
        else:
            plain = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
            self.text(plain, **how)

    def text(self, plain: bytes, **how: Any) -> None:
        """Send the text of a v3 message."""
        self.send(cipher.encrypt(self.key, plain) if self.key else plain, **how)

    def raw(self, *pieces: bytes) -> None:
        """Send bytes on a socket and drop it; nothing is noted."""
        with socket.create_connection(("127.0.0.1", self.running.port), timeout=PATIENCE_S) as connection:
            for piece in pieces:
                connection.sendall(piece)

    def stored(self, users: list[str]) -> None:
        """Note everything that read-back shows."""
        query = urlencode([("user", user) for user in users])
        for page in ("capabilities", "punches", "templates", "users"):
            connection = http.client.HTTPConnection("127.0.0.1", self.running.port, timeout=5)
            connection.request("GET", f"/readback/{page}?{query}")
            self.seen.append((page, connection.getresponse().read()))
            connection.close()


def converse(policy: Policy | None, protocol: str, key: str | None) -> list[Seen]:
    """Say everything to a variant and give what could be observed."""
    talk = Talk(policy, key)
    with talk.running:
        conditions = v3_conditions if protocol == "v3" else v2_conditions
        messages = [*conditions(), *(v3_messages() if protocol == "v3" else v2_messages())]
        for message in messages:
            talk.message(message)
        if protocol == "v3":
            _same_values(talk)
            _lengths(talk)
        _transports(talk, messages)
        _copies(talk, messages)
        talk.stored([*people(messages), *PEOPLE, "full"])
        time.sleep(0.01)
        _hostile(talk, messages[0])
    return talk.seen


def _same_values(talk: Talk) -> None:
    texts = [json.dumps(v3(**punch("order", 700 + n))) for n in range(4)]
    talk.text(json.dumps(json.loads(texts[0]), indent=2).encode())
    talk.text(texts[1].replace("CheckIn", "Check\\u0049n").encode())
    talk.text(texts[2].replace("/", "\\/").encode())
    talk.text(b" " + texts[3].encode())
    frame = v3(**punch("order", 704))["RealTime"]
    talk.text(json.dumps({"RealTime": {name: frame[name] for name in reversed(frame)}}).encode())


def _lengths(talk: Talk) -> None:
    for rest in range(16):
        plain = json.dumps(v3(**punch("order", 800 + rest)), ensure_ascii=False).encode()
        talk.text(plain + b" " * ((rest - len(plain)) % 16))


def _transports(talk: Talk, messages: list[dict[str, Any]]) -> None:
    last = messages[-1]
    if "ApiRequestInfo" in last:
        text = json.dumps(v2("RealTimePunchLog", "order", {"AttendanceType": "CheckOut"}, OperationTime="1714989999"))
        talk.send(urlencode({"request_data": text.replace("Out", "\\u004fut")}).encode())
    else:
        talk.message(v3(**punch("order", 900)), query="?stgid=SN1?stgid=SN1")
    talk.message(last, query="?stgid=SN1")
    talk.message(last, query="?stgid=SN1?stgid=SN1")
    talk.message(last, **{"Content-Type": "application/json; charset=utf-8"})
    talk.message(last, Expect="100-continue")
    connection = http.client.HTTPConnection("127.0.0.1", talk.running.port, timeout=PATIENCE_S)
    try:
        connection.putrequest("POST", "/callback")
        connection.putheader("content-type", "application/json")
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        connection.send(b"2\r\n{}\r\n0\r\n\r\n")
        answer = connection.getresponse()
        talk.seen.append((answer.status, answer.read()))
    except (OSError, http.client.HTTPException) as error:
        talk.seen.append(("silent", type(error).__name__))
    connection.close()


def _copies(talk: Talk, messages: list[dict[str, Any]]) -> None:
    """Eight copies at once, then a copy after a connection that was lost, then a burst."""
    v2_protocol = "ApiRequestInfo" in messages[-1]
    plain = {"AttendanceType": "CheckIn", "InputType": "Face"}

    def copy(second: int) -> dict[str, Any]:
        if v2_protocol:
            return v2("RealTimePunchLog", "race", plain, OperationTime=str(1714986000 + second))
        return v3(**punch("race", second / 60))

    with ThreadPoolExecutor(8) as pool:
        before = len(talk.seen)
        list(pool.map(lambda _: talk.message(copy(0)), range(8)))
        talk.seen[before:] = sorted(talk.seen[before:], key=repr)
    probe = Talk.__new__(Talk)
    probe.key, probe.seen = talk.key, []
    bodies: list[bytes] = []
    probe.send = lambda body, **_: bodies.append(body)  # type: ignore[method-assign]
    probe.message(copy(7200))
    head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(bodies[0])}\r\n\r\n"
    talk.raw(head.encode(), bodies[0])
    time.sleep(0.06)
    talk.message(copy(7200))
    for n in range(45):
        talk.message(copy(10_000 + n * 100))


def _hostile(talk: Talk, good: dict[str, Any]) -> None:
    for body in (b"{", b"", b'{"RealTime":' + b"[" * 60 + b"]" * 60 + b"}", b"{}"):
        talk.send(body)
        talk.message(good)
