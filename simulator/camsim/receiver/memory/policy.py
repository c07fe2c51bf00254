"""The asynchronous receiver's behaviour as one object of small steps; a mutant or a benign variant overrides some."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiohttp import HttpVersion10, web

from .merge import Keeping
from .readback import CAPABILITIES, punch_view, template_view
from .records import (
    DONE,
    REJECTED,
    TOO_LARGE,
    UNREADABLE,
    Json,
    Outcome,
    Punch,
    Received,
    Reply,
    Template,
    UnreadableError,
)
from .store import Store


class Policy(Keeping):
    """The reference behaviour: steps 1 to 5 of the parents, and here the answers and what read-back shows."""

    name = "reference"

    def acknowledge(self, received: Received, outcome: Outcome) -> Reply:
        """Done for everything authentic, whatever became of it (V3:1166)."""
        del received, outcome
        return DONE

    def failed(self, received: Received, error: Exception) -> Reply:
        """A processing error stays internal: it must not hold the device's queue."""
        del error
        return self.acknowledge(received, Outcome.FAILED)

    def rejected(self, received: Received) -> Reply:
        """A wrong token is neither stored nor acknowledged (V3:1206)."""
        del received
        return REJECTED

    def unreadable(self, error: UnreadableError) -> Reply:
        """Not a callback."""
        del error
        return UNREADABLE

    def too_large(self) -> Reply:
        """Larger than this receiver reads."""
        return TOO_LARGE

    async def send(self, request: web.Request, reply: Reply) -> web.StreamResponse:
        """Frame an answer as it asks to be framed."""
        if reply.delay_s:
            await asyncio.sleep(reply.delay_s)
        headers: dict[str, str] = {}
        if reply.content_type:
            headers["Content-Type"] = reply.content_type
        headers.update(reply.headers)
        response = web.Response(status=reply.status, body=reply.body, headers=headers)
        if reply.chunked:
            response.enable_chunked_encoding()
        if reply.http10:
            # aiohttp answers in the version of the request; there is no public way to answer in another.
            request._version = HttpVersion10
            response.force_close()
        return response

    def capabilities(self) -> Json:
        """What read-back can show (conformance, Read-back)."""
        return dict(CAPABILITIES)

    def shown_punches(self, user: str, store: Store) -> Sequence[Json]:
        """Stored punches of a user as read-back tells them."""
        return [self.show_punch(punch) for punch in store.punches.get(user, ())]

    def show_punch(self, punch: Punch) -> Json:
        """One stored punch, its time an instant."""
        return punch_view(punch)

    def shown_templates(self, user: str, store: Store) -> Sequence[Json]:
        """Stored templates of a user by their digests."""
        return [self.show_template(item) for item in store.templates.get(user, {}).values()]

    def show_template(self, template: Template) -> Json:
        """One stored template."""
        return template_view(template)

    def shown_users(self, user: str, store: Store) -> Sequence[Json]:
        """The stored user, or nothing."""
        person = store.people.get(user)
        if person is None:
            return []
        return [{"user": user, "first_name": person.first, "last_name": person.last}]
