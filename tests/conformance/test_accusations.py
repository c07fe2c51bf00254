"""What was once accused wrongly, or once missed, comes out right: each receiver is called in process."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from calling import PROTOCOLS, TOKEN, judged, verdicts

from camsim.protocol.vocabulary import Protocol
from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import Fact, Note, Outcome, Punch, Received, RefusedError, Reply, Template, Update
from camsim.receiver.memory.store import Store, Templates
from camsim_conformance.plan.cases import Step
from camsim_conformance.proof.direct import URL
from camsim_conformance.requirements.verdicts import Verdict
from camsim_conformance.sending import ack
from camsim_conformance.sending.exchange import Exchange
from camsim_conformance.target.profile import Device, Profile

BROKEN = Reply(500, b'{"error":"no such user"}')


class NewPeopleCrash(Policy):
    def keep_update(self, update: Update, store: Store) -> None:
        if not update.templates:
            raise RefusedError(BROKEN)
        super().keep_update(update, store)


@pytest.mark.parametrize(
    ("protocol", "forged", "told", "callback"),
    [
        (Protocol.V3, "CB-AUTH-001", "CB-TPL-006", "ManuallyUserUpdatedWithoutTemplate"),
        (Protocol.V2, "V2-AUTH-001", "V2-TPL-003", "ManuallyUserUpdated"),
    ],
)
def test_a_refused_set_up_is_no_failure_of_what_it_sets_up(
    protocol: Protocol, forged: str, told: str, callback: str
) -> None:
    result = judged(NewPeopleCrash, protocol)
    found = verdicts(result)
    assert found[forged] not in (Verdict.FAIL, Verdict.ADVICE)
    assert found[told] not in (Verdict.FAIL, Verdict.ADVICE)
    assert f"{callback} callback" in result.causes[0].sentence


class Loud(Policy):
    def rename(self, update: Update, store: Store) -> None:
        super().rename(replace(update, first=update.first.upper(), last=update.last.upper()), store)


class Forgetful(Policy):
    def merge(self, stored: Templates, told: Sequence[Template]) -> Templates:
        return {}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("behaviour", [Loud, Forgetful])
def test_who_changes_names_or_loses_templates_has_stored_no_forgery(
    behaviour: type[Policy], protocol: Protocol
) -> None:
    assert list(verdicts(judged(behaviour, protocol, "*-AUTH-001")).values()) == [Verdict.PASS]


class NineLetters(Policy):
    def user_text(self, value: object) -> str:
        text = super().user_text(value)
        if len(text) > 9:
            raise RefusedError(BROKEN)
        return text


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_ids_vary_in_one_thing_at_a_time(protocol: Protocol) -> None:
    result = judged(NineLetters, protocol)
    assert result.violated == []
    told = " ".join(cause.sentence for cause in result.causes)
    assert "digits" in told
    assert "hyphen" not in told
    assert "underscore" not in told


class NoSensors(Policy):
    def capabilities(self) -> dict[str, Any]:
        told = super().capabilities()
        return told | {"keeps": [name for name in told["keeps"] if name not in ("temperature", "mask")]}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_who_claims_no_sensors_and_keeps_every_punch_passes(protocol: Protocol) -> None:
    assert list(verdicts(judged(NoSensors, protocol, "*-PUNCH-004")).values()) == [Verdict.PASS]


class PhotoTakesType(Policy):
    def keep_other(self, fact: Fact, store: Store) -> None:
        super().keep_other(fact, store)
        if isinstance(fact, Note) and fact.kind == "photo":
            at, _ = self.moment(fact.text)
            rows = store.punches.get(fact.user, [])
            rows[:] = [replace(row, type=None) if row.at == at else row for row in rows]


class IdInTheQuery(Policy):
    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        kept = await super().keep_punch(punch, store)
        if "' OR " in punch.user:
            for rows in store.punches.values():
                rows[:] = [replace(row, type="CheckOut") for row in rows]
        return kept


class FiveHundredToOld(Policy):
    def acknowledge(self, received: Received, outcome: Outcome) -> Reply:
        for fact in self.facts(received):
            if isinstance(fact, Punch) and fact.at < time.time() - 2 * 86400:
                return Reply(500, b"too old")
        return super().acknowledge(received, outcome)


class AnyTag(Policy):
    def open(self, body: bytes, stgid: str) -> Received:
        self.tagged = bool(stgid)
        return super().open(body, stgid)

    def authentic(self, received: Received) -> bool:
        return self.tagged or super().authentic(received)


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (PhotoTakesType, "whose photo of the same moment came after"),
        (IdInTheQuery, "changed"),
        (FiveHundredToOld, "is answered HTTP 500"),
        (AnyTag, "A forged punch to the URL with ?stgid= is stored"),
    ],
)
def test_what_costs_pay_or_lets_somebody_in_fails_and_is_named(behaviour: type[Policy], said: str) -> None:
    result = judged(behaviour)
    assert result.violated
    assert said in result.causes[0].sentence


@pytest.mark.parametrize(
    ("body", "acknowledges"),
    [
        (b'{"status":"done","status":"done"}', True),
        (b'{"status":"done","status":"failed"}', False),
        (b'{"status":"failed","status":"done"}', False),
        (b'{"status":"done","inner":{"status":"failed"}}', True),
        (b'\xef\xbb\xbf{"status":"done"}', True),
    ],
)
def test_several_members_of_one_name_must_agree(body: bytes, acknowledges: bool) -> None:
    profile = Profile(URL, (Device(TOKEN),))
    step = Step("punch", b"{}", b"{}")
    assert ack.acknowledged(Exchange(0, 200, (), body), profile, step) is acknowledges
