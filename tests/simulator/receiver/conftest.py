"""A running receiver of either kind, and a client that speaks to it."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from camsim.receiver import Kind, KnownDevice, Running, start

TOKEN = "COJJ7eiiPBGUfmIQPvh2PJWWDLX7OuKs"
V2_TOKEN = "k3wgUszWcH4EjXM7sUWI38yJPkXhmvao"
V2_TAG = "ST-KY19123123"


@dataclass(slots=True)
class Client:
    """One kept connection to a receiver."""

    running: Running
    connection: http.client.HTTPConnection

    def send(self, body: bytes, path: str = "/callback", **headers: str) -> tuple[int, bytes]:
        """POST bytes; status and body of the answer."""
        self.connection.request("POST", path, body, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def v3(self, **frame: Any) -> tuple[int, bytes]:
        """POST a v3 callback with the right token unless `frame` has another."""
        body = {"RealTime": {"OperationID": "9nu1wak5616p", "AuthToken": TOKEN} | frame}
        return self.send(json.dumps(body).encode())

    def v2(self, operation: str, user: str, data: Any = "", tag: str = V2_TAG, **info: Any) -> tuple[int, bytes]:
        """POST a v2 callback with the right token unless `info` has another."""
        frame = {"AuthToken": V2_TOKEN, "Operation": operation, "UserId": user, "OperationTime": "1556637142"}
        frame |= {"OperationReferenceId": "", "OperationData": data} | info
        return self.send(
            urlencode({"request_data": json.dumps({"ServiceTagId": tag, "ApiRequestInfo": frame})}).encode()
        )

    def punch(self, user: str, time: str, **more: Any) -> tuple[int, bytes]:
        """POST a v3 punch."""
        item = {"Type": "CheckIn", "InputType": "Face", "UserId": user, "LogTime": time} | more
        return self.v3(PunchLog=item)

    def update(self, user: str, *templates: dict[str, Any], **more: Any) -> tuple[int, bytes]:
        """POST a v3 user update."""
        return self.v3(UserUpdated={"UserID": user, "Template": list(templates)} | more)

    def get(self, page: str) -> tuple[int, Any]:
        """GET a read-back page."""
        self.connection.request("GET", f"/readback/{page}")
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())

    def rows(self, kind: str, *users: str) -> list[dict[str, Any]]:
        """Rows of a read-back page."""
        found: list[dict[str, Any]] = self.get(f"{kind}?{urlencode([('user', user) for user in users])}")[1][kind]
        return found

    def times(self, *users: str) -> list[str]:
        """Times of stored punches."""
        return [row["time"] for row in self.rows("punches", *users)]


@pytest.fixture(params=list(Kind))
def kind(request: pytest.FixtureRequest) -> Kind:
    return Kind(request.param)


@pytest.fixture
def connect(kind: Kind) -> Iterator[Callable[..., Client]]:
    """Start a receiver with the given settings and connect to it."""
    clients: list[Client] = []

    def make(**settings: Any) -> Client:
        running = start(kind, **settings)
        clients.append(Client(running, http.client.HTTPConnection("127.0.0.1", running.port, timeout=10)))
        return clients[-1]

    yield make
    for client in clients:
        client.connection.close()
        client.running.stop()


@pytest.fixture
def client(connect: Callable[..., Client]) -> Client:
    """A receiver that knows the devices of the printed samples."""
    return connect(devices=[KnownDevice(TOKEN), KnownDevice(V2_TOKEN, stgid=V2_TAG)])
