"""Receivers that answer wrongly: always, or to some callbacks."""

from __future__ import annotations

from aiohttp import web

from camsim.protocol.vocabulary import Protocol
from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import Deletion, Fact, Note, Outcome, Punch, Received, RefusedError, Reply, Update
from camsim.receiver.memory.store import Store

from .groups import ACKED, EVERYTHING, LARGE, NO_PUNCH, PEOPLE
from .model import Mutant, add, because, beyond, mutant, named

ERROR = Reply(500, b'{"error":"internal server error"}')
BAD_REQUEST = Reply(400, b'{"status":"error","message":"bad request"}')

# name: what is answered to every callback, all else being right
ALWAYS: dict[str, tuple[str, Reply]] = {
    "ack-text": ("answers the bare word done", Reply(200, b"done", "text/plain")),
    "ack-capital-member": ('answers {"Status":"done"}', Reply(200, b'{"Status":"done"}')),
    "ack-capital-word": ('answers {"status":"Done"}', Reply(200, b'{"status":"Done"}')),
    "ack-nested": ("wraps the answer in message, as Frappe does", Reply(200, b'{"message":{"status":"done"}}')),
    "ack-success": ('answers {"success":true}', Reply(200, b'{"success":true}')),
    "ack-number": ('answers {"status":1}', Reply(200, b'{"status":1}')),
    "ack-true": ('answers {"status":true}', Reply(200, b'{"status":true}')),
    "ack-ok": ('answers {"status":"ok"}', Reply(200, b'{"status":"ok"}')),
    "ack-empty": ("answers 200 with an empty body", Reply(200, b"")),
    "ack-list": ("answers a list", Reply(200, b'[{"status":"done"}]')),
    "ack-json-in-json": ("encodes the answer twice", Reply(200, b'"{\\"status\\":\\"done\\"}"')),
    "ack-single-quotes": ("prints a Python dict", Reply(200, b"{'status': 'done'}")),
    "ack-with-notice": (
        "lets a warning of the language slip before the answer",
        Reply(200, b'Notice: Undefined index: Temperature\n{"status":"done"}', "text/html"),
    ),
    "ack-page": ("answers a web page that says done", Reply(200, b"<html><body>done</body></html>", "text/html")),
    "ack-201": ("answers 201 Created", Reply(201)),
    "ack-202": ("answers 202 Accepted", Reply(202)),
    "ack-204": ("answers 204 without a body", Reply(204, b"", None)),
    "ack-302": ("redirects to a page that says done", Reply(302, b"", None, {"Location": "/done"})),
    "ack-500-done": ("says done with HTTP 500", Reply(500)),
}
_NEVER = because("no callback at all is acknowledged", *ACKED, "CB-DUP-005")


def always(reply: Reply) -> type[Policy]:
    """A receiver that is right but for this one answer."""

    class Always(Policy):
        def acknowledge(self, received: Received, outcome: Outcome) -> Reply:
            return reply

    return Always


for _name, (_title, _reply) in ALWAYS.items():
    _must = frozenset({"CB-ACK-001"})
    add(Mutant(_name, _title, named(_name, always(_reply)), _must, beyond(_must, _NEVER)))


class Selective(Policy):
    """Refuses some callbacks before anything of them is stored."""

    refusal = ERROR

    def refuses(self, fact: Fact, received: Received) -> bool:
        """Whether this fact makes the receiver refuse its callback."""
        raise NotImplementedError

    def facts(self, received: Received) -> list[Fact]:
        found = super().facts(received)
        if any(self.refuses(fact, received) for fact in found):
            raise RefusedError(self.refusal)
        return found


_LOST_EVENTS = because("a refused callback is not stored either", *PEOPLE, *NO_PUNCH)


@mutant("only-punches-400", "answers 400 to everything that is not a punch", "CB-ACK-001 CB-ORD-005", _LOST_EVENTS)
class OnlyPunches400(Selective):
    refusal = BAD_REQUEST

    def refuses(self, fact: Fact, received: Received) -> bool:
        return not isinstance(fact, Punch) and not (isinstance(fact, Note) and fact.kind == "odd-time")


@mutant("only-punches-500", "fails on a missing PunchLog in everything that is not a punch", "CB-ACK-001", _LOST_EVENTS)
class OnlyPunches500(OnlyPunches400):
    refusal = Reply(500, b'{"error":"KeyError: \'PunchLog\'"}')


@mutant(
    "photo-400",
    "answers 400 to attendance photos",
    "CB-ACK-001 CB-ORD-005 CB-PHOTO-002",
    because("sends a photo", "CB-ACK-003", "CB-WIRE-004"),
    features="photo",
)
class Photo400(Selective):
    refusal = BAD_REQUEST

    def refuses(self, fact: Fact, received: Received) -> bool:
        return isinstance(fact, Note) and fact.kind == "photo"


@mutant(
    "photo-needs-punch",
    "answers 404 to a photo of a person without a stored punch",
    "CB-ORD-005",
    because("sends a photo of a person without a punch", "CB-ACK-001", "CB-ACK-003", "CB-WIRE-004", "CB-PHOTO-002"),
)
class PhotoNeedsPunch(Policy):
    async def keep_one(self, fact: Fact, store: Store) -> bool:
        if isinstance(fact, Note) and fact.kind == "photo" and fact.user not in store.punches:
            raise RefusedError(Reply(404, b'{"status":"no such attendance"}'))
        return await super().keep_one(fact, store)


@mutant("photo-again-409", "answers 409 to a photo it already has", "CB-PHOTO-002", features="photo")
class PhotoAgain409(Policy):
    async def keep_one(self, fact: Fact, store: Store) -> bool:
        if isinstance(fact, Note) and fact.kind == "photo" and fact in store.notes:
            raise RefusedError(Reply(409, b'{"status":"exists"}'))
        return await super().keep_one(fact, store)


@mutant(
    "unknown-user-422",
    "answers 422 to a punch of a person it does not know",
    "CB-ACK-002",
    because("people are not announced before they punch", *EVERYTHING),
)
class UnknownUser422(Policy):
    async def keep_one(self, fact: Fact, store: Store) -> bool:
        if isinstance(fact, Punch) and fact.user not in store.people:
            raise RefusedError(Reply(422, b'{"detail":"employee not found"}'))
        return await super().keep_one(fact, store)


@mutant(
    "unknown-deletion-404",
    "answers 404 to the deletion of a person it does not know",
    "CB-ACK-002",
    because("deletes a person unknown by then", "CB-ACK-001", "CB-DUP-004"),
)
class UnknownDeletion404(Policy):
    async def keep_one(self, fact: Fact, store: Store) -> bool:
        if isinstance(fact, Deletion) and fact.user not in store.people:
            raise RefusedError(Reply(404, b'{"status":"not found"}'))
        return await super().keep_one(fact, store)


@mutant("unknown-type-422", "answers 422 to a punch Type it does not know", "CB-ACK-002")
class UnknownType422(Selective):
    refusal = Reply(422, b'{"status":"invalid type"}')

    def refuses(self, fact: Fact, received: Received) -> bool:
        known = ("CheckIn", "CheckOut", "BreakIn", "BreakOut", "OverTimeIn", "OverTimeOut", "MealIn", "MealOut")
        return isinstance(fact, Punch) and fact.type not in (*known, None)


@mutant("odd-time-500", "fails on a LogTime that is no time", "CB-ACK-002")
class OddTime500(Selective):
    def refuses(self, fact: Fact, received: Received) -> bool:
        return isinstance(fact, Note) and fact.kind == "odd-time"


@mutant(
    "duplicate-409",
    "answers 409 to a punch it already has",
    "CB-DUP-004",
    because("the retry never gets its acknowledgement, also of odd ids", "CB-DUP-005", "CB-PUNCH-006"),
)
class Duplicate409(Policy):
    def acknowledge(self, received: Received, outcome: Outcome) -> Reply:
        if outcome is Outcome.REPEATED:
            return Reply(409, b'{"status":"duplicate"}')
        return super().acknowledge(received, outcome)


@mutant(
    "group-500",
    "fails on more than one template in a callback",
    "CB-ACK-005",
    because("sends templates in a group", "CB-TPL-001", "CB-TPL-002", "CB-TPL-004"),
)
class Group500(Selective):
    def refuses(self, fact: Fact, received: Received) -> bool:
        return isinstance(fact, Update) and len(fact.templates) > 1


@mutant(
    "empty-template-500",
    "reads the first template of an empty array and fails",
    "CB-ACK-001 CB-ACK-005",
    because("needs a name, which comes with an empty array", *PEOPLE),
)
class EmptyTemplate500(Selective):
    def refuses(self, fact: Fact, received: Received) -> bool:
        return isinstance(fact, Update) and not fact.templates


@mutant(
    "no-serial-500",
    "fails on a callback without SerialNumber, as the page prints #1, #2 and #10",
    "CB-ACK-001 CB-PUNCH-007",
    because(
        "sends a callback that the page prints without SerialNumber",
        *("CB-ACK-002", "CB-ACK-003", "CB-WIRE-004", "CB-DUP-004", "CB-ORD-005", "CB-PHOTO-002", "CB-USR-001"),
    ),
)
class NoSerial500(Selective):
    def refuses(self, fact: Fact, received: Received) -> bool:
        return "SerialNumber" not in received.body


@mutant("no-label-500", "fails on a punch without LabelName", "CB-PUNCH-007")
class NoLabel500(Selective):
    def refuses(self, fact: Fact, received: Received) -> bool:
        return isinstance(fact, Punch) and "LabelName" not in received.body


@mutant(
    "no-user-500",
    "fails on #6 to #8, which have no UserID at the top",
    "CB-ACK-001 CB-TPL-003",
    because("sends a finger, face or palm", "CB-ACK-005", *LARGE, *PEOPLE),
)
class NoUser500(Selective):
    def refuses(self, fact: Fact, received: Received) -> bool:
        return isinstance(fact, Update) and "UserID" not in received.body.get("UserUpdated", {})


@mutant(
    "deletion-unanswered",
    "drops the connection on a deletion",
    "CB-ACK-001",
    because("sends a deletion", "CB-ACK-002", "CB-DUP-004", "CB-USR-001"),
)
class DeletionUnanswered(Selective):
    def refuses(self, fact: Fact, received: Received) -> bool:
        return isinstance(fact, Deletion)

    async def send(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        if reply is self.refusal and request.transport is not None:
            request.transport.abort()
        return await super().send(request, reply)


@mutant(
    "slow-photo",
    "forwards photos and faces before it answers, more than two seconds",
    "CB-ACK-003",
    because("an answer as late may count as none there", *LARGE),
)
class SlowPhoto(Policy):
    def acknowledge(self, received: Received, outcome: Outcome) -> Reply:
        large = len(received.plain) > 8_000  # bytes; only a face or a photo is
        return Reply(delay_s=2.3) if large else super().acknowledge(received, outcome)


@mutant(
    "second-photo-unacknowledged",
    "acknowledges the first photo of a person and answers the later ones with {}",
    "CB-PHOTO-002",
    because("sends a person's second photo", "CB-ORD-005"),
    features="photo",
)
class SecondPhotoUnacknowledged(Policy):
    async def keep_one(self, fact: Fact, store: Store) -> bool:
        photos = [note.user for note in store.notes if note.kind == "photo"]
        if isinstance(fact, Note) and fact.kind == "photo" and fact.user in photos:
            raise RefusedError(Reply(200, b"{}"))
        return await super().keep_one(fact, store)


@mutant("card-unacknowledged", "has no route for cards and PINs: answers 501", "CB-ACK-001", _LOST_EVENTS)
class CardUnacknowledged(Selective):
    refusal = Reply(501, b'{"status":"not implemented"}')

    def refuses(self, fact: Fact, received: Received) -> bool:
        kinds = {item.type for item in fact.templates} if isinstance(fact, Update) else set()
        return bool(kinds & {"Card", "Password"}) and received.protocol is Protocol.V3
