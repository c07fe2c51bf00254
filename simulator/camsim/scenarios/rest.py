"""A command of a scenario as a client would send it: over HTTP, sealed, held while the clock moves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import aiohttp
import msgspec

from camsim.protocol import cipher
from camsim.protocol.timestamps import gmt
from camsim.protocol.v2 import envelope as envelope_v2
from camsim.protocol.v3 import envelope
from camsim.protocol.vocabulary import Protocol

from .assertions import Finding, Verdict
from .context import Context
from .steps import Rest


async def rest(context: Context, body: Rest) -> list[Finding]:
    """Send it over HTTP; while it is held, the clock moves from timer to timer."""
    stgid = body.device or (await context.places(None))[0]
    call = asyncio.ensure_future(_post(context, stgid, body))
    await asyncio.sleep(0)
    # A device answers in virtual time, which only this loop moves; the socket needs a little of the real one.
    while not call.done():
        if any(not command.answered for command in await context.driver.commands()):
            clock = await context.driver.clock()
            await context.driver.advance(max(0.0, (clock.next_timer or clock.now + 1) - clock.now))
        await asyncio.wait({call}, timeout=0.005)
    context.answer = answer = call.result()
    expected, good = _judged(body, answer)
    verdict = Verdict.FAIL
    if good:
        verdict = Verdict.PASS
    return [Finding(verdict, expected or "any answer", str(answer)[:300])]


def _judged(body: Rest, answer: Mapping[str, object]) -> tuple[str, bool]:
    """What the step expects, in words, and whether the answer is that."""
    expected, good = "", True
    for key, value in (("code", body.expect), ("http", body.http), ("closed", body.closed or None)):
        if value is not None:
            expected = f"{expected} {key} {value}".lstrip()
            good = good and answer[key] == value
    if body.not_json:
        expected += " not JSON"
        good = good and answer["message"] is None
    return expected, good


async def _post(context: Context, stgid: str, body: Rest) -> dict[str, object]:
    known = context.known(stgid)
    key, data = known.security_key, await _request(context, stgid, body)
    path, content_type, seal = _WIRES[known.protocol]
    try:
        async with context.session.post(
            f"{context.driver.gateway_url}{path.format(stgid)}",
            data=seal(data, key) if isinstance(body.body, dict) else data,
            headers={"Content-Type": content_type},
            timeout=aiohttp.ClientTimeout(total=60),
        ) as response:
            raw, status = await response.read(), response.status
    except (aiohttp.ClientError, OSError, TimeoutError) as problem:
        # Closed is an answer too: it is how a scenario sees a connection that was cut.
        return {"closed": True, "http": None, "code": None, "message": None, "why": type(problem).__name__}
    message = _opened(raw, key)
    # A done of LoadLog brings no StatusCode: 0 is meant (A-REST-26).
    code = None
    if message:
        code = message.get("StatusCode", 0)
    return {"closed": False, "http": status, "code": code, "message": message}


# Path, Content-Type and envelope of a protocol.
_WIRES: Mapping[Protocol, tuple[str, str, Callable[[bytes, str | None], bytes]]] = {
    Protocol.V3: (f"{Protocol.V3.path}?stgid={{}}", "application/json", envelope.seal_v3),
    Protocol.V2: (Protocol.V2.path, envelope_v2.CONTENT_TYPE, envelope_v2.seal_v2),
}


async def _request(context: Context, stgid: str, body: Rest) -> bytes:
    # A text is sent as it stands: it is how a scenario says something that is no command.
    if isinstance(body.body, str):
        return body.body.encode()
    context.requests += 1
    now = int((await context.driver.clock()).now)
    known = context.known(stgid)
    if known.protocol is Protocol.V2:
        info = {"AuthToken": known.auth_token, **_V2_EMPTY, "OperationTime": str(now + known.offset * 60)}
        info["OperationReferenceId"] = f"scenario-{context.requests}"
        return msgspec.json.encode({"ServiceTagId": stgid, "ApiRequestInfo": {**info, **body.body}})
    frame = {
        "OperationID": f"scenario-{context.requests}",
        "AuthToken": known.auth_token,
        "Time": gmt(now, 0),
    }
    return msgspec.json.encode({**frame, **body.body})


_V2_EMPTY = {"UserId": "", "OperationData": ""}


def _opened(raw: bytes, key: str | None) -> dict[str, object] | None:
    try:
        # Errors may come in plain text from a device with a key (A-ENC-03).
        if key is not None and raw.lstrip()[:1] != b"{":
            raw = cipher.decrypt(key, raw)
        message = msgspec.json.decode(raw)
    except (cipher.CipherError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    if not isinstance(message, dict):
        return None
    return message
