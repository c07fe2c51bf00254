"""Every command with what nobody would give it: files, arguments, servers. It ends with a sentence and 1 to 4."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from camsim.cli import app as cli
from camsim.cli import joined

WHOLE = bool(os.environ.get("CAMSIM_WHOLE"))  # else a sample, as scripts/attack/command_line.py has it
DEEP = b"[" * 100_000
DEEPER = b'{"a":' * 3_000 + b"1" + b"}" * 3_000


@cache
def _whole() -> CliRunner:
    joined._own()
    joined._join()
    return CliRunner()


def _run(*arguments: str) -> Result:
    return _whole().invoke(cli.app, list(arguments), env={"CAMSIM_AUTH_TOKEN": "", "COLUMNS": "200"})


def _ended(done: Result, *codes: int) -> None:
    told = (done.args if hasattr(done, "args") else "", done.output[-800:], done.exception)
    assert done.exception is None or isinstance(done.exception, SystemExit), told
    assert done.exit_code in (codes or (1, 2, 3, 4)), told
    assert "Traceback" not in done.output, told
    assert "Errno" not in done.stderr or "has no address" in done.stderr or "does not answer" in done.stderr, told


# --- a server that is not camsim --------------------------------------------------------------------------------------


class Other:
    """Answers every connection with the same bytes, or with none."""

    def __init__(self, answer: bytes, *, reset: bool = False) -> None:
        self._answer, self._reset = answer, reset
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                made, _ = self._socket.accept()
                with made, suppress(OSError):
                    made.settimeout(2)
                    if self._reset:
                        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                        continue
                    made.recv(65536)
                    made.sendall(self._answer)

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()


def _http(body: bytes, status: str = "200 OK", *lines: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *lines, "", ""]
    return "\r\n".join(head).encode("latin-1") + body


ANSWERS = {
    "html": _http(b"<html><h1>It works!</h1></html>", "200 OK", "Content-Type: text/html"),
    "html-404": _http(b"<h1>Not\nfound</h1>", "404 Not Found"),
    "html-422": _http(b"<h1>no</h1>", "422 Nope"),
    "html-500": _http(b"\xff\xfe", "500 Oh"),
    "error-with-lines": _http(b'{"error":{"code":"x","message":"a\\nb\\u001b[31m","hint":""}}', "400 Bad"),
    "error-of-another-shape": _http(b'{"error":"nope"}', "400 Bad"),
    "204": b"HTTP/1.1 204 No Content\r\n\r\n",
    "304": b"HTTP/1.1 304 Not Modified\r\n\r\n",
    "redirect": _http(b"", "302 Found", "Location: http://127.0.0.1:9/"),
    "empty": _http(b""),
    "nothing": b"",
    "no-http": b"SSH-2.0-OpenSSH_9.6\r\n",
    "tls": b"\x15\x03\x01\x00\x02\x02\x46",
    "list": _http(b"[]"),
    "object": _http(b"{}"),
    "number": _http(b"5"),
    "null": _http(b"null"),
    "shape": _http(b'{"entries":[{"seq":"x"}],"punches":[5],"dropped":{}}'),
    "half": _http(b'{"punches":[')[:-3],
    "deep": _http(DEEP),
    "deeper": _http(DEEPER),
    "digits": _http(b'{"dropped":' + b"9" * 6000 + b"}"),
    "surrogate": _http(b'{"dropped":"\\ud800"}'),
    "latin": _http(b'{"\xe4":1}'),
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999999\r\n\r\n{}",
    "negative": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}",
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n{}",
    "huge-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n{}",
    "long-line": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    "many-heads": b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 1000 + b"\r\n",
    "status": b"HTTP/1.1 9999999999 OK\r\n\r\n{}",
}


@pytest.fixture(params=[*ANSWERS, "reset"] if WHOLE else [*list(ANSWERS)[::4], "reset"])
def other(request: pytest.FixtureRequest) -> Iterator[Other]:
    """Each of the servers that are not camsim."""
    server = Other(ANSWERS.get(request.param, b""), reset=request.param == "reset")
    yield server
    server.close()


def test_a_server_that_is_not_camsim_is_said(other: Other) -> None:
    for arguments in (
        ("journal",),
        ("journal", "--lint", "--json"),
        ("journal", "--canonical"),
        ("punch", "SIM1", "--user", "1"),
        ("scenario", "run", "offline-weekend", "--url", other.url),
        ("readback", "try", f"{other.url}/readback", "--user", "1"),
    ):
        url = () if other.url in " ".join(arguments) else ("--url", other.url)
        done = _run(*arguments, *url)
        _ended(done)
        assert "\x1b" not in done.stderr
        if arguments[0] in ("journal", "punch"):
            assert len(done.stderr.strip().splitlines()) == 1, done.stderr


URLS = ["x", "http://[", "http://a:99999", "", "http://", "ftp://x", "http://\udcff", "http://ä:0"]


@pytest.mark.parametrize("url", URLS if WHOLE else URLS[:3])
def test_an_url_that_is_none(url: str) -> None:
    _ended(_run("journal", "--url", url))
    _ended(_run("punch", "SIM1", "--user", "1", "--url", url))
    if url:  # else one of its own
        _ended(_run("scenario", "run", "offline-weekend", "--url", url))
    _ended(_run("certify", url, "--auth-token", "T"))
    _ended(_run("storm", url, "--auth-token", "T"))
    _ended(_run("certify", "http://127.0.0.1:9/", "--auth-token", "T", "--readback", url or "x"))


ODD = ["\udcff", "a\x00b", "9" * 5000, "../..", "a b?c#d/e", "ä", "{}", ""]


@pytest.mark.parametrize("odd", ODD if WHOLE else ODD[:3])
def test_odd_arguments_of_the_commands_that_call_a_simulator(odd: str) -> None:
    for arguments in (
        ("punch", odd or "x", "--user", odd, "--type", odd, "--at", odd, "--every", odd),
        ("punch", "SIM1", "--user", "1", "--management-token", odd + "\n"),
        ("journal", "--user", odd, "--device", odd, "--operation", odd),
        ("journal", "--limit", odd),
        ("scenario", "run", odd),
        ("scenario", "show", odd),
        ("scenario", "validate", odd),
    ):
        _ended(_run(*arguments, *(() if arguments[0] == "scenario" else ("--url", "http://127.0.0.1:9"))))


NUMBERS = ["18446744073709551616", "nan", "1e400", "9" * 5000, "\udcff"]


@pytest.mark.parametrize("number", NUMBERS if WHOLE else NUMBERS[:2])
def test_odd_numbers_of_flags(number: str) -> None:
    for flag in ("--seed", "--devices", "--horizon", "--latency", "--clock", "--start"):
        _ended(_run("serve", "--management-port", "-1", flag, number), 2)
    for knob in ("rest.latency", "dup.p", "retry.schedule", "rest.max_body", "x"):
        _ended(_run("register", "--set", f"{knob}={number}"), 0, 2)
    for flag in ("--rate", "--deadline"):
        _ended(_run("certify", "http://127.0.0.1:9/", "--auth-token", "T", "--quick", flag, number), 2)
    for flag in ("--people", "--rate", "--duration", "--start"):
        _ended(_run("storm", "http://127.0.0.1:9/", "--auth-token", "T", flag, number), 2)


# --- files ------------------------------------------------------------------------------------------------------------


def _alias(number: int) -> bytes:
    return b"b%d: &%c [%s]\n" % (number, 98 + number, b",".join([b"*%c" % (97 + number)] * 8))


FILES = {
    "empty": b"",
    "binary": bytes(range(256)) * 10,
    "nul": b"\0" * 1000,
    "latin": b'"\xe4"',
    "deep": DEEP,
    "deeper": DEEPER,
    "tables": b"[" + b".".join([b"a"] * 20_000) + b"]\nb=1",
    "keys": b"[gateway]\n" + b".".join([b"a"] * 5_000) + b" = 1",
    "digits": b"9" * 10_000,
    "digits-toml": b"[gateway]\nseed = " + b"9" * 10_000,
    "hex-toml": b"[gateway]\nseed = 0x" + b"f" * 10_000,
    "nan-toml": b"[gateway]\nrest.latency = nan\n[[devices]]\nid = 'a'\nusers = inf\n",
    "lists-toml": b"[gateway]\nretry.schedule = [" + b"1," * 100_000 + b"]",
    "dates-toml": b"people = 1979-05-27\nmodels = 07:32:00\n[[faults]]\nwhere = 1979-05-27\n",
    "odd-toml": b"time_polcy = 'instant'\nwaiver = [5, {expires = 1979-05-27T07:32:00Z}]\n[punches]\nselect = 5\n",
    "list": b"[]",
    "object": b"{}",
    "objects": b'[{"a": 1}, 5, null, "x", {"RealTime": 5}, {"RealTime": {"PunchLog": []}}]',
    "null": b"null",
    "bomb": b"a: &a [x,x,x,x,x,x,x,x]\n"
    + b"".join(b"b%d: &%c [%s]\n" % (n, 98 + n, b",".join([b"*%c" % (97 + n)] * 8)) for n in range(12)),
    "tag": b"!!python/object/apply:os.system [echo]",
    "form": b"request_data=" + DEEPER,
    "storm": b'{"outcome": "could-not-judge", "doubts": [1], "latency": [], "ledger": 5, "readback": 7}',
    "pem": b"-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----\n",
    "dsse": b'{"payload": "e30=", "payloadType": "application/vnd.in-toto+json", "signatures": [{"keyid": 5}]}',
}


def _uses(file: str, folder: str) -> Iterator[tuple[str, ...]]:
    sql = f"sql:sqlite:///{folder}/some.db"
    yield ("lint", file)
    yield ("lint", file, "--protocol", "v2", "--key", "0" * 32)
    yield ("scenario", "validate", file)
    yield ("serve", "--config", file, "--management-host", "0.0.0.0")
    yield ("serve", "--port", "0", "--management-port", "0", "--tls-cert", file)
    yield ("readback", "try", sql, "--map", file, "--user", "1")
    yield ("cleanup", folder, "--map", file)
    yield ("diff", file, file)
    yield ("storm", "http://127.0.0.1:9/", "--auth-token", "T", "--readback", sql, "--map", file)
    for flag in ("--storm", "--waivers"):
        yield ("certify", "http://127.0.0.1:9/", "--auth-token", "T", flag, file)


NAMES = [*FILES, "missing", "folder"]
if not WHOLE:
    NAMES = ["binary", "deep", "hex-toml", "odd-toml", "bomb", "missing"]
MAY_BE_GOOD = ("lint", "scenario", "readback")


@pytest.mark.parametrize("name", NAMES if WHOLE else NAMES[::2])
def test_a_file_that_is_not_what_it_should_be(name: str, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "some.db") as database:
        database.execute("CREATE TABLE t (a, b)")
    file = tmp_path / "file.yaml"
    if name == "folder":
        file.mkdir()
    elif name != "missing":
        file.write_bytes(FILES[name])
    for arguments in _uses(str(file), str(tmp_path)):
        done = _run(*arguments)
        assert isinstance(done.exception, SystemExit | None), (arguments, done.exception)
        _ended(done, *((0, 1, 2, 3, 4) if arguments[0] in MAY_BE_GOOD else (1, 2, 3, 4)))


READBACKS: tuple[str, ...] = (
    "cmd:'x",
    'cmd:"',
    "cmd:\\",
    "cmd:",
    "cmd:a\0b",
    "cmd:/",
    "cmd:/bin/cat /dev/null",
    "cmd:printf [[[",
)
READBACKS += (
    "py:",
    "py:x",
    "py:os:nope",
    "py:..:x",
    "py:os:path",
    "sql:",
    "sql:x",
    "sql:sqlite:///",
    "sql:nope://x",
    "http://[",
)


@pytest.mark.parametrize("form", READBACKS if WHOLE else READBACKS[::3])
def test_a_form_of_read_back_that_is_none(form: str, tmp_path: Path) -> None:
    file = tmp_path / "map.toml"
    file.write_text(
        "time_policy = 'instant'\n[punches]\nselect = 'SELECT a AS user, b AS time FROM t WHERE a IN :users'\n"
    )
    for more in ((), ("--map", str(file))):
        _ended(_run("certify", "http://127.0.0.1:9/", "--auth-token", "T", "--readback", form, *more))
        _ended(_run("readback", "try", form, "--user", "1", *more))


MAPS = {
    "SELECT a AS user, b AS time FROM t": "no :users",
    "SELECT a AS user, b AS time FROM t WHERE a = ':users'": "",
    "SELECT a AS user, b AS time FROM t WHERE a IN x:users": "",
    "SELECT a AS user, b AS time FROM t WHERE a IN :users:": "",
    "SELECT a AS user, b AS time FROM t WHERE a IN :users AND b = :other": "",
    "SELECT nope AS user, b AS time FROM t WHERE a IN :users": "",
    "SELECT a FROM t WHERE a IN :users": "",
}


@pytest.mark.parametrize("select", MAPS if WHOLE else list(MAPS)[::2])
def test_a_select_that_cannot_be_asked(select: str, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "some.db") as database:
        database.execute("CREATE TABLE t (a, b)")
    file = tmp_path / "map.toml"
    file.write_text(f"time_policy = 'instant'\n[punches]\nselect = {json.dumps(select)}\n")
    done = _run("readback", "try", f"sql:sqlite:///{tmp_path}/some.db", "--map", str(file), "--user", "1")

    _ended(done)
    assert MAPS[select] in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time_polcy = 'instant'", "did you mean time_policy?"),
        ("keeps = ['punches']", "time_policy is missing"),
        ("time_policy = 'instant'\nkeeps = [[]]", "keeps is"),
        ("time_policy = []", "time_policy is []"),
    ],
)
def test_a_word_of_a_map_is_named(text: str, words: str, tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "some.db").execute("CREATE TABLE t (a, b)").connection.close()
    file = tmp_path / "map.toml"
    select = "SELECT a AS user, b AS time FROM t WHERE a IN :users"
    file.write_text(f"{text}\n[punches]\nselect = '{select}'\n")
    done = _run("readback", "try", f"sql:sqlite:///{tmp_path}/some.db", "--map", str(file), "--user", "1")

    assert (done.exit_code, words in done.stderr) == (2, True), done.stderr


def test_replay_names_the_variable_of_the_token() -> None:
    from camsim_conformance.commands.replay import _devices
    from camsim_conformance.target.profile import UsageError

    with pytest.raises(UsageError, match="CAMSIM_AUTH_TOKEN"):
        _devices("", None, [])
