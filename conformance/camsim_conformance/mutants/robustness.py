"""Receivers that leak, hang or die on bodies they did not expect."""

from __future__ import annotations

import asyncio

from aiohttp import web

from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import Fact, Json, Punch, Received, RefusedError, Reply, UnreadableError, Update

from .model import because, mutant

_TRACE = (
    b'Traceback (most recent call last):\n  File "/srv/hr/attendance/views.py", line 41, in callback\n'
    b"    data = json.loads(request.body)\njson.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)\n"
)
_SQL = (
    b'{"error":"You have an error in your SQL syntax near \'Brien\' at line 1:'
    b" INSERT INTO attendance (user_id, log_time) VALUES ('\"}"
)
_HOSTILE = because("a hostile body is among its cases", "CB-SEC-001")


@mutant("trace-in-answer", "shows a stack trace for a body it cannot read", "CB-SEC-001")
class TraceInAnswer(Policy):
    def unreadable(self, error: UnreadableError) -> Reply:
        return Reply(500, _TRACE, "text/plain")


@mutant("path-in-answer", "shows a file path for a body it cannot read", "CB-SEC-001")
class PathInAnswer(Policy):
    def unreadable(self, error: UnreadableError) -> Reply:
        text = b"<b>Warning</b>: Invalid argument in <b>/var/www/html/cams/callback.php</b> on line <b>17</b>"
        return Reply(500, text, "text/html")


@mutant(
    "sql-quote",
    "puts ids and names into SQL text: a quote is a syntax error, and the answer shows it",
    "CB-SEC-001",
    because("has a quote in a name or id", "CB-PUNCH-006", "CB-WIRE-002", "CB-USR-001"),
)
class SqlQuote(Policy):
    def facts(self, received: Received) -> list[Fact]:
        found = super().facts(received)
        for fact in found:
            texts = [fact.user] + ([fact.first, fact.last] if isinstance(fact, Update) else [])
            if isinstance(fact, Punch | Update) and any("'" in text for text in texts):
                raise RefusedError(Reply(500, _SQL))
        return found


@mutant("dies", "stops answering for ever after a body that is no JSON", "CB-ROB-003", _HOSTILE)
class Dies(Policy):
    dead = False

    async def gate(self, request: web.Request) -> Reply | None:
        # The connection is accepted and nothing comes: a process that hangs looks like this, not like a closed port.
        if self.dead:
            await asyncio.Event().wait()
        return None

    def unreadable(self, error: UnreadableError) -> Reply:
        # Only for bodies that look like JSON: a wrong key is another matter.
        self.dead = str(error).startswith("no JSON")
        return super().unreadable(error)


@mutant("hangs", "never answers a body that is no JSON", "CB-ROB-003", _HOSTILE)
class Hangs(Policy):
    def unreadable(self, error: UnreadableError) -> Reply:
        return Reply(400, delay_s=3600 if str(error).startswith("no JSON") else 0)


@mutant("hangs-on-empty", "waits for ever for the body of an empty request", "CB-ROB-003", _HOSTILE)
class HangsOnEmpty(Policy):
    async def read(self, request: web.Request) -> bytes:
        body = await super().read(request)
        if not body:
            await asyncio.Event().wait()
        return body


@mutant("dies-on-nesting", "stops answering for ever after deep nesting", "CB-ROB-003", _HOSTILE)
class DiesOnNesting(Dies):
    def loads(self, text: bytes) -> Json:
        if b"[" * 50 in text.replace(b" ", b"") or text.count(b"{") > 500:
            self.dead = True
            raise UnreadableError("recursion")
        return super().loads(text)

    def unreadable(self, error: UnreadableError) -> Reply:
        return Policy.unreadable(self, error)
