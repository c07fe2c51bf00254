"""What a device does with a command: HANDLERS maps a family to (device, command, context) -> Outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from camsim.protocol.catalogue import Family
from camsim.protocol.command import Command, Refusal
from camsim.protocol.statuses import StatusV3
from camsim.protocol.timestamps import device_information, gmt, licence_date
from camsim.protocol.vocabulary import TemplateType
from camsim.state.device import Device, LogRow, User
from camsim.state.outcome import Context, Handler, Outcome, Rows

PAGE_ROWS = 50


def row_message(row: LogRow) -> dict[str, Any]:
    """One row of LoadLog: `Temperature` is a number, the key is `UserID` (register, section 1)."""
    punch = row.punch
    message: dict[str, Any] = {"Type": punch.type}
    if punch.temperature is not None:
        message["Temperature"] = punch.temperature
    message["InputType"] = punch.input
    message["UserID"] = punch.user_id
    message["LogTime"] = gmt(punch.log_time, punch.offset)
    if punch.mask is not None:
        message["FaceMask"] = punch.mask
    return message


def _load_log(device: Device, command: Command, context: Context) -> Outcome:
    rows = Rows(list(device.rows()), command.start, command.end, context.paged, command.offset_rows)
    return Outcome(rows=rows)


def _load_device_information(device: Device, command: Command, context: Context) -> Outcome:
    model, clock = device.model, device.clock
    start, end = context.licence
    return Outcome(
        members={
            "DeviceInformation": {
                "DeviceModel": model.name,
                "Manufacturer": model.manufacturer,
                "MacAddress": device.mac,
                "StartDate": licence_date(start, clock.offset) if start is not None else "",
                "EndDate": licence_date(end, clock.offset) if end is not None else "",
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
    old = device.users.get(command.user_id)
    if old is not None and context.existing == 8:
        return Outcome.refused(StatusV3.USER_ALREADY_EXISTS, "Add.User.UserID", f"{command.user_id} is on the device")
    if command.content is not None:
        return Outcome.refused(StatusV3.TEMPLATE_ERROR, command.content.field, command.content.why)
    held = old.templates if old is not None else {}
    extra = Counter(template.type for template in command.templates if template.key not in held)
    full = device.why_no_room(extra, users=0 if old is not None else 1)
    if full is not None:
        return Outcome.refused(StatusV3.DEVICE_MEMORY_FULL, "Add", full)
    _store(device, command, old)
    cards = {t.data for t in command.templates if t.type is TemplateType.CARD}
    shared = any(
        user.user_id != command.user_id and _CARD in user.templates and user.templates[_CARD].data in cards
        for user in (device.users.values() if cards else ())
    )
    return Outcome(lint=["Add.Template: the card is another user's too (A-DEV-11)"] if shared else [])


_CARD = f"{TemplateType.CARD}:0"


def _store(device: Device, command: Command, old: User | None) -> None:
    user = old or User(command.user_id)
    if old is None:
        device.put_user(user)
    user.first_name = command.first_name if command.first_name is not None else user.first_name
    user.last_name = command.last_name if command.last_name is not None else user.last_name
    user.user_type = command.user_type or user.user_type
    for template in command.templates:
        device.put_template(user, template)


def _known(device: Device, command: Command, where: str) -> User | Outcome:
    user = device.users.get(command.user_id)
    return user or Outcome.refused(StatusV3.USER_NOT_FOUND, where, f"{command.user_id} is not on the device")


def _delete_user(device: Device, command: Command, context: Context) -> Outcome:
    user = _known(device, command, "Delete.User.UserID")
    if isinstance(user, Outcome):
        return user
    device.remove_user(command.user_id)
    return Outcome()


def _delete_all_user(device: Device, command: Command, context: Context) -> Outcome:
    device.users.clear()
    device.counts.clear()
    return Outcome()


def _delete_log_all(device: Device, command: Command, context: Context) -> Outcome:
    return Outcome(lost=device.clear_logs())


def _delete_photos(device: Device, command: Command, context: Context) -> Outcome:
    device.photos.clear()
    return Outcome()


def _resend_attendance(device: Device, command: Command, context: Context) -> Outcome:
    return Outcome(resend=[row for row in device.rows() if command.start <= row.punch.log_time <= command.end])


def _resend_all_user(device: Device, command: Command, context: Context) -> Outcome:
    return Outcome(users=list(device.users.values()))


def _enroll(device: Device, command: Command, context: Context) -> Outcome:
    if device.enrolment is not None:
        return Outcome(silent=True, why=f"an enrolment of user {device.enrolment.user_id} is open", field="Enroll.User")
    user = device.users.get(command.user_id)
    if user is None:
        full = device.why_no_room({})
        if full is not None:
            return Outcome.refused(StatusV3.DEVICE_MEMORY_FULL, "Enroll.User", full)
        device.put_user(User(command.user_id, command.first_name or "", command.last_name or ""))
    elif device.free_finger(user) is None:
        return Outcome.refused(StatusV3.DEVICE_MEMORY_FULL, "Enroll.User", "all ten fingers are enrolled")
    return Outcome(opens_session=True)


def _update_access_time(device: Device, command: Command, context: Context) -> Outcome:
    user = _known(device, command, "Update.AccessTime.UserID")
    if isinstance(user, Outcome):
        return user
    user.access = command.access
    return Outcome()


def _update_user_access(device: Device, command: Command, context: Context) -> Outcome:
    user = _known(device, command, "Update.User.UserID")
    if isinstance(user, Outcome):
        return user
    user.enabled = command.enable
    return Outcome()


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
