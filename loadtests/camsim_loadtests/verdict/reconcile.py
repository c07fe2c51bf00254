"""Compare what a storm sent with what is stored: every acknowledged punch exactly once, nothing invented."""

from __future__ import annotations

import base64
import hashlib
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Literal, Protocol

import msgspec

from camsim.protocol.catalogue import Family
from camsim.protocol.facts import Template
from camsim.protocol.vocabulary import TemplateType
from camsim.readback.model import MAX_IDS, Capabilities, StoredPunch, StoredTemplate
from camsim_loadtests.driver.ledger import Ledger
from camsim_loadtests.plan.bodies import templates
from camsim_loadtests.plan.plan import OFFSET_MIN, Item, Plan

MOST_NAMED = 1000
_POLL_S = 0.2
_BARE_TEXT = frozenset({TemplateType.CARD, TemplateType.PASSWORD})
PunchKey = tuple[str, int]  # user, and the time as the adapter's policy counts it


class Adapter(Protocol):
    """What is asked of a read-back here."""

    url: str

    def capabilities(self) -> Capabilities: ...
    def punches(self, people: list[str]) -> Iterable[StoredPunch]: ...
    def templates(self, people: list[str]) -> Iterable[StoredTemplate]: ...


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is not as it was acknowledged."""

    user: str
    what: str  # a punch's time as the read-back writes it, or a template's type and index
    device: str
    sent: str = ""
    acknowledged_s: float | None = None


class Comparison(msgspec.Struct, kw_only=True):
    """What the read-back showed; the lists name at most a thousand."""

    url: str
    time_policy: str
    users: int = 0
    of_users: int = 0
    punches: int = 0
    templates: int = 0
    missing: int = 0
    doubled: int = 0
    foreign: int = 0
    settled_s: float = 0.0
    missing_named: list[Finding] = msgspec.field(default_factory=list)
    doubled_named: list[Finding] = msgspec.field(default_factory=list)
    foreign_named: list[Finding] = msgspec.field(default_factory=list)

    @property
    def full(self) -> bool:
        """True when every user was compared."""
        return self.users == self.of_users

    def note(self, kind: Literal["missing", "doubled", "foreign"], finding: Finding) -> None:
        """Count a finding, and name it while the list is short enough to be read."""
        setattr(self, kind, getattr(self, kind) + 1)
        named: list[Finding] = getattr(self, f"{kind}_named")
        if len(named) < MOST_NAMED:
            named.append(finding)


class Person(msgspec.Struct):
    """All of one user's items."""

    user: str
    items: list[Item]


def people(plan: Plan) -> Iterator[Person]:
    """Every user of the storm with all items; a user belongs to one device."""
    for device in plan.owned():
        found: dict[int, Person] = {}
        for item in plan.items(device):
            person = found.get(item.user)
            if person is None:
                person = found[item.user] = Person(item.user_id, [])
            person.items.append(item)
        yield from found.values()


def compare(plan: Plan, ledger: Ledger, adapter: Adapter, sample: int, settle_s: float) -> Comparison:
    """Read back all users, or `sample` of them, until nothing is missing or the settle time is over.

    Raises: ReadBackError.
    """
    capabilities = adapter.capabilities()
    result = Comparison(url=adapter.url, time_policy=capabilities.time_policy)
    began = time.monotonic()
    comparer = _Comparer(plan, ledger, adapter, result, began + settle_s)
    enrols = any(row.family is Family.USER_UPDATED for row in plan.profile.operations)
    for batch in _batches(plan, sample, result):
        comparer.punches(batch)
        if enrols and "templates" in capabilities.keeps:
            comparer.templates(batch)
    result.settled_s = round(time.monotonic() - began, 3)
    return result


def _batches(plan: Plan, sample: int, result: Comparison) -> Iterator[list[Person]]:
    every = 1
    if sample > 0:
        every = max(1, plan.settings.people // sample)
    batch: list[Person] = []
    for person in people(plan):
        result.of_users += 1
        if result.of_users % every == 0:
            result.users += 1
            batch.append(person)
        if len(batch) == MAX_IDS:
            yield batch
            batch = []
    if batch:
        yield batch


class _Comparer:
    """Compares batches of people, each what one request can hold, and enters what it finds."""

    def __init__(self, plan: Plan, ledger: Ledger, adapter: Adapter, result: Comparison, until: float) -> None:
        self._plan, self._ledger, self._adapter, self._result = plan, ledger, adapter, result
        self._until = until
        # Under `device-local` a time is the device's wall clock, counted as if it were UTC.
        self._shift_s, self._zone = 0, "Z"
        if result.time_policy == "device-local":
            self._shift_s, self._zone = OFFSET_MIN * 60, ""

    def punches(self, batch: list[Person]) -> None:
        """Every acknowledged punch once, and no other; asks again while one is missing and there is time to settle."""
        planned: dict[PunchKey, Item] = {}
        others: set[PunchKey] = set()
        for person in batch:
            for item in person.items:
                key = (person.user, item.log_time + self._shift_s)
                if item.operation.family is Family.PUNCH_LOG:
                    planned[key] = item
                else:
                    others.add(key)
        wanted = {key for key, item in planned.items() if self._ledger.acked(item.seq)}
        users = [person.user for person in batch]
        stored = self._settled(users, wanted)
        self._result.punches += len(planned)
        self._enter(planned, wanted, stored)
        known = set(users)
        for key in sorted(stored.keys() - planned.keys() - others):
            # Rows of other people are what else the target keeps: to tell a whole table is no lie.
            if key[0] in known:
                self._result.note("foreign", Finding(user=key[0], what=self._written(key[1]), device=""))

    def _settled(self, users: list[str], wanted: set[PunchKey]) -> Counter[PunchKey]:
        stored = self._stored(users)
        while not wanted <= stored.keys() and time.monotonic() < self._until:
            time.sleep(_POLL_S)
            stored = self._stored(users)
        return stored

    def _stored(self, users: list[str]) -> Counter[PunchKey]:
        return Counter((row.user, row.time) for row in self._adapter.punches(users))

    def _enter(self, planned: dict[PunchKey, Item], wanted: set[PunchKey], stored: Counter[PunchKey]) -> None:
        for key, item in planned.items():
            count = stored.get(key, 0)
            if count == 0 and key in wanted:
                self._result.note("missing", self._finding(item, self._written(key[1])))
            elif count > 1:
                self._result.note("doubled", self._finding(item, self._written(key[1])))

    def templates(self, batch: list[Person]) -> None:
        """The last acknowledged template of every kind and index, by its digest."""
        stored: dict[tuple[str, str], list[str]] = {}
        for row in self._adapter.templates([person.user for person in batch]):
            stored.setdefault((row.user, f"{row.type}:{row.index or 0}"), []).append(row.sha256)
        for person in batch:
            for key, (item, digest) in self._last_templates(person).items():
                self._result.templates += 1
                found = stored.get((person.user, key), [])
                if digest not in found:
                    self._result.note("missing", self._finding(item, key))
                elif len(found) > 1:
                    self._result.note("doubled", self._finding(item, key))

    def _last_templates(self, person: Person) -> dict[str, tuple[Item, str]]:
        wanted: dict[str, tuple[Item, str]] = {}
        for item in person.items:
            if not self._ledger.acked(item.seq):
                continue
            for template in templates(self._plan.settings.seed, item):
                wanted[template.key] = (item, _digest(template))
        return wanted

    def _written(self, moment: int) -> str:
        """A time as a read-back of this policy writes it."""
        try:
            text = datetime.fromtimestamp(moment, UTC).replace(tzinfo=None).isoformat()
        except (OverflowError, ValueError, OSError):  # milliseconds in place of seconds lie thousands of years ahead
            return str(moment)
        return text + self._zone

    def _finding(self, item: Item, what: str) -> Finding:
        acked_ms = self._ledger.entry(item.seq).acked_ms
        return Finding(
            user=item.user_id,
            what=what,
            device=self._plan.device(item.device).serial,
            sent=item.operation.name,
            acknowledged_s=None if acked_ms is None else acked_ms / 1000,
        )


def _digest(template: Template) -> str:
    # A read-back hashes what is stored: images and minutiae decoded, card numbers and passwords as they are.
    if template.type in _BARE_TEXT:
        return hashlib.sha256(template.data.encode()).hexdigest()
    return hashlib.sha256(base64.b64decode(template.data)).hexdigest()
