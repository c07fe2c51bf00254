"""Let every command print what a hostile peer wrote: `python scripts/attack/terminal.py [--only NAME] [--json]`.

Receivers, read-backs, control APIs, clients, folders and files hold text that wants the reader's terminal, page or
pipeline. None of it may come through as it is: not on standard output, not on standard error, not in a file; and no
command may end in a traceback.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from hostile_text import HOSTILE, controls_in  # noqa: E402

TOKEN = "T" * 32
LIMIT_S = 180
# What commands write for machines: bodies as they were sent, keys.
NOT_FOR_READERS = (".body", ".gz", ".key", ".pub", ".db", ".state", ".png")


class Said(NamedTuple):
    """What a command printed."""

    code: int
    out: str
    err: str


_HTML = re.compile(r"(?<!\\)<(script>alert|img src=x)")
_CODE = re.compile(r"(?s)^(`{3,}).*?^\1|(`+)[^\n]*?\2", re.MULTILINE)  # nothing is HTML in there

Run = Callable[[Sequence[str]], Said]


class Peer:
    """A server that answers everything with hostile text, in the form that the path asks for."""

    def __init__(self) -> None:
        peer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: object) -> None:
                """Nothing."""

            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                self.rfile.read(length)
                status, body = peer.answer(self.path)
                text = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status, "\x1b[31mred\x9b")
                self.send_header("X-Peer", "\x1b]0;title\x07")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _answer

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self._asked = 0
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def answer(self, path: str) -> tuple[int, object]:
        """Status and body, by the first word of the path."""
        word = urllib.parse.urlsplit(path).path.split("/")[1]
        answers: dict[str, Callable[[str], tuple[int, object]]] = {
            "api": self._control,
            "refuses": lambda _: (400, HOSTILE.encode("utf-8", "surrogatepass")),
            "page": lambda _: (500, f"<html><title>{HOSTILE}</title></html>".encode()),
            "odd": lambda _: (200, {"status": HOSTILE, HOSTILE: [HOSTILE]}),
            "turns": self._turns,
            "readback": self._readback,
        }
        return answers.get(word, answers["refuses"])(path)

    def _turns(self, _: str) -> tuple[int, object]:
        """A target that acknowledges at first, so that a run goes on."""
        self._asked += 1
        return (200, {"status": "done"}) if self._asked % 3 else (500, HOSTILE.encode())

    def _control(self, path: str) -> tuple[int, object]:
        if "/journal" in path:
            return 200, {
                "dropped": 0,
                "entries": [_entry(1, {"body": {HOSTILE: HOSTILE}}), _entry(2, {"body": HOSTILE})],
            }
        if path.endswith("/punches"):
            row = {"user": HOSTILE, "log_time": HOSTILE, "recorded": False, "why": HOSTILE, "number": None}
            return 200, {"punches": [row]}
        return 422, {"error": {"code": HOSTILE, "message": HOSTILE, "hint": HOSTILE}}

    def _readback(self, path: str) -> tuple[int, object]:
        kind = urllib.parse.urlsplit(path).path.rpartition("/")[2]
        if kind == "capabilities":
            return 200, {"time_policy": "instant", "keeps": ["punches", HOSTILE], "type_words": {HOSTILE: [HOSTILE]}}
        users = urllib.parse.parse_qs(urllib.parse.urlsplit(path).query).get("user", [])
        time_ = "2026-01-01T00:00:00Z"
        rows = [{"user": user, "time": time_, "type": HOSTILE, "input": HOSTILE, "device": HOSTILE} for user in users]
        return 200, {kind: rows}


def _entry(number: int, request: object) -> dict[str, object]:
    texts = dict.fromkeys(("device", "direction", "operation", "user", "verdict", "why", "field"), HOSTILE)
    numbers = {"seq": number, "at": 0, "real": 0, "device_seq": 1, "status_code": 0, "http": 200, "delivery": 1}
    more = {"attempt": 1, "took_ms": 1, "lint": [HOSTILE], "faults": [HOSTILE], "register": [], "answer": None}
    return {**texts, **numbers, **more, "request": request}


# --- attacks: each gives the commands it ran, with what they said -----------------------------------------------------

Attack = Callable[[Run, Peer, Path], Iterator[Said]]


def control_api(run: Run, peer: Peer, folder: Path) -> Iterator[Said]:
    """A control API that is none of ours."""
    for words in (["journal"], ["journal", "--lint"], ["journal", "--json"], ["journal", "--canonical"]):
        yield run([*words, "--url", peer.url])
    for more in ([], ["--json"]):
        yield run(["punch", "SIM1", "--user", HOSTILE, "--url", peer.url, *more])
    yield run(["scenario", "run", "offline-weekend", "--url", peer.url])
    yield run(["journal", "--url", f"{peer.url}/{urllib.parse.quote(HOSTILE)}"])


def targets(run: Run, peer: Peer, folder: Path) -> Iterator[Said]:
    """Callback URLs that answer so."""
    for number, path in enumerate(("refuses", "page", "odd", "turns")):
        out = folder / f"certify-{number}"
        words = ["--auth-token", TOKEN, "--requirement", "CB-ACK-001", "--settle", "0.1", "--no-confirm"]
        yield run(["certify", f"{peer.url}/{path}", *words, "--out", str(out)])
        yield run(["certify", f"{peer.url}/{path}", *words, "--json"])
        if (out / "cases").is_dir():
            yield from _again(run, out, f"{peer.url}/{path}")


def _again(run: Run, out: Path, url: str) -> Iterator[Said]:
    cases = sorted((out / "cases").glob("*/*/case.json"))
    for file in cases[:1]:
        case = str(file.parent.relative_to(out / "cases"))
        for more in (["--same"], []):
            yield run(["replay", str(out), case, "--auth-token", TOKEN, "--url", url, *more])


def read_backs(run: Run, peer: Peer, folder: Path) -> Iterator[Said]:
    """Read-backs that say so, by HTTP and by a command."""
    script = folder / "dump.py"
    script.write_text(f"import sys; sys.stderr.write({HOSTILE!r}); sys.exit(3)")
    for adapter in (f"{peer.url}/readback", f"{peer.url}/refuses", f"{peer.url}/odd", f"cmd:{sys.executable} {script}"):
        for more in ([], ["--json"]):
            yield run(["readback", "try", adapter, "--user", "1", "--user", "2", *more])
        words = ["--auth-token", TOKEN, "--requirement", "CB-DUP-001", "--settle", "0.1", "--no-confirm"]
        out = folder / f"read-{len(list(folder.iterdir()))}"
        yield run(["certify", f"{peer.url}/turns", *words, "--readback", adapter, "--out", str(out)])


def storms(run: Run, peer: Peer, folder: Path) -> Iterator[Said]:
    """Storms at a target that answers so: at once, and only later."""
    few = ["--devices", "2", "--people", "100", "--rate", "20", "--duration", "1s", "--drain-limit", "1s"]
    for number, path in enumerate(("refuses", "odd", "page", "turns")):
        yield run(["storm", f"{peer.url}/{path}", *few, "--out", str(folder / f"storm-{number}")])
    yield run(["storm", f"{peer.url}/turns", *few, "--json"])
    yield run(["storm", f"{peer.url}/turns", *few, "--readback", f"{peer.url}/readback"])
    yield run(["storm", f"http://{urllib.parse.quote(HOSTILE[:20])}/", *few])


def files(run: Run, peer: Peer, folder: Path) -> Iterator[Said]:
    """Files that somebody sent: messages, scenarios, results, certificates, maps, waivers, lists of ids, sites."""
    message = folder / "message.json"
    message.write_text(
        json.dumps([{"RealTime": {"PunchLog": {"Type": HOSTILE, HOSTILE: HOSTILE}}}, {HOSTILE: 1}, HOSTILE])
    )
    for more in ([], ["--json"], ["--operation", HOSTILE]):
        yield run(["lint", str(message), *more])
    yield from _scenarios(run, folder)
    result = folder / "result.json"
    rows = [{"id": HOSTILE, "verdict": "PASS"}, {"id": "CB-DUP-001", "verdict": HOSTILE}]
    result.write_text(json.dumps({"grade": "none", "requirements": rows}))
    other = folder / "other.json"
    other.write_text(json.dumps({"grade": "none", "requirements": []}))
    for more in ([], ["--json"]):
        yield run(["diff", str(result), str(other), *more])
    yield run(["diff", str(message), str(other)])
    certificate = folder / "certificate.json"
    certificate.write_text(json.dumps({"payload": "e30=", "payloadType": HOSTILE, "signatures": []}))
    yield run(["verify", str(certificate), "--key", str(certificate)])
    (folder / "cleanup.txt").write_text(
        f"1001\n# was there before (--users), only its new rows are of this run: {HOSTILE}\n"
    )
    yield run(["cleanup", str(folder), "--run", "true"])
    (folder / "cleanup.txt").write_text(f"{HOSTILE}\n")
    yield run(["cleanup", str(folder), "--run", "true"])
    for name, text in (("map.toml", f"[{json.dumps(HOSTILE)}]"), ("site.toml", f"seed = {json.dumps(HOSTILE)}")):
        (folder / name).write_text(text)
    yield run(
        ["certify", peer.url, "--auth-token", TOKEN, "--readback", "sql:sqlite:///x", "--map", str(folder / "map.toml")]
    )
    yield run(["certify", peer.url, "--auth-token", TOKEN, "--waivers", str(message)])
    yield run(["certify", peer.url, "--auth-token", TOKEN, "--storm", str(message)])
    yield run(["serve", "--config", str(folder / "site.toml"), "--port", "0"])
    yield from _folder_of_a_run(run, peer, folder)


def _scenarios(run: Run, folder: Path) -> Iterator[Said]:
    texts: tuple[dict[str, Any], ...] = (
        {
            "name": HOSTILE,
            "teaches": HOSTILE,
            "steps": [{"devices": {"id": HOSTILE}}, {"assert": {"callbacks": {}}}],
        },
        {"name": HOSTILE, "steps": [{HOSTILE: 1}]},
        {"name": HOSTILE, "steps": [{"wait": HOSTILE}]},
        {"name": HOSTILE, "steps": [{"devices": {"id": "A", "callback_url": f"http://evil.example/{HOSTILE}"}}]},
    )
    for number, text in enumerate(texts):
        file = folder / f"{number}.json"
        file.write_text(json.dumps({"schemaVersion": 1, "teaches": HOSTILE, **text}))
        for words in (["validate"], ["run"], ["run", "--json"]):
            yield run(["scenario", *words, str(file)])


def _folder_of_a_run(run: Run, peer: Peer, folder: Path) -> Iterator[Said]:
    place = folder / "foreign" / "cases" / "CB-DUP-001" / "twice"
    place.mkdir(parents=True)
    (place / "01.body").write_text("{}")
    step: dict[str, Any] = {"what": HOSTILE, "file": "01.body", "content_type": "application/json", "query": ""}
    step |= {"transport": "fresh", "device": 0, "copies": 1, "retries": 0, "encrypt": False, "judged": True}
    step |= {"answers": [HOSTILE]}
    kept: dict[str, Any] = {"id": "CB-DUP-001/twice", "url": f"http://{HOSTILE}/", "protocol": "v3"}
    kept |= {"expected": HOSTILE, "actual": HOSTILE, "stage": HOSTILE, "at_once": 1, "causes": [], "steps": [step]}
    odd: list[dict[str, Any]] = [{"file": HOSTILE}, {"transport": HOSTILE}, {"content_type": HOSTILE}]
    for changed in ({}, {"protocol": HOSTILE}, *({"steps": [{**step, **one}]} for one in odd)):
        (place / "case.json").write_text(json.dumps({**kept, **changed}))
        for more in ([], ["--url", f"{peer.url}/odd"]):
            words = ["replay", str(folder / "foreign"), "CB-DUP-001/twice", "--auth-token", TOKEN, "--same", *more]
            yield run(words)


ATTACKS: dict[str, Attack] = {
    "control-api": control_api,
    "targets": targets,
    "read-backs": read_backs,
    "storms": storms,
    "files": files,
}


def problems_of(said: Said, words: str) -> list[str]:
    """What came through, and what should not have ended so."""
    found = []
    for where, text in (("stdout", said.out), ("stderr", said.err)):
        through = controls_in(text)
        if through:
            found.append(f"{words}: {where} holds {', '.join(sorted(set(through))[:6])}")
        if "Traceback (most recent call last)" in text:
            found.append(f"{words}: a traceback on {where}: {text.strip().splitlines()[-1][:200]}")
    if said.code not in (0, 1, 2, 3, 4):
        found.append(f"{words}: exit code {said.code}")
    return found


def problems_in(folder: Path) -> list[str]:
    """Reports that hold what a reader's terminal or page would obey."""
    found = []
    for file in sorted(folder.rglob("*")):
        if not file.is_file() or file.suffix in NOT_FOR_READERS or file.parent == folder or "foreign" in file.parts:
            continue
        text = file.read_text("utf-8", "replace")
        through = [one for one in controls_in(text) if "vso" not in one]
        if through:
            found.append(f"{file.relative_to(folder)} holds {', '.join(sorted(set(through))[:6])}")
        if file.suffix in (".html", ".md") and _HTML.search(_CODE.sub("", text)):
            found.append(f"{file.relative_to(folder)} holds HTML of a peer")
    return found


# --- the two that run for long: a receiver and a gateway, with a hostile client each ----------------------------------


@contextlib.contextmanager
def running(words: Sequence[str], folder: Path) -> Iterator[dict[str, Any]]:
    """A command that stays, with what its ready file says; ended with its own signal."""
    ready = folder / "ready.json"
    with (folder / "long.out").open("wb") as out:
        process = subprocess.Popen(
            [*CAMSIM, *words, "--ready-file", str(ready)], stdout=out, stderr=out, env=environment()
        )
        try:
            until = time.monotonic() + 60
            while not ready.exists() and time.monotonic() < until:
                time.sleep(0.05)
            yield json.loads(ready.read_text())
        finally:
            process.terminate()
            process.wait(60)


def _post(url: str, body: bytes, content_type: str = "application/json", agent: str = "peer") -> None:
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    with contextlib.suppress(OSError, http.client.HTTPException):
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request("POST", path, body, {"Content-Type": content_type, "User-Agent": agent})
        connection.getresponse().read()
    connection.close()


def long_runners(folder: Path, peer: Peer) -> list[str]:
    """A receiver that is told such things, and a gateway whose receiver answers so and whose client asks so."""
    found = []
    punch = {
        "RealTime": {"OperationID": HOSTILE, "PunchLog": {"Type": HOSTILE, "UserId": HOSTILE}, "AuthToken": HOSTILE}
    }
    for kind in ("memory", "sqlite"):
        for more in ([], ["--json"]):
            place = folder / f"receiver-{kind}{len(more)}"
            place.mkdir()
            with running(["receiver", "--kind", kind, "--port", "0", *more], place) as told:
                for body in (json.dumps(punch), HOSTILE, json.dumps({HOSTILE: HOSTILE})):
                    _post(told["url"], body.encode())
                    _post(told["url"], body.encode(), agent="\x1b[31m")
                    _post(told["url"], b"request_data=" + urllib.parse.quote(body).encode(), "text/plain")
            found += [
                f"receiver {kind}: {one}" for one in problems_of(Said(0, (place / "long.out").read_text(), ""), "")
            ]
    place = folder / "gateway"
    place.mkdir()
    words = [
        "serve",
        "--port",
        "0",
        "--management-port",
        "0",
        "--callback-url",
        f"{peer.url}/refuses",
        "--latency",
        "0",
    ]
    with running(words, place) as told:
        control = next(str(value) for key, value in told.items() if "management" in key)
        subprocess.run([*CAMSIM, "punch", "SIM00001", "--user", "1", "--url", control], env=environment(), check=False)
        gateway = next(str(value) for key, value in told.items() if "gateway" in key)
        path = "/external/api3.0/biometric?stgid=" + urllib.parse.quote(HOSTILE)
        _post(gateway.rstrip("/") + path, json.dumps({HOSTILE: HOSTILE}).encode())
        time.sleep(1)
        for more in ([], ["--json"], ["--lint"], ["--canonical"]):
            words = ["journal", "--url", control, *more]
            found += problems_of(by_process(words), " ".join(words))
    return found + problems_of(Said(0, (place / "long.out").read_text(), ""), "serve")


CAMSIM = [sys.executable, "-m", "camsim"]


def environment() -> dict[str, str]:
    """For commands as a person runs them."""
    return {**os.environ, "PYTHONIOENCODING": "utf-8", "COLUMNS": "200"}


def by_process(words: Sequence[str]) -> Said:
    """A command as a process of its own."""
    try:
        done = subprocess.run(
            [*CAMSIM, *(word.replace("\0", "") for word in words)],
            stdin=subprocess.DEVNULL, capture_output=True, env=environment(), check=False, timeout=LIMIT_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Said(99, "", f"no end within {LIMIT_S} s")
    return Said(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


def attack(name: str, run: Run) -> list[str]:
    """The problems of one attack."""
    found: list[str] = []
    ran: list[Sequence[str]] = []

    def noted(words: Sequence[str]) -> Said:
        ran.append(words)
        return run(words)

    with tempfile.TemporaryDirectory() as text:
        folder, peer = Path(text), Peer()
        for said in ATTACKS[name](noted, peer, folder):
            found += problems_of(said, ascii(" ".join(ran[-1][:3]))[:80])
        found += problems_in(folder)
        peer.server.shutdown()
        peer.server.server_close()
    return found


def main() -> int:
    """0 when nothing came through."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only", action="append", choices=[*ATTACKS, "long-runners"], help="this one alone; may repeat"
    )
    parser.add_argument("--json", action="store_true", help="print the problems as JSON")
    given = parser.parse_args()
    found: dict[str, list[str]] = {}
    for name in given.only or [*ATTACKS, "long-runners"]:
        if name == "long-runners":
            with tempfile.TemporaryDirectory() as text:
                found[name] = long_runners(Path(text), Peer())
        else:
            found[name] = attack(name, by_process)
        if not given.json:
            print(f"{name}: {'; '.join(found[name]) or 'held'}", flush=True)
    if given.json:
        print(json.dumps(found, indent=1))
    broken = sum(map(len, found.values()))
    print(f"terminal: {broken} problems in {len(found)} attacks", file=sys.stderr if given.json else sys.stdout)
    return int(broken > 0)


if __name__ == "__main__":
    raise SystemExit(main())
