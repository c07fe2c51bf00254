"""Receivers and adapters that were once accused wrongly, or once missed, in both protocols, called in process."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from copy import deepcopy

import pytest
from calling import PROTOCOLS, LyingReadBack, accused, called, certified, judged, verdicts
from certifying import TcpServer, profile, rows, told
from test_void import drops_every

from camsim.protocol.vocabulary import Protocol
from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import Fact, Json, Outcome, Received, Reply
from camsim.receiver.memory.store import Store
from camsim_conformance.checks.sections import plan
from camsim_conformance.mutants import MUTANTS, policy
from camsim_conformance.mutants.acknowledgements import always
from camsim_conformance.mutants.duplicates import NoDedupe
from camsim_conformance.mutants.punches import CheckoutInvented, OutsAsIns
from camsim_conformance.mutants.times import SecondsDropped
from camsim_conformance.plan.cases import Stage
from camsim_conformance.proof.settings import NOW_S
from camsim_conformance.requirements.verdicts import Verdict
from camsim_conformance.target.profile import Device, parse_features

PEOPLE = tuple(str(70_000 + number) for number in range(320))
ROWS = ("*-ORD-001", "*-DUP-001", "*-TIME-001", "*-ACK-001")


# --- the same store, people and devices as the user has them ----------------------------------------------------------


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_two_runs_of_one_day_against_one_store_say_the_same(protocol: Protocol) -> None:
    receiver = called()
    # Two runs of one second send the same moments of the same people: what has its row already shows nothing.
    first, second = (certified(receiver, protocol, *ROWS, people=PEOPLE, ago_s=ago) for ago in (20, 0))
    assert (accused(first), verdicts(second)) == ([], verdicts(first))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_without_a_second_device_nobody_else_speaks_and_given_people_are_known(protocol: Protocol) -> None:
    features = parse_features("core,user-data,photo", protocol, None)
    chosen = profile("http://127.0.0.1:1/", protocol=protocol, features=features, people=PEOPLE)
    made = plan(chosen, NOW_S, 12_345)
    steps = [step for case in made.cases if case.stage is not Stage.HOSTILE for step in case.steps]
    assert {step.device for step in steps} == {0}
    assert [step.what for step in steps if b"ZHM1100000002" in step.plain or b"CERT00002" in step.plain] == []
    probing = [case for case in made.cases if case.id.startswith(("CB-AUTH-002", "CB-ROB-003", "V2-ROB-001"))]
    told_of = {step.told.user for case in probing for step in case.steps if step.told is not None and step.judged}
    assert told_of <= {*PEOPLE}


@pytest.mark.parametrize(
    ("behaviour", "clean"),
    [
        (OutsAsIns, ("CB-ORD-002",)),
        (CheckoutInvented, ("CB-DUP-001",)),
        (SecondsDropped, ("CB-DUP-001",)),
    ],
)
def test_a_fault_is_held_against_its_own_requirement(behaviour: type[Policy], clean: tuple[str, ...]) -> None:
    for protocol in PROTOCOLS:
        result = judged(behaviour, protocol, "*-ORD-00[12]", "*-DUP-001", "*-PUNCH-002", "*-TIME-001")
        said = " ".join(cause.sentence for cause in result.causes)
        assert result.violated
        assert "not stored" not in said
        if protocol is Protocol.V3:
            assert [name for name in clean if name in {cause.requirement for cause in result.causes}] == []


def test_a_service_tag_that_stands_in_the_url_is_there_once() -> None:
    chosen = profile("http://127.0.0.1:1/cams?stgid=KNOWN1", None, "CB-ROB-002")
    made = plan(chosen, NOW_S, 12_345)
    queries = {
        case.name: {step.query for step in case.steps} for case in made.cases if case.id.startswith("CB-ROB-002")
    }
    assert queries
    assert [name for name, found in queries.items() if "doubled" not in name and any("stgid" in q for q in found)] == []


# --- answers that only a look at every answer finds -------------------------------------------------------------------

STORED = [name for name in MUTANTS if name.removeprefix("v2-").startswith("stored-")]
_SOME = STORED[:: 1 if os.environ.get("CAMSIM_ALL_MUTANTS") else 6]


@pytest.mark.parametrize("name", _SOME)
def test_without_read_back_a_refusal_of_what_was_stored_is_seen(name: str) -> None:
    row = MUTANTS[name]
    globs = ("*-ROW-00[12]", "*-WIRE-002", "*-ACK-001")
    if "multi-device" in row.features:
        pytest.skip("a second device is given over HTTP")
    assert certified(called(policy(name)), row.protocol, *globs, blind=True).violated


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_an_answer_that_is_dropped_every_tenth_time_is_counted(protocol: Protocol) -> None:
    asked = "CB-ACK-001" if protocol is Protocol.V3 else "V2-ACK-001"
    features = parse_features("core", protocol, None)
    with TcpServer(drops_every(10)) as server:
        url = f"http://127.0.0.1:{server.port}/"
        result = told(profile(url, None, asked, protocol=protocol, features=features))
    dropped = [case for case in rows(result, asked)["cases"] if case["verdict"] == "NON-STRICT"]
    assert result["exit_code"] == 0
    assert dropped
    assert "the connection closed without an answer once before it" in dropped[0]["actual"]


# --- one cause, one finding -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "behaviour", [always(Reply(body=b'{"Status":"done"}')), always(Reply(500, b"KeyError: 'Temperature'"))]
)
def test_what_one_mistake_does_to_many_requirements_is_one_cause(behaviour: type[Policy], protocol: Protocol) -> None:
    result = judged(behaviour, protocol, "*-ACK-00[125]", "*-DUP-004", "*-ORD-005", "*-PUNCH-00[12]", "V2-DUP-002")
    assert len(result.violated) >= 1
    assert len(result.causes) == 1, [cause.sentence for cause in result.causes]


# --- late is not lost ------------------------------------------------------------------------------------------------

BATCH_S = 0.15


class Batches(Policy):
    """What comes once it is busy shows when its writer wakes up: punches, templates, names and deletions alike."""

    def __init__(self) -> None:
        self._calls = 0
        self._shown = Store()
        self._since = 0.0

    async def keep(self, facts: Sequence[Fact], store: Store, received: Received) -> Outcome:
        self._calls += 1
        self._flush(store)
        return await super().keep(facts, store, received)

    def _flush(self, store: Store) -> Store:
        now = time.monotonic()
        if self._calls < 20 or now - self._since > BATCH_S:
            self._shown, self._since = deepcopy(store), now
        return self._shown

    def shown_punches(self, user: str, store: Store) -> Sequence[Json]:
        return super().shown_punches(user, self._flush(store))

    def shown_templates(self, user: str, store: Store) -> Sequence[Json]:
        return super().shown_templates(user, self._flush(store))

    def shown_users(self, user: str, store: Store) -> Sequence[Json]:
        return super().shown_users(user, self._flush(store))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_writer_that_flushes_later_than_the_settle_time_loses_nothing(protocol: Protocol) -> None:
    globs = ("*-ORD-00[12]", "*-TPL-00[1-4]", "*-USR-001", "*-AUTH-001", "*-DUP-001")
    result = judged(Batches, protocol, *globs, settle_s=0.06)
    assert accused(result) == []
    assert result.record.late


# --- load of our own making -------------------------------------------------------------------------------------------


class LocksOut(Policy):
    """Refuses everybody once five wrong tokens came."""

    wrong = 0

    def authentic(self, received: Received) -> bool:
        right = super().authentic(received)
        self.wrong += not right
        return right and self.wrong < 5


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_who_locks_senders_out_after_five_wrong_tokens_fails_nothing(protocol: Protocol) -> None:
    result = judged(LocksOut, protocol, "*-AUTH-001", "*-ACK-001", "*-ROB-00[13]", "*-DUP-001")
    assert accused(result) == []
    assert "locks senders out" in (result.record.locked_out or "")
    assert Verdict.COULD_NOT_RUN in {case.verdict for row in result.requirements for case in row.cases}


# --- adapters --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("people", "most", "why"),
    [
        (slice(1), None, "answers only the first user="),
        (slice(50), None, "pages or limits its rows or ids"),
        (slice(None), 50, "pages or limits its rows"),
    ],
)
def test_an_adapter_that_hides_rows_is_named_in_v2(people: slice, most: int | None, why: str) -> None:
    receiver = called()
    result = certified(receiver, Protocol.V2, *ROWS, "*-ORD-003", looks=LyingReadBack(receiver, people, most))
    assert why in (result.record.void or "")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_target_that_doubles_rows_is_the_one_to_blame(protocol: Protocol) -> None:
    result = judged(NoDedupe, protocol, "*-DUP-001")
    assert len(result.violated) == 1


def test_a_wrong_token_is_no_verdict_in_v2() -> None:
    result = certified(called(), Protocol.V2, "V2-ACK-001", devices=(Device("aWrongTokenOfTheRightLength12345"),))
    assert "--auth-token" in (result.record.void or "")
