"""One bug is one cause, named by what came after, by which of two, or by the size: wrong receivers in process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from camsim.protocol.vocabulary import Protocol
from camsim.receiver.devices import KnownDevice
from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import Deletion, Note, Punch, Template, Update
from camsim.receiver.memory.store import Store, Templates
from camsim_conformance.model.observation import Cause
from camsim_conformance.proof.direct import URL, DirectReceiver, DirectSession
from camsim_conformance.proof.run import CALLED_SETTLE_S, TOKEN, Task, profile_of

NOW = 1_790_000_000  # pairs share a minute of the clock, or do not, by the second at which the run begins
HISTORIES = ("CB-ROW-002",)
PAIRS = {Protocol.V3: ("CB-PUNCH-003", "CB-ROW-001"), Protocol.V2: ("V2-PUNCH-003", "V2-ROW-001")}


class Cascade(Policy):
    """Punches go with their person."""

    def drop_user(self, deletion: Deletion, store: Store) -> None:
        super().drop_user(deletion, store)
        store.punches.pop(deletion.user, None)


class PhotoWipes(Policy):
    """A photo takes the place of all punches."""

    def keep_other(self, fact: Note | Update | Deletion, store: Store) -> None:
        super().keep_other(fact, store)
        if isinstance(fact, Note) and fact.kind == "photo":
            store.punches.pop(fact.user, None)


class OneTemplate(Policy):
    """One template a person: the last one."""

    def merge(self, stored: Templates, told: Sequence[Template]) -> Templates:
        return super().merge({}, told[-1:]) if told else super().merge(stored, told)


class FirstOfGroup(Policy):
    """The first template of a message alone."""

    def merge(self, stored: Templates, told: Sequence[Template]) -> Templates:
        return super().merge(stored, told[:1])


class DeletionIgnored(Policy):
    """Whoever is deleted stays."""

    def drop_user(self, deletion: Deletion, store: Store) -> None:
        pass


class NamesReplaced(Policy):
    """What tells no name tells an empty one."""

    def rename(self, update: Update, store: Store) -> None:
        person = store.person(update.user)
        person.first, person.last = update.first, update.last


class SecondDropped(Policy):
    """Of two punches within a minute the one that comes second is dropped."""

    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        if any(0 < abs(other.at - punch.at) < 60 for other in store.punches.get(punch.user, ())):
            return True
        return await super().keep_punch(punch, store)


class FirstReplaced(Policy):
    """Of two punches within a minute the one that comes second takes the place of the other."""

    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        if not await super().keep_punch(punch, store):
            return False
        mine = store.punches[punch.user]
        store.punches[punch.user] = [other for other in mine if not 0 < abs(other.at - punch.at) < 60]
        return True


class OneAMinute(Policy):
    """One punch a person and minute of the clock."""

    def punch_key(self, punch: Punch) -> tuple[str, int]:
        return punch.user, punch.at // 60


def causes(
    behaviour: Callable[[], Policy], protocol: Protocol, globs: tuple[str, ...], *, confirm: bool = False
) -> tuple[Cause, ...]:
    """What is said of a receiver when only some requirements are asked for."""
    task = Task("wrong", 1, protocol, globs=globs)
    chosen = replace(profile_of(task, URL, "", CALLED_SETTLE_S), confirm=confirm)
    receiver = DirectReceiver([KnownDevice(TOKEN, None, "Conformance door", "CERT00001")], None, behaviour())
    return DirectSession(chosen, receiver, NOW).run().judgement().causes


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (Cascade, "A punch followed by the person's deletion is not stored"),
        (PhotoWipes, "A punch followed by an attendance photo (#10) is not stored"),
        (OneTemplate, "A template followed by another template is not stored, or was removed"),
        (
            FirstOfGroup,
            "A template that is the last of several in its message or neither the first nor the last in its message is "
            "not stored, or was removed, or is stored with other content",
        ),
        (DeletionIgnored, "A template followed by the person's deletion is still stored, and so is the person"),
    ],
)
def test_what_came_after_is_named(behaviour: Callable[[], Policy], said: str) -> None:
    assert [one.sentence.partition(":")[0] for one in causes(behaviour, Protocol.V3, HISTORIES)] == [said]


@pytest.mark.parametrize("behaviour", [Cascade, OneTemplate, DeletionIgnored])
def test_one_bug_is_one_cause_in_v2_as_well(behaviour: Callable[[], Policy]) -> None:
    assert len(causes(behaviour, Protocol.V2, ("V2-ROW-002",))) == 1


@pytest.mark.parametrize("protocol", Protocol)
@pytest.mark.parametrize(
    ("behaviour", "which", "condition"),
    [
        (SecondDropped, "sent second of the two", "less than a minute from another"),
        (FirstReplaced, "sent first of the two", "less than a minute from another"),
        (OneAMinute, "sent second of the two", "in the same minute of the clock as another"),
    ],
)
def test_which_of_two_is_named(behaviour: Callable[[], Policy], which: str, condition: str, protocol: Protocol) -> None:
    found = causes(behaviour, protocol, PAIRS[protocol])
    said = f"A punch {condition} of the same person, {which} is not stored"
    assert [one.sentence.partition(":")[0] for one in found] == [said]


def test_events_that_are_less_grave_are_no_part_of_the_sentence() -> None:
    found = causes(NamesReplaced, Protocol.V3, HISTORIES)
    assert [one.sentence.partition(":")[0] for one in found] == [
        "A name followed by a fingerprint, face or palm is erased"
    ]
    assert len(found[0].also) >= 1
    assert found[0].notes[0].startswith("the same, and less grave: followed by")


class NumericIds(Policy):
    """Reads a UserID as a number."""

    def user_text(self, value: object) -> str:
        text = super().user_text(value)
        return str(int(text)) if text.isdecimal() else text


def test_the_second_round_sends_whom_a_punch_was_booked_to() -> None:
    found = causes(NumericIds, Protocol.V3, ("CB-PUNCH-006",), confirm=True)
    assert [one.sentence.partition(":")[0] for one in found] == ["UserIDs lose their leading zeros"]
    assert found[0].confirmed
    assert found[0].repeated == (1, 1)
