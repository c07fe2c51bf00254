"""The gateway port: RESTful requests in, answers out. It knows HTTP and nothing of the protocol's meaning."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDict

from camsim.kernel.events import FormRequest, Reply, Request
from camsim.protocol.vocabulary import Protocol
from camsim.wording import clean, one_line

from . import unread
from .connections import HEAD_S, Listener, logger_of
from .loadlog import rendered
from .responses import Whole, fits
from .runtime import Runtime
from .state_file import StoreError

# The page shows the endpoint without a path of its own (V3:149), so the bare form is served too.
_PROTOCOL_OF = {Protocol.V3.path: "v3", "/": "v3", Protocol.V2.path: "v2"}
_PATHS = f"unknown path; v3 is POST {Protocol.V3.path}?stgid=… or /?stgid=…, v2 is POST {Protocol.V2.path}"
_API1 = {"/external/1.0/user/add": "add", "/external/1.0/user/delete": "delete"}
_API1_OFF = "API 1.0 is not on the page; rest.api1 = on serves it (A-REST-35)"
_JSON = "application/json"
_STREAM_FROM = 1024 * 1024
PATIENCE_S = 60.0  # a peer that stops in the middle of a body must not hold virtual time for ever


log = logger_of("camsim.gateway")


def listener(runtime: Runtime, head_s: float = HEAD_S) -> web.Server:
    """What listens on the gateway port. A compressed body is read as it is: the page knows none."""
    # Two seconds of reading on after 413, so that a client which is still sending gets to see the answer.
    options: dict[str, Any] = {"access_log": None, "logger": log, "auto_decompress": False, "lingering_time": 2}
    return Listener(Gateway(runtime), head_s=head_s, **options)


_AT_ONCE = 65536
# What is left of a body that is not read on would be taken for the next request.
_CLOSE = {"Connection": "close"}
_JSON_HEADERS = CIMultiDict({"Content-Type": _JSON})
_PLAIN_TAG = re.compile(r"stgid=([A-Za-z0-9_.-]+)").fullmatch


def _arrived(request: web.BaseRequest, most: int) -> bytes | None:
    """A small body that came with its head, as nearly all do; None when it has to be waited for, or refused."""
    length = request.content_length or 0
    if request.content.is_eof() and 0 < length <= min(_AT_ONCE, most):
        return request.content.read_nowait(-1)
    return None


def _tags(request: web.BaseRequest) -> list[str]:
    """Every value of `stgid`; the plain form needs no parsing of the whole query."""
    plain = _PLAIN_TAG(request.rel_url.raw_query_string)
    if plain:
        return [plain[1]]
    return [clean(tag) for tag in request.query.getall("stgid", [])]


class Gateway:
    """The handler of every connection on the gateway port."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one HTTP request; whatever it holds, nothing but a documented answer comes back."""
        protocol = _PROTOCOL_OF.get(request.path)
        if protocol is None and request.path not in _API1:
            return self._refuse(404, request, "path", _PATHS)
        if protocol is None and not self._runtime.kernel.policy.rest.live.api1:
            return self._refuse(404, request, "path", _API1_OFF)
        if request.method != "POST":
            return self._refuse(405, request, "method", f"{request.method} is not allowed, POST is", {"Allow": "POST"})
        try:
            if protocol is None:
                return await self._form(request)
            # Hot: nearly every body has come with its head, and needs no coroutine of its own.
            body: bytes | web.Response | None = _arrived(request, self._runtime.kernel.policy.rest.max_body)
            if body is None:
                body = await self._body(request)
            if isinstance(body, web.Response):
                return body
            reply = await self._runtime.request(_event(request, protocol, body))
        except StoreError as problem:
            return web.json_response({"error": str(problem)}, status=503)
        if reply.faults or reply.rows or self._runtime.clock.stands:
            return await self._answer(request, reply)
        self._runtime.settle()  # as nearly always
        if reply.http == 200 and fits(request):
            return Whole(reply.body)
        return _complete(reply)

    async def _form(self, request: web.BaseRequest) -> web.StreamResponse:
        """API 1.0: a form in, plain text out."""
        body = await self._body(request)
        if isinstance(body, web.Response):
            return body
        event = FormRequest(0, _API1[request.path], body, request.remote or "", time.time())
        reply = await self._runtime.request(event)
        response = web.Response(body=reply.body, content_type="text/plain")
        try:
            await _write(request, response, ())  # before time may move
        finally:
            self._runtime.settle()
        return response

    # --- in -----------------------------------------------------------------------------------------------------------

    async def _body(self, request: web.BaseRequest) -> bytes | web.Response:
        """A body that did not come with its head, or the refusal of one that is too long, broken or late."""
        most = self._runtime.kernel.policy.rest.max_body
        try:
            body = await self._waited_for(request, most)
        except (web.RequestPayloadError, HttpProcessingError, ConnectionError) as problem:
            return self._refuse(400, request, "body", f"cannot be read to its end: {problem}", _CLOSE)
        except unread.TooMuchError as problem:
            return self._refuse(503, request, "body", str(problem), _CLOSE)
        except TimeoutError:
            return self._refuse(400, request, "body", f"not there within {PATIENCE_S:g} s", _CLOSE)
        if body is None:
            return self._refuse(413, request, "body", f"longer than {most} bytes", _CLOSE)
        return body

    async def _waited_for(self, request: web.BaseRequest, most: int) -> bytes | None:
        """A body that comes behind its head, None when it is longer than `most`; virtual time stands until then."""
        self._runtime.inbound += 1
        try:
            if "Expect" in request.headers:
                await _go_on(request)
            async with asyncio.timeout(PATIENCE_S):
                return await unread.read(request, most)
        finally:
            self._runtime.settle()

    def _refuse(
        self, status: int, request: web.BaseRequest, field: str, why: str, headers: Mapping[str, str] | None = None
    ) -> web.Response:
        """An HTTP error; it has a journal line and changes nothing."""
        why = one_line(clean(why))  # an exception may hold what came in
        self._runtime.note_http(status, clean(f"{request.method[:40]} {request.path[:200]}"), field, why)
        return web.json_response({"error": f"{field}: {why}"}, status=status, headers=headers)

    # --- out ----------------------------------------------------------------------------------------------------------

    async def _answer(self, request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
        """Write an answer; the runtime counts it as in flight until it has left."""
        runtime = self._runtime
        try:
            response = await self._response(request, reply)
            if runtime.clock.stands and isinstance(response, web.Response):
                await _write(request, response, ())  # where time stands still, the answer leaves before it may move
            return response
        finally:
            runtime.settle()

    async def _response(self, request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
        if reply.faults:
            return await self._damaged(request, reply)
        if reply.rows is not None:
            return await self._rows(request, reply)
        return _complete(reply)

    async def _rows(self, request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
        parts = [part async for part in rendered(reply)]
        size = sum(map(len, parts))
        if size < _STREAM_FROM:
            return web.Response(body=b"".join(parts), status=reply.http, content_type=_JSON)
        response = web.StreamResponse(status=reply.http, headers={"Content-Type": _JSON, "Content-Length": str(size)})
        await _write(request, response, parts)
        return response

    async def _damaged(self, request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
        faults = dict(reply.faults)
        if "delay" in faults:
            await asyncio.sleep(faults["delay"].get("ms", 1000) / 1000)
        whole = reply.body
        if reply.rows is not None:
            whole = b"".join([part async for part in rendered(reply)])
        if "drop" in faults or "close" in faults:
            return await self._cut(request, reply, whole if "close" in faults else b"")
        if "garbage" in faults:
            whole = b"\x00\xff<not json>" + whole[:7]
        status = reply.http
        if "http" in faults:
            status = int(faults["http"].get("http", 502))
        return web.Response(body=whole, status=status, content_type=_JSON)

    async def _cut(self, request: web.BaseRequest, reply: Reply, whole: bytes) -> web.StreamResponse:
        """Close the connection: before the answer, or in its middle."""
        headers = {"Content-Type": _JSON, "Content-Length": str(len(whole))}
        response = web.StreamResponse(status=reply.http or 200, headers=headers)
        if whole:
            await response.prepare(request)
            await response.write(whole[: len(whole) // 2])
        transport = request.transport
        if transport is None:  # the client was faster
            return response
        if whole:
            transport.close()  # what was written leaves first
        else:
            transport.abort()
        return response


def _event(request: web.BaseRequest, protocol: str, body: bytes) -> Request:
    """The request as the kernel takes it; the runtime numbers it."""
    return Request(
        id=0,
        stgid=_tags(request),
        body=body,
        protocol=protocol,
        content_type=clean(request.headers.get("Content-Type", "")),
        remote=request.remote or "",  # code 3, INVALID_ORIGIN_IP, of v2 (V2:58) and of live v3 gateways (A-REST-34)
        real_s=time.time(),
    )


def _complete(reply: Reply) -> web.Response:
    return web.Response(body=reply.body, status=reply.http, headers=_JSON_HEADERS)


async def _write(request: web.BaseRequest, response: web.StreamResponse, parts: Iterable[bytes]) -> None:
    """Send an answer; the connection goes when the client does not read on."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            await response.prepare(request)
            for part in parts:
                await response.write(part)
            await response.write_eof()
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()


async def _go_on(request: web.BaseRequest) -> None:
    """Tell a client that asks first, as curl does above 1 MB, to send the body."""
    if request.headers["Expect"].lower() == "100-continue" and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
