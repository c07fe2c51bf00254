"""Attacks by a client that writes its own bytes: heads without end, bodies that drip, depth, size, numbers, crowds.

A simulator is started with a receiver; after every attack a good client has to be answered on both ports, a punch to
be delivered, and memory must not have grown by more than 100 MB. Exit code 0 when all holds, 1 with what broke.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

HEAD_S = 1.5
MOST_GROWTH = 100 * 1024 * 1024
PATIENCE_S = 20.0
V3, V2 = "/external/api3.0/biometric?stgid=SIM1", "/external/api2.0/biometric"
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
CHILD = """
import asyncio, sys
from pathlib import Path
from camsim.cli.serve import run
from camsim.control.devices import DeviceSpec
from camsim.settings import Settings
devices = [DeviceSpec(id="SIM1", users=3, callback_url=sys.argv[1]), DeviceSpec(id="V2", users=3, protocol="v2")]
knobs = {"rest.latency": "300ms"}
state = Path(sys.argv[4]) if len(sys.argv) > 4 else None
settings = Settings(devices=devices, knobs=knobs, head_s=float(sys.argv[3]), state=state)
sys.exit(run(settings, Path(sys.argv[2]), quiet=True))
"""


class _Done(BaseHTTPRequestHandler):
    """A receiver that acknowledges everything."""

    count = 0
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        type(self).count += 1
        self.send_response(200)
        self.send_header("Content-Length", "17")
        self.end_headers()
        self.wfile.write(b'{"status":"done"}')

    def log_message(self, *args: object) -> None:
        """Nothing."""


@dataclass
class Target:
    """A running simulator under attack."""

    process: subprocess.Popen[bytes]
    ports: dict[str, int]
    token: str
    errors: Path
    smallest: int = 0
    read: int = 0  # so much of what it wrote on standard error is known

    def rss(self) -> int:
        """Bytes of memory that the process holds."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * 4096

    def api(self, method: str, path: str, body: object = None) -> Any:
        """A good call of the control API."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"http://127.0.0.1:{self.ports['api']}/api/{path}", data, method=method)
        with urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310
            return json.load(answer)

    def command(self) -> Any:
        """A good command to the gateway."""
        body = json.dumps({"Load": "DeviceInformation", **self.frame()}).encode()
        request = Request(f"http://127.0.0.1:{self.ports['gateway']}{V3}", body, method="POST")
        with urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310
            return json.load(answer)

    def frame(self) -> dict[str, str]:
        """What every command holds."""
        now = time.strftime("%Y-%m-%d %H:%M:%S GMT +0000", time.gmtime())
        return {"OperationID": "attack", "AuthToken": self.token, "Time": now}


@contextlib.contextmanager
def started(*, with_state: bool = True) -> Iterator[Target]:
    """A simulator in a process of its own, with its receiver."""
    receiver = ThreadingHTTPServer(("127.0.0.1", 0), _Done)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        ready, errors = Path(folder, "ready.json"), Path(folder, "errors.txt")
        url = f"http://127.0.0.1:{receiver.server_port}/callback"
        state = [f"{folder}/state.db"] if with_state else []
        with errors.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-c", CHILD, url, str(ready), str(HEAD_S), *state], stderr=stream
            )
        try:
            yield _target(process, ready, errors)
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            receiver.shutdown()
            receiver.server_close()


def _target(process: subprocess.Popen[bytes], ready: Path, errors: Path) -> Target:
    end = time.monotonic() + 30
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > end:
            raise SystemExit(f"the simulator did not start: {errors.read_text('utf-8', 'replace')}")
        time.sleep(0.05)
    told = json.loads(ready.read_text())
    ports = {
        name: int(told[key].rsplit(":", 1)[1]) for name, key in (("gateway", "gateway_url"), ("api", "management_url"))
    }
    return Target(process, ports, told["devices"][0]["auth_token"], errors)


# --- a client that writes its own bytes -------------------------------------------------------------------------------


def connect(target: Target, port: str) -> socket.socket:
    """A connection to one of the ports."""
    made = socket.create_connection(("127.0.0.1", target.ports[port]), timeout=PATIENCE_S)
    made.settimeout(PATIENCE_S)
    return made


def said(made: socket.socket, most: int = 1 << 20) -> bytes:
    """What comes until the other side ends; nothing is an answer too."""
    parts: list[bytes] = []
    with contextlib.suppress(OSError):
        while sum(map(len, parts)) < most and (part := made.recv(65536)):
            parts.append(part)
    return b"".join(parts)


def once(target: Target, port: str, data: bytes, *, half: bool = False) -> bytes:
    """Send bytes, then read until the end: the request asks to close, or `half` says that no more will come."""
    with connect(target, port) as made:
        with contextlib.suppress(OSError):  # refused before all was sent
            made.sendall(data)
            if half:
                made.shutdown(socket.SHUT_WR)
        return said(made)


def request(method: str, path: str, body: bytes = b"", *lines: str, close: bool = True) -> bytes:
    """The bytes of a request."""
    head = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *lines]
    if not any(line.lower().startswith(("content-length", "transfer-encoding")) for line in lines):
        head.append(f"Content-Length: {len(body)}")
    if close:
        head.append("Connection: close")
    return "\r\n".join((*head, "", "")).encode("latin-1") + body


def posts(port: str, body: bytes, *lines: str, close: bool = True) -> bytes:
    """A body to the place of a port that reads bodies."""
    path = V3 if port == "gateway" else "/api/devices/SIM1/punches"
    return request("POST", path, body, *lines, close=close)


def refused(answer: bytes, *codes: int) -> str:
    """Why an answer is not what was due; empty when it is. Without codes: anything but 5xx, silence included."""
    found = STATUS.match(answer)
    status = int(found[1]) if found else 0
    if b"Traceback" in answer:
        return "a traceback in the answer"
    if status >= 500 and status not in codes:
        return f"HTTP {status}"
    if codes and status not in codes:
        return f"HTTP {status or 'nothing'}, {' or '.join(map(str, codes))} is expected"
    return ""


# --- attacks: each says what broke ------------------------------------------------------------------------------------

Attack = Callable[[Target, str], str]
PORTS = ("gateway", "api")


def unfinished_heads(target: Target, port: str) -> str:
    """Heads that stop or drip are ended in time."""
    starts = (b"G", b"POST /x HTTP/1.1\r\nHost: a\r\n", b"POST / HTTP/1.1\r\nX: " + b"a" * 4000)
    sockets = [connect(target, port) for _ in range(60)]
    began = time.monotonic()
    for number, made in enumerate(sockets):
        made.sendall(starts[number % 3])
    while time.monotonic() - began < HEAD_S * 2.5:  # a letter now and then must not win more time
        for made in sockets[::3]:
            with contextlib.suppress(OSError):
                made.send(b"a")
        time.sleep(0.2)
    left = 0
    for made in sockets:
        made.settimeout(1)
        try:
            while made.recv(4096):
                pass
        except TimeoutError:
            left += 1
        except OSError:
            pass
        made.close()
    return f"{left} unfinished heads are still connected" if left else ""


def dripping_bodies(target: Target, port: str) -> str:
    """Bodies that come letter by letter keep nobody else waiting."""
    sockets = [connect(target, port) for _ in range(100)]
    for made in sockets:
        made.sendall(posts(port, b"", "Content-Length: 100000"))
    for _ in range(5):
        for made in sockets:
            made.send(b"{")
        target.api("GET", "health")
    for made in sockets:
        made.close()
    return ""


def half_closed(target: Target, port: str) -> str:
    """Who has said all and shuts his half is answered, also when he has asked several times."""
    body = (
        json.dumps({"Load": "DeviceInformation", **target.frame()}).encode() if port == "gateway" else b'{"user":"1"}'
    )
    if why := refused(once(target, port, posts(port, body, close=False), half=True), 200):
        return f"one request: {why}"
    count = once(target, port, posts(port, body, close=False) * 5, half=True).count(b"HTTP/1.1 200")
    return "" if count == 5 else f"{count} answers to five requests"


def pipelined(target: Target, port: str) -> str:
    """A thousand requests in one piece have a thousand answers."""
    with connect(target, port) as made:
        many = request("GET", "/api/health" if port == "api" else "/x", close=False) * 999 + request(
            "GET", "/api/health"
        )
        threading.Thread(target=made.sendall, args=(many,), daemon=True).start()
        count = said(made, 1 << 24).count(b"HTTP/1.1 ")
    return "" if count == 1000 else f"{count} answers to a thousand requests"


def never_reading(target: Target, port: str) -> str:
    """Who asks and asks and never reads fills no memory."""
    with connect(target, port) as made:
        made.settimeout(2)
        ask = request("GET", "/api/openapi.json" if port == "api" else "/x", close=False) * 100
        sent = 0
        with contextlib.suppress(OSError):
            while sent < 30 * 1024 * 1024:
                sent += made.send(ask)
    return ""


def chunks(target: Target, port: str) -> str:
    """Sizes of chunks that nobody can mean."""
    for size in (
        b"ffffffffffffffff",
        b"f" * 17,
        b"-1",
        b"0x10",
        b"",
        b"5;" + b"x" * 100_000,
        b"7fffffffffffffff",
        b"g",
    ):
        data = posts(port, size + b"\r\n{}", "Transfer-Encoding: chunked")
        if why := refused(once(target, port, data, half=True)):
            return f"chunk size {size[:20]!r}: {why}"
    return ""


def lengths(target: Target, port: str) -> str:
    """Lengths that nobody can mean."""
    for length in ("99999999999999999999", "9" * 5000, "-1", "1e3", "0x10", "1, 2", "", "５", "18446744073709551616"):
        data = posts(port, b"{}", f"Content-Length: {length.encode().decode('latin-1')}")
        if why := refused(once(target, port, data, half=True)):
            return f"Content-Length {length[:20]!r}: {why}"
    twice = posts(port, b"{}", "Content-Length: 2", "Content-Length: 3")
    return refused(once(target, port, twice, half=True))


def large_bodies(target: Target, port: str) -> str:
    """Bodies beyond the limit are refused, announced or not."""
    piece = b"x" * 65536
    for lines in (("Content-Length: 900000000",), ("Transfer-Encoding: chunked",)):
        with connect(target, port) as made:
            with contextlib.suppress(OSError):
                made.sendall(posts(port, b"", *lines))
                for _ in range(2000):
                    made.sendall(piece if lines[0].startswith("C") else b"10000\r\n" + piece + b"\r\n")
            answer = said(made)
        if answer and (why := refused(answer, 413)):
            return f"{lines[0]}: {why}"
    return ""


def many_unfinished_bodies(target: Target, port: str) -> str:
    """Many large bodies that stop before their end hold little together."""
    size = 7_900_000
    sockets = [connect(target, port) for _ in range(40)]
    for made in sockets:
        made.settimeout(5)
        with contextlib.suppress(OSError):
            made.sendall(posts(port, b'{"a":"' + b"x" * (size - 100), f"Content-Length: {size}"))
    held = (target.rss() - target.smallest) // 1024 // 1024
    why = after(target) if held < 200 else f"{held} MB are held"
    for made in sockets:
        made.close()
    time.sleep(0.3)
    return why if "memory has grown" not in why else ""


def many_values(target: Target, port: str) -> str:
    """Short values that would be a hundred times as large in memory."""
    for text in (
        b"[" + b"{}," * 2_600_000 + b"{}]",
        b"[" + b"[]," * 2_600_000 + b"[]]",
        b'{"a":[' + b"1," * 3_900_000 + b"1]}",
    ):
        if why := refused(once(target, port, posts(port, text))):
            return f"{text[:12]!r}: {why}"
    return ""


def deep(target: Target, port: str) -> str:
    """A hundred thousand brackets in each other."""
    for opened, closed in ((b"[", b"]"), (b'{"a":', b"}")):
        for depth in (70, 500, 990, 5_000, 100_000):
            text = opened * depth + b"1" + closed * depth
            sent = [posts(port, text), posts(port, opened * depth), posts(port, b'{"Add":' + text + b"}")]
            if port == "gateway":
                sent.append(
                    request("POST", V2, b"request_data=" + text, "Content-Type: application/x-www-form-urlencoded")
                )
                inner = b'request_data={"ServiceTagId":"V2","ApiRequestInfo":' + text + b"}"
                sent.append(request("POST", V2, inner, "Content-Type: application/x-www-form-urlencoded"))
            else:
                sent.append(request("POST", "/api/scenarios", b'{"scenario":' + text + b"}"))
                sent.append(
                    request("POST", "/api/faults", b'{"where":"callback.request","do":"delay","match":' + text + b"}")
                )
                sent.append(request("PATCH", "/api/config", b'{"dup.p":' + text + b"}"))
            for data in sent:
                if why := refused(once(target, port, data)):
                    return f"depth {depth}: {why}"
    return ""


def heads(target: Target, port: str) -> str:
    """Heads that are too much, or no HTTP at all."""
    lines = [f"X-{number}: {number}" for number in range(10_000)]
    for data in (
        request("GET", "/api/health", b"", *lines),
        request("GET", "/api/health", b"", "X: " + "a" * 1_000_000),
        request("GET", "/" + "a" * 100_000),
        request("GET", "/api/journal?" + "&".join(f"a{number}=1" for number in range(1_500))),
        request("GET", "/api/journal?limit=" + "9" * 5_000),
        request("GET", "/api/scenarios/" + "9" * 5_000),
        request("GET", "/api/health", b"", "Authorization: Bearer \xff\xfe"),
        request("GET", "/api/health", b"", "Host: \xff"),
        request("GET", "/api/devices/%00%ff%c3%28/users"),
        request("GET", "/api/devices/\xff/users"),
        request("POST", "/external/api3.0/biometric?stgid=\xff%ff", b"{}"),
        request("POST", "/external/api3.0/biometric?stgid=SIM1", b"{}", "Content-Type: \xff\xfe"),
        request("\xff\xfe", "/"),
        request("POST", "/\xff\xfe%ff", b"{}", "Expect: 100-continue"),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\r\n\r\n",
        b"\x00" * 10_000,
        b"\r\n" * 10_000,
    ):
        if why := refused(once(target, port, data, half=True)):
            return f"{data[:60]!r}: {why}"
    return ""


def odd_paths(target: Target, port: str) -> str:
    """Every path of the control API with what nobody would put there."""
    if port != "api":
        return ""
    odd = [
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
        "{}",
        "-1",
    ]
    odd += ["\xb2", "%ed%a0%80", "1%0d%0aX:%20y", "1e5", "NaN", "'", "%5b%5d", "*", "0x10", "\xd9\xa3"]
    for path in ("devices/{}", "devices/{}/users", "devices/{}/logs", "devices/SIM1/logs?start={}", "faults/{}", "{}"):
        for one in odd:
            for method in ("GET", "DELETE", "POST"):
                if why := refused(once(target, port, request(method, f"/api/{path.format(one)}", b"{}"))):
                    return f"{method} {path} {one[:20]!r}: {why}"
    for path in ("journal?limit={}", "journal?user={}", "ledger?device={}", "scenarios/{}", "commands?state={}"):
        for one in odd:
            if why := refused(once(target, port, request("GET", f"/api/{path.format(one)}"))):
                return f"{path} {one[:20]!r}: {why}"
    return ""


def idle_crowd(target: Target, port: str) -> str:
    """Thousands that connect and say nothing."""
    sockets: list[socket.socket] = []
    with contextlib.suppress(OSError):  # as many as the system lets us have
        sockets.extend(connect(target, port) for _ in range(3_000))
    for made in sockets[500:]:
        made.close()
    target.api("GET", "health")
    target.command()
    for made in sockets[:500]:
        made.close()
    return ""


def resets(target: Target, port: str) -> str:
    """Clients that vanish in the middle of everything."""
    whole = posts(port, b'{"user":"1"}')
    for cut in range(1, len(whole), 3):
        made = connect(target, port)
        made.sendall(whole[:cut])
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        made.close()
    return ""


def waiters(target: Target, port: str) -> str:
    """A thousand calls that wait: a punch is answered at once, and they end with their clients."""
    if port != "api":
        return ""
    sockets: list[socket.socket] = []
    for number in range(1_000):
        wanted = json.dumps({"user": f"nobody{number}", "timeout": 86_400}).encode()
        made = connect(target, port)
        made.sendall(request("POST", "/api/journal/wait", wanted, close=False))
        sockets.append(made)
    time.sleep(1)
    took = []
    for _ in range(20):
        began = time.perf_counter()
        target.api("POST", "devices/SIM1/punches", {"user": "1"})
        took.append(time.perf_counter() - began)
    for made in sockets:
        made.close()
    slow = sorted(took)[len(took) // 2]
    return f"a punch takes {slow * 1000:.0f} ms beside a thousand waiting calls" if slow > 0.2 else ""


def greedy_bodies(target: Target, port: str) -> str:
    """Small calls that ask for more than there is."""
    if port != "api":
        return ""
    for path, body in (
        ("devices", {"id": "{:0200000000d}"}),
        ("devices", {"id": "{:>999999999}"}),
        ("devices", {"id": "{0.__class__.__mro__}"}),
        ("devices", {"id": "{:{}d}{}{}"}),
        ("devices", {"id": "X{:06d}", "count": 100_000, "users": 100_000}),
        ("devices", {"id": "X{:06d}", "count": 100_000, "logs": 500_000}),
        ("devices", {"id": "X{:06d}", "count": 10**9}),
        ("devices/SIM1/punches", [{"user": "1", "count": 1_000_000}] * 1000),
        ("devices/SIM1/punches", [{"user": "1", "count": 1_000_000, "redetect": 10}]),
        ("scenarios", {"scenario": {"steps": [{"wait": "1s"}] * 200_000}}),
        ("devices/SIM1/punches", {"user": "1", "temperature": 18446744073709551616}),
    ):
        if why := refused(once(target, port, request("POST", f"/api/{path}", json.dumps(body).encode())), 422, 413):
            return f"{path} {str(body)[:60]}: {why}"
    return ""


ATTACKS: tuple[Attack, ...] = (
    unfinished_heads,
    dripping_bodies,
    half_closed,
    pipelined,
    never_reading,
    chunks,
    lengths,
    large_bodies,
    many_unfinished_bodies,
    many_values,
    deep,
    heads,
    odd_paths,
    idle_crowd,
    resets,
    waiters,
    greedy_bodies,
)


def after(target: Target) -> str:
    """A good client is answered on both ports, a punch is delivered, memory is as it was. Empty when so."""
    try:
        target.api("GET", "health")
        target.command()
        before = _Done.count
        target.api("POST", "devices/SIM1/punches", {"user": "2"})
        end = time.monotonic() + PATIENCE_S
        while _Done.count == before:
            if time.monotonic() > end:
                return f"a punch is not delivered: {target.api('GET', 'devices/SIM1/queue')}"
            time.sleep(0.02)
        target.api("GET", "journal?limit=50")
    except (OSError, ValueError) as problem:
        return f"a good client is not answered: {problem}"
    grown = target.rss() - target.smallest
    if grown > MOST_GROWTH:
        return f"memory has grown by {grown // 1024 // 1024} MB"
    errors = target.errors.read_text("utf-8", "replace")
    new, target.read = errors[target.read :], len(errors)
    return f"a traceback: {new[-600:]}" if "Traceback" in new else ""


def run(target: Target, names: list[str], say: Callable[[str], None]) -> list[str]:
    """Every attack on each port; what broke."""
    after(target)
    first = target.rss()
    broken: list[str] = []
    for attack in ATTACKS:
        if names and attack.__name__ not in names:
            continue
        for port in PORTS:
            began, target.smallest = time.monotonic(), target.rss()
            why = attack(target, port) or after(target)
            name, took = f"{attack.__name__} on {port}", time.monotonic() - began
            grown = (target.rss() - target.smallest) // 1024 // 1024
            say(f"{name}: {why or 'holds'} ({took:.1f} s, {grown:+} MB)")
            if why:
                broken.append(f"{name}: {why}")
            if target.process.poll() is not None:
                return [*broken, "the simulator is gone"]
    if target.rss() - first > 2 * MOST_GROWTH:
        broken.append(f"all attacks together: memory has grown by {(target.rss() - first) // 1024 // 1024} MB")
    return broken


def main() -> int:
    """Run as a script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these attacks")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    options = parser.parse_args()
    say = print if not options.json else (lambda text: print(text, file=sys.stderr))
    with started() as target:
        broken = run(target, options.names, say)
    if options.json:
        print(json.dumps({"attack": "raw_client", "holds": not broken, "broken": broken}))
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
