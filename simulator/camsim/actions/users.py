"""The user menu of a device: people are added, edited, enrolled and deleted."""

from __future__ import annotations

from binascii import a2b_base64
from collections import Counter

import msgspec

from camsim import chance
from camsim.callbacks import upload
from camsim.commands.enrolment import next_finger
from camsim.control.actions import DeleteUser, EnrolFinger, PutUser, TemplateSpec
from camsim.control.on_device import Deleted, Edited
from camsim.kernel.events import ControlError, usage
from camsim.kernel.kernel import Kernel
from camsim.protocol.facts import Template, UserDeleted, UserUpdated
from camsim.protocol.templates import PLACEHOLDER
from camsim.protocol.vocabulary import TemplateType
from camsim.state.device import User
from camsim.state.gateway import RegisteredDevice

from .mould import make_template
from .values import user_id_of, user_type_of

SPLITS = ("per_template", "grouped", "by_type", "all", "seeded")
ORDERS = ("fifo", "shuffle")
_LAST_INDEX = 9


def put_user(kernel: Kernel, action: PutUser) -> Edited:
    """Somebody adds or edits a user in the menu; the changes are told as #3-#9."""
    registered = kernel.device(action.device)
    if action.split is not None and action.split not in SPLITS:
        raise usage("split", action.split, ", ".join(SPLITS))
    if action.order not in ORDERS:
        raise usage("order", action.order, ", ".join(ORDERS))
    user_id_of("user", action.user)
    templates = [_template(kernel, registered, action.user, item) for item in action.templates]
    user, is_new = _edit(registered, action, templates)
    for template in templates:
        registered.device.put_template(user, template)
    facts = _facts(kernel, registered, user, templates, action, is_new=is_new)
    if not action.announce:
        return Edited(action.user, is_new, 0)
    for fact in facts:
        upload.upload(kernel, registered, fact)
    return Edited(action.user, is_new, len(facts))


def _edit(registered: RegisteredDevice, action: PutUser, templates: list[Template]) -> tuple[User, bool]:
    """The user with the new names; nothing has changed when it does not fit. Raises: ControlError."""
    device, old = registered.device, registered.device.users.get(action.user)
    user_type = None if action.user_type is None else user_type_of(action.user_type)
    user = User(action.user) if old is None else old
    # What has the Type and Index of a template that is there replaces it, and takes no room.
    extra = Counter(template.type for template in templates if template.key not in user.templates)
    full = device.why_no_room(extra, users=int(old is None))
    if full is not None:
        raise ControlError(409, "device_full", full, "delete users or choose a larger model")
    if old is None:
        device.put_user(user)
    if action.first_name is not None:
        user.first_name = action.first_name
    if action.last_name is not None:
        user.last_name = action.last_name
    if user_type is not None:
        user.user_type = user_type
    return user, old is None


def _template(
    kernel: Kernel, registered: RegisteredDevice, user_id: str, item: TemplateType | TemplateSpec
) -> Template:
    """The template that is described, a synthetic one where its data is not given. Raises: ControlError."""
    spec = item if isinstance(item, TemplateSpec) else TemplateSpec(item)
    model = registered.device.model
    if not model.stores(spec.type):
        raise usage("templates", str(spec.type), f"what model {model.name} stores")
    if not 0 <= spec.index <= _LAST_INDEX:
        raise usage("index", spec.index, f"0 to {_LAST_INDEX} (V3:166)")
    made = make_template(kernel.state.seed, kernel.policy.face_format, user_id, spec.type, spec.index, spec.generation)
    if spec.data is None:
        return made
    return msgspec.structs.replace(made, data=spec.data, size=_size(made, spec.data))


def _size(made: Template, data: str) -> str | None:
    """`Size` of given data where the type has one: its byte length (V3:321). Raises: ControlError."""
    if made.type in (TemplateType.CARD, TemplateType.PASSWORD) or data.endswith(PLACEHOLDER):
        return made.size  # cards and PINs are plain texts (V3:1225); of a shortened sample nobody knows the length
    try:
        decoded = a2b_base64(data, strict_mode=True)
    except ValueError:
        raise usage("data", data[:40], f"a {made.type} in Base64 (V3:1225)") from None
    return None if made.size is None else str(len(decoded))


def _facts(
    kernel: Kernel,
    registered: RegisteredDevice,
    user: User,
    templates: list[Template],
    action: PutUser,
    *,
    is_new: bool,
) -> list[UserUpdated]:
    """How the change is told: in which portions, with the names or without, in which order."""
    seed, stgid = kernel.state.seed, registered.config.stgid
    how = action.split or kernel.policy.split
    if how == "seeded":
        how = chance.choice(SPLITS[:4], seed, stgid, "split", kernel.count(registered, "split"))
    renames = (action.first_name, action.last_name, action.user_type) != (None, None, None)
    # Only what changed is told: "it only carries" so much, and receivers merge (V3:156).
    changed = User(
        user_id=user.user_id,
        first_name=user.first_name,
        last_name=user.last_name,
        user_type=user.user_type,
        templates={template.key: template for template in templates},
    )
    clock, introduce = registered.device.clock, kernel.protocol(registered).callbacks.introduce
    facts = introduce(changed, clock.now_s(kernel.now), clock.offset, how, is_new or renames or not templates)
    if action.order == "shuffle":
        return chance.shuffled(facts, seed, stgid, "user-order", kernel.count(registered, "user-order"))
    return facts


def delete_user(kernel: Kernel, action: DeleteUser) -> Deleted:
    """Somebody deletes a user in the menu: #1."""
    registered, stgid = kernel.device(action.device), action.device
    if registered.device.remove_user(action.user) is None:
        message = f"user {action.user!r} is not on device {stgid}"
        raise ControlError(404, "unknown_user", message, f"GET devices/{stgid}/users")
    clock = registered.device.clock
    upload.upload(kernel, registered, UserDeleted(action.user, clock.now_s(kernel.now), clock.offset))
    return Deleted(action.user)


def enrol_finger(kernel: Kernel, action: EnrolFinger) -> Edited:
    """Somebody puts a finger on the sensor at an open session, or enrols one in the menu: #6."""
    registered, stgid = kernel.device(action.device), action.device
    device, user_id = registered.device, action.user
    in_session = not user_id and device.enrolment is not None
    if in_session and device.enrolment is not None:
        user_id = device.enrolment.user_id
    user = device.users.get(user_id) if user_id else None
    if user is None:
        message = f"user {user_id!r} is not on device {stgid}"
        raise ControlError(404, "unknown_user", message, "name a user of the device")
    if device.free_finger(user) is None and not in_session:
        message = f"all ten fingers of user {user.user_id} are enrolled"
        raise ControlError(409, "device_full", message, "delete the user first")
    index, generation = next_finger(kernel, registered, user)
    device.enrolment = None
    finger = TemplateSpec(TemplateType.FINGERPRINT, index, generation=generation)
    edited = put_user(kernel, PutUser(device=stgid, user=user.user_id, templates=[finger]))
    return Edited(edited.user, edited.new, edited.callbacks, str(index))
