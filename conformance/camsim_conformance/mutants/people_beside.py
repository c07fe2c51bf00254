"""Receivers that mix up people, or lose what comes back, what is many, or what two people share."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from camsim.protocol.vocabulary import Protocol
from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import Deletion, Fact, Json, Note, Punch, Received, Template, Update
from camsim.receiver.memory.store import Store, Templates

from .groups import PEOPLE, V2_EVERYTHING, V2_PEOPLE
from .model import because, both, mutant

_USER = "user-data"
_REASON = "has people or templates of that kind"
_ROWS = ("CB-ROW-002", "V2-ROW-002")
_OTHERS = ("CB-USR-003", "V2-USR-002")
_V3 = because(_REASON, *PEOPLE, *_ROWS[:1], *_OTHERS[:1], "CB-TPL-006", "CB-TPL-007", "CB-ROW-001", "CB-DUP-004")
_V2 = because(_REASON, *V2_PEOPLE, *V2_EVERYTHING, *_ROWS[1:], *_OTHERS[1:], "V2-TPL-004", "V2-ROW-001")
_MAY = (_V3, _V2)
_NUMBERS = ("Card", "Password")


@both("deletion-by-part", "deletes everybody whose UserID holds the deleted one", _OTHERS, _MAY, features=_USER)
class DeletionByPart(Policy):
    def drop_user(self, deletion: Deletion, store: Store) -> None:
        for user in [user for user in {*store.people, *store.templates} if deletion.user in user]:
            store.drop(user)


@both(
    "deletion-of-the-last",
    "deletes who was made last where it does not know the deleted one",
    _OTHERS,
    _MAY,
    features=_USER,
)
class DeletionOfTheLast(Policy):
    def drop_user(self, deletion: Deletion, store: Store) -> None:
        known = list(store.people)
        if deletion.user in store.people or not known:
            super().drop_user(deletion, store)
        else:
            store.drop(known[-1])


@both("same-update-skipped", "skips an update that it was told before", _ROWS, _MAY, features=_USER)
class SameUpdateSkipped(Policy):
    def __init__(self) -> None:
        self._seen: set[str] = set()

    def keep_update(self, update: Update, store: Store) -> None:
        text = hashlib.sha256(repr(update).encode()).hexdigest()
        if text not in self._seen:
            self._seen.add(text)
            super().keep_update(update, store)


class _Merging(Policy):
    """Takes some templates of a message alone, or takes some away."""

    def taken(self, stored: Templates, told: Sequence[Template]) -> list[Template]:
        """Which of the told ones it takes."""
        raise NotImplementedError

    def merge(self, stored: Templates, told: Sequence[Template]) -> Templates:
        return super().merge(stored, self.taken(stored, told))


@both("two-fingers-alone", "has room for two fingers of a person", _ROWS, _MAY, features=_USER)
class TwoFingersAlone(_Merging):
    def taken(self, stored: Templates, told: Sequence[Template]) -> list[Template]:
        fingers = {one.index for one in stored.values() if one.type == "Fingerprint"}
        taken = []
        for one in told:
            if one.type == "Fingerprint" and one.index not in fingers:
                if len(fingers) == 2:
                    continue
                fingers.add(one.index)
            taken.append(one)
        return taken


@mutant("six-templates-alone", "has room for six templates of a person", "CB-ROW-002", _V3, features=_USER)
class SixTemplatesAlone(_Merging):
    def taken(self, stored: Templates, told: Sequence[Template]) -> list[Template]:
        room = 6 - len(stored)
        taken = []
        for one in told:
            if self.template_key(one) not in stored:
                if room <= 0:
                    continue
                room -= 1
            taken.append(one)
        return taken


@both("one-pin-alone", "lets a PIN be one person's alone", _ROWS, _MAY, features=_USER)
class OnePinAlone(Policy):
    def keep_update(self, update: Update, store: Store) -> None:
        taken = {one.data for user, some in store.templates.items() if user != update.user for one in some.values()}
        kept = tuple(one for one in update.templates if one.type != "Password" or one.data not in taken)
        super().keep_update(replace(update, templates=kept), store)


@mutant("face-for-palm", "keeps a face and a palm in one place", "CB-ROW-002", _V3, features=_USER)
class FaceForPalm(Policy):
    def merge(self, stored: Templates, told: Sequence[Template]) -> Templates:
        if any(one.type == "Face" for one in told):
            stored = {key: one for key, one in stored.items() if one.type != "Palm"}
        return super().merge(stored, told)


@mutant("group-replaces", "takes several templates for all that there are", "CB-ROW-002", _V3, features=_USER)
class GroupReplaces(Policy):
    def merge(self, stored: Templates, told: Sequence[Template]) -> Templates:
        return super().merge({} if len(told) > 1 else stored, told)


@mutant("role-resets", "forgets the templates of who becomes an administrator", "CB-ROW-002", _V3, features=_USER)
class RoleResets(Policy):
    def __init__(self) -> None:
        self._admins: set[str] = set()
        self._turned = ""

    def updates(self, item: Json, received: Received) -> Iterable[Fact]:
        user, admin = self.user_of(item), item.get("UserType") == "Admin"
        self._turned = user if admin and user not in self._admins else ""
        if admin:
            self._admins.add(user)
        return super().updates(item, received)

    def keep_update(self, update: Update, store: Store) -> None:
        if update.user == self._turned:
            store.templates.pop(update.user, None)
        super().keep_update(update, store)


@mutant("same-moment-skipped", "skips an update of an OperationTime that it had", "CB-ROW-002", _V3, features=_USER)
class SameMomentSkipped(Policy):
    def __init__(self) -> None:
        self._seen: set[tuple[str, object]] = set()

    def updates(self, item: Json, received: Received) -> Iterable[Fact]:
        found = list(super().updates(item, received))
        fresh = [fact for fact in found if (getattr(fact, "user", ""), item.get("OperationTime")) not in self._seen]
        self._seen.update((getattr(fact, "user", ""), item.get("OperationTime")) for fact in found)
        return fresh


@mutant("returns-bare", "takes a person who comes back without the first templates", "CB-ROW-002", _V3, features=_USER)
class ReturnsBare(Policy):
    def __init__(self) -> None:
        self._gone: set[str] = set()

    def drop_user(self, deletion: Deletion, store: Store) -> None:
        self._gone.add(deletion.user)
        super().drop_user(deletion, store)

    def keep_update(self, update: Update, store: Store) -> None:
        if update.user in self._gone:
            self._gone.discard(update.user)
            update = replace(update, templates=())
        super().keep_update(update, store)


@mutant(
    "second-device-untold",
    "takes people from the first device alone",
    "CB-ROW-002",
    {**_V3, **because("has updates of the second device", "CB-DEV-001")},
    features="user-data multi-device",
)
class SecondDeviceUntold(Policy):
    def __init__(self) -> None:
        self._first: object = None

    def updates(self, item: Json, received: Received) -> Iterable[Fact]:
        serial = received.body.get("SerialNumber")
        self._first = self._first or serial
        return list(super().updates(item, received)) if serial in (None, self._first) else []


def _v2(name: str, title: str, must: str, features: str = _USER) -> Callable[[type[Policy]], type[Policy]]:
    return mutant(name, title, must, _V2, protocol=Protocol.V2, features=features)


@_v2("v2-bare-update-resets", "takes an update without signatures for somebody without any", "V2-TPL-004")
class BareUpdateResets(Policy):
    def keep_update(self, update: Update, store: Store) -> None:
        super().keep_update(update, store)
        if not update.templates:
            store.templates.pop(update.user, None)


@_v2("v2-parts-to-twelve", "has room for twelve parts of a face", "V2-TPL-001")
class PartsToTwelve(_Merging):
    def taken(self, stored: Templates, told: Sequence[Template]) -> list[Template]:
        return [one for one in told if one.type == "Fingerprint" or int(one.index or 0) <= 12]


@_v2("v2-name-beside-pin-lost", "reads no name beside a PIN", "V2-ROW-002")
class NameBesidePinLost(Policy):
    def v2_names_count(self, items: Iterable[Json]) -> bool:
        return super().v2_names_count(items) and not any(item.get("Type") == "Password" for item in items)


@_v2("v2-name-alone-lost", "reads FirstName and LastName, never Name", "V2-ROW-002")
class NameAloneLost(Policy):
    def v2_update(self, user: str, data: Json, received: Received) -> Fact:
        return super().v2_update(user, {**data, "Name": ""}, received)


class _Lazy(Policy):
    """Takes lazy responses for what they are not."""

    def of_lazy(self, user: str, received: Received) -> Fact | None:
        """What it makes of one; None where it leaves it alone."""
        raise NotImplementedError

    def v2_facts(self, received: Received) -> Iterable[Fact]:
        found = list(super().v2_facts(received))
        if len(found) == 1 and isinstance(found[0], Note) and found[0].kind == "lazy":
            return [self.of_lazy(found[0].user, received) or found[0]]
        return found


@_v2("v2-lazy-punches", "stores every lazy response as a punch", "V2-ROW-002", "core user-data")
class LazyPunches(_Lazy):
    def of_lazy(self, user: str, received: Received) -> Fact | None:
        fact = self.v2_punch(user, {}, received)
        return replace(fact, type="CheckIn") if isinstance(fact, Punch) and user else None


@_v2("v2-lazy-empties", "empties a name by the lazy response of AddUser", "V2-ROW-002")
class LazyEmpties(_Lazy):
    def of_lazy(self, user: str, received: Received) -> Fact | None:
        return Update(user, "?") if received.body.get("Operation") == "AddUser" else None

    def rename(self, update: Update, store: Store) -> None:
        if update.first == "?":
            store.people.pop(update.user, None)
        else:
            super().rename(update, store)


@_v2("v2-lazy-deletes", "deletes by the lazy response of a DeleteUser that failed", "V2-ROW-002")
class LazyDeletes(_Lazy):
    def of_lazy(self, user: str, received: Received) -> Fact | None:
        return Deletion(user) if received.body.get("Operation") == "DeleteUser" else None
