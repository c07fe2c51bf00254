"""Peers that want more than they are given: `python scripts/attack/peers.py [--only NAME] [--json]`.

Targets of a storm that hide whose they are, change their address, drip, or outlive the command; folders of runs from
elsewhere that name files, commands and targets of their own. Nothing may reach them that the user did not send there.
"""

from __future__ import annotations

import argparse
import contextlib
import ipaddress
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

CAMSIM = [sys.executable, "-m", "camsim"]
TOKEN = "T" * 32
OWN_FILE = "a file of yours"
FEW = ["--devices", "2", "--people", "100", "--rate", "20", "--duration", "1s", "--drain-limit", "1s"]
DONE = b'HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{"status":"done"}'
REBINDING = """
import os, socket
real = socket.getaddrinfo
def look_up(host, port, *rest, **more):
    if host == "rebind.test":
        with open(os.environ["ASKED"], "a+") as file:
            file.seek(0)
            host = "127.0.0.2" if file.read() else "127.0.0.1"
            file.write("x")
    return real(host, port, *rest, **more)
socket.getaddrinfo = look_up
"""


class Server:
    """Answers each request so; keeps what it heard."""

    def __init__(self, answer: bytes = DONE, host: str = "127.0.0.1", port: int = 0, drip: bytes = b"") -> None:
        self.heard: list[bytes] = []
        self._answer, self._drip = answer, drip
        self._listener = socket.create_server((host, port))
        self.port = int(self._listener.getsockname()[1])
        self.url = f"http://{host}:{self.port}/callback"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError, ValueError):
            while request := self._request(sock):
                self.heard.append(request)
                sock.sendall(self._answer)
                while self._drip:
                    time.sleep(0.2)
                    sock.sendall(self._drip)

    def _request(self, sock: socket.socket) -> bytes:
        text = b""
        while b"\r\n\r\n" not in text:
            more = sock.recv(65536)
            if not more:
                return b""
            text += more
        head, _, body = text.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        while len(body) < length:
            body += sock.recv(65536)
        return head + b"\r\n\r\n" + body

    def close(self) -> None:
        """Listen no more."""
        self._listener.close()


def camsim(*words: object, **environment: str) -> tuple[int, str]:
    """Exit code and everything that was printed."""
    done = subprocess.run(
        [*CAMSIM, *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, **environment}, check=False, timeout=120,
    )  # fmt: skip
    return done.returncode, done.stdout.decode("utf-8", "replace")


# --- the storm's safety rule ------------------------------------------------------------------------------------------


def forms_of(address: str) -> Iterator[str]:
    """Ways to write an IPv4 address in a URL that are not the usual one."""
    number = int(ipaddress.IPv4Address(address))
    low = f"{number >> 16:x}:{number & 0xFFFF:x}"
    last = f"{~number >> 16 & 0xFFFF:x}:{~number & 0xFFFF:x}"
    a, b, c, d = (number >> shift & 0xFF for shift in (24, 16, 8, 0))
    yield from (
        str(number),
        hex(number),
        f"0{a:o}.0{b:o}.0{c:o}.0{d:o}",
        f"{a:#x}.{b}.{c << 8 | d}",
        f"{a}.{number & 0xFFFFFF}",
    )
    for text in (
        f"::ffff:{address}",
        f"::ffff:{low}",
        f"::ffff:0:{low}",
        f"::{low}",
        f"64:ff9b::{low}",
        f"64:ff9b:1::{low}",
    ):
        yield f"[{text}]"
    yield from (f"[2002:{low}::1]", f"[2001:0:5ef5:79fb:0:0:{last}]", f"[fd00::5efe:{low}]")


def addresses() -> Iterator[str]:
    """Every form of the metadata address, and other addresses that are nobody's own, for both commands."""
    others = [
        "[::]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "100.64.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "198.18.0.1",
    ]
    hosts = [*forms_of("169.254.169.254"), *others, "0", "198.18.0.1"]
    for host in hosts:
        code, said = camsim("storm", f"http://{host}/", *FEW)
        if code != 4:
            yield f"storm to {host}: exit code {code}: {said[:200]}"
    for host in hosts[::3]:
        code, said = camsim("certify", f"http://{host}/", "--auth-token", TOKEN)
        if code != 4:
            yield f"certify of {host}: exit code {code}: {said[:200]}"


def rebinding() -> Iterator[str]:
    """A name that is one address for the check and another one afterwards."""
    mine = Server()
    theirs = Server(host="127.0.0.2", port=mine.port)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sitecustomize.py").write_text(REBINDING)
        path = os.pathsep.join([folder, os.environ.get("PYTHONPATH", "")])
        for words in (["storm", *FEW], ["storm", *FEW, "--processes", "2"]):
            asked = str(Path(folder) / f"asked{len(words)}")
            before = len(mine.heard)
            code, said = camsim(words[0], f"http://rebind.test:{mine.port}/", *words[1:], PYTHONPATH=path, ASKED=asked)
            if theirs.heard:
                yield f"{' '.join(words)}: the second address heard {len(theirs.heard)} requests"
            if len(mine.heard) - before < 20:
                yield f"{' '.join(words)}: the first heard {len(mine.heard) - before}; exit {code}: {said[-300:]}"
    mine.close()
    theirs.close()


def dripping() -> Iterator[str]:
    """Receivers that never come to an end: the preflight keeps its limit."""
    kinds = {
        "status line": (b"", b"H"),
        "headers": (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
        "interim": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        "body": (b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"z"),
        "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nz\r\n"),
        "gigabyte": (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", b"z" * 1_000_000),
        "TLS": (b"\x16\x03\x03\x3f\xff\x02", b"\x00"),
    }
    for name, (head, drop) in kinds.items():
        server = Server(head, drip=drop)
        url = server.url.replace("http://", "https://") if name == "TLS" else server.url
        began = time.monotonic()
        code, said = camsim("storm", url, *FEW, "--timeout", "1s")
        took = time.monotonic() - began
        if took > 30 or code not in (1, 3) or "Traceback" in said:
            yield f"{name}: {took:.0f} s, exit code {code}: {said[-200:]}"
        server.close()


def redirects() -> Iterator[str]:
    """Targets and read-backs that send one on."""
    spy = Server()
    for status in (301, 302, 303, 307, 308):
        head = f"HTTP/1.1 {status} Moved\r\nLocation: {spy.url}\r\nContent-Length: 0\r\n\r\n".encode()
        server = Server(head)
        camsim("storm", server.url, *FEW, "--readback", server.url)
        camsim("certify", server.url, "--auth-token", TOKEN, "--requirement", "CB-ACK-001", "--settle", "0.1")
        server.close()
    if spy.heard:
        yield f"a redirect was followed {len(spy.heard)} times"
    spy.close()


def orphans() -> Iterator[str]:
    """A killed command, and a killed master: nobody goes on, and nobody listened beyond this machine."""
    for victim in ("command", "master"):
        server = Server()
        process = subprocess.Popen(
            [*CAMSIM, "storm", server.url, *FEW[:6], "--duration", "60s", "--processes", "2"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until = time.monotonic() + 60
        while len(server.heard) < 10 and time.monotonic() < until:
            time.sleep(0.1)
        family = psutil.Process(process.pid).children(recursive=True)
        heard = {row.laddr.ip for one in family for row in one.net_connections() if row.status == "LISTEN"}
        if heard - {"127.0.0.1"}:
            yield f"the master listens on {', '.join(sorted(heard))}"
        (process if victim == "command" else psutil.Process(process.pid).children()[0]).kill()
        process.wait(60)
        _, alive = psutil.wait_procs(family, timeout=30)
        if len(family) != 3 or alive:
            yield f"{victim} killed: {len(alive)} of {len(family)} processes live on"
        for one in alive:
            one.kill()
        server.close()


# --- folders of runs from elsewhere -----------------------------------------------------------------------------------

NAMES = [
    "../../../../secret", "../secret", "/etc/hostname", "//etc/hostname", "..", ".", "", "~/.ssh/id_rsa", "$HOME/x",
    "%2e%2e%2fsecret", "..%2fsecret", "..%252fsecret", "..\\secret", "....//secret", "01.body/../../secret",
    "secret\0.body", "01.body\0../secret", "file:///etc/hostname", "\uff0e\uff0e/secret", "C:\\x", "link.body",
    "01.body ", "1.body", "case.json", "\u0660\u0661.body/../../secret", "-", "/proc/self/environ", "/dev/stdin",
    "../run.json",
]  # fmt: skip


def _folder(place: Path, url: str, **step: Any) -> Path:
    out = place / "out"
    case = out / "cases" / "CB-DUP-001" / "twice"
    case.mkdir(parents=True, exist_ok=True)
    (place / "secret").write_text(OWN_FILE)
    (case / "01.body").write_text('{"AuthToken":"@AUTH_TOKEN_1@"}')
    with contextlib.suppress(FileExistsError):
        (case / "02.body").symlink_to(place / "secret")
    row = {"what": "punch", "file": "01.body", "content_type": "application/json", "query": "", "transport": "fresh"}
    row |= {"device": 0, "copies": 1, "retries": 0, "encrypt": False, "judged": True, "answers": [], **step}
    kept = {"id": "CB-DUP-001/twice", "url": url, "protocol": "v3", "expected": "", "actual": "", "steps": [row]}
    (case / "case.json").write_text(json.dumps({**kept, "stage": "main", "at_once": 1, "causes": []}))
    return out


def paths() -> Iterator[str]:
    """Bodies that are another file."""
    spy = Server()
    with tempfile.TemporaryDirectory() as text:
        out = _folder(Path(text), spy.url)
        code, said = camsim("replay", out, "CB-DUP-001/twice", "--auth-token", TOKEN, "--same", "--url", spy.url)
        if code != 0:
            yield f"a body of the case itself: exit code {code}: {said[-200:]}"
    for name in [*NAMES, "02.body"]:
        with tempfile.TemporaryDirectory() as text:
            out = _folder(Path(text), spy.url, file=name)
            before = len(spy.heard)
            words = ["--auth-token", TOKEN, "--same", "--url", spy.url]
            code, said = camsim("replay", out, "CB-DUP-001/twice", *words)
            if code != 2 or len(spy.heard) > before or "Traceback" in said:
                yield f"{name!a}: exit code {code}, {len(spy.heard) - before} requests: {said[-200:]}"
    if any(OWN_FILE.encode() in request for request in spy.heard):
        yield "a file of the user's was sent"
    spy.close()


def tokens() -> Iterator[str]:
    """Targets that only the folder names: nothing is sent unasked, and what is sent goes where the user said."""
    spy, mine = Server(), Server()
    with tempfile.TemporaryDirectory() as text:
        out = _folder(Path(text), spy.url)
        for more in (["--same"], ["--same", "--i-own-this"]):
            code, said = camsim("replay", out, "CB-DUP-001/twice", "--auth-token", TOKEN, *more)
            if code != 4 or spy.heard or spy.url not in said:
                yield f"{' '.join(more)}: exit code {code}, {len(spy.heard)} requests: {said[-200:]}"
        code, _ = camsim("replay", out, "CB-DUP-001/twice", "--auth-token", TOKEN, "--same", "--url", mine.url)
        if code != 0 or not any(TOKEN.encode() in request for request in mine.heard) or spy.heard:
            yield f"--url: exit code {code}, {len(mine.heard)} requests there and {len(spy.heard)} elsewhere"
    spy.close()
    mine.close()


def commands() -> Iterator[str]:
    """Read-backs that run something, in a folder whose target the user named or agreed to."""
    spy = Server()
    with tempfile.TemporaryDirectory() as text:
        place = Path(text)
        out, trace = _folder(place, spy.url), place / "trace"
        (place / "spoiled.py").write_text(f"open({str(trace)!r}, 'w').close()\nmake = None\n")
        run = {
            "url": spy.url,
            "protocol": "v3",
            "features": ["core"],
            "seed": 1,
            "map": str(place / "map.toml"),
            "ca": None,
        }
        device = {"serial": "ZHM1", "label": "Door", "stgid": "C1", "sealed": False}
        run |= {"devices": [device], "folder": str(place), "people": 0, "announce": False, "settle_s": 0.1}
        for adapter in (f"cmd:touch {trace}", "py:spoiled:make", f"sql:sqlite:///{trace}", "http://127.0.0.2:1/"):
            whole = {**run, "readback": adapter, "deadline_s": 2.0, "patience_s": 2.0}
            (out / "cases" / "run.json").write_text(json.dumps(whole))
            for more in (["--yes"], ["--url", spy.url], ["--yes", "--alone"]):
                code, said = camsim("replay", out, "CB-DUP-001/twice", "--auth-token", TOKEN, *more)
                if trace.exists() or "Traceback" in said:
                    yield f"{adapter} with {' '.join(more)}: exit code {code}, it was run: {said[-200:]}"
                    trace.unlink(missing_ok=True)
    spy.close()


def scenarios() -> Iterator[str]:
    """A scenario whose devices call somebody whom the user never named."""
    spy = Server(host="127.0.0.2")
    private = f"http://{socket.gethostbyname(socket.gethostname())}:{spy.port}/"
    with tempfile.TemporaryDirectory() as text:
        file = Path(text) / "one.json"
        for url in ("http://169.254.169.254/latest", "http://10.0.0.1/admin", "http://127.evil.example/", private):
            steps = [{"devices": {"id": "A", "callback_url": url}}, {"punches": {"user": "1"}}]
            file.write_text(json.dumps({"schemaVersion": 1, "name": "n", "teaches": "t", "steps": steps}))
            code, said = camsim("scenario", "run", file)
            if code != 4 and not url.startswith("http://127.0."):
                yield f"{url}: exit code {code}: {said[-200:]}"
    spy.close()


ATTACKS: dict[str, Callable[[], Iterator[str]]] = {
    "addresses": addresses,
    "rebinding": rebinding,
    "dripping": dripping,
    "redirects": redirects,
    "orphans": orphans,
    "paths": paths,
    "tokens": tokens,
    "commands": commands,
    "scenarios": scenarios,
}


def main() -> int:
    """0 when nobody got more than was sent to him."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=list(ATTACKS), help="this one alone; may repeat")
    parser.add_argument("--json", action="store_true", help="print the problems as JSON")
    given = parser.parse_args()
    found: dict[str, list[str]] = {}
    for name in given.only or ATTACKS:
        found[name] = list(ATTACKS[name]())
        if not given.json:
            print(f"{name}: {'; '.join(found[name]) or 'held'}", flush=True)
    if given.json:
        print(json.dumps(found, indent=1))
    broken = sum(map(len, found.values()))
    print(f"peers: {broken} problems in {len(found)} attacks", file=sys.stderr if given.json else sys.stdout)
    return int(broken > 0)


if __name__ == "__main__":
    raise SystemExit(main())
