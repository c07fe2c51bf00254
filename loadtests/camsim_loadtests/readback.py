"""A small client of the read-back HTTP form: capabilities, and what is stored of a hundred users a request."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Sequence
from typing import Self, TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec

MOST_USERS = 100
_LONGEST_ANSWER = 64 * 1024 * 1024


T = TypeVar("T")


class ReadBackError(RuntimeError):
    """The adapter cannot be used; the run cannot be judged (exit 3)."""


class Stored(msgspec.Struct, frozen=True):
    """A punch as the adapter tells it; keys that are absent are not kept."""

    user: str
    time: str
    device: str | None = None


class StoredTemplate(msgspec.Struct, frozen=True):
    """A template as the adapter tells it."""

    user: str
    type: str
    index: str | int | None = None
    sha256: str | None = None


class Capabilities(msgspec.Struct, frozen=True):
    """What the adapter says of itself."""

    time_policy: str
    keeps: tuple[str, ...] = ("punches",)


class _Punches(msgspec.Struct):
    punches: list[Stored]


class _Templates(msgspec.Struct):
    templates: list[StoredTemplate]


class ReadBack:
    """One adapter; a kept-alive connection to it."""

    def __init__(self, url: str, timeout_s: float = 30.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"--readback {url!r}: the HTTP form is http://HOST:PORT/PATH (conformance, Read-back)")
        self.url = url.rstrip("/")
        self._path = parts.path.rstrip("/")
        if parts.scheme == "https":
            context = ssl.create_default_context()
            self._line: http.client.HTTPConnection = http.client.HTTPSConnection(
                parts.hostname, parts.port, timeout=timeout_s, context=context
            )
        else:
            self._line = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout_s)

    def capabilities(self) -> Capabilities:
        """Raises: ReadBackError, also for a time policy that is none of the two."""
        found = self._get("/capabilities", Capabilities)
        if found.time_policy not in ("instant", "device-local"):
            raise ReadBackError(
                f"{self.url}/capabilities: time_policy {found.time_policy!r} is neither instant nor device-local"
            )
        return found

    def punches(self, users: Sequence[str]) -> list[Stored]:
        """What is stored of at most a hundred users. Raises: ReadBackError."""
        return self._get(f"/punches?{_query(users)}", _Punches).punches

    def templates(self, users: Sequence[str]) -> list[StoredTemplate]:
        """What is stored of at most a hundred users. Raises: ReadBackError."""
        return self._get(f"/templates?{_query(users)}", _Templates).templates

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()

    def _get(self, path: str, kind: type[T]) -> T:
        try:
            self._line.request("GET", self._path + path)
            answer = self._line.getresponse()
            body = answer.read(_LONGEST_ANSWER)
        except (OSError, http.client.HTTPException) as error:
            self._line.close()
            raise ReadBackError(f"{self.url}{path[:60]}: {error or type(error).__name__}") from None
        if answer.status != 200:
            raise ReadBackError(f"{self.url}{path[:60]}: HTTP {answer.status}: {body[:120]!r}")
        try:
            return msgspec.json.decode(body, type=kind)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise ReadBackError(f"{self.url}{path[:60]}: {error}") from None


def _query(users: Sequence[str]) -> str:
    if len(users) > MOST_USERS:
        raise ValueError(f"{len(users)} users in one request: at most {MOST_USERS}")
    return urlencode([("user", user) for user in users])
