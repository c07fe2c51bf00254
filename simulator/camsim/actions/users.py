"""The menus of a device: users, date, enrolment. Every act is a control action."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from camsim import chance
from camsim.callbacks import formats, upload
from camsim.kernel.events import ControlError
from camsim.kernel.kernel import Kernel
from camsim.protocol.facts import Template, UserDeleted, UserUpdated
from camsim.protocol.vocabulary import TemplateType
from camsim.state.device import User
from camsim.state.gateway import Slot

from .device_spec import make_template, usage
from .registry import action, slot_of

SPLITS = ("per_template", "grouped", "by_type", "all", "seeded")


class TemplateSpec(msgspec.Struct, forbid_unknown_fields=True):
    """A template of the user menu; without `data` a synthetic one is made."""

    type: TemplateType
    index: int = 0
    data: str | None = None
    generation: int = 0


class UserSpec(msgspec.Struct, forbid_unknown_fields=True):
    """Body of `POST devices/{stgid}/users`: a user added or edited in the device's menu."""

    user: str
    first_name: str | None = None
    last_name: str | None = None
    user_type: str | None = None
    templates: list[TemplateType | TemplateSpec] = msgspec.field(default_factory=list)
    split: str | None = None
    order: str = "fifo"
    announce: bool = True


@action("put_user")
def put_user(kernel: Kernel, device: str, args: dict[str, Any]) -> dict[str, Any]:
    """Somebody adds or edits a user in the menu; the changes are told as #3-#9."""
    slot, spec = slot_of(kernel, device), msgspec.convert(args, UserSpec)
    if spec.split is not None and spec.split not in SPLITS:
        raise usage("split", spec.split, ", ".join(SPLITS))
    if not 0 < len(spec.user) <= 24:
        raise usage("user", spec.user, "1 to 24 characters")
    templates = [_made(kernel, slot, spec.user, item) for item in spec.templates]
    user, is_new = _edited(slot, spec, templates)
    for template in templates:
        slot.device.put_template(user, template)
    renamed = is_new or not templates or any(v is not None for v in (spec.first_name, spec.last_name, spec.user_type))
    facts = _told(kernel, slot, user, templates, spec.split or kernel.policy.split, renamed)
    if spec.order == "shuffle":
        facts = chance.shuffled(facts, kernel.state.seed, device, "user-order", kernel.count(slot, "user-order"))
    if spec.announce:
        for fact in facts:
            upload.upload(kernel, slot, fact)
    return {"user": spec.user, "new": is_new, "callbacks": len(facts) if spec.announce else 0}


def _edited(slot: Slot, spec: UserSpec, templates: list[Template]) -> tuple[User, bool]:
    """The user with the new names; nothing has changed when it does not fit. Raises: ControlError."""
    user = slot.device.users.get(spec.user)
    is_new = user is None
    held = user.templates if user is not None else {}
    extra = Counter(template.type for template in templates if template.key not in held)
    full = slot.device.why_no_room(extra, users=int(is_new))
    if full is not None:
        raise ControlError(409, "device_full", full, "delete users or choose a larger model")
    if user is None:
        user = User(spec.user)
        slot.device.put_user(user)
    user.first_name = spec.first_name if spec.first_name is not None else user.first_name
    user.last_name = spec.last_name if spec.last_name is not None else user.last_name
    user.user_type = spec.user_type if spec.user_type is not None else user.user_type
    return user, is_new


def _made(kernel: Kernel, slot: Slot, user_id: str, item: TemplateType | TemplateSpec) -> Template:
    spec = item if isinstance(item, TemplateSpec) else TemplateSpec(item)
    if not slot.device.model.stores(spec.type):
        raise usage("templates", str(spec.type), f"what model {slot.device.model.name} stores")
    made = make_template(kernel, user_id, spec.type, spec.index, spec.generation)
    return made if spec.data is None else msgspec.structs.replace(made, data=spec.data)


def _told(
    kernel: Kernel, slot: Slot, user: User, templates: list[Template], how: str, renamed: bool
) -> list[UserUpdated]:
    if how == "seeded":
        number = kernel.count(slot, "split")
        how = chance.choice(SPLITS[:4], kernel.state.seed, slot.config.stgid, "split", number)
    clock = slot.device.clock
    changed = User(user.user_id, user.first_name, user.last_name, user.user_type, {t.key: t for t in templates})
    return formats.of(slot).introduce(changed, clock.now_s(kernel.now), clock.offset, how, renamed)


@action("delete_user")
def delete_user(kernel: Kernel, device: str, args: dict[str, Any]) -> dict[str, Any]:
    """Somebody deletes a user in the menu: #1."""
    slot = slot_of(kernel, device)
    if slot.device.remove_user(args["user"]) is None:
        raise ControlError(
            404, "unknown_user", f"user {args['user']!r} is not on device {device}", f"GET devices/{device}/users"
        )
    clock = slot.device.clock
    upload.upload(kernel, slot, UserDeleted(args["user"], clock.now_s(kernel.now), clock.offset))
    return {"deleted": args["user"]}


@action("enrol_finger")
def enrol_finger(kernel: Kernel, device: str, args: dict[str, Any]) -> dict[str, Any]:
    """Somebody puts a finger on the sensor at an open session, or enrols one in the menu: #6."""
    slot = slot_of(kernel, device)
    session = slot.device.enrolment
    user_id = args.get("user") or (session.user_id if session else None)
    user = slot.device.users.get(user_id) if isinstance(user_id, str) else None
    if user is None:
        raise ControlError(
            404, "unknown_user", f"user {user_id!r} is not on device {device}", "name a user of the device"
        )
    index = slot.device.free_finger(user)
    if index is None:
        raise ControlError(
            409, "device_full", f"all ten fingers of user {user.user_id} are enrolled", "delete the user first"
        )
    slot.device.enrolment = None
    spec = {"user": user.user_id, "templates": [{"type": "Fingerprint", "index": int(index)}]}
    return {**put_user(kernel, device, spec), "index": index}
