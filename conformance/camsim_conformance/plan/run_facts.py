"""Who and what a run speaks of: run-unique people, current times, the facts of its devices, operation ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from camsim import chance
from camsim.protocol.facts import AttendancePhoto, DateModified, Fact, Punch, Template, UserDeleted, UserUpdated
from camsim.protocol.v3.messages import Sender
from camsim.protocol.vocabulary import TemplateType
from camsim.synthetic import people as population
from camsim_conformance.target.profile import DEFAULT_OFFSET, Device, Profile

from .told import Keep

MINUTE, HOUR, DAY = 60, 3600, 86400
SPREAD_S = 2
PHOTO_OF = "1"  # a snapshot shows nobody: one person's serves for all, and is drawn once


class PeopleError(ValueError):
    """The list of --users is too short for what was asked (exit 2)."""


class RunFacts:
    """Facts of one run. `now_s` is its start; `prefix` (five digits) makes its people unlike any other run's."""

    def __init__(
        self, profile: Profile, now_s: int, prefix: int, given: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.profile = profile
        # Two minutes back: a target may refuse what lies ahead of its own clock.
        self.now = now_s - 2 * MINUTE
        # The seconds of moments that the calendar fixes: two runs of one day must not tell the same punch.
        self.jitter = prefix * 7 % 900
        self.offset = DEFAULT_OFFSET
        self._prefix = prefix
        self._given = given
        self._operations = 0
        self._updates = 0
        self._framed: dict[str, int] = {}  # the Time of the last v3 message that changed a person
        self._changed: dict[str, int] = {}  # when a person was last changed, in epoch seconds
        self.spare_people = 0  # given people (--users) beyond those that are needed: rows are spread over them
        self.turns: Counter[str] = Counter()  # how many rows of each age have a moment
        self.people: list[str] = []
        self.strangers: list[str] = []

    def claims(self, feature: str) -> bool:
        """True when the profile claims a feature."""
        return feature in self.profile.features

    # --- people and times ----------------------------------------------------------------------------------------

    def user(self) -> str:
        """A person nobody else of this run uses: of the run, or the one of --users `given` in its place."""
        # At most nine digits: longer ids are more than a device shows.
        numbered = f"{self._prefix:05d}{len(self.people) + 1:04d}"
        user = self._given.get(numbered, numbered)
        self.people.append(user)
        return user

    def stranger(self) -> str:
        """A digits-only id of this run that the target cannot know; never expected to be stored."""
        # Counted down from the end, so that strangers never meet the people of the run.
        user = f"{self._prefix:05d}{9999 - len(self.strangers):04d}"
        self.strangers.append(user)
        return user

    def visitor(self) -> str:
        """Somebody who may punch without anything being expected of it: a known person where the target stores only
        those."""
        return self.profile.people[0] if self.profile.people else self.stranger()

    def changed_person(self) -> str:
        """Somebody who may be renamed, enrolled and deleted: a stranger where those of --users may not."""
        return self.user() if self.profile.may_change_people else self.stranger()

    def users(self, count: int) -> list[str]:
        """Several people."""
        return [self.user() for _ in range(count)]

    def ago(self, seconds: int) -> int:
        """An instant before the run, in epoch seconds; a little earlier for every person made, so that cases do not
        share their moments."""
        return self.now - seconds - SPREAD_S * len(self.people)

    # --- facts ---------------------------------------------------------------------------------------------------

    def punch(
        self,
        user: str,
        at: int | None = None,
        type_: str = "CheckIn",
        input_: str = "Face",
        *,
        offset: int | None = None,
        temperature: float | None = 36.8,
        mask: bool | None = False,
    ) -> Punch:
        """A punch; default: a quarter of an hour ago at the run's offset, with temperature and mask as printed."""
        return Punch(
            user_id=user,
            log_time=self.ago(15 * MINUTE) if at is None else at,
            offset=self.offset if offset is None else offset,
            type=type_,
            input=input_,
            temperature=temperature,
            mask=mask,
        )

    def photo(self, user: str, at: int) -> AttendancePhoto:
        """A snapshot of about 20 kB."""
        return AttendancePhoto(user, at, self.offset, population.photo(self.profile.seed, PHOTO_OF, 1))

    def updated(
        self, user: str, *templates: Template, first: str = "Asha", last: str = "Rao", type_: str = "User"
    ) -> UserUpdated:
        """A user added or changed some minutes ago; each a second after the one before."""
        self._updates += 1
        at = self._later(user, self.now - 9 * MINUTE + self._updates % (4 * MINUTE))
        return UserUpdated(user, first, last, type_, at, self.offset, templates)

    def _later(self, user: str, at: int) -> int:
        """This moment, or the one after the person's last change: a target may leave out what is older than that."""
        self._changed[user] = max(at, self._changed.get(user, 0) + 1)
        return self._changed[user]

    def deleted(self, user: str) -> UserDeleted:
        """A user deleted a minute ago, and after the last change."""
        return UserDeleted(user, self._later(user, self.ago(MINUTE)), self.offset)

    def date(self, modified_to: int) -> DateModified:
        """The clock set by hand."""
        return DateModified(modified_to, self.offset, self.ago(MINUTE), self.offset)

    def template(self, user: str, kind: TemplateType, index: int = 0, generation: int = 0) -> Template:
        """A synthetic template."""
        return population.template(self.profile.seed, user, kind, index, generation)

    def twice(self, user: str, kind: TemplateType, index: int = 0) -> tuple[Template, Template]:
        """A template, and what the same person enrols in its place later."""
        return self.template(user, kind, index, 0), self.template(user, kind, index, 1)

    def templates(self, user: str, *kinds: TemplateType) -> list[Template]:
        """A synthetic template of each kind."""
        return [self.template(user, kind) for kind in kinds]

    def keep_of(self, fact: Fact, token: str | None = None, keep: Keep = Keep.MUST) -> Keep:
        """Whether what is told has to be stored; with a `token` of somebody else's never."""
        if token is not None:
            return Keep.NEVER
        # A target that stores only whom it knows need not store a stranger.
        if getattr(fact, "user_id", "") in self.strangers:
            return Keep.MAY
        return keep

    # --- devices -------------------------------------------------------------------------------------------------

    def sender(self, device: int = 0, token: str | None = None) -> Sender:
        """The device that speaks."""
        known = self.device(device)
        return Sender(known.token if token is None else token, known.label, known.serial, known.stgid)

    def device(self, number: int) -> Device:
        """Device `number` of the run; beyond those given, one of the same token and another serial number."""
        given = self.profile.devices
        if number < len(given):
            return given[number]
        first = given[0]
        return Device(
            token=first.token,
            serial=f"ZHM11{90000000 + number}",
            label=f"{first.label} {number + 1}",
            stgid=first.stgid,
            key=first.key,
        )

    def tag(self, device: int = 0) -> str:
        """The service tag as the live gateway appends it to the URL; nothing when the URL has one already."""
        query = urlsplit(self.profile.url).query
        if "stgid=" in query:
            return ""
        joint = "&" if query else "?"
        return f"{joint}stgid={self.device(device).stgid}"

    def operation_id(self) -> str:
        """A new OperationID."""
        # Of the prefix too: a target that remembers OperationIDs would take a second run's for copies.
        self._operations += 1
        return chance.operation_id(self.profile.seed, str(self._prefix), self._operations)
