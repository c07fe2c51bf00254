"""Receivers that read only some bodies: sizes, headers, framing, text, query."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from aiohttp import web

from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import Json, Received, Reply, UnreadableError

from .groups import EVERYTHING, LARGE, TEMPLATES
from .model import because, mutant

_TYPE_415 = Reply(415, b'{"status":"unsupported media type"}')
_BAD = Reply(400, b'{"status":"bad request"}')


@mutant(
    "body-32k",
    "reads bodies of at most 32 kB",
    "CB-WIRE-004",
    because("sends a face or a photo, and it is not stored", "CB-ACK-005", *LARGE, *TEMPLATES),
)
class Body32k(Policy):
    async def read(self, request: web.Request) -> bytes:
        body = await super().read(request)
        # Less than the face the page prints, as Base64 in its message.
        if len(body) > 32 * 1024:
            raise web.HTTPRequestEntityTooLarge(32 * 1024, len(body))
        return body


@mutant(
    "form-only",
    "looks for a form field in v3 too",
    "CB-WIRE-001",
    because("no raw JSON body is understood", *EVERYTHING),
)
class FormOnly(Policy):
    def open_v3(self, body: bytes, stgid: str) -> Received:
        raise UnreadableError("request_data is missing")


@mutant("type-exact", "wants Content-Type application/json without a parameter", "CB-WIRE-005")
class TypeExact(Policy):
    async def gate(self, request: web.Request) -> Reply | None:
        return None if request.headers.get("Content-Type") == "application/json" else _TYPE_415


@mutant(
    "type-with-charset",
    "wants Content-Type application/json; charset=utf-8",
    "CB-WIRE-001",
    because("no body with the printed header is read", *EVERYTHING),
)
class TypeWithCharset(Policy):
    async def gate(self, request: web.Request) -> Reply | None:
        return None if "charset" in request.headers.get("Content-Type", "") else _TYPE_415


@mutant("no-chunked", "reads Content-Length bytes and takes a chunked body for an empty one", "CB-WIRE-005")
class NoChunked(Policy):
    async def read(self, request: web.Request) -> bytes:
        body = await super().read(request)
        return body if "Content-Length" in request.headers else b""


@mutant("no-expect", "refuses Expect: 100-continue", "CB-WIRE-005")
class NoExpect(Policy):
    async def gate(self, request: web.Request) -> Reply | None:
        return Reply(417, b"{}") if "Expect" in request.headers else None


@mutant("header-case", "looks for header names in one spelling", "CB-WIRE-005")
class HeaderCase(Policy):
    # From the raw headers: aiohttp's own mapping finds a name in any spelling (RFC 9110, 5.1).
    async def gate(self, request: web.Request) -> Reply | None:
        return None if b"Content-Type" in dict(request.raw_headers) else _TYPE_415


@mutant(
    "latin-1",
    "takes the body for Latin-1",
    "CB-WIRE-002",
    because("has UTF-8 inside", "CB-ENC-001", "CB-ENC-002"),
    features="user-data",
)
class Latin1(Policy):
    def loads(self, text: bytes) -> Json:
        return super().loads(text.decode("latin-1").encode())


@mutant(
    "ascii-only",
    "refuses a body that is not ASCII",
    "CB-WIRE-002",
    because("has UTF-8 inside", "CB-ENC-001", "CB-ENC-002"),
)
class AsciiOnly(Policy):
    def loads(self, text: bytes) -> Json:
        if not text.isascii():
            raise UnreadableError("not ASCII")
        return super().loads(text)


@mutant(
    "question-marks",
    "stores names in a column of another character set",
    "CB-WIRE-002",
    because("has UTF-8 inside", "CB-ENC-001"),
    features="user-data",
)
class QuestionMarks(Policy):
    def loads(self, text: bytes) -> Json:
        return super().loads(text.decode("utf-8", "replace").encode("ascii", "replace"))


@mutant("escapes-kept", "leaves \\u escapes as they are", "CB-WIRE-003", because("may escape letters", "CB-WIRE-002"))
class EscapesKept(Policy):
    def loads(self, text: bytes) -> Json:
        return super().loads(text.replace(b"\\u", b"\\\\u"))


@mutant("slashes-kept", "fails on an escaped slash", "CB-WIRE-003")
class SlashesKept(Policy):
    def loads(self, text: bytes) -> Json:
        if b"\\/" in text:
            raise UnreadableError("unknown escape")
        return super().loads(text)


@mutant("member-order", "reads punches with an expression that knows one order of members", "CB-WIRE-003")
class MemberOrder(Policy):
    _ORDER = re.compile(rb'"UserId".*"LogTime".*"AuthToken"', re.DOTALL)

    def loads(self, text: bytes) -> Json:
        if b'"LogTime"' in text and b'"PunchLog"' in text and not self._ORDER.search(text):
            raise UnreadableError("no match")
        return super().loads(text)


@mutant("compact-only", "recognises callbacks by their first characters", "CB-WIRE-003")
class CompactOnly(Policy):
    def loads(self, text: bytes) -> Json:
        if text[:1].isspace() or text[1:2].isspace():
            raise UnreadableError("unknown format")
        return super().loads(text)


@mutant("query-404", "routes the bare path alone: 404 with any query", "CB-ROB-002", because("all", *EVERYTHING))
class Query404(Policy):
    async def gate(self, request: web.Request) -> Reply | None:
        return Reply(404, b'{"status":"not found"}') if request.query_string else None


@mutant(
    "query-required",
    "answers 400 without stgid in the query, as the vendor's own receiver does",
    "CB-ROB-002",
    because("is sent without a query", *EVERYTHING),
)
class QueryRequired(Policy):
    async def gate(self, request: web.Request) -> Reply | None:
        return None if "stgid" in request.query else _BAD


@mutant("query-doubled-500", "fails on the doubled ?stgid=X?stgid=X of the live gateway", "CB-ROB-002")
class QueryDoubled500(Policy):
    async def gate(self, request: web.Request) -> Reply | None:
        doubled = any("?" in value for _, value in parse_qsl(request.query_string))
        return Reply(500, b'{"status":"error"}') if doubled else None
