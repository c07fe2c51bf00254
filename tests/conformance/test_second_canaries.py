"""A target that loses the first punch of a person is judged for it; a blind adapter still voids the run."""

from __future__ import annotations

import pytest
from calling import called, certified, judged

from camsim.protocol.vocabulary import Protocol
from camsim.receiver.memory import Policy
from camsim.receiver.memory.policy import Json
from camsim.receiver.memory.records import Punch
from camsim.receiver.memory.store import Store

DAY = 86_400


class FirstCreatesUser(Policy):
    """The first punch of somebody unknown makes the person, and nothing else."""

    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        if punch.user not in store.people:
            store.person(punch.user)
            return True
        return await super().keep_punch(punch, store)


class FirstOfDayLost(Policy):
    def __init__(self) -> None:
        self.days: set[tuple[str, int]] = set()

    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        day = (punch.user, punch.at // DAY)
        if day not in self.days:
            self.days.add(day)
            return True
        return await super().keep_punch(punch, store)


class FirstFourLost(Policy):
    """What comes before the target is warm is lost."""

    def __init__(self) -> None:
        self.seen = 0

    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        self.seen += 1
        return self.seen <= 4 or await super().keep_punch(punch, store)


@pytest.mark.parametrize("protocol", list(Protocol))
@pytest.mark.parametrize("behaviour", [FirstCreatesUser, FirstOfDayLost])
def test_who_loses_the_first_punch_of_somebody_is_failed_for_it(behaviour: type[Policy], protocol: Protocol) -> None:
    result = judged(behaviour, protocol, "*-ACK-001", "*-PUNCH-*", "*-DUP-001")
    assert "is not stored" in result.causes[0].sentence
    assert result.violated


@pytest.mark.parametrize("protocol", list(Protocol))
def test_the_first_punch_of_an_unknown_person_is_named(protocol: Protocol) -> None:
    rows = {Protocol.V3: ("CB-ROW-*", "CB-DUP-*"), Protocol.V2: ("V2-ROW-*", "V2-DUP-*")}
    said = judged(FirstCreatesUser, protocol, *rows[protocol]).causes[0].sentence
    assert "of a person of whom nothing was told before" in said
    assert "that is the first of its person is not stored" in said


def test_what_was_lost_before_a_target_was_warm_is_not_seen_by_the_checks() -> None:
    result = judged(FirstFourLost, Protocol.V3, "CB-DUP-001")
    assert (result.record.void, list(result.causes)) == (None, [])


class Blind(Policy):
    def shown_punches(self, user: str, store: Store) -> list[Json]:
        return []


def test_an_adapter_that_shows_no_second_punch_either_voids_the_run() -> None:
    result = certified(called(Blind()), Protocol.V3, "CB-DUP-001")
    assert "shows none of 3 plain punches" in str(result.record.void)
