"""Compare what a storm sent with what is stored: every acknowledged punch exactly once, nothing invented."""

from __future__ import annotations

import base64
import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from camsim.protocol.catalogue import Family
from camsim.protocol.timestamps import local
from camsim.protocol.vocabulary import TemplateType
from camsim_loadtests.driver.ledger import Ledger
from camsim_loadtests.plan.bodies import templates
from camsim_loadtests.plan.plan import OFFSET_MIN, Item, Plan
from camsim_loadtests.readback import MOST_USERS, ReadBack

MOST_NAMED = 1000
_POLL_S = 0.2
_BARE_TEXT = frozenset({TemplateType.CARD, TemplateType.PASSWORD})


class Finding(msgspec.Struct, frozen=True):
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


class Person(msgspec.Struct):
    """All of one user's items."""

    user: str
    items: list[Item]


def people(plan: Plan) -> Iterator[Person]:
    """Every user of the storm with all items; a user belongs to one device."""
    for device in plan.owned():
        found: dict[int, Person] = {}
        for item in plan.items(device):
            found.setdefault(item.user, Person(item.user_id, [])).items.append(item)
        yield from found.values()


def compare(plan: Plan, ledger: Ledger, adapter: ReadBack, sample: int, settle_s: float) -> Comparison:
    """Read back all users, or `sample` of them, until nothing is missing or the settle time is over.

    Raises: ReadBackError.
    """
    capabilities = adapter.capabilities()
    result = Comparison(url=adapter.url, time_policy=capabilities.time_policy)
    judge = _Judge(plan, ledger, adapter, result)
    began = time.monotonic()
    for batch in _batches(plan, sample, result):
        judge.batch(batch, capabilities.keeps, began + settle_s)
    result.settled_s = round(time.monotonic() - began, 3)
    return result


def _batches(plan: Plan, sample: int, result: Comparison) -> Iterator[list[Person]]:
    every = 1 if sample <= 0 else max(1, plan.settings.people // sample)
    batch: list[Person] = []
    for person in people(plan):
        result.of_users += 1
        if result.of_users % every == 0:
            result.users += 1
            batch.append(person)
        if len(batch) == MOST_USERS:
            yield batch
            batch = []
    if batch:
        yield batch


class _Judge:
    """Compares batches of people and enters what it finds."""

    def __init__(self, plan: Plan, ledger: Ledger, adapter: ReadBack, result: Comparison) -> None:
        self._plan, self._ledger, self._adapter, self._result = plan, ledger, adapter, result
        self._local = result.time_policy == "device-local"

    def batch(self, batch: list[Person], keeps: tuple[str, ...], until: float) -> None:
        """Compare what one request can hold; asks again while something is missing and there is time to settle."""
        users = [person.user for person in batch]
        self._settled(batch, until, self._punches_missing(batch, users))
        if "templates" in keeps and any(row.family is Family.USER_UPDATED for row in self._plan.profile.operations):
            self._templates(batch, users)

    def _settled(self, batch: list[Person], until: float, read: Callable[[], tuple[Counter[Any], int]]) -> None:
        stored, missing = read()
        while missing and time.monotonic() < until:
            time.sleep(_POLL_S)
            stored, missing = read()
        for person in batch:
            self._enter(person, stored)
        known = {person.user for person in batch}
        planned = {(person.user, self._time(item)) for person in batch for item in person.items}
        for user, moment in stored:
            if user in known and (user, moment) not in planned:
                self._note("foreign", Finding(user, moment, ""))

    def _punches_missing(self, batch: list[Person], users: list[str]) -> Callable[[], tuple[Counter[Any], int]]:
        wanted = [
            (item.user_id, self._time(item))
            for person in batch
            for item in person.items
            if _is_punch(item) and self._ledger.acked(item.seq)
        ]

        def read() -> tuple[Counter[Any], int]:
            stored = Counter((row.user, row.time) for row in self._adapter.punches(users))
            return stored, sum(1 for key in wanted if key not in stored)

        return read

    def _enter(self, person: Person, stored: Counter[Any]) -> None:
        for item in filter(_is_punch, person.items):
            self._result.punches += 1
            count = stored[(item.user_id, self._time(item))]
            if count == 0 and self._ledger.acked(item.seq):
                self._note("missing", self._finding(item, self._time(item)))
            elif count > 1:
                self._note("doubled", self._finding(item, self._time(item)))

    def _templates(self, batch: list[Person], users: list[str]) -> None:
        stored: dict[tuple[str, str], list[str | None]] = {}
        for row in self._adapter.templates(users):
            stored.setdefault((row.user, f"{row.type}:{row.index or 0}"), []).append(row.sha256)
        for person in batch:
            for key, (item, digest) in self._last_templates(person).items():
                self._result.templates += 1
                found = stored.get((person.user, key), [])
                if digest not in found:
                    self._note("missing", self._finding(item, key))
                elif len(found) > 1:
                    self._note("doubled", self._finding(item, key))

    def _last_templates(self, person: Person) -> dict[str, tuple[Item, str]]:
        wanted: dict[str, tuple[Item, str]] = {}
        for item in person.items:
            if self._ledger.acked(item.seq):
                for template in templates(self._plan.settings.seed, item):
                    bare = template.type in _BARE_TEXT
                    data = template.data.encode() if bare else base64.b64decode(template.data)
                    wanted[template.key] = (item, hashlib.sha256(data).hexdigest())
        return wanted

    def _time(self, item: Item) -> str:
        if self._local:
            return local(item.log_time, OFFSET_MIN).replace(" ", "T")
        return local(item.log_time).replace(" ", "T") + "Z"

    def _finding(self, item: Item, what: str) -> Finding:
        entry = self._ledger.entry(item.seq)
        acknowledged = None if entry.acked_ms is None else entry.acked_ms / 1000
        return Finding(item.user_id, what, self._plan.device(item.device).serial, item.operation.name, acknowledged)

    def _note(self, kind: str, finding: Finding) -> None:
        setattr(self._result, kind, getattr(self._result, kind) + 1)
        named: list[Finding] = getattr(self._result, f"{kind}_named")
        if len(named) < MOST_NAMED:
            named.append(finding)


def _is_punch(item: Item) -> bool:
    return item.operation.family is Family.PUNCH_LOG
