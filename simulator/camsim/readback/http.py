"""Read-back over HTTP: GET capabilities, punches, templates, users under one URL."""

from __future__ import annotations

import http.client
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Self
from urllib.parse import urlencode, urlsplit

from camsim.ownership import Origin, connect, origin_of
from camsim.wording import why

from .model import MAX_IDS, Capabilities, ReadBackError
from .rows import RowReadBack, listed

TIMEOUT_S = 20.0
MAX_BYTES = 64 * 1024 * 1024


class HttpReadBack(RowReadBack):
    """`--readback http://…`. Within a `with` block the connection is kept; without, each request has its own.

    No proxy of the environment is used and no redirect followed: the adapter is the target's own.
    """

    def __init__(
        self, url: str, ca: Path | None = None, timeout_s: float = TIMEOUT_S, origin: Origin | None = None
    ) -> None:
        """Nothing is asked yet. `ca`: the authority of an HTTPS adapter, PEM; `origin`: its own, pinned to an address.

        Raises: ValueError for another form.
        """
        try:
            origin = origin or origin_of(url)
        except ValueError:
            raise ValueError(
                f"--readback {url!r}: the HTTP form is http://HOST:PORT/PATH (conformance, Read-back)"
            ) from None
        parts = urlsplit(url)
        self._path = parts.path.rstrip("/")
        # Messages and reports show it: without user name, password and query.
        self.url = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{self._path}"
        self.name = f"HTTP {self.url}"
        self._connection = connect(origin, ca, timeout_s)
        self._kept = False

    def __enter__(self) -> Self:
        self._kept = True
        return self

    def __exit__(self, *_: object) -> None:
        self._kept = False
        self._connection.close()

    def capabilities(self) -> Capabilities:
        """GET /capabilities. Raises: ReadBackError."""
        return self.declared(self._get("capabilities"), self.source("capabilities"))

    def rows(self, kind: str, people: Sequence[str]) -> list[object]:
        """GET /punches?user=A&user=B. Raises: ReadBackError; ValueError for more than a hundred people."""
        if len(people) > MAX_IDS:
            raise ValueError(f"{len(people)} users in one request: at most {MAX_IDS}")
        document = self._get(f"{kind}?{urlencode([('user', user) for user in people])}")
        return listed(document, kind, self.source(kind))

    def source(self, kind: str) -> str:
        """The URL of a kind."""
        return f"{self.name}/{kind}"

    def _get(self, path: str) -> object:
        source = self.source(path.partition("?")[0])
        try:
            status, body = self._fetch(f"{self._path}/{path}")
            if status != 200:
                raise ReadBackError(f"{source}: HTTP {status}, 200 is expected")
            document: object = json.loads(body)
        except (OSError, http.client.HTTPException, ValueError, OverflowError, RecursionError) as error:
            raise ReadBackError(f"{source}: no usable answer ({why(error)})") from None
        return document

    def _fetch(self, target: str) -> tuple[int, bytes]:
        reused = self._connection.sock is not None
        try:
            return self._exchange(target)
        except ConnectionError:
            if not reused:
                raise
        # A kept connection that the server closed while a storm ran (RFC 9112, section 9.3.1); a GET may be repeated.
        return self._exchange(target)

    def _exchange(self, target: str) -> tuple[int, bytes]:
        whole = False
        try:
            headers = {}
            if not self._kept:
                headers["Connection"] = "close"
            self._connection.request("GET", target, headers=headers)
            answer = self._connection.getresponse()
            body = answer.read(MAX_BYTES)
            whole = answer.isclosed()
            return answer.status, body
        finally:
            # What was not read whole would be taken for the next answer.
            if not (self._kept and whole):
                self._connection.close()
