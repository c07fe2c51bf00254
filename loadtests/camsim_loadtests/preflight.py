"""Before the storm: does anything answer at the target, and does the read-back tell the truth? One punch shows both."""

from __future__ import annotations

import http.client
import time
from urllib.parse import urlsplit

from camsim.ownership import UnreachableError, connect
from camsim.protocol.catalogue import Direction
from camsim.readback.model import ReadBackError
from camsim.readback.rows import RowReadBack
from camsim_loadtests.driver.answers import callback_problem, command_problem
from camsim_loadtests.plan.bodies import Writer
from camsim_loadtests.plan.plan import Device, Item, Plan
from camsim_loadtests.plan.profiles import PUNCHES

_POLL_S = 0.1
_MOST_ANSWER = 64 * 1024


def canary(plan: Plan) -> Item:
    """A punch of a user beyond all others, made just before the storm."""
    operation = PUNCHES[0]
    if plan.profile.direction is Direction.REST:
        operation = plan.profile.operations[0]
    return Item(
        seq=plan.total,
        device=0,
        at_ms=0.0,
        operation=operation,
        user=plan.first_user + plan.settings.people,
        log_time=plan.settings.start_s - 1,
        bits=0,
        round=0,
    )


def send_canary(plan: Plan) -> str | None:
    """Send the canary once; None when it was acknowledged, else why not. Raises: UnreachableError."""
    device, item = plan.device(0), canary(plan)
    # v2 tells some facts in several messages; the last one completes it.
    status, body = _post(plan, device, Writer(plan).bodies(item, device)[-1])
    if plan.profile.direction is Direction.REST:
        return command_problem(status, body, device.key)
    return callback_problem(status, body, device.key)


def count_before(plan: Plan, adapter: RowReadBack) -> int:
    """How many punches of the canary's user the adapter shows already (an earlier run). Raises: ReadBackError."""
    adapter.capabilities()
    return _stored(adapter, canary(plan).user)


def verify_readback(plan: Plan, adapter: RowReadBack, before: int, settle_s: float) -> None:
    """Returns when the adapter shows the canary and nothing else. Raises: ReadBackError (the run is void)."""
    user = canary(plan).user
    until = time.monotonic() + settle_s
    while _stored(adapter, user) == before:
        if time.monotonic() > until:
            raise ReadBackError(
                f"{adapter.url}: the first punch (user {user}) was sent and is not shown within {settle_s:g} s. Is it "
                "the read-back of this target, is the AuthToken right, is the user known to it (--first-user)?"
            )
        time.sleep(_POLL_S)
    if _stored(adapter, user + 1):
        raise ReadBackError(
            f"{adapter.url}: shows punches of user {user + 1}, who never punched: the adapter invents, "
            "or --first-user overlaps others"
        )


def _stored(adapter: RowReadBack, user: int) -> int:
    return len(list(adapter.punches([str(user)])))


def _post(plan: Plan, device: Device, body: bytes) -> tuple[int, bytes]:
    settings = plan.settings
    connection = connect(settings.origin, settings.ca, settings.timeout_s)
    try:
        connection.request("POST", _path(plan, device), body, {"Content-Type": Writer(plan).content_type(device)})
        answer = connection.getresponse()
        return answer.status, answer.read(_MOST_ANSWER)
    except (OSError, http.client.HTTPException) as error:
        raise UnreachableError(f"{settings.url} does not answer: {error or type(error).__name__}") from None
    finally:
        connection.close()


def _path(plan: Plan, device: Device) -> str:
    parts = urlsplit(plan.settings.url)
    query = parts.query
    if plan.profile.direction is Direction.REST:
        query = f"{query}&stgid={device.stgid}".lstrip("&")
    path = parts.path or "/"
    if query:
        path += "?" + query
    return path
