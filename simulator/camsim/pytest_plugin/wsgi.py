"""A threaded WSGI server with HTTP/1.1 and kept connections, for applications under test."""

from __future__ import annotations

import io
import socket
import socketserver
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler
from typing import Any, cast
from urllib.parse import unquote_to_bytes

from . import leaving

Environ = dict[str, Any]  # PEP 3333
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
Accepted = socket.socket | tuple[bytes, socket.socket]  # as socketserver types both of its kinds
Headers = list[tuple[str, str]]
_POLL_S = 0.01


class Server:
    """Serves `app` from construction to `stop`."""

    def __init__(self, app: Application, host: str) -> None:
        self._server = _Threads((host, 0), _handler(app))
        self.port = int(self._server.server_address[1])
        serve = self._server.serve_forever
        self._thread = threading.Thread(target=serve, args=(_POLL_S,), name="cams_serve wsgi", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, close what is open, end the threads; one that blocks is left behind."""
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()
        leaving.join(self._server.threads, "cams_serve: a handler of the WSGI application")


class _Threads(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 1024

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._open: set[socket.socket] = set()
        self.threads: list[threading.Thread] = []
        super().__init__(address, handler)

    def process_request(self, request: Accepted, client_address: Any) -> None:
        self._open.add(cast("socket.socket", request))
        self.threads = [thread for thread in self.threads if thread.is_alive()]
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), name="cams_serve handler", daemon=True
        )
        self.threads.append(thread)
        thread.start()

    def shutdown_request(self, request: Accepted) -> None:
        self._open.discard(cast("socket.socket", request))
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Wake the threads that wait for another request on a kept connection."""
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # the other side was faster
                continue

    def handle_error(self, request: Accepted, client_address: Any) -> None:
        """A peer that hangs up in the middle is a fault under test, not news."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def _handler(app: Application) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one packet an answer
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, content = _run(app, _environ(self, body))
            self.send_response_only(int(status.split(" ", 1)[0]), status.partition(" ")[2])
            for name, value in headers:
                if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    return Handler


def _environ(request: BaseHTTPRequestHandler, body: bytes) -> Environ:
    path, _, query = request.path.partition("?")
    host, port = request.connection.getsockname()[:2]
    environ: Environ = {
        "REQUEST_METHOD": request.command,
        "SCRIPT_NAME": "",
        # WSGI carries bytes as text of latin-1; frameworks turn them back.
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": request.request_version,
        "REMOTE_ADDR": request.client_address[0],
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        key = f"HTTP_{name.upper().replace('-', '_')}"
        if key in environ:  # a header that came twice
            value = f"{environ[key]},{value}"
        environ[key] = value
    return environ


def _run(app: Application, environ: Environ) -> tuple[str, Headers, bytes]:
    """Status, headers and body; 500 when the application raises, its traceback in the test's captured output."""
    started: list[tuple[str, Headers]] = []
    written: list[bytes] = []

    def start_response(status: str, headers: Headers, exc_info: object = None) -> Callable[[bytes], None]:
        started[:] = [(status, headers)]  # a second call, after an error, replaces the first
        return written.append

    try:
        parts = app(environ, start_response)
        try:
            written.extend(parts)
        finally:
            if hasattr(parts, "close"):
                parts.close()
        return *started[0], b"".join(written)
    except BaseException:  # SystemExit too: a view that calls sys.exit() answers 500 on every server
        traceback.print_exc()
        return "500 Internal Server Error", [("Content-Type", "text/plain")], b"the application raised"
