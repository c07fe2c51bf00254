"""Middle steps of the policy: from an opened callback to the facts it reports, v3 and v2."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from camsim.protocol import timestamps
from camsim.protocol.vocabulary import Protocol

from .decode import Opening, scalar
from .records import Deletion, Fact, Json, Note, Punch, Received, Template, Update

_V2_PHOTOS = ("AttendancePhoto", "AttendancePhotoe")
_NAMED_BY = ("Card", "Password")


class Understanding(Opening):
    """Step 4: facts, and one small method for each field that can be misread."""

    def facts(self, received: Received) -> list[Fact]:
        """Everything a callback reports, in order. Never raises for a value it cannot use: it becomes a Note."""
        read = self.v2_facts if received.protocol is Protocol.V2 else self.v3_facts
        return list(read(received))

    def v3_facts(self, received: Received) -> Iterable[Fact]:
        """Route by the member that carries the body (v3, Operations 1 to 11)."""
        routes: tuple[tuple[str, Callable[[Json, Received], Iterable[Fact]]], ...] = (
            ("PunchLog", self.punches),
            ("UserUpdated", self.updates),
            ("UserDeleted", lambda item, _: [Deletion(self.user_of(item))]),
            ("Log", lambda item, _: [Note("photo", self.user_of(item), scalar(item.get("LogTime")))]),
        )
        for name, read in routes:
            if isinstance(item := received.body.get(name), dict):
                return read(item, received)
        return [Note("other", text=", ".join(received.body))]

    def punches(self, item: Json, received: Received) -> Iterator[Fact]:
        """One punch, or the batch form with its rows in `Log` (A-CB-23)."""
        if not isinstance(item.get("Log"), list):
            yield self.punch(item, received)
            return
        for row in objects(item["Log"]):
            yield self.punch(row, received)

    def punch(self, item: Json, received: Received) -> Fact:
        """A punch of #11; `AttendanceType` stands for `Type` with some gateways (field notes)."""
        user, stamp = self.user_of(item), scalar(item.get("LogTime"))
        try:
            at, offset = self.moment(stamp)
        except (timestamps.TimestampError, ValueError):
            return Note("odd-time", user, stamp)
        kind = item.get("Type", item.get("AttendanceType"))
        return Punch(
            user=user,
            at=at,
            offset=offset,
            type=self.attendance(scalar(kind)),
            input=scalar(item.get("InputType")) or None,
            device=scalar(received.body.get("SerialNumber")) or scalar(received.body.get("LabelName")),
            temperature=self.temperature(item.get("Temperature")),
            mask=self.mask(item.get("FaceMask")),
            operation=scalar(received.body.get("OperationID")),
            sent=scalar(received.body.get("Time")),
        )

    def user_of(self, item: Json) -> str:
        """`UserId` in #11, `UserID` everywhere else: one field."""
        user = item.get("UserId")
        return self.user_text(item.get("UserID") if user is None else user)

    def user_text(self, value: object) -> str:
        """A user id is text: no digit, zero or letter of it is lost."""
        return scalar(value)

    def moment(self, stamp: str) -> tuple[int, int]:
        """UTC seconds and offset in minutes of a v3 time. Raises: TimestampError."""
        parsed = timestamps.parse(stamp)
        return parsed.epoch_s, parsed.offset or 0

    def attendance(self, word: str) -> str | None:
        """The punch's type in the vendor's word, None when it is not told."""
        return word or None

    def temperature(self, value: object) -> float | str | None:
        """Degrees Celsius as a number where the text is one."""
        text = scalar(value)
        whole, _, part = text.removeprefix("-").partition(".")
        # Not `float(text)` alone: it reads nan, inf, 1e3 and 3_6 too.
        if whole.isdecimal() and (not part or part.isdecimal()):
            return float(text)
        return text or None

    def mask(self, value: object) -> bool | None:
        """True, False or not told; the texts "true" and "false" count too."""
        return {"true": True, "false": False}.get(scalar(value).lower())

    def updates(self, item: Json, received: Received) -> Iterable[Fact]:
        """A user's names and the templates that changed; #6 to #8 name the user only in their templates."""
        del received
        items = objects(item.get("Template"))
        # Seen in the field: the photo beside the array, its Type the encoding (C-09).
        if isinstance(photo := item.get("Photo"), dict):
            items.append({**photo, "Type": "UserPhoto", "Index": None})
        user = self.user_of(item)
        templates = tuple(self.template(row, user) for row in items)
        if user:
            yield Update(user, scalar(item.get("FirstName")), scalar(item.get("LastName")), self.of(user, templates))
        # A template may name another user than the update around it; nothing of one is the other's.
        for other in dict.fromkeys(row.user for row in templates):
            if other not in ("", user):
                yield Update(other, templates=self.of(other, templates))

    def of(self, user: str, templates: Iterable[Template]) -> tuple[Template, ...]:
        """The templates of one user."""
        return tuple(row for row in templates if row.user == user)

    def template(self, item: Json, user: str) -> Template:
        """One item of a `Template` array; its own UserID goes before the one above it."""
        index = scalar(item.get("Index")) or None
        return Template(self.user_of(item) or user, scalar(item.get("Type")), index, scalar(item.get("Data")))

    def v2_facts(self, received: Received) -> Iterable[Fact]:
        """Route by `Operation`; what carries a reference id answers one of our commands (V2-11)."""
        info = received.body
        operation, data = scalar(info.get("Operation")), info.get("OperationData")
        if not isinstance(data, dict):
            data = {}  # an empty text where there is nothing to say (V2-07, V2-08)
        user = self.user_text(info.get("UserId"))
        reference = scalar(info.get("OperationReferenceId"))
        if reference:
            return [Note("lazy", user, f"{operation} {reference}")]
        if any(name in data for name in _V2_PHOTOS):
            return [Note("photo", user, scalar(info.get("OperationTime")))]
        routes: dict[str, Callable[[str, Json, Received], Fact]] = {
            "RealTimePunchLog": self.v2_punch,
            "PunchLog": self.v2_punch,
            "ManuallyUserUpdated": self.v2_update,
            "ManuallyUserDeleted": lambda name, *_: Deletion(name),
        }
        route = routes.get(operation)
        if route is None:
            return [Note("other", user, operation)]
        return [route(user, data, received)]

    def v2_punch(self, user: str, data: Json, received: Received) -> Fact:
        """A v2 punch: its time is the message's OperationTime."""
        device = self.device_of(received)
        offset = device.offset if device else self.settings.offset
        stamp = scalar(received.body.get("OperationTime"))
        if not stamp.isdecimal() or len(stamp) > 10:
            return Note("odd-time", user, stamp)
        return Punch(
            user=user,
            at=self.v2_moment(int(stamp), offset),
            offset=offset,
            type=self.attendance(scalar(data.get("AttendanceType"))),
            input=scalar(data.get("InputType")) or None,
            device=received.stgid,
            temperature=self.temperature(data.get("Temperature")),
            mask=self.mask(data.get("FaceMask")),
            protocol=Protocol.V2,
            operation=scalar(received.body.get("OperationReferenceId")),
        )

    def v2_moment(self, stamp: int, offset: int) -> int:
        """UTC seconds: v2 encodes the device's wall clock as if it were UTC (V2-01)."""
        return stamp - 60 * offset

    def v2_update(self, user: str, data: Json, received: Received) -> Fact:
        """A v2 user: names count only with cards, passwords or no signature ("don't read on other cases")."""
        del received
        items = objects(data.get("Signature"))
        read = [self.v2_template(item, user) for item in items]
        templates = tuple(template for template in read if template.data)
        if not self.v2_names_count(items):
            return Update(user, templates=templates)
        first = scalar(data.get("FirstName")) or scalar(data.get("Name"))
        return Update(user, first, scalar(data.get("LastName")), templates)

    def v2_names_count(self, items: Iterable[Json]) -> bool:
        """Whether Name and Priority may be read beside these signatures."""
        return all(item.get("Type") in _NAMED_BY for item in items)

    def v2_template(self, item: Json, user: str) -> Template:
        """One item of `Signature`; AdditionalData1 is the finger's id or the part of a face or palm."""
        index = scalar(item.get("AdditionalData1")) or None
        return Template(user, scalar(item.get("Type")), index, scalar(item.get("Template")))


def objects(value: object) -> list[Json]:
    """The objects of an array; a receiver leaves out what is none instead of failing."""
    if not isinstance(value, list):
        return []
    return [item for item in value if isinstance(item, dict)]
