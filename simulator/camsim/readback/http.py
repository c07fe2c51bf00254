"""Read-back over HTTP: GET capabilities, punches, templates, users under one URL."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from .model import (
    Capabilities,
    ReadBackError,
    StoredPunch,
    StoredTemplate,
    StoredUser,
    TimePolicy,
    capabilities_of,
    punch_of,
    template_of,
    user_of,
)

T = TypeVar("T")
TIMEOUT_S = 20.0
MAX_BYTES = 64 * 1024 * 1024


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class HttpReadBack:
    """`--readback http://…`."""

    def __init__(self, url: str, ca: Path | None = None) -> None:
        self.name = f"HTTP {_bare(url)}"
        self._url = url.rstrip("/")
        context = ssl.create_default_context(cafile=str(ca) if ca else None)
        # No proxy: the adapter is the target's own, and the environment's proxy is somebody else's.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context), _NoRedirects()
        )
        self._policy: TimePolicy = "instant"

    def capabilities(self) -> Capabilities:
        """GET /capabilities."""
        found = capabilities_of(self._get("capabilities"), f"{self.name}/capabilities")
        self._policy = found.time_policy
        return found

    def punches(self, people: Sequence[str]) -> Iterator[StoredPunch]:
        """GET /punches?user=A&user=B."""
        return self._rows("punches", people, punch_of)

    def templates(self, people: Sequence[str]) -> Iterator[StoredTemplate]:
        """GET /templates?user=A."""
        return self._rows("templates", people, template_of)

    def users(self, people: Sequence[str]) -> Iterator[StoredUser]:
        """GET /users?user=A."""
        return self._rows("users", people, user_of)

    def _rows(self, kind: str, people: Sequence[str], read: Callable[[Any, TimePolicy, str], T]) -> Iterator[T]:
        query = urllib.parse.urlencode([("user", user) for user in people])
        source = f"{self.name}/{kind}"
        document = self._get(f"{kind}?{query}")
        rows = document.get(kind) if isinstance(document, dict) else None
        if not isinstance(rows, list):
            raise ReadBackError(f'{source}: an object with a list "{kind}" is expected, not {str(document)[:120]}')
        return (read(row, self._policy, source) for row in rows)

    def _get(self, path: str) -> Any:
        source = f"{self.name}/{path.partition('?')[0]}"
        try:
            with self._opener.open(f"{self._url}/{path}", timeout=TIMEOUT_S) as answer:
                return json.loads(answer.read(MAX_BYTES))
        except urllib.error.HTTPError as error:
            with error:
                raise ReadBackError(f"{source}: HTTP {error.code}, 200 is expected") from None
        except (OSError, ValueError) as error:
            raise ReadBackError(f"{source}: no usable answer ({error})") from None


def _bare(url: str) -> str:
    """The URL without user name, password and query."""
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{host}{port}{parts.path}".rstrip("/")
