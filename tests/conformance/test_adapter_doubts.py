"""A right receiver behind an adapter that hashes, counts, limits or joins wrongly: the run is void, and says what to
mend; no cause is held against the receiver. Each is called in process."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Sequence

import pytest
from certifying import TOKEN

from camsim.protocol.vocabulary import Protocol
from camsim.receiver import KnownDevice
from camsim.receiver.memory import Policy
from camsim.receiver.memory.policy import Json
from camsim.receiver.memory.records import Template
from camsim.receiver.memory.store import Store
from camsim_conformance.proof.direct import URL, DirectReceiver, DirectSession
from camsim_conformance.session.record import RunRecord
from camsim_conformance.target.profile import Device, Profile, parse_features


def gathered(behaviour: type[Policy], protocol: Protocol, features: str = "core", *globs: str) -> RunRecord:
    claimed = parse_features(features, protocol, None)
    profile = Profile(
        URL, (Device(TOKEN),), protocol, features=claimed, settle_s=0.01, confirm=False, globs=globs or ("*",)
    )
    receiver = DirectReceiver([KnownDevice(TOKEN, None, "Conformance door", "CERT00001")], None, behaviour())
    return DirectSession(profile, receiver, int(time.time())).run()


class HashesText(Policy):
    def show_template(self, template: Template) -> Json:
        return {**super().show_template(template), "sha256": hashlib.sha256(template.data.encode()).hexdigest()}


class HashesOtherwise(Policy):
    def show_template(self, template: Template) -> Json:
        digest = hashlib.md5(template.data.encode(), usedforsecurity=False).hexdigest()
        return {**super().show_template(template), "sha256": digest}


class TenRows(Policy):
    def shown_punches(self, user: str, store: Store) -> Sequence[Json]:
        return super().shown_punches(user, store)[:10]


class Doubled(Policy):
    def shown_punches(self, user: str, store: Store) -> Sequence[Json]:
        return [row for row in super().shown_punches(user, store) for _ in range(2)]


class JoinedWithTemplates(Policy):
    def shown_punches(self, user: str, store: Store) -> Sequence[Json]:
        times = max(1, len(store.templates.get(user, ())))
        return [row for row in super().shown_punches(user, store) for _ in range(times)]


class JoinedWithIds(JoinedWithTemplates):
    """Tells the row's own id: that the rows of one id are several is plain."""

    def shown_punches(self, user: str, store: Store) -> Sequence[Json]:
        return [{**row, "row_id": row["time"]} for row in super().shown_punches(user, store)]


class Numbers(Policy):
    def shown_punches(self, user: str, store: Store) -> Sequence[Json]:
        rows = super().shown_punches(user, store)
        return [{**row, "user": int(user) if user.isdigit() else user} for row in rows]


TEMPLATES = ("core,user-data", "*-TPL-*", "*-ROW-*")


@pytest.mark.parametrize("protocol", list(Protocol))
@pytest.mark.parametrize(
    ("behaviour", "asked", "said"),
    [
        (HashesText, TEMPLATES, "is that of its Base64 text.*Decode the Base64"),
        (HashesOtherwise, TEMPLATES, "is not 64 hexadecimal digits"),
        (TenRows, ("core",), "read-back or target: .*10 rows of a person at most.*LIMIT 10"),
        (Doubled, ("core", "*-DUP-*"), "read-back or target: .*2 equal rows of each plain punch.*JOIN"),
        (JoinedWithTemplates, ("core,user-data", "*-ROW-002"), "as many as the person has templates.*JOIN"),
        (JoinedWithIds, ("core,user-data", "*-ROW-002"), "(as many as|equal in every column).*JOIN"),
        (Numbers, ("core", "*-PUNCH-*"), 'user ids as numbers .*user "0'),
    ],
)
def test_an_adapter_s_own_mistake_voids_the_run_and_is_named(
    behaviour: type[Policy], asked: tuple[str, ...], said: str, protocol: Protocol
) -> None:
    void = gathered(behaviour, protocol, *asked).void
    assert re.search(said, void or "")


class StoresTwice(Policy):
    """Two rows of each punch, and their ids tell that they are two."""

    def shown_punches(self, user: str, store: Store) -> Sequence[Json]:
        rows = [row for row in super().shown_punches(user, store) for _ in range(2)]
        return [{**row, "row_id": number} for number, row in enumerate(rows)]


class LeadingZeros(Policy):
    def user_text(self, value: object) -> str:
        return super().user_text(value).lstrip("0")


@pytest.mark.parametrize(("behaviour", "asked"), [(StoresTwice, "CB-DUP-*"), (LeadingZeros, "CB-PUNCH-*")])
def test_a_target_that_does_the_same_is_judged_for_it(behaviour: type[Policy], asked: str) -> None:
    record = gathered(behaviour, Protocol.V3, "core", asked)
    assert record.void is None
    assert record.judgement().causes
