"""The bytes of every item of a plan: callbacks in v3 or v2, and RESTful commands, plain or encrypted. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from camsim.chance import operation_id
from camsim.protocol import facts
from camsim.protocol.catalogue import Direction, Family
from camsim.protocol.timestamps import gmt, local
from camsim.protocol.v2 import messages as messages_v2
from camsim.protocol.v2.envelope import seal_v2
from camsim.protocol.v3 import messages
from camsim.protocol.v3.envelope import encode, seal_v3
from camsim.protocol.vocabulary import Protocol, TemplateType
from camsim.synthetic import people

from .plan import OFFSET_MIN, Device, Item, Plan, attendance_type, input_type

JSON_TYPE, FORM_TYPE = "application/json", "application/x-www-form-urlencoded"
_PORTRAITS_SEEN = 64  # so many people surely have every base portrait among theirs
# The order in which templates are listed, so that equal settings give equal bytes.
_KINDS = tuple(TemplateType)


class Writer:
    """Writes the bodies of one plan; `anew` gives the same fact with another OperationID and a later Time."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._seed = plan.settings.seed
        self._token = plan.settings.auth_token
        self._start_s = plan.settings.start_s
        self._write = self._callbacks
        if plan.profile.direction is Direction.REST:
            self._write = self._commands

    def warm(self) -> None:
        """Draw what is drawn once (portraits, the names' word lists), so that no arrival waits for it."""
        families = {row.family for row in self.plan.profile.operations}
        if families - {Family.PUNCH_LOG}:
            people.person(self._seed, 1)
            for user in range(_PORTRAITS_SEEN):
                people.photo(self._seed, str(user), 0)

    def bodies(self, item: Item, device: Device, anew: int = 0) -> list[bytes]:
        """One body, or several where v2 tells one fact in several messages."""
        return self._write(item, device, anew)

    def content_type(self, device: Device) -> str:
        """`Content-Type` of the device's requests."""
        return FORM_TYPE if device.protocol is Protocol.V2 else JSON_TYPE

    def fact(self, item: Item, device: Device) -> facts.Fact:
        """What happened at the device."""
        return _FACTS[item.operation.family](self._seed, item, device)

    def _callbacks(self, item: Item, device: Device, anew: int) -> list[bytes]:
        fact = self.fact(item, device)
        time_s = self._start_s + int(item.at_ms / 1000) + anew
        sender = messages.Sender(self._token, f"Storm {device.index + 1}", device.serial, device.stgid)
        if device.protocol is Protocol.V2:
            parts = messages_v2.callback(fact, sender)
            return [seal_v2(encode(part), device.key) for part in parts]
        message = messages.callback(fact, sender, self._operation_id(item, anew), time_s)
        return [seal_v3(encode(message), device.key)]

    def _commands(self, item: Item, device: Device, anew: int) -> list[bytes]:
        now = gmt(item.log_time, OFFSET_MIN)
        start, end = gmt(item.log_time - 3600, OFFSET_MIN), now
        if item.operation.family is Family.UPDATE_ACCESS_TIME:  # the one command whose times have no zone (#36)
            start, end = local(item.log_time, OFFSET_MIN), local(item.log_time + 3600, OFFSET_MIN)
        fields = {
            "user_id": item.user_id,
            "first_name": "Storm",
            "last_name": item.user_id,
            "templates": templates(self._seed, item),
            "start": start,
            "end": end,
        }
        message = messages.command(item.operation, self._operation_id(item, anew), self._token, now, **fields)
        return [seal_v3(encode(message), device.key)]

    def _operation_id(self, item: Item, anew: int) -> str:
        return operation_id(self._seed, "", item.seq, f"storm-operation-{anew}")


def templates(seed: int, item: Item) -> tuple[facts.Template, ...]:
    """The templates the item's operation carries, synthetic and the user's own."""
    return tuple(
        people.template(seed, item.user_id, kind, generation=item.round)
        for kind in _KINDS
        if kind in item.operation.kinds
    )


def _punch(seed: int, item: Item, device: Device) -> facts.Punch:
    temperature, mask = None, None
    if device.warm:
        temperature = 36.0 + (item.bits >> 8) % 14 / 10
        mask = bool(item.bits >> 16 & 1)
    return facts.Punch(
        item.user_id, item.log_time, OFFSET_MIN, attendance_type(item), input_type(item), temperature, mask
    )


def _photo(seed: int, item: Item, device: Device) -> facts.AttendancePhoto:
    return facts.AttendancePhoto(item.user_id, item.log_time, OFFSET_MIN, people.photo(seed, item.user_id, item.round))


def _updated(seed: int, item: Item, device: Device) -> facts.UserUpdated:
    person = people.person(seed, item.user)
    return facts.UserUpdated(
        item.user_id,
        person.first_name,
        person.last_name,
        person.user_type,
        item.log_time,
        OFFSET_MIN,
        templates(seed, item),
    )


_FACTS: Mapping[Family, Callable[[int, Item, Device], facts.Fact]] = {
    Family.PUNCH_LOG: _punch,
    Family.ATTENDANCE_PHOTO: _photo,
    Family.USER_UPDATED: _updated,
}
