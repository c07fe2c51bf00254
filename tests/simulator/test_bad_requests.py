"""Whatever comes in on the gateway port: a documented answer, a journal line with field and why, an untouched device.

`CAMSIM_FUZZ=5000` sends that many generated requests, 500 without it.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import random
import string
from collections.abc import AsyncIterator, Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest
from running_sim import KEY, TOKEN, Answer, Sim, device

from camsim import resources
from camsim.control.devices import PersonSpec
from camsim.protocol import cipher
from camsim.protocol.statuses import StatusSeen, StatusV3

TOTAL = int(os.environ.get("CAMSIM_FUZZ", "500"))
CHUNKS = 10
SAMPLES = [s["request"] for s in resources.load("fixtures", "vendor", "v3.json")]
COMMANDS = [message for message in SAMPLES if "RealTime" not in message]
CODES = {*map(int, StatusV3), int(StatusSeen.INVALID_RAW_DATA)}  # 19 in profile observed (A-ENC-04)
REFUSED = {400, 404, 405, 413, 431}
V3 = "/external/api3.0/biometric"
LIMIT = 8 * 1024 * 1024


@dataclass(slots=True)
class Bad:
    """One request that nobody should send."""

    body: bytes = b"{}"
    query: str = "stgid=SIM1"
    path: str = V3
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    chunked: bool = False


def _dump(message: Any) -> bytes:
    return json.dumps(message).encode()


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _paths(item, (*path, key))


def _at(message: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        message = message[step]
    return message


_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1.5, 10**18, 2**64 - 1, -(2**63), 1e300),
    *("", " ", "x", "x" * 300, "\x00", "a\x00b", "All", "all", "ünï", "😀", "../../x", "' OR 1=1 --", "-0", "1e5"),
    *([], [[]], [None], {}, {"a": 1}, {"UserID": {}}, ["All"], {"": ""}),
    *("2020-02-30 00:00:00 GMT +0530", "2020-09-17 00:01:33 GMT +9999", "0000-00-00 00:00:00 GMT +0000", "2020-09-17"),
)
_RAW_VALUES = (
    b"1e400",
    b"-1e400",
    b"9" * 5000,
    b"0x10",
    b"NaN",
    b"Infinity",
    b'"\\ud800"',
    b'"\\udc00x"',
    b'"\\u00"',
    b"'x'",
    b"01",
)


def _noise(rng: random.Random) -> Bad:
    return Bad(rng.randbytes(rng.choice((0, 1, 2, 16, 300, 5000))))


def _wrong_value(rng: random.Random) -> Bad:
    message = deepcopy(rng.choice(COMMANDS))
    path = rng.choice(list(_paths(message)))
    _at(message, path[:-1])[path[-1]] = rng.choice(_VALUES)
    return Bad(_dump(message))


def _raw_value(rng: random.Random) -> Bad:
    message = deepcopy(rng.choice(COMMANDS))
    path = rng.choice(list(_paths(message)))
    _at(message, path[:-1])[path[-1]] = "@@"
    return Bad(_dump(message).replace(b'"@@"', rng.choice(_RAW_VALUES)))


def _missing(rng: random.Random) -> Bad:
    message = deepcopy(rng.choice(COMMANDS))
    path = rng.choice(list(_paths(message)))
    del _at(message, path[:-1])[path[-1]]
    return Bad(_dump(message))


def _other_case(rng: random.Random) -> Bad:
    message = deepcopy(rng.choice(COMMANDS))
    path = rng.choice([path for path in _paths(message) if isinstance(path[-1], str)])
    place = _at(message, path[:-1])
    place[path[-1].swapcase()] = place.pop(path[-1])
    return Bad(_dump(message))


def _two_operations(rng: random.Random) -> Bad:
    first, second = rng.sample(COMMANDS, 2)
    merged = {**deepcopy(first), **deepcopy(second)}
    for key in set(first) & set(second):
        if isinstance(first[key], dict):
            merged[key] = {**first[key], **second[key]}
    return Bad(_dump(merged))


def _nested(rng: random.Random) -> Bad:
    depth, pair = rng.choice((50, 300, 900, 5000, 100_000)), rng.choice(((b"[", b"]"), (b'{"a":', b"}")))
    deep = pair[0] * depth + b"1" + pair[1] * depth
    message = deepcopy(rng.choice(COMMANDS))
    path = rng.choice(list(_paths(message)))
    _at(message, path[:-1])[path[-1]] = "@@"
    return Bad(rng.choice((deep, _dump(message).replace(b'"@@"', deep), pair[0] * depth)))


def _damaged_text(rng: random.Random) -> Bad:
    body = _dump(rng.choice(COMMANDS))
    cut = rng.randrange(len(body))
    ways = (
        lambda: body[:cut],
        lambda: body + rng.choice((b"x", b"{}", b",", b"\x00")),
        lambda: body[:cut] + rng.randbytes(1) + body[cut + 1 :],
        lambda: b"\xef\xbb\xbf" + body,
        lambda: body.decode().encode("utf-16"),
        lambda: body.replace(b'"', b"'"),
        lambda: body[:cut] + b"\xff" + body[cut:],
        lambda: b"[" + body + b"]",
    )
    return Bad(rng.choice(ways)())


def _wrong_place(rng: random.Random) -> Bad:
    body = _dump(rng.choice(COMMANDS))
    paths = (
        "/external/api3.0",
        V3 + "/",
        "//",
        "/api/health",
        "/%2e%2e/x",
        "/external/api1.0/biometric",
        "/%00",
        "/a b".replace(" ", "%20"),
    )
    methods = ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "HEAD")
    if rng.random() < 0.5:
        return Bad(body, path=rng.choice(paths), method=rng.choice(("POST", *methods)))
    return Bad(body, method=rng.choice(methods))


def _wrong_tag(rng: random.Random) -> Bad:
    odd = "".join(rng.choice(string.printable) for _ in range(rng.randrange(1, 30)))
    quoted = "".join(f"%{ord(c):02x}" for c in odd)
    queries = (
        "",
        "stgid",
        "stgid=",
        "stgid=sim1",
        "STGID=SIM1",
        "stgid=SIM1%00",
        "stgid=%ff%fe",
        "stgid=nobody&stgid=SIM1",
    )
    return Bad(_dump(rng.choice(COMMANDS)), query=rng.choice((*queries, f"stgid={quoted}", "&&==&", "a=" + "b" * 5000)))


def _wrong_token(rng: random.Random) -> Bad:
    token = rng.choice(("", TOKEN.lower(), TOKEN + " ", TOKEN[:-1], "x" * 100_000, "\x00", "é" * 32))
    kind = rng.choice(
        ("application/json", "text/plain", "", "application/x-www-form-urlencoded", "multipart/form-data", "é")
    )
    return Bad(
        _dump({**rng.choice(COMMANDS), "AuthToken": token}), headers={"Content-Type": kind}, chunked=rng.random() < 0.5
    )


def _form(rng: random.Random) -> Bad:
    body = b"request_data=" + _dump(rng.choice(COMMANDS))
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return Bad(body, headers=kind, path=rng.choice((V3, "/external/api2.0/biometric")))


def _templates(rng: random.Random) -> Bad:
    card = {"Type": "Card", "UserID": "900", "Data": "1"}
    odd: tuple[Any, ...] = (
        [card, card],
        [card] * 1000,
        [{**card, "UserID": "901"}],
        [{**card, "Type": "Iris"}],
        [{**card, "Data": "12a"}],
        [{"Type": "Face", "UserID": "900", "Index": "0", "Data": "/9j/4AAQ"}],
        [
            {
                "Type": "Fingerprint",
                "UserID": "900",
                "Size": "5",
                "Index": rng.choice((99, -1, "x", None, 1.5)),
                "Data": "AAAA",
            }
        ],
        [{"Type": "Palm", "UserID": "900", "Index": "0", "Data": "AAA"}],
        "Card",
        [[card]],
    )
    return Bad(
        _dump({"Add": {"User": {"UserID": "900"}, "Template": rng.choice(odd)}, "OperationID": "o", "AuthToken": TOKEN})
    )


def _encrypted(rng: random.Random) -> Bad:
    body = _dump(rng.choice(COMMANDS))
    sealed, other = cipher.encrypt(KEY, body), cipher.encrypt(KEY[::-1], body)
    bodies = (
        body,
        other,
        sealed[: rng.randrange(len(sealed))],
        sealed[:-4] + b"AAA=",
        sealed.replace(sealed[10:11], b"*"),
        cipher.encrypt(KEY, b"\xff\xfe no text"),
        cipher.encrypt(KEY, b"[]"),
        cipher.encrypt(KEY, _dump({**rng.choice(COMMANDS), "AuthToken": "x"})),
        rng.randbytes(200),
        b"",
    )
    return Bad(rng.choice(bodies), query="stgid=SIM2") if rng.random() < 0.8 else Bad(sealed)


def _callback(rng: random.Random) -> Bad:
    message = rng.choice([message for message in SAMPLES if "RealTime" in message])
    return Bad(_dump(rng.choice((message, {**message, **message["RealTime"]}, message["RealTime"]))))


def _large(rng: random.Random) -> Bad:
    size = rng.choice((LIMIT - 1, LIMIT, LIMIT + 1, LIMIT + 100_000))
    filler = rng.choice((b"x", b"[", b" ", b'"', b"A")) * size
    return Bad(rng.choice((filler, b'{"a":"' + filler[:-8] + b'"}')), chunked=rng.random() < 0.5)


KINDS: tuple[tuple[Callable[[random.Random], Bad], float], ...] = (
    (_noise, 4),
    (_wrong_value, 20),
    (_raw_value, 6),
    (_missing, 8),
    (_other_case, 6),
    (_two_operations, 6),
    (_nested, 4),
    (_damaged_text, 8),
    (_wrong_place, 6),
    (_wrong_tag, 6),
    (_wrong_token, 5),
    (_form, 2),
    (_templates, 6),
    (_encrypted, 8),
    (_callback, 2),
    (_large, 0.6),
)


def _gate(start_sim: Callable[..., Sim], **given: Any) -> Sim:
    people = [PersonSpec(name) for name in ("1", "3", "20", "User123")]
    sim = start_sim(device(users=people), device("SIM2", users=people, security_key=KEY), **given)
    sim.punch("1")
    sim.idle()
    return sim


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 65536):
        yield body[start : start + 65536]


def _send(sim: Sim, bad: Bad) -> Answer:
    body = _pieces(bad.body) if bad.chunked else io.BytesIO(bad.body)
    url = f"{sim.host.gateway_url}{bad.path}?{bad.query}"
    return sim.loop.run(sim.fetch(bad.method, url, body, bad.headers))


def _documented(answer: Answer, bad: Bad) -> int | None:
    """The StatusCode; None for an HTTP refusal or a done without a code. Asserts that it is one or the other."""
    if answer.status in REFUSED:
        return None
    assert answer.status == 200
    plain = answer.body if answer.body[:1] == b"{" else cipher.decrypt(KEY, answer.body)
    code = json.loads(plain).get("StatusCode", 0)
    assert code in CODES
    return int(code)


def _check(sim: Sim, bad: Bad, before: tuple[str, str]) -> bool:
    """True when the request was bad indeed; then everything is as it was and the journal says why."""
    seen = sim.host.runtime.kernel.state.journal.seq
    code = _documented(_send(sim, bad), bad)
    if code == 0:  # a reading that forgives it
        sim.advance(120)
        return False
    assert (sim.digest(), sim.digest("SIM2")) == before, bad
    lines = [entry for entry in sim.entries if entry.seq > seen and entry.direction == "rest"]
    assert [bool(entry.field and entry.why) for entry in lines] == [True], (bad, lines)
    return True


@pytest.mark.parametrize("profile", ["documented", "strict", "observed"])
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_a_bad_request_changes_nothing_and_is_explained(
    start_sim: Callable[..., Sim], caplog: pytest.LogCaptureFixture, chunk: int, profile: str
) -> None:
    sim = _gate(
        start_sim,
        profile=profile,
        knobs={"rest.mode": "hold", "rest.http_status": "always_200", "enroll.person": "absent"},
    )
    rng = random.Random(f"{chunk} {profile}")
    kinds, weights = zip(*KINDS, strict=True)
    wanted = -(-TOTAL // CHUNKS // 3)
    bad = 0
    while bad < wanted:
        before = sim.digest(), sim.digest("SIM2")
        bad += _check(sim, rng.choices(kinds, weights)[0](rng), before)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


RAW: dict[str, bytes] = {
    "chunk size": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nabc\r\n0\r\n\r\n",
    "later chunk": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nZZ\r\n\r\n",
    "method": b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n",
    "no method": b"garbage\r\n\r\n",
    "version": b"POST / HTTP/9.9\r\nHost: x\r\n\r\n",
    "http 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "tls hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200) + b"\r\n\r\n",
    "negative length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    "length and chunks": b"POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "long path": b"POST /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "long header": b"POST / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 9000 + b"\r\n\r\n",
    "many headers": b"POST / HTTP/1.1\r\n" + b"".join(b"X%d: 1\r\n" % n for n in range(5000)) + b"\r\n",
    "raw bytes in the query": b"POST /?stgid=\xff\xfe HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
    "no slash": b"POST ?stgid=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
    "asterisk": b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    "connect": b"CONNECT a:80 HTTP/1.1\r\nHost: x\r\n\r\n",
    "another host": b"POST http://other/nowhere HTTP/1.1\r\nHost: other\r\nContent-Length: 2\r\n\r\n{}",
    "upgrade": b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    "huge announced": b"POST /?stgid=SIM1 HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
    "http 1.0 get": b"GET / HTTP/1.0\r\n\r\n",
}


async def _raw(port: int, data: bytes, *, hang_up: bool = False) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    await writer.drain()
    if hang_up:
        writer.close()
        await writer.wait_closed()
        return b""
    async with asyncio.timeout(5):
        head = await reader.readuntil(b"\r\n")
    writer.close()
    return head


def _port(sim: Sim) -> int:
    return int(sim.host.gateway_url.rsplit(":", 1)[1])


@pytest.mark.parametrize("name", RAW)
def test_malformed_http_is_refused_without_a_trace(
    start_sim: Callable[..., Sim], caplog: pytest.LogCaptureFixture, name: str
) -> None:
    sim = _gate(start_sim)
    before = sim.digest()
    head = sim.loop.run(_raw(_port(sim), RAW[name]))
    assert int(head.split()[1]) in REFUSED
    assert sim.digest() == before
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert sim.post(_dump({**COMMANDS[1]})).code == 0  # the next client is served


def test_a_client_that_hangs_up_in_its_body_is_noted_and_nothing_runs(
    start_sim: Callable[..., Sim], caplog: pytest.LogCaptureFixture
) -> None:
    sim = _gate(start_sim)
    before, body = sim.digest(), _dump(COMMANDS[16])
    data = b"POST /?stgid=SIM1 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (len(body) + 1) + body
    sim.loop.run(_raw(_port(sim), data, hang_up=True))
    sim.loop.run(_until(lambda: sim.entries[-1].http == 400))
    assert (sim.entries[-1].field, sim.digest()) == ("body", before)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_client_that_hangs_up_while_it_waits_leaves_no_trace_and_its_command_runs(
    start_sim: Callable[..., Sim], caplog: pytest.LogCaptureFixture
) -> None:
    sim = _gate(start_sim, knobs={"rest.latency": "15s"})
    body = _dump({"Delete": {"User": {"UserID": "3"}}, "OperationID": "o", "AuthToken": TOKEN})
    data = b"POST /?stgid=SIM1 HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    sim.loop.run(_raw(_port(sim), data, hang_up=True))
    sim.loop.run(_until(lambda: bool(sim.slot().commands)))
    sim.advance(60)
    assert "3" not in sim.slot().device.users
    assert sim.idle()["waiting"]["commands"] == 0
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110  the other end is a socket
            await asyncio.sleep(0.001)


def test_a_client_that_asks_first_is_told_to_go_on(start_sim: Callable[..., Sim]) -> None:
    sim = _gate(start_sim)
    head = b"POST /?stgid=SIM1 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    assert sim.loop.run(_raw(_port(sim), head)) == b"HTTP/1.1 100 Continue\r\n"


def test_a_compressed_body_is_not_json(start_sim: Callable[..., Sim]) -> None:
    sim = _gate(start_sim)
    answer = sim.post(b"\x1f\x8b\x08\x00nonsense", Content_Encoding="gzip")
    assert (answer.status, answer.code) == (200, 1)


@pytest.mark.parametrize("strictness", ["lenient", "doc", "strict"])
def test_a_deep_message_is_refused_at_every_strictness(start_sim: Callable[..., Sim], strictness: str) -> None:
    sim = _gate(start_sim, knobs={"rest.strictness": strictness})
    deep = b'{"a":' * 900 + b"1" + b"}" * 900
    body = _dump({"Add": {"User": {"UserID": ""}, "x": "@@"}, "OperationID": "o", "AuthToken": TOKEN}).replace(
        b'"@@"', deep
    )
    assert sim.post(body).code in (1, 3)


@pytest.mark.parametrize("strictness", ["lenient", "doc", "strict"])
def test_a_number_of_thousands_of_digits_is_refused_at_every_strictness(
    start_sim: Callable[..., Sim], strictness: str
) -> None:
    sim = _gate(start_sim, knobs={"rest.strictness": strictness})
    body = _dump({"Load": {"DeviceInformation": "All"}, "OperationID": "@@", "AuthToken": TOKEN})
    assert sim.post(body.replace(b'"@@"', b"9" * 5000)).code == 1


def test_a_journal_with_bad_requests_can_still_be_read(start_sim: Callable[..., Sim]) -> None:
    sim = _gate(start_sim)
    for body in (b"\xff\xfe", b'{"a":' * 900 + b"1" + b"}" * 900, b"\x00" * 10, cipher.encrypt(KEY, b"x")):
        sim.post(body)
    shown = sim.api("GET", "journal?limit=10&direction=rest")
    assert (shown.status, sim.api("GET", "journal?canonical=1").status) == (200, 200)
    assert len(shown.message["entries"]) == 4
