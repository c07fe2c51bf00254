"""A read-back that shows none of the first punches: what is behind it is found out as far as it can be, and the way out
is named. Receivers are called in process."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import StringIO

import pytest
from rich.console import Console
from test_adapter_doubts import gathered
from test_announced import IgnoresStrangers, RefusesStrangers

from camsim.protocol.vocabulary import Protocol
from camsim.receiver.memory import Policy
from camsim.receiver.memory.policy import Json
from camsim.receiver.memory.records import Fact, Punch
from camsim.receiver.memory.store import Store
from camsim_conformance.report.console import show
from camsim_conformance.report.document import document
from camsim_conformance.report.ways_out import notes_of
from camsim_conformance.session.record import RunRecord
from camsim_conformance.verdict.judge import judge_all
from camsim_conformance.verdict.result import conclude


class EightLetters(Policy):
    def user_text(self, value: object) -> str:
        return super().user_text(value)[:8]


class StoresNothing(Policy):
    async def keep_one(self, fact: Fact, store: Store) -> bool:
        return True


class JoinsWithPeople(Policy):
    """An adapter's JOIN: the punches are stored."""

    def shown_punches(self, user: str, store: Store) -> Sequence[Json]:
        return super().shown_punches(user, store) if user in store.people else []


class BatchesOfTen(Policy):
    """Writes ten punches at a time, and never the rest."""

    def __init__(self) -> None:
        self.waiting: list[Punch] = []

    async def keep_one(self, fact: Fact, store: Store) -> bool:
        if not isinstance(fact, Punch):
            return await super().keep_one(fact, store)
        self.waiting.append(fact)
        if len(self.waiting) == 10:
            for one in self.waiting:
                await super().keep_one(one, store)
            self.waiting.clear()
        return True


@pytest.mark.parametrize("protocol", list(Protocol))
@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (EightLetters, "read-back or target: .*under '[0-9]{6,8}', a part of the id"),
        (IgnoresStrangers, "only once the target was told of that person.*--announce.*--users FILE"),
        (JoinsWithPeople, "the adapter joins the punches with a table of people"),
        (StoresNothing, "nor of 12 more.*--announce.*--users FILE"),
    ],
)
def test_what_hides_the_first_punches_is_named_with_the_way_out(
    behaviour: type[Policy], said: str, protocol: Protocol
) -> None:
    void = gathered(behaviour, protocol, "core", "*-DUP-*").void
    assert re.search(said, void or "")


def test_a_target_that_loses_the_rest_of_a_batch_is_judged_for_it() -> None:
    record = gathered(BatchesOfTen, Protocol.V3, "core", "CB-DUP-*")
    assert record.void is None
    assert "is not stored" in record.judgement().causes[0].sentence


def printed(record: RunRecord) -> list[str]:
    text = StringIO()
    whole = document(conclude(record, judge_all(record.observed())))
    show(whole, Console(file=text, highlight=False, soft_wrap=True, width=200), None)
    return text.getvalue().splitlines()


def test_a_void_run_says_first_what_to_do_and_lists_nothing_that_could_not_run() -> None:
    lines = printed(gathered(EightLetters, Protocol.V3))
    assert lines[0].startswith("The run is void: read-back or target:")
    assert len(lines) < 8
    assert not any("export " in line for line in lines)
    assert any("requirements could not be judged" in line for line in lines)


class OldLost(Policy):
    def shown_punches(self, user: str, store: Store) -> Sequence[Json]:
        return super().shown_punches(user, store)[-1:]


def test_a_missing_row_may_be_the_read_back_s_and_the_finding_says_where_to_look() -> None:
    record = gathered(OldLost, Protocol.V3, "core", "CB-PUNCH-*")
    causes = [cause for cause in record.judgement().causes if "is not stored" in cause.sentence]
    assert causes
    (note,) = notes_of(causes[0], record.profile, record.capabilities)
    assert note.startswith("Look into the table first")
    assert notes_of(causes[0], record.profile, None) == []


@pytest.mark.parametrize("protocol", list(Protocol))
def test_one_refusal_of_strangers_is_one_cause_and_names_the_way_out(protocol: Protocol) -> None:
    record = gathered(RefusesStrangers, protocol, "core,user-data")
    (cause,) = record.judgement().causes
    assert "of whom nothing was told before" in cause.sentence
    assert "--announce" in notes_of(cause, record.profile, record.capabilities)[0]
