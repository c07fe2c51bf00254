"""One attendance terminal: its users, templates, punch log, photos, clock and capacity. It knows no network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from camsim.protocol.facts import AttendancePhoto, Fact, Punch, Template
from camsim.protocol.vocabulary import IN_TYPES, AttendanceType, TemplateType

from .log_blocks import BLOCK_ROWS, LogRow, Range, Snapshot
from .models import Model
from .photo_numbers import PhotoNumbers
from .punch_log import PunchLog

_LAST_PUNCHES = 1000  # of people who are no longer on the device; beyond that many they are forgotten


class User(msgspec.Struct):
    """A person enrolled on the device. `access` is a window in the device's wall-clock seconds (A-DEV-15)."""

    user_id: str
    first_name: str = ""
    last_name: str = ""
    user_type: str = "User"
    templates: dict[str, Template] = msgspec.field(default_factory=dict)
    enabled: bool = True
    access: tuple[int, int] | None = None
    message: str = ""


class DeviceClock(msgspec.Struct):
    """The device's own idea of time: `skew_ms` ahead of the world, drifting, shown at `offset` minutes east of UTC."""

    offset: int = 330
    skew_ms: int = 0
    drift_ppm: float = 0.0
    drift_since: int = 0

    def now_s(self, now_ms: int) -> int:
        """Whole UTC seconds as the device believes (A-CB-18)."""
        drift = (now_ms - self.drift_since) * self.drift_ppm / 1e6 if self.drift_ppm else 0.0
        return int(now_ms + self.skew_ms + drift) // 1000

    def set_to(self, believed_s: int, now_ms: int) -> None:
        """Make the device believe it is `believed_s` now."""
        self.skew_ms, self.drift_since = believed_s * 1000 - now_ms, now_ms


class EnrolSession(msgspec.Struct):
    """An open fingerprint enrolment; `reference` tells its timers from those of an older session."""

    user_id: str
    reference: int
    started_at: int


class Pending(msgspec.Struct):
    """Something recorded that the gateway has not received yet: a log number, or a fact that is no punch."""

    number: int | None = None
    fact: Fact | None = None


class Device(msgspec.Struct):
    """State that survives a power cycle."""

    stgid: str
    model: Model
    serial: str
    mac: str
    clock: DeviceClock = msgspec.field(default_factory=DeviceClock)
    users: dict[str, User] = msgspec.field(default_factory=dict)
    log: PunchLog = msgspec.field(default_factory=PunchLog)
    next_number: int = 1
    photos: PhotoNumbers = msgspec.field(default_factory=PhotoNumbers)
    pending: list[Pending] = msgspec.field(default_factory=list)
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    last_punch: dict[str, tuple[int, str]] = msgspec.field(default_factory=dict)
    enrolment: EnrolSession | None = None
    photo_switch: dict[str, bool] = msgspec.field(default_factory=dict)  # v2, by user; "" is everybody (V2-18)

    # --- users and templates --------------------------------------------------------------------------------------

    def put_user(self, user: User) -> None:
        """Add or replace a user; counts follow."""
        self.remove_user(user.user_id)
        self.users[user.user_id] = user
        self._count(user, +1)

    def remove_user(self, user_id: str) -> User | None:
        """Take a user and all its templates off the device; the punch log stays."""
        user = self.users.pop(user_id, None)
        if user is not None:
            self._count(user, -1)
        return user

    def put_template(self, user: User, template: Template) -> None:
        """Store one template under Type + Index, replacing the one that was there."""
        if template.key not in user.templates:
            self.counts[template.type] = self.counts.get(template.type, 0) + 1
        user.templates[template.key] = template

    def _count(self, user: User, sign: int) -> None:
        for template in user.templates.values():
            self.counts[template.type] = self.counts.get(template.type, 0) + sign

    def count(self, kind: TemplateType) -> int:
        """Templates of a type on the device."""
        return self.counts.get(kind, 0)

    def why_no_room(self, templates: Mapping[TemplateType, int], users: int = 1) -> str | None:
        """Which capacity an addition would exceed, in words; None when it fits whole (A-DEV-13)."""
        if len(self.users) + users > self.model.capacity.users:
            return f"{self.model.capacity.users} users is the most this model holds"
        for kind, extra in templates.items():
            most = self.model.capacity.of(kind)
            if self.count(kind) + extra > most:
                return f"{most} templates of type {kind} is the most this model holds"
        return None

    def free_finger(self, user: User) -> str | None:
        """The lowest free finger index of a user, None when all ten are taken (R-35)."""
        taken = {t.index for t in user.templates.values() if t.type is TemplateType.FINGERPRINT}
        return next((str(n) for n in range(10) if str(n) not in taken), None)

    # --- a person at the device -----------------------------------------------------------------------------------

    def why_denied(self, user_id: str, input_type: str, log_time: int, offset: int) -> str | None:
        """Why the device would not let this person in: no log and no callback then (A-DEV-15); None when it would."""
        if not self.model.recognises(input_type):
            return f"model {self.model.name} cannot read {input_type}"
        user = self.users.get(user_id)
        if user is None:
            return f"user {user_id} is not on the device"
        if not user.enabled:
            return f"user {user_id} is disabled"
        if user.access is not None and not user.access[0] <= log_time + offset * 60 <= user.access[1]:
            return f"user {user_id} is outside the access window"
        return None

    def switch_photos(self, user_id: str, on: bool) -> None:
        """Photos at the punches of a user, or of everybody (empty), are taken always or never from now on (V2-18)."""
        if not user_id:
            self.photo_switch.clear()
        self.photo_switch[user_id] = on

    def takes_photo(self, user_id: str, asked: bool) -> bool:
        """Whether a punch is pictured: as it was `asked` for, unless a v2 command has switched it."""
        if not self.model.camera:
            return False
        return self.photo_switch.get(user_id, self.photo_switch.get("", asked))

    def repeated(self, user_id: str, log_time: int, within_s: int) -> bool:
        """True when the same user punched less than `within_s` seconds ago (A-DEV-16)."""
        last = self.last_punch.get(user_id)
        return last is not None and 0 <= log_time - last[0] < within_s

    def directed(self, user_id: str, wanted: str, log_time: int, offset: int, rule: str) -> str:
        """The Type that is recorded under a direction rule (A-DEV-17)."""
        if rule == "actual":
            return wanted
        if rule in ("always_in", "always_out"):
            return str(AttendanceType.CHECK_IN if rule == "always_in" else AttendanceType.CHECK_OUT)
        last = self.last_punch.get(user_id)
        today = last is not None and (last[0] + offset * 60) // 86400 == (log_time + offset * 60) // 86400
        if not today or last is None:
            return str(AttendanceType.CHECK_IN)
        was_in = last[1] in IN_TYPES
        return str(AttendanceType.CHECK_OUT if rule == "first_in_rest_out" or was_in else AttendanceType.CHECK_IN)

    def record(self, punch: Punch, block_rows: int = BLOCK_ROWS) -> tuple[LogRow, LogRow | None]:
        """Write a punch into the log; returns its row, and one that the ring overwrote before upload (A-DEV-14)."""
        row = LogRow(self.next_number, punch)
        self.next_number += 1
        self.log.append(row)
        self.log.seal(block_rows)
        self.last_punch[punch.user_id] = (punch.log_time, punch.type)
        if len(self.last_punch) > 2 * max(self.model.capacity.users, _LAST_PUNCHES):
            self.last_punch = {user: last for user, last in self.last_punch.items() if user in self.users}
        lost = None
        if len(self.log) > self.model.capacity.logs:
            self.photos.discard(self.log.first_number() or 0)
            lost = self.log.drop_first()
        return row, lost

    def remember(self, punch: Punch, block_rows: int = BLOCK_ROWS) -> None:
        """Write an uploaded punch of before the run: directions and re-verification do not look back on it."""
        self.log.append(LogRow(self.next_number, punch, True))
        self.log.seal(block_rows)
        self.next_number += 1

    @property
    def log_count(self) -> int:
        """Rows in the log now."""
        return len(self.log)

    def rows(self, wanted: Range | None = None) -> Iterator[LogRow]:
        """The log in device order, oldest record first; of a time range alone where one is given."""
        snapshot = self.log.snapshot()
        return iter(snapshot) if wanted is None else (row for some in snapshot.portions(wanted) for row in some)

    def snapshot(self) -> Snapshot:
        """The log as it is now, whatever is recorded or deleted later."""
        return self.log.snapshot()

    def row(self, number: int) -> LogRow | None:
        """The row with this number, if the log still has it."""
        return self.log.row(number)

    def not_uploaded(self) -> list[LogRow]:
        """The rows that nobody has received yet."""
        return [row for row in self.log.open_rows() if not row.uploaded]

    def clear_logs(self) -> list[LogRow]:
        """Empty the log; returns the rows that nobody had received yet (R-31)."""
        lost = self.not_uploaded()
        self.log.clear()
        self.pending = [item for item in self.pending if item.number is None]
        return lost

    def photo_fact(self, row: LogRow, picture: str) -> AttendancePhoto:
        """The snapshot of a punch as a fact."""
        return AttendancePhoto(row.punch.user_id, row.punch.log_time, row.punch.offset, picture)
