"""What v3 clients and live gateways say to each other that is not on the page (A-REST-28, A-REST-29, A-REST-35)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from camsim.protocol.catalogue import Direction, Family, Recognition
from camsim.protocol.facts import Template
from camsim.protocol.timestamps import gmt
from camsim.protocol.v3.messages import Message, Sender, template_item

USER_INFO = "LoadUserInfo"
# Top-level words that were seen to be acknowledged, each with the meaning that its name suggests.
SYNC_WORDS: Mapping[str, Family] = {
    "Sync": Family.SYNC,
    "DeviceSync": Family.SYNC,
    "ReloadLog": Family.RELOAD_LOG,
    "FetchLog": Family.RELOAD_LOG,
    "UploadLog": Family.RELOAD_LOG,
}


def asks_for_users(message: Mapping[str, Any]) -> bool:
    """True for a message whose `Load` holds `UserInfo` and nothing else."""
    body = message.get("Load")
    return isinstance(body, Mapping) and list(body) == ["UserInfo"]


def sync_word(message: Mapping[str, Any]) -> str | None:
    """The one word of SYNC_WORDS that a message has at its top; None where there is none, or more than one."""
    words = [word for word in SYNC_WORDS if word in message]
    return words[0] if len(words) == 1 else None


def recognition(family: Family, name: str) -> Recognition:
    """An operation that has no number."""
    return Recognition(family, Direction.REST, None, name)


def user_info(user: tuple[str, str, str, str], templates: Iterable[Template]) -> Message:
    """One item of `Load.UserInfo`: (UserID, FirstName, LastName, UserType) as in Add.User, and the templates."""
    told: Message = dict(zip(("UserID", "FirstName", "LastName", "UserType"), user, strict=True))
    told["Template"] = [template_item(user[0], template) for template in templates]
    return told


def user_info_callback(items: list[Message], sender: Sender, operation_id: str, time_s: int) -> Message:
    """The callback that tells what `Load.UserInfo` answered: a frame like RealTime's, by the name Load (A-REST-28)."""
    frame = {"OperationID": operation_id, "LabelName": sender.label, "SerialNumber": sender.serial}
    return {"Load": {**frame, "UserInfo": items, "AuthToken": sender.auth_token, "Time": gmt(time_s, 0)}}


def form_fields(body: bytes) -> dict[str, str]:
    """The fields of an urlencoded form; the first one of a name counts, bytes that are no UTF-8 are replaced."""
    fields: dict[str, str] = {}
    for part in body.split(b"&"):
        name, _, value = part.partition(b"=")
        fields.setdefault(_decoded(name), _decoded(value))
    return fields


def _decoded(text: bytes) -> str:
    return unquote_to_bytes(text.replace(b"+", b" ")).decode("utf-8", "replace")
