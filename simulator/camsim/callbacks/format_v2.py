"""How a v2 device tells what happened: form fields, signatures apart from names, the same facts as v3."""

from __future__ import annotations

from camsim.kernel.kernel import Kernel
from camsim.knobs.policy import Policy
from camsim.protocol.facts import Fact, Template, UserUpdated
from camsim.protocol.v2 import envelope
from camsim.protocol.v2.messages import callback, callback_name
from camsim.protocol.v2.signatures import CREDENTIALS
from camsim.protocol.v3.messages import Message
from camsim.protocol.vocabulary import V2_ATTENDANCE
from camsim.state.device import User
from camsim.state.gateway import RegisteredDevice

from . import format_v3

# V2-04: the v2 words are understood beside those of v3, and a punch for which nothing was pressed.
KEYS = {**format_v3.KEYS, **{word: str(kind) for kind, word in V2_ATTENDANCE.items()}, "None": "None"}


def frozen(kernel: Kernel, registered: RegisteredDevice, message: Message) -> bytes:
    """The plain bytes of a v2 message that is about to be queued."""
    if kernel.policy.json_style != "shuffled":  # the one printed sample is alphabetical already (V2:245)
        return format_v3.documented_json(kernel, registered, message)
    registered.operation_ids += 1  # only a number to draw by: v2 has no OperationID
    return format_v3.shuffled_json(kernel, registered, message)


def render(kernel: Kernel, registered: RegisteredDevice, fact: Fact) -> list[tuple[str, bytes]]:
    """The callbacks that tell a fact, one or more: operation names and plain bytes, frozen from now on."""
    messages = callback(fact, format_v3.sender_of(registered), kernel.policy.style_v2)
    return [(callback_name(fact), frozen(kernel, registered, message)) for message in messages]


def seal(key: str | None, plain: bytes, policy: Policy) -> tuple[bytes, str]:
    """The form on the wire, ApiRequestInfo encrypted with a key, and its Content-Type."""
    content_type = envelope.CONTENT_TYPE
    charset = policy.content_type.partition(";")[2]  # the knob is about the charset; the type is the protocol's
    if charset:
        content_type += f";{charset}"
    return envelope.seal_v2(plain, key), content_type


def introduce(user: User, at: int, offset: int, how: str, named: bool) -> list[UserUpdated]:
    """Card and PIN together with the names, everything else alone; names alone only where neither is there (V2-06)."""
    credentials: list[Template] = []
    portions: list[tuple[Template, ...]] = []
    for template in user.templates.values():
        if template.type in CREDENTIALS:
            credentials.append(template)  # "card and password can come together", and with them the names (V2:89)
        else:
            portions.append((template,))  # "will be coming in separate requests" (V2:89), whatever `split` says
    if credentials or named:
        portions.insert(0, tuple(credentials))
    return format_v3.told(user, at, offset, portions)
