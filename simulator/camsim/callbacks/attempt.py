"""One attempt of a callback as it goes over the wire: its URL, key, body, and what faults make of them."""

from __future__ import annotations

from camsim import chance
from camsim.kernel.events import SendFaults
from camsim.kernel.kernel import Kernel
from camsim.state.faults import Fault
from camsim.state.gateway import RegisteredDevice
from camsim.state.outbox import Delivery

from .payload_faults import Rewriting, rewrite

# Faults of the way there; the courier carries them out.
_TRANSPORT = frozenset(
    [
        "concurrent",
        "delay",
        "slow",
        "truncate",
        "reset_before",
        "reset_after",
        "stgid",
        "double_stgid",
        "charset",
        "plain_body",
    ]
)
_NOBODYS_KEY = "0" * 31 + "1"  # 32 bytes, for another length is refused before anything is sent (A-ENC-05)


def transport_faults(faults: tuple[Fault, ...], late: tuple[Fault, ...]) -> SendFaults:
    """What the courier must know: faults of the way there, and of the answer's way back."""
    if not faults and not late:  # as nearly always, and asked at every attempt
        return ()
    orders = [(fault.do, fault.options) for fault in faults if fault.do in _TRANSPORT]
    # Both ways have a fault `delay`, so that of the way back goes by another name from here on.
    orders.extend(("late", fault.options) for fault in late)
    return tuple(orders)


def copies_at_once(faults: tuple[Fault, ...]) -> int:
    """How many connections carry the attempt: more than one only by the fault `concurrent`."""
    copies = 1
    for fault in faults:
        if fault.do == "concurrent":
            copies = max(copies, int(fault.options.get("copies", 2)))
    return copies


def url_of(kernel: Kernel, registered: RegisteredDevice, faults: tuple[Fault, ...]) -> str:
    """The callback URL. The page promises "no query parameters" (V3:48); live gateways append `?stgid=` (A-CB-10)."""
    url, how = registered.config.callback_url or "", kernel.policy.stgid
    for fault in faults:
        how = {"stgid": "always", "double_stgid": "double"}.get(fault.do, how)
    if how == "never":
        return url
    # By plain concatenation, as seen: a URL that has a query already gets a second question mark.
    tag = f"?stgid={registered.config.stgid}"
    if how == "double":
        tag += tag
    return url + tag


def key_of(registered: RegisteredDevice, delivery: Delivery, faults: tuple[Fault, ...]) -> str | None:
    """The key of this attempt: the one frozen with the bytes (A-ENC-07), today's, or what a fault says."""
    key = delivery.frozen_key or registered.config.security_key
    for fault in faults:
        if fault.do == "wrong_key" and key is not None:
            return _NOBODYS_KEY
        if fault.do == "old_key":
            return registered.config.old_key or key
        if fault.do == "plain_body":
            return None
    return key


def altered_body(kernel: Kernel, registered: RegisteredDevice, delivery: Delivery, faults: tuple[Fault, ...]) -> bytes:
    """The plain body after the faults that change what it says."""
    plain, seed, stgid = delivery.body, kernel.state.seed, registered.config.stgid
    for fault in faults:
        token = chance.token(seed, stgid, "wrong-token")
        if fault.do == "old_token":
            if not registered.config.old_token:
                continue  # the token was never changed
            token = registered.config.old_token
        plain = rewrite(plain, fault.do, Rewriting(seed, stgid, delivery.id, token=token))
    return plain
