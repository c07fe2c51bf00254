"""Makes the stimuli of one run: run-unique people, current times, operation ids, and the frozen bytes of each step."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from camsim import chance
from camsim.protocol.facts import AttendancePhoto, DateModified, Fact, Punch, Template, UserDeleted, UserUpdated
from camsim.protocol.v3 import envelope, messages
from camsim.protocol.vocabulary import Protocol, TemplateType
from camsim.synthetic import people as population
from camsim_conformance.target.profile import DEFAULT_OFFSET, Device, Profile

from . import framing_v2
from .cases import INDEXED, Case, Step, TemplateKey, Transport

MINUTE, HOUR, DAY = 60, 3600, 86400
SPREAD_S = 2


class PeopleError(ValueError):
    """The list of --users is too short for what was asked (exit 2)."""


class Maker:
    """Builds cases. `now_s` is the start of the run; `prefix` (five digits) makes its people unlike any other run's."""

    def __init__(
        self, profile: Profile, now_s: int, prefix: int, given: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.profile = profile
        self.now = now_s - 2 * MINUTE
        self.offset = DEFAULT_OFFSET
        self._prefix = prefix
        self._given = given
        self._operations = 0
        self.people: list[str] = []
        self.strangers: list[str] = []

    # --- people and times ----------------------------------------------------------------------------------------

    def user(self) -> str:
        """A person nobody else of this run uses: of the run, or the one of --users `given` in its place."""
        made = f"{self._prefix:05d}{len(self.people) + 1:04d}"
        made = self._given.get(made, made)
        self.people.append(made)
        return made

    def stranger(self) -> str:
        """A digits-only id of this run that the target cannot know; never expected to be stored."""
        made = f"{self._prefix:05d}{9999 - len(self.strangers):04d}"
        self.strangers.append(made)
        return made

    def users(self, count: int) -> list[str]:
        """Several people."""
        return [self.user() for _ in range(count)]

    def ago(self, seconds: int) -> int:
        """An instant before the run, in epoch seconds; a little earlier for every person made, so that cases do not
        share their moments."""
        return self.now - seconds - SPREAD_S * len(self.people)

    # --- facts ---------------------------------------------------------------------------------------------------

    def punch(
        self, user: str, at: int | None = None, type_: str = "CheckIn", input_: str = "Face", **more: Any
    ) -> Punch:
        """A punch; default: a quarter of an hour ago at the run's offset, with temperature and mask as printed."""
        fields: dict[str, Any] = {"offset": self.offset, "temperature": 36.8, "mask": False, **more}
        return Punch(user, self.ago(15 * MINUTE) if at is None else at, type=type_, input=input_, **fields)

    def photo(self, user: str, at: int) -> AttendancePhoto:
        """A snapshot of about 20 kB."""
        return AttendancePhoto(user, at, self.offset, population.photo(self.profile.seed, "1", 1))

    def updated(
        self, user: str, *templates: Template, first: str = "Asha", last: str = "Rao", type_: str = "User"
    ) -> UserUpdated:
        """A user added or changed now."""
        return UserUpdated(user, first, last, type_, self.ago(5 * MINUTE), self.offset, templates)

    def deleted(self, user: str) -> UserDeleted:
        """A user deleted a minute ago."""
        return UserDeleted(user, self.ago(MINUTE), self.offset)

    def date(self, modified_to: int) -> DateModified:
        """The clock set by hand."""
        return DateModified(modified_to, self.offset, self.ago(MINUTE), self.offset)

    def template(self, user: str, kind: TemplateType, index: int = 0, generation: int = 0) -> Template:
        """A synthetic template."""
        return population.template(self.profile.seed, user, kind, index, generation)

    # --- steps ---------------------------------------------------------------------------------------------------

    def operation_id(self) -> str:
        """A new OperationID."""
        self._operations += 1
        return chance.operation_id(self.profile.seed, str(self._prefix), self._operations)

    def message(
        self,
        fact: Fact,
        device: int = 0,
        *,
        operation_id: str | None = None,
        time_s: int | None = None,
        style: messages.Style = messages.DOCUMENTED,
        token: str | None = None,
    ) -> Any:
        """The v3 message of a fact as the page prints it."""
        sender = self.sender(device, token)
        when = self.now if time_s is None else time_s
        return messages.callback(fact, sender, operation_id or self.operation_id(), when, style)

    def sender(self, device: int = 0, token: str | None = None) -> messages.Sender:
        """The device that speaks."""
        known = self.device(device)
        return messages.Sender(known.token if token is None else token, known.label, known.serial, known.stgid)

    def device(self, number: int) -> Device:
        """Device `number` of the run; beyond those given, one of the same token and another serial number."""
        known = self.profile.devices
        if number < len(known):
            return known[number]
        first = known[0]
        return Device(first.token, f"ZHM11{90000000 + number}", f"{first.label} {number + 1}", first.stgid, first.key)

    def step(self, fact: Fact, device: int = 0, what: str = "", **more: Any) -> Step:
        """A step that tells a fact; keywords of `message` shape it, those of Step send it."""
        if self.profile.protocol is Protocol.V2:
            steps = framing_v2.steps_of(self, fact, device, what, **more)
            if len(steps) != 1:
                raise ValueError(f"{type(fact).__name__} is {len(steps)} messages in v2: use framing_v2.steps_of")
            return steps[0]
        shape = {key: more.pop(key) for key in ("operation_id", "time_s", "style", "token") if key in more}
        plain = envelope.encode(self.message(fact, device, **shape))
        return self.raw(plain, device, what or messages.callback_name(fact), **more)

    def raw(self, plain: bytes, device: int = 0, what: str = "raw", **more: Any) -> Step:
        """A step of given bytes, encrypted when the device has a key."""
        wire = more.pop("wire", None)
        key = self.device(device).key
        if wire is None:
            return Step(what, plain, envelope.seal_v3(plain, key), device, sealed=key is not None, **more)
        return Step(what, plain, wire, device, **more)

    def json(self, message: Any, device: int = 0, what: str = "raw", **more: Any) -> Step:
        """A step of a changed message."""
        return self.raw(envelope.encode(message), device, what, **more)

    # --- cases ---------------------------------------------------------------------------------------------------

    def announce(self, people: Iterable[str]) -> tuple[Step, ...]:
        """Steps that introduce people first, when --announce asks for it."""
        if not self.profile.announce:
            return ()
        return tuple(self.step(self.updated(user), what="announce", judged=False) for user in people)


Scenario = Callable[[Maker], Iterable[Case]]


def key_of(template: Template) -> TemplateKey:
    """Type and Index: what a target merges by; Index only counts where the page prints one."""
    return (str(template.type), template.index or "0") if template.type in INDEXED else (str(template.type), "")


def sha_of(template: Template) -> str:
    """sha256 of the decoded data; of the text for card and password."""
    plain = template.type in (TemplateType.CARD, TemplateType.PASSWORD)
    data = template.data.encode() if plain else base64.b64decode(template.data)
    return hashlib.sha256(data).hexdigest()


def stored(*templates: Template) -> dict[TemplateKey, str]:
    """What the read-back must show of these; a later one of the same key wins."""
    return {key_of(template): sha_of(template) for template in templates}


LOST = Transport.LOST_ACK
__all__ = ["DAY", "HOUR", "LOST", "MINUTE", "Maker", "PeopleError", "Scenario", "key_of", "sha_of", "stored"]
