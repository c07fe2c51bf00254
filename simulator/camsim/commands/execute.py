"""What a device does with a command: HANDLERS maps a family to (device, command, context) -> Outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import msgspec

from camsim.protocol.catalogue import Family
from camsim.protocol.command import Command, Refusal
from camsim.protocol.facts import Template
from camsim.protocol.statuses import StatusV3
from camsim.protocol.timestamps import device_information, gmt, licence_date
from camsim.protocol.vocabulary import TemplateType
from camsim.state.device import Device, User
from camsim.state.log_blocks import LogRow, Range
from camsim.state.outcome import Context, Handler, Outcome, Rows

PAGE_ROWS = 50


def row_message(row: LogRow, user_key: str = "UserID") -> dict[str, str | float | bool]:
    """One row of LoadLog as its sample prints it; two members differ from the callback of the same punch."""
    punch = row.punch
    message: dict[str, str | float | bool] = {"Type": punch.type}
    if punch.temperature is not None:
        message["Temperature"] = punch.temperature  # a number here, a text in the callback (C-11)
    message["InputType"] = punch.input
    message[user_key] = punch.user_id  # UserId in the callback (C-11), and in rows of some (R-12-KEY)
    message["LogTime"] = gmt(punch.log_time, punch.offset)
    if punch.mask is not None:
        message["FaceMask"] = punch.mask
    return message


def _load_log(device: Device, command: Command, context: Context) -> Outcome:
    return Outcome(rows=Rows(device.snapshot(), command.start, command.end, context.paged, command.offset_rows))


def _load_device_information(device: Device, command: Command, context: Context) -> Outcome:
    """Counts are texts, and those of the model: what it has no sensor for it stores none of (R-13)."""
    model, clock = device.model, device.clock
    start, end = context.licence
    return Outcome(
        members={
            "DeviceInformation": {
                "DeviceModel": model.name,
                "Manufacturer": model.manufacturer,
                "MacAddress": device.mac,
                "StartDate": _licence_date(start, clock.offset),
                "EndDate": _licence_date(end, clock.offset),
                "LastConnectedTime": device_information(context.last_connected_s, clock.offset),
                "RegisteredUsers": str(len(device.users)),
                "RegisteredFaces": str(device.count(TemplateType.FACE)),
                "RegisteredFingerprints": str(device.count(TemplateType.FINGERPRINT)),
                "MaximumFacesSupported": str(model.capacity.faces if model.face else 0),
                "MaximumFingerprintsSupported": str(model.capacity.fingerprints if model.fingerprint_sensor else 0),
                "MaximumAttendanceLogsSupported": str(model.capacity.logs),
            }
        }
    )


def _licence_date(moment: int | None, offset: int) -> str:
    """Day first (R-13); a licence without an end has none to tell."""
    return "" if moment is None else licence_date(moment, offset)


def why_unsupported(device: Device, command: Command) -> Refusal | None:
    """Which feature the model lacks for this command: code 15, checked before the device is asked (A-REST-10)."""
    model = device.model
    if command.name in model.without_commands:
        return Refusal(15, "message", f"the SDK of model {model.name} has no {command.name} (A-DEV-19)")
    for template in command.templates:
        if not model.stores(template.type):
            return Refusal(15, "Add.Template", f"model {model.name} cannot store {template.type}")
    if command.family is Family.ENROLL and not model.fingerprint_sensor:
        return Refusal(15, "Enroll.User", f"model {model.name} has no fingerprint sensor")
    if command.family is Family.UPDATE_ACCESS_TIME and not model.access_control:
        return Refusal(15, "Update.AccessTime", f"model {model.name} has no access control")
    if command.family is Family.DELETE_ATTENDANCE_PHOTO and not model.camera:
        return Refusal(15, "Delete.PunchPhoto", f"model {model.name} has no camera")
    return None


def _add_user(device: Device, command: Command, context: Context) -> Outcome:
    """All or nothing (A-DEV-13): 8 before 10 before 11 (A-REST-10), and nothing is stored before all are passed."""
    old = device.users.get(command.user_id)
    if old is not None and context.existing == 8:
        return Outcome.refused(StatusV3.USER_ALREADY_EXISTS, "Add.User.UserID", f"{command.user_id} is on the device")
    if command.content is not None:
        return Outcome.refused(StatusV3.TEMPLATE_ERROR, command.content.field, command.content.why)
    full = _why_no_room(device, command, old)
    if full is not None:
        return Outcome.refused(StatusV3.DEVICE_MEMORY_FULL, "Add", full)
    _store(device, command, old)
    outcome = Outcome()
    if old is not None:
        outcome.edited = _changed(old, command.templates)
    if _shares_a_card(device, command):
        outcome.lint.append("Add.Template: the card is another user's too (A-DEV-11)")
    return outcome


def _changed(user: User, templates: tuple[Template, ...] = ()) -> User:
    """A user as a callback tells a change: with "the templates that were added or changed" alone (V3:156)."""
    return msgspec.structs.replace(user, templates={template.key: template for template in templates})


def _why_no_room(device: Device, command: Command, old: User | None) -> str | None:
    """A template under a Type and Index that the user has replaces the old one and takes no room."""
    if old is None:
        return device.why_no_room(Counter(template.type for template in command.templates))
    extra = Counter(template.type for template in command.templates if template.key not in old.templates)
    return device.why_no_room(extra, users=0)


_CARD = f"{TemplateType.CARD}:0"


def _shares_a_card(device: Device, command: Command) -> bool:
    cards = {template.data for template in command.templates if template.type is TemplateType.CARD}
    if not cards:  # nearly always, and a full device has thousands of users to look through
        return False
    for user in device.users.values():
        held = user.templates.get(_CARD)
        if held is not None and held.data in cards and user.user_id != command.user_id:
            return True
    return False


def _store(device: Device, command: Command, old: User | None) -> None:
    """What the command tells replaces what was there; what it leaves out stays (R-14 add.existing, V2-14)."""
    user = old
    if user is None:
        user = User(command.user_id)
        device.put_user(user)
    if command.first_name is not None:
        user.first_name = command.first_name
    if command.last_name is not None:
        user.last_name = command.last_name
    if command.user_type:
        user.user_type = command.user_type
    for template in command.templates:
        device.put_template(user, template)


def _known(device: Device, command: Command, where: str) -> User | Outcome:
    """The user a command is about, or the refusal where the device has none of that id."""
    user = device.users.get(command.user_id)
    if user is None:
        return Outcome.refused(StatusV3.USER_NOT_FOUND, where, f"{command.user_id} is not on the device")
    return user


def _delete_user(device: Device, command: Command, context: Context) -> Outcome:
    user = _known(device, command, "Delete.User.UserID")
    if isinstance(user, Outcome):
        return user
    device.remove_user(command.user_id)
    return Outcome(removed=[command.user_id])


def _delete_all_user(device: Device, command: Command, context: Context) -> Outcome:
    """Administrators go too, and an empty device is no error (R-30)."""
    removed = list(device.users)
    device.users.clear()
    device.counts.clear()
    return Outcome(removed=removed)


def _delete_log_all(device: Device, command: Command, context: Context) -> Outcome:
    return Outcome(lost=device.clear_logs())


def _delete_photos(device: Device, command: Command, context: Context) -> Outcome:
    """Photos of punches alone: those of users are templates and stay (R-32)."""
    device.photos.clear()
    return Outcome()


def _resend_attendance(device: Device, command: Command, context: Context) -> Outcome:
    return Outcome(resend=(device.snapshot(), Range(command.start, command.end)))  # both included


def _resend_all_user(device: Device, command: Command, context: Context) -> Outcome:
    return Outcome(users=list(device.users.values()))


def _enroll(device: Device, command: Command, context: Context) -> Outcome:
    if device.enrolment is not None:  # one sensor, one session: a second one times out with 6
        return Outcome(silent=True, why=f"an enrolment of user {device.enrolment.user_id} is open", field="Enroll.User")
    user = device.users.get(command.user_id)
    full = _why_no_finger(device, user)
    if full is not None:
        return Outcome.refused(StatusV3.DEVICE_MEMORY_FULL, "Enroll.User", full)
    if user is None:
        device.put_user(User(command.user_id, command.first_name or "", command.last_name or ""))
    return Outcome(opens_session=True)


def _why_no_finger(device: Device, user: User | None) -> str | None:
    """11 is for a full device alone (V3:187): who has ten prints enrols one anew, and that takes no room (C-06)."""
    if user is not None and device.free_finger(user) is None:
        return None
    return device.why_no_room({TemplateType.FINGERPRINT: 1}, users=int(user is None))


def _update_access_time(device: Device, command: Command, context: Context) -> Outcome:
    user = _known(device, command, "Update.AccessTime.UserID")
    if isinstance(user, Outcome):
        return user
    user.access = command.access
    return Outcome(edited=_changed(user))


def _update_user_access(device: Device, command: Command, context: Context) -> Outcome:
    """Enabling lifts no access window (R-37)."""
    user = _known(device, command, "Update.User.UserID")
    if isinstance(user, Outcome):
        return user
    user.enabled = command.enable
    return Outcome(edited=_changed(user))


HANDLERS: Mapping[Family, Handler] = {
    Family.LOAD_LOG: _load_log,
    Family.LOAD_DEVICE_INFORMATION: _load_device_information,
    Family.ADD_USER: _add_user,
    Family.DELETE_USER: _delete_user,
    Family.DELETE_ALL_USER: _delete_all_user,
    Family.DELETE_LOG_ALL: _delete_log_all,
    Family.DELETE_ATTENDANCE_PHOTO: _delete_photos,
    Family.RESEND_ATTENDANCE: _resend_attendance,
    Family.RESEND_ALL_USER: _resend_all_user,
    Family.ENROLL: _enroll,
    Family.UPDATE_ACCESS_TIME: _update_access_time,
    Family.UPDATE_USER_ACCESS: _update_user_access,
}
