"""What is said to every variant, and everything that can be observed of it."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from simulator import resources
from simulator.protocol import cipher
from simulator.receiver import KnownDevice, Running, start
from simulator.receiver.memory import Policy

TOKEN = "COJJ7eiiPBGUfmIQPvh2PJWWDLX7OuKs"
V2_TOKEN = "k3wgUszWcH4EjXM7sUWI38yJPkXhmvao"
KEY = "0123456789abcdefghijklmnopqrstuv"
PATIENCE_S = 0.5
BASE = datetime(2024, 5, 6, 9, 0, 0, tzinfo=UTC)
Seen = tuple[Any, ...]


def v3(**frame: Any) -> dict[str, Any]:
    head = {"OperationID": f"op{len(json.dumps(frame))}", "LabelName": "Gate/1", "SerialNumber": "SN1"}
    return {
        "RealTime": head | frame | {"AuthToken": frame.get("AuthToken", TOKEN), "Time": "2024-05-06 04:00:00 GMT +0000"}
    }


def stamp(minutes: float, offset: str = "+0530") -> str:
    shift = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:])) * (-1 if offset[0] == "-" else 1)
    return f"{BASE + timedelta(minutes=minutes) + shift:%Y-%m-%d %H:%M:%S} GMT {offset}"


def punch(user: str, minutes: float = 0, offset: str = "+0530", **item: Any) -> dict[str, Any]:
    base = {"Type": "CheckIn", "InputType": "Face", "UserId": user, "LogTime": stamp(minutes, offset)}
    return {"PunchLog": base | item}


def update(user: str | None, *templates: dict[str, Any], **more: Any) -> dict[str, Any]:
    told = {"UserID": user, "FirstName": "Asha", "LastName": "Rao"} if user else {}
    return {"UserUpdated": told | {"Template": list(templates)} | more}


def template(kind: str, index: str | None, data: str, user: str = "") -> dict[str, Any]:
    return {"Type": kind, "Data": data} | ({"Index": index} if index else {}) | ({"UserID": user} if user else {})


def v3_messages() -> Iterator[dict[str, Any]]:
    """Callbacks of v3: printed ones, then one for each thing a receiver can get wrong."""
    yield from (sample["request"] for sample in resources.load("fixtures", "vendor", "v3.json")[:11])
    for kind in ("CheckOut", "BreakOut", "BreakIn", "OverTimeIn", "OverTimeOut", "MealIn", "MealOut", "Siesta"):
        yield v3(**punch("types", len(kind) * 100 + ord(kind[0]), Type=kind))
    for method in ("Card", "Password", "Palm"):
        yield v3(**punch("inputs", ord(method[1]), InputType=method))
    for user in ("007", "7", "E1a", "e1a", "a-b", "a_b", "O'Brien"):
        yield v3(**punch(user))
    for n, offset in enumerate(("-0330", "+0545", "+1400", "+0000", "+0100")):
        yield v3(**punch(f"20{n}", 5, offset))
    for minutes in (600, 0, 0.1, 0.75, 30, -1440, 30, 601):
        yield v3(**punch("order", minutes))
    yield v3(**punch("zones", 0, "+0530"))
    yield v3(**punch("zones", 30, "+0000"))
    yield from (v3(**punch("day", n * 20, Type="CheckOut" if n % 2 else "CheckIn")) for n in range(12))
    for again in ({}, {"OperationID": "other"}, {"OperationID": "third", "Note": 1}):
        yield v3(**punch("dup"), **again)
    yield v3(**punch("dup", 60))
    yield v3(**punch("dup"))
    late = v3(**punch("dup"))
    late["RealTime"]["Time"] = "2024-05-06 05:00:00 GMT +0000"
    yield late
    yield from (v3(**punch("two-doors", n), SerialNumber=f"SN{n}") for n in range(2))
    for health in ({"Temperature": 37.25, "FaceMask": True}, {"Temperature": "36.8"}, {"FaceMask": False}):
        yield v3(**punch(f"health{len(str(health))}", **health))
    bare = v3(**punch("bare", InputType=None))
    del bare["RealTime"]["LabelName"], bare["RealTime"]["SerialNumber"]
    yield bare
    yield v3(**punch("odd", LogTime="soon"))
    yield from _photos()
    yield from _users()
    yield v3(AuthToken="wrong", **punch("forged"))
    yield v3(AuthToken=TOKEN[:-1], **punch("forged", 1))
    yield v3(AuthToken=TOKEN.swapcase(), **punch("forged", 2))
    yield v3(AuthToken="", **punch("forged", 3))
    yield v3(AuthToken="wrong", **update("forged", template("Card", None, "1")))
    yield v3(DoorOpened={"At": 1})


def _photos() -> Iterator[dict[str, Any]]:
    for user, minutes in (("photo", 0), ("photo", 0), ("photo", 9)):
        yield v3(Log={"UserID": user, "LogPhoto": "A" * 12_000, "LogTime": stamp(minutes)})
    yield v3(**punch("photo"))


def _users() -> Iterator[dict[str, Any]]:
    yield v3(**update(None, template("Fingerprint", "0", "AAAA", "new")))
    yield v3(**update("new"))
    yield v3(
        **update("u", template("Fingerprint", "0", "AAAA"), template("Palm", "0", "AAAB"), template("Card", None, "1"))
    )
    yield v3(**update("u", template("Fingerprint", "0", "AAAC")))
    yield v3(**update("u", template("Fingerprint", "1", "AAAD")))
    yield v3(**update("u", template("Face", "0", "B" * 40_000)))
    yield v3(**update("u", template("Card", None, "1"), FirstName="", LastName=""))
    yield v3(**update("u2", FirstName="Müller", LastName="小明"))
    shared = {"OperationID": "shared"}
    yield v3(**update("u", template("Password", None, "0042"), FirstName="", LastName=""), **shared)
    yield v3(**update("u", template("UserPhoto", None, "AAAA")), **shared)
    yield v3(**update("stays", template("Card", None, "2")))
    yield v3(**update("u", FirstName="O'Hara"))
    yield v3(**update("gone", template("Card", None, "3")))
    yield v3(**punch("gone"))
    yield v3(UserDeleted={"UserID": "gone"})
    yield v3(UserDeleted={"UserID": "gone"})


def v2(operation: str, user: str, data: Any = "", *, tag: str = "ST-1", **info: Any) -> dict[str, Any]:
    base = {"AuthToken": V2_TOKEN, "Operation": operation, "UserId": user, "OperationTime": "1714986000"}
    return {"ServiceTagId": tag, "ApiRequestInfo": base | {"OperationReferenceId": "", "OperationData": data} | info}


def signature(kind: str, part: str, data: str = "AAAA") -> dict[str, str]:
    return {"Template": data, "Type": kind, "AdditionalData1": part, "AdditionalData2": ""}


def v2_user(*items: dict[str, str], name: str = "") -> dict[str, Any]:
    return {"Name": name, "FirstName": "", "LastName": "", "Priority": "", "Signature": list(items)}


def v2_messages() -> Iterator[dict[str, Any]]:
    """Callbacks of v2, in the same spirit."""
    for n, kind in enumerate(("CheckIn", "CheckOut", "BreakOut", "OverTimeIn", "MealStart", "MealEnd", "None")):
        data = {"AttendanceType": kind, "InputType": "Card", "Temperature": "36.8", "FaceMask": "true"}
        yield v2("RealTimePunchLog", "types", data, OperationTime=str(1714986000 + n * 900))
    plain = {"AttendanceType": "CheckIn", "InputType": "Face"}
    for tag in ("ST-1", "ST-1", "ST-2"):
        yield v2("RealTimePunchLog", "dup", plain, tag=tag)
    yield v2("RealTimePunchLog", "007", plain)
    yield from (v2("RealTimePunchLog", "order", plain, OperationTime=str(1714986000 + n)) for n in (90000, 0, 30, 3600))
    yield from (v2("RealTimePunchLog", "day", plain, OperationTime=str(1714986000 + n * 1200)) for n in range(12))
    yield v2("RealTimePunchLog", "forged", plain, AuthToken="wrong")
    yield v2("RealTimePunchLog", "odd", plain, OperationTime="soon")
    yield v2("SendAttendancePhoto", "photo", {"AttendancePhoto": "A" * 20_000})
    card, pin = signature("Card", "", "17"), signature("Password", "", "0042")
    yield v2("ManuallyUserUpdated", "u", v2_user(card, pin, name="Asha Müller"))
    yield from (v2("ManuallyUserUpdated", "u", v2_user(signature("Face", str(part)))) for part in range(1, 13))
    yield v2("ManuallyUserUpdated", "u", v2_user(signature("Fingerprint", "6"), name="Garbage"))
    yield v2("ManuallyUserUpdated", "u", v2_user(signature("Fingerprint", "6", "AAAB")))
    yield v2("ManuallyUserUpdated", "u", v2_user(signature("Fingerprint", "3")))
    yield v2("ManuallyUserUpdated", "new", v2_user(signature("Palm", "1")))
    yield v2("ManuallyUserUpdated", "u", v2_user(signature("UserPhoto", "")))
    yield v2("ManuallyUserUpdated", "gone", v2_user(card, name="Ravi"))
    yield v2("RealTimePunchLog", "gone", plain)
    yield v2("ManuallyUserDeleted", "gone")
    yield v2("ManuallyDateModified", "")
    for operation in ("AddUser", "DeleteUser", "ClearLog"):
        yield v2(operation, "u", {"StatusCode": "0", "Status": "done"}, OperationReferenceId="ref1")
    yield v2("AddUser", "stranger", {"StatusCode": "0", "Status": "done"}, OperationReferenceId="ref2")
    yield v2("RealTimePunchLog", "new-id", plain, OperationReferenceId=None)


def people(messages: list[dict[str, Any]]) -> list[str]:
    """Every user id that is mentioned, as it stands and as careless receivers change it."""
    text = json.dumps(messages)
    ids = {"1", "2", "3", "5", "8", "types", "inputs", "7", "E1a", "e1a", "a-b", "a_b", "ab", "O'Brien", "007", ""}
    ids |= {
        "order",
        "zones",
        "day",
        "dup",
        "two-doors",
        "bare",
        "odd",
        "photo",
        "new",
        "u",
        "u2",
        "stays",
        "gone",
        "forged",
        "new-id",
    }
    return sorted(
        ids | {f"20{n}" for n in range(5)} | {f"health{n}" for n in range(10, 60) if f"health{n}" in text} | {"race"}
    )


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
        messages = list(v3_messages() if protocol == "v3" else v2_messages())
        for message in messages:
            talk.message(message)
        if protocol == "v3":
            _same_values(talk)
            _lengths(talk)
        _transports(talk, messages)
        _copies(talk, messages)
        talk.stored(people(messages))
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
