"""Benign variants: unusual receivers that break no MUST, so that a suite which fails them is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Sequence
from typing import Any, ClassVar

from aiohttp import web

from camsim.protocol import cipher
from camsim.protocol.vocabulary import IN_TYPES, AttendanceType, Protocol
from camsim.receiver.memory import Policy
from camsim.receiver.memory.readback import wall
from camsim.receiver.memory.records import Fact, Note, Outcome, Punch, Received, Reply, UnreadableError, Update
from camsim.receiver.memory.store import Store

from .model import Benign, add, benign, named

_ACK = "the page asks for HTTP 200 and status done, and for nothing else of the answer (A-CB-01)"
_FORGED = "any answer to a forged token is right, as long as nothing is stored (A-CB-29)"
_RECORDED = "the page is silent: recorded, never failed"

ANSWERS: dict[str, tuple[str, Reply]] = {
    "pretty-ack": ("prints its answer with indentation", Reply(body=b'{\n    "status": "done"\n}\n')),
    "extra-member": ("adds a message", Reply(body=b'{"message":"stored","status":"done","code":0}')),
    "html-type": ("answers as text/html", Reply(content_type="text/html; charset=utf-8")),
    "text-type": (
        "answers as application/text, as an older vendor sample does",
        Reply(content_type="application/text"),
    ),
    "no-type": ("answers without a charset of its own and with spaces", Reply(body=b'{ "status" : "done" }')),
    "chunked-ack": ("answers in chunks", Reply(chunked=True)),
    "http10": ("answers in HTTP/1.0 and closes", Reply(http10=True)),
    "closing": ("closes the connection after each answer", Reply(headers={"Connection": "close"})),
    "slow-in-time": ("takes a tenth of a second for each answer", Reply(delay_s=0.1)),
}


def _answering(reply: Reply) -> type[Policy]:
    class Answering(Policy):
        def acknowledge(self, received: Received, outcome: Outcome) -> Reply:
            return reply

    return Answering


for _name, (_title, _reply) in ANSWERS.items():
    add(Benign(_name, _title, named(_name, _answering(_reply)), _ACK))


@benign("forged-403", "answers 403 to a wrong token", _FORGED)
class Forged403(Policy):
    def rejected(self, received: Received) -> Reply:
        return Reply(403, b"Forbidden", "text/plain")


@benign("forged-done", "says done to a wrong token and stores nothing", _FORGED)
class ForgedDone(Policy):
    def rejected(self, received: Received) -> Reply:
        return Reply()


@benign("malformed-done", "says done to a body it cannot read", "the page asks for done always (V3:1166)")
class MalformedDone(Policy):
    def unreadable(self, error: UnreadableError) -> Reply:
        return Reply()


@benign("late-store", "stores a quarter of a second after its answer", "the page asks to queue work (V3:1166)")
class LateStore(Policy):
    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def keep(self, facts: Sequence[Fact], store: Store, received: Received) -> Outcome:
        async def later() -> None:
            await asyncio.sleep(0.25)
            await super(LateStore, self).keep(facts, store, received)

        task = asyncio.create_task(later())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return Outcome.KEPT


@benign(
    "device-local", "stores the device's wall clock and declares it", "a declared policy (CB-TIME-001)", Protocol.V3
)
class DeviceLocal(Policy):
    def capabilities(self) -> dict[str, Any]:
        return super().capabilities() | {"time_policy": "device-local"}

    def show_punch(self, punch: Punch) -> dict[str, Any]:
        return super().show_punch(punch) | {"time": wall(punch.at, punch.offset)}


@benign("device-local-v2", "stores the v2 epoch as the device's wall clock", "a declared policy (V2-01)", Protocol.V2)
class DeviceLocalV2(DeviceLocal):
    pass


@benign("row-per-device", "keeps one row a device of one person at one moment", _RECORDED)
class RowPerDevice(Policy):
    def punch_key(self, punch: Punch) -> Hashable:
        return (punch.user, punch.at, punch.device)


@benign("row-per-input", "keeps a row for each way of recognition in one second", _RECORDED)
class RowPerInput(Policy):
    def punch_key(self, punch: Punch) -> Hashable:
        return (super().punch_key(punch), punch.input)


@benign("upsert", "overwrites a stored punch by its copy", "the copy says the same (V3:1170)")
class Upsert(Policy):
    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        key = self.punch_key(punch)
        if key not in store.keys:
            return store.add(key, punch)
        rows = store.punches[punch.user]
        for place, row in enumerate(rows):
            if self.punch_key(row) == key:
                rows[place] = punch
        return False


@benign("encrypted-ack", "encrypts its answer when the callback was", "the page is silent (A-ENC-02)")
class EncryptedAck(Policy):
    def acknowledge(self, received: Received, outcome: Outcome) -> Reply:
        reply = super().acknowledge(received, outcome)
        return Reply(body=cipher.encrypt(received.key, reply.body)) if received.key else reply


@benign("plain-refused", "refuses plain bodies when it has a key", _RECORDED)
class PlainRefused(Policy):
    def open(self, body: bytes, stgid: str) -> Received:
        received = super().open(body, stgid)
        if received.key is None and self.keys(stgid):
            raise UnreadableError("not encrypted")
        return received


@benign(
    "one-operation-once",
    "stores what shares an OperationID with something stored once, punches apart",
    _RECORDED,
    Protocol.V3,
)
class OneOperationOnce(Policy):
    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    async def keep(self, facts: Sequence[Fact], store: Store, received: Received) -> Outcome:
        operation = str(received.body.get("OperationID", ""))
        if any(isinstance(fact, Update) for fact in facts) and operation:
            plain = received.plain.decode("utf-8", "replace")
            if self._seen.setdefault(operation, plain) != plain:
                return Outcome.REPEATED
        return await super().keep(facts, store, received)


@benign("unknown-operation-404", "answers 404 to an operation the page does not print", _RECORDED, Protocol.V3)
class UnknownOperation404(Policy):
    def facts(self, received: Received) -> list[Fact]:
        self._unknown = False
        found = super().facts(received)
        known = received.protocol is Protocol.V2 or "DateModified" in received.body
        self._unknown = not known and any(isinstance(fact, Note) and fact.kind == "other" for fact in found)
        return found

    def acknowledge(self, received: Received, outcome: Outcome) -> Reply:
        return Reply(404, b'{"status":"unknown"}') if self._unknown else super().acknowledge(received, outcome)


class _Limited(Policy):
    limit = 0

    async def read(self, request: web.Request) -> bytes:
        body = await super().read(request)
        if len(body) > self.limit:
            raise web.HTTPRequestEntityTooLarge(self.limit, len(body))
        return body


@benign("body-100k", "reads bodies of at most 100 kB", "larger than any printed body; the ladder above is recorded")
class Body100k(_Limited):
    limit = 100 * 1024


@benign("body-1m", "reads bodies of at most 1 MB", "larger than any printed body; the ladder above is recorded")
class Body1m(_Limited):
    limit = 1024 * 1024


@benign("temperature-as-text", "shows temperatures as texts", "the page prints both forms (register, section 1)")
class TemperatureAsText(Policy):
    def show_punch(self, punch: Punch) -> dict[str, Any]:
        shown = super().show_punch(punch)
        if "temperature" in shown:
            shown["temperature"] = str(shown["temperature"])
        return shown


@benign(
    "in-and-out",
    "knows in and out alone, and says which types it merges",
    "judged as in or out (Read-back)",
    Protocol.V3,
)
class InAndOut(Policy):
    _WORDS: ClassVar[dict[str | None, str]] = {word: "in" if word in IN_TYPES else "out" for word in AttendanceType}

    def capabilities(self) -> dict[str, Any]:
        words: dict[str, list[str]] = {"in": [], "out": []}
        for word, own in self._WORDS.items():
            words[own].append(str(word))
        return super().capabilities() | {"type_words": {own: sorted(some) for own, some in words.items()}}

    def show_punch(self, punch: Punch) -> dict[str, Any]:
        shown = super().show_punch(punch)
        if punch.type in self._WORDS:
            shown["type"] = self._WORDS[punch.type]
        return shown


@benign(
    "keeps-less",
    "keeps neither temperature, mask nor device, and says so",
    "they are kept where the target claims them",
)
class KeepsLess(Policy):
    _NOT_KEPT = ("temperature", "mask", "device")

    def capabilities(self) -> dict[str, Any]:
        told = super().capabilities()
        return told | {"keeps": [name for name in told["keeps"] if name not in self._NOT_KEPT]}

    def show_punch(self, punch: Punch) -> dict[str, Any]:
        return {name: value for name, value in super().show_punch(punch).items() if name not in self._NOT_KEPT}


@benign(
    "bom-ack", "writes a byte order mark before its answer", "NON-STRICT: a JSON reader may ignore it (RFC 8259, 8.1)"
)
class BomAck(Policy):
    def acknowledge(self, received: Received, outcome: Outcome) -> Reply:
        return Reply(body=b"\xef\xbb\xbf" + super().acknowledge(received, outcome).body)


@benign("done-twice", "says done in two members of one name", "NON-STRICT: both readings say done")
class DoneTwice(Policy):
    def acknowledge(self, received: Received, outcome: Outcome) -> Reply:
        return Reply(body=b'{"status":"done","status":"done"}')
