"""Enrolment sessions that a command opens: a person shows up and puts a finger on the sensor, or nobody does (R-35)."""

from __future__ import annotations

from camsim import chance
from camsim.callbacks import upload
from camsim.kernel.kernel import Kernel
from camsim.protocol.facts import UserUpdated
from camsim.protocol.vocabulary import TemplateType
from camsim.state.device import EnrolSession, User
from camsim.state.gateway import RegisteredDevice
from camsim.synthetic.people import template as synthetic_template

# "The user must be physically present at the device" (V3:994); how long is our reading.
SESSION_MS = 60_000
SHOWS_UP_MS = (10_000, 20_000)


def open_session(kernel: Kernel, registered: RegisteredDevice, user_id: str) -> None:
    """The device shows its enrolment screen for a minute."""
    number = kernel.count(registered, "enrolment")
    registered.device.enrolment = EnrolSession(user_id, number, kernel.now)
    stgid = registered.config.stgid
    kernel.state.timers.set(kernel.now + SESSION_MS, "session", stgid, number)
    if kernel.policy.rest.enrol_person != "absent":
        wait = chance.between(*SHOWS_UP_MS, kernel.state.seed, stgid, "enrol-person", number)
        kernel.state.timers.set(kernel.now + wait, "person", stgid, number)


def person_shows_up(kernel: Kernel, registered: RegisteredDevice, reference: int) -> None:
    """Timer `person`: somebody shows up and puts a finger on the sensor, or cancels (R-35)."""
    session, device = registered.device.enrolment, registered.device
    if session is None or session.reference != reference:  # closed, or the person of an older session
        return
    device.enrolment = None
    if kernel.policy.rest.enrol_person == "cancels":
        kernel.note(registered, "control", "EnrollFingerPrint", user=session.user_id, verdict="cancelled")
        return
    # Between the command and the finger the user may be deleted, or the model be full.
    user = device.users.get(session.user_id)
    if user is None or (device.free_finger(user) and device.why_no_room({TemplateType.FINGERPRINT: 1}, users=0)):
        why = "no room or no user any more"
        kernel.note(registered, "control", "EnrollFingerPrint", user=session.user_id, verdict="failed", why=why)
        return
    index, generation = next_finger(kernel, registered, user)
    template = synthetic_template(kernel.state.seed, user.user_id, TemplateType.FINGERPRINT, index, generation)
    device.put_template(user, template)
    at = device.clock.now_s(kernel.now)
    fact = UserUpdated(
        user_id=user.user_id,
        first_name=user.first_name,
        last_name=user.last_name,
        user_type=user.user_type,
        at=at,
        offset=device.clock.offset,
        templates=(template,),
    )
    upload.upload(kernel, registered, fact)


def next_finger(kernel: Kernel, registered: RegisteredDevice, user: User) -> tuple[int, int]:
    """Index and generation of a finger on the sensor: the lowest free one, or the first anew after ten (R-35, C-06)."""
    index = registered.device.free_finger(user)
    if index is not None:
        return int(index), 0
    return 0, kernel.count(registered, "enrolled-anew")


def session_ends(kernel: Kernel, registered: RegisteredDevice, reference: int) -> None:
    """Timer `session`: nobody came, and nobody is told (R-35)."""
    if registered.device.enrolment is not None and registered.device.enrolment.reference == reference:
        registered.device.enrolment = None
