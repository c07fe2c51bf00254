"""Before the storm: does anything answer at the target, and does the read-back tell the truth? One punch shows both."""

from __future__ import annotations

import http.client
import ssl
import time
from urllib.parse import urlsplit

from camsim.protocol.catalogue import Direction
from camsim_loadtests.driver.answers import callback_problem, command_problem
from camsim_loadtests.plan.bodies import Writer
from camsim_loadtests.plan.plan import Device, Item, Plan
from camsim_loadtests.plan.profiles import PUNCHES

from .readback import ReadBack, ReadBackError
from .safety import UnreachableError

_POLL_S = 0.1


def canary(plan: Plan) -> Item:
    """A punch of a user beyond all others, made just before the storm."""
    operation = PUNCHES[0] if plan.profile.direction is Direction.CALLBACK else plan.profile.operations[0]
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


def knock(plan: Plan) -> str | None:
    """Send the canary once; None when it was acknowledged, else why not. Raises: UnreachableError."""
    device, item = plan.device(0), canary(plan)
    status, body = _post(plan, device, Writer(plan).bodies(item, device)[-1])
    problem = command_problem if plan.profile.direction is Direction.REST else callback_problem
    return problem(status, body, device.key)


def untouched(plan: Plan, adapter: ReadBack) -> int:
    """How many punches of the canary's user the adapter shows already (an earlier run). Raises: ReadBackError."""
    return len(adapter.punches([canary(plan).user_id]))


def trust(plan: Plan, adapter: ReadBack, before: int, settle_s: float) -> None:
    """Returns when the adapter shows the canary and nothing else. Raises: ReadBackError (the run is void)."""
    user = canary(plan).user
    until = time.monotonic() + settle_s
    while len(adapter.punches([str(user)])) == before:
        if time.monotonic() > until:
            raise ReadBackError(
                f"{adapter.url}: the first punch (user {user}) was sent and is not shown within {settle_s:g} s. Is it "
                "the read-back of this target, is the AuthToken right, is the user known to it (--first-user)?"
            )
        time.sleep(_POLL_S)
    if adapter.punches([str(user + 1)]):
        raise ReadBackError(
            f"{adapter.url}: shows punches of user {user + 1}, who never punched: the adapter invents, "
            "or --first-user overlaps others"
        )


def _post(plan: Plan, device: Device, body: bytes) -> tuple[int, bytes]:
    settings = plan.settings
    parts = urlsplit(settings.url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if plan.profile.direction is Direction.REST:
        path += ("&" if parts.query else "?") + f"stgid={device.stgid}"
    line = _line(parts.scheme, parts.hostname or "", parts.port, settings.timeout_s, settings.ca_file)
    try:
        line.request("POST", path, body, {"Content-Type": Writer(plan).content_type(device)})
        answer = line.getresponse()
        return answer.status, answer.read(64 * 1024)
    except (OSError, http.client.HTTPException) as error:
        raise UnreachableError(f"{settings.url} does not answer: {error or type(error).__name__}") from None
    finally:
        line.close()


def _line(scheme: str, host: str, port: int | None, timeout_s: float, ca_file: str) -> http.client.HTTPConnection:
    if scheme != "https":
        return http.client.HTTPConnection(host, port, timeout=timeout_s)
    return http.client.HTTPSConnection(
        host, port, timeout=timeout_s, context=ssl.create_default_context(cafile=ca_file or None)
    )
