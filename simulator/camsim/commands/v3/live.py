"""v3 requests that only live systems know: recognised where a knob says so, read, refused by a switch."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from camsim.kernel.kernel import Kernel
from camsim.knobs.live import LivePolicy
from camsim.protocol.catalogue import COMMAND_WORDS, Family, Recognition, UnrecognisedError
from camsim.protocol.command import Command, Refusal
from camsim.protocol.live import SYNC_WORDS, USER_INFO, asks_for_users, recognition, sync_word
from camsim.protocol.statuses import StatusSeen, StatusV3
from camsim.state.gateway import RegisteredDevice

from .reading import Reading, inner


def recognised(message: Mapping[str, object], problem: UnrecognisedError, live: LivePolicy) -> Recognition | Refusal:
    """What the page does not print: an operation where its knob is on, else 3, and the journal names the knob."""
    if asks_for_users(message):
        if live.user_info != "off":
            return recognition(Family.LOAD_USER_INFO, USER_INFO)
        why = f"{problem.why}; live systems know UserInfo: load.user_info = answer (A-REST-28)"
        return Refusal(StatusV3.INVALID_REQUEST, problem.field, why)
    word = sync_word(message)
    if word is None or _has_printed_word(message):
        return Refusal(StatusV3.INVALID_REQUEST, problem.field, problem.why)
    if live.sync_words == "serve":
        return recognition(SYNC_WORDS[word], word)
    why = f"{problem.why}; live systems know {word}: rest.sync_words = serve (A-REST-29)"
    return Refusal(StatusV3.INVALID_REQUEST, word, why)


def _has_printed_word(message: Mapping[str, object]) -> bool:
    return any(word in message for word in COMMAND_WORDS)


def read_user_info(reading: Reading, message: Mapping[str, object]) -> None:
    """`"All"`, or an object that may name one user."""
    value = inner(message, "Load").get("UserInfo")
    if value == "All":
        return
    if not isinstance(value, Mapping):
        reading.refuse(3, "Load.UserInfo", '"All" or an object is expected')
    elif "UserID" in value:
        reading.user_id(value, "Load.UserInfo")
    else:
        reading.command.lint.append("Load.UserInfo: no UserID, read as all users (A-REST-28)")


def read_word(reading: Reading, message: Mapping[str, object]) -> None:
    """Whatever stands under the word is ignored (A-REST-29)."""


READERS: Mapping[Family, Callable[[Reading, Mapping[str, object]], None]] = {
    Family.LOAD_USER_INFO: read_user_info,
    Family.SYNC: read_word,
    Family.RELOAD_LOG: read_word,
}


def why_switched_off(registered: RegisteredDevice, command: Command, live: LivePolicy) -> Refusal | None:
    """The portal's switches for reading the log (A-REST-30) and the users (A-REST-28)."""
    config = registered.config
    if command.family is Family.LOAD_LOG and not config.load_punch_log:
        return Refusal(live.log_off_code, "stgid", "LoadPunchLog is switched off for the device (load_punch_log)")
    if command.family is Family.LOAD_USER_INFO and not config.load_user_data:
        why = "Load User Data is switched off for the device (load_user_data)"
        return Refusal(StatusSeen.FEATURE_NOT_ENABLED, "stgid", why)
    return None


def why_busy(kernel: Kernel, registered: RegisteredDevice) -> Refusal | None:
    """37 while another command of the device, or of one of its group, is held or running (A-REST-33)."""
    if kernel.policy.rest.live.busy == "queue":
        return None
    group = [registered]
    if registered.config.group:
        group = [one for one in kernel.state.devices.look() if one.config.group == registered.config.group]
    for one in group:
        for pending in one.commands:
            if pending.request is not None or pending.state == "running":
                why = f"{pending.command.name} of {one.config.stgid} runs (rest.busy)"
                return Refusal(StatusSeen.DEVICE_BUSY, "stgid", why)
    return None
