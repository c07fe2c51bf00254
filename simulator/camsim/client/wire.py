"""HTTP to the management API: pooled connections, JSON in and out, errors as exceptions."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from camsim.control.route import Route
from camsim.wording import cut, one_line, why

if TYPE_CHECKING:  # imported at the first call: it costs as much as everything else here together
    import http.client
    import socket

A = TypeVar("A")
T = TypeVar("T")
Query = Mapping[str, object]
_LOOK_S = 0.1
IDLE_S = 20.0  # the server closes idle connections later than this
TIMEOUT_S = 120.0  # real seconds; run_until_idle over a large fleet takes some


class ApiError(Exception):
    """The API refused a call, or could not be reached. `http` is 0 when there was no answer."""

    def __init__(self, code: str, message: str, hint: str = "", http: int = 0) -> None:
        super().__init__(f"{message} ({hint})" if hint else message)
        self.code, self.message, self.hint, self.http = code, message, hint, http


class _Refusal(msgspec.Struct):
    code: str
    message: str
    hint: str = ""


class _Refused(msgspec.Struct):
    error: _Refusal


class Wire:
    """Connections to one origin; safe to use from several threads."""

    def __init__(self, url: str, headers: Mapping[str, str] | None = None, timeout: float = TIMEOUT_S) -> None:
        self._idle: list[tuple[http.client.HTTPConnection, float]] = []
        self._lock = threading.Lock()
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as problem:
            raise ValueError(f"url = {cut(repr(url))}: {problem}") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"url = {cut(repr(url))} is not allowed; allowed: http://HOST:PORT or https://HOST:PORT")
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self._secure, self._host, self._port = parts.scheme == "https", parts.hostname, port
        self._headers, self._timeout = dict(headers or {}), timeout

    def exchange(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        watch: Callable[[], None] | None = None,
    ) -> tuple[int, bytes]:
        """One request; status and whole body of the answer. `watch` is called ten times a second until it comes.

        Raises: ApiError `unreachable` or `no_answer`, and what `watch` raises.
        """
        from http.client import HTTPException

        connection = self._take()
        # Never sent twice: a call that moves time or punches may have been carried out before the line broke.
        try:
            connection.request(method, target, body, {**self._headers, **(headers or {})})
            if watch is not None:
                _look(connection.sock, watch, self._timeout)
            answer = connection.getresponse()
            content = answer.read()
        except TimeoutError:
            connection.close()
            raise ApiError("no_answer", f"no answer to {method} {target} within {self._timeout:g} s", _STANDS) from None
        except UnicodeError as problem:  # before ValueError, which it is
            connection.close()
            raise ApiError("invalid_argument", f"{method} {cut(target)}: {why(problem)}", "plain texts", 400) from None
        except (OSError, HTTPException, ValueError, OverflowError) as problem:
            connection.close()
            message = f"{method} {self.origin}{cut(target)}: {why(problem)}"
            raise ApiError("unreachable", message, "is the simulator running there?") from None
        except BaseException:  # of `watch`, or Ctrl-C: an answer that comes later is nobody's
            connection.close()
            raise
        self._give_back(connection, answer)
        return answer.status, content

    def _take(self) -> http.client.HTTPConnection:
        with self._lock:
            while self._idle:
                connection, since = self._idle.pop()
                if time.monotonic() - since < IDLE_S:
                    return connection
                connection.close()
        from http.client import HTTPConnection, HTTPSConnection

        kind = HTTPSConnection if self._secure else HTTPConnection
        return kind(self._host, self._port, timeout=self._timeout)

    def _give_back(self, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse) -> None:
        if answer.will_close:
            connection.close()
            return
        with self._lock:
            self._idle.append((connection, time.monotonic()))

    def close(self) -> None:
        """Close the idle connections; the object can go on being used."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection, _ in idle:
            connection.close()

    __del__ = close  # a client that is thrown away leaves no socket open


def _look(connection: socket.socket, watch: Callable[[], None], most_s: float) -> None:
    """Call `watch` until something can be read, or time is up and reading says so."""
    import selectors

    until = time.monotonic() + most_s
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        while not selector.select(_LOOK_S) and time.monotonic() < until:
            watch()


_NOT_OURS = "is this the management port?"
_STANDS = "a call to a device waits for virtual time: use auto(), or advance the clock from another thread"


class Api:
    """Typed calls below /api/. Raises: ApiError for every answer that is not 2xx."""

    def __init__(self, url: str, token: str | None = None, timeout: float = TIMEOUT_S) -> None:
        headers = {}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self.wire = Wire(url, headers, timeout)

    def ask(self, route: Route[A], body: object = None, query: Query | None = None, **in_path: str) -> A:
        """The answer of a route, typed. Raises: ApiError."""
        content = self.ask_bytes(route, body, query, **in_path)
        return _decoded(content, route.answer, f"{route.method} /api/{route.path}")

    def ask_bytes(self, route: Route[object], body: object = None, query: Query | None = None, **in_path: str) -> bytes:
        """The bytes of a successful answer. Raises: ApiError."""
        # An id of a site may hold a slash, which would name another route.
        path = route.path.format(**{name: quote(value, safe="") for name, value in in_path.items()})
        return self.raw(route.method, path, body, query)

    def raw(self, method: str, path: str, body: object = None, query: Query | None = None) -> bytes:
        """The bytes of a successful answer. Raises: ApiError."""
        target = f"/api/{path}"
        wanted = given(**query) if query else {}
        if wanted:
            target += f"?{urlencode(wanted)}"
        sent, headers = None, {}
        if body is not None:
            sent, headers = msgspec.json.encode(body), {"Content-Type": "application/json"}
        status, content = self.wire.exchange(method, target, sent, headers)
        if not 200 <= status < 300:
            raise _refusal(status, content, f"{method} {target}")
        return content

    def call(self, method: str, path: str, kind: type[T], body: object = None, query: Query | None = None) -> T:
        """The answer as `kind`. Raises: ApiError."""
        return _decoded(self.raw(method, path, body, query), kind, f"{method} /api/{path}")


def _decoded(content: bytes, kind: type[T], call: str) -> T:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.ValidationError as problem:
        hint = "do both sides have the same version?"
        raise ApiError("unexpected_answer", f"{call}: {cut(str(problem), 300)}", hint, 200) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise ApiError("unexpected_answer", f"{call}: the answer is no JSON", _NOT_OURS, 200) from None


def _refusal(status: int, content: bytes, call: str) -> ApiError:
    try:
        error = msgspec.json.decode(content, type=_Refused).error
    except (msgspec.DecodeError, UnicodeError, RecursionError):  # another server, or a proxy between
        return ApiError("unexpected_answer", f"{call}: HTTP {status}", _NOT_OURS, status)
    return ApiError(error.code, one_line(error.message, 2000), one_line(error.hint, 2000), status)


def given(**members: object) -> dict[str, object]:
    """The members that are not None: what a caller left out stays out."""
    return {key: value for key, value in members.items() if value is not None}
