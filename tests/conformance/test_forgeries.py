"""Forgeries of every kind are sent, named in the author's words, and nothing else is called one."""

from __future__ import annotations

from collections import Counter

import pytest
from calling import judged
from punching import NOON, people, punch, row, told

from camsim.protocol.vocabulary import AttendanceType, InputType, Protocol
from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import Punch, Received
from camsim.receiver.memory.store import Store
from camsim_conformance.model.dues import Person, dues_of
from camsim_conformance.model.forged_rows import give_back
from camsim_conformance.model.forgery_words import forged_noun, forged_predicate
from camsim_conformance.model.observation import Aspect, Explanation, Observation
from camsim_conformance.model.words import PLAIN
from camsim_conformance.mutants import policy
from camsim_conformance.plan.factors import AGES
from camsim_conformance.plan.forged_people import FIRST
from camsim_conformance.plan.forged_punches import FORGERIES, SAME
from camsim_conformance.plan.forgery_factors import FORGED, FORGERY_FACTORS
from camsim_conformance.plan.told import Keep
from camsim_conformance.requirements.verdicts import Level

# --- what is sent -----------------------------------------------------------------------------------------------------

SHOWN = [one for one in FORGERIES if one.then != SAME]  # of the very punch that comes again nothing can be seen


def test_every_value_that_a_check_may_be_skipped_under_is_forged() -> None:
    tokens = next(factor for factor in FORGERY_FACTORS if factor.name == "token")
    assert {one.token for one in SHOWN} == {value.name for value in tokens.values}
    assert {one.type for one in SHOWN} == set(map(str, AttendanceType))
    assert {one.input for one in SHOWN} == set(map(str, InputType))
    assert {one.age for one in SHOWN} == set(AGES)
    assert {one.device for one in SHOWN} == {0, 1}


def test_no_value_but_the_token_comes_with_one_odd_token_alone() -> None:
    for name in ("type", "input", "age", "offset", "device", "tagged", "frame", "bare", "forging"):
        counts = Counter(getattr(one, name) for one in SHOWN)
        plain = {getattr(one, name) for one in SHOWN if one.token == "another"}
        assert [value for value, count in counts.items() if count < 2 and value not in plain] == []


# --- what is said -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", list(Protocol))
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("forged-check-outs", "A forged punch of Type CheckOut is stored"),
        ("forged-old", "A forged punch more than a day old is stored"),
        ("forged-deletions", "A forged deletion is carried out"),
        ("changed-before-checked", "A forged punch of the moment of a stored one takes its place"),
        ("seen-before-checked", "A punch that comes after a forged message of the same punch is not stored"),
        ("blocked-by-forgery", "A punch that comes after a forged message about its person"),
    ],
)
def test_what_is_believed_blocked_or_remembered_is_named(protocol: Protocol, name: str, says: str) -> None:
    whole = name if protocol is Protocol.V3 else f"v2-{name}"
    result = judged(lambda: policy(whole), protocol)  # type: ignore[arg-type]
    assert [cause.sentence for cause in result.causes if cause.sentence.startswith(says)] != []
    assert len(result.causes) == 1
    if protocol is Protocol.V2 and name.startswith(("forged", "changed")):
        assert result.causes[0].level is Level.SHOULD  # V2:37 says "can"


def explanation(*forged: str, **values: str) -> Explanation:
    wrong = tuple(Observation(Aspect.FORGERY, "c", (0,), "7", {"forged": one}, "stored") for one in forged)
    return Explanation(Aspect.FORGERY, "stored", tuple(values.items()), wrong)


@pytest.mark.parametrize(
    ("one", "noun", "happens"),
    [
        (explanation("deletion", forged="deletion"), "forged deletion", "is carried out"),
        (explanation("name"), "forged rename", "is carried out"),
        (explanation("card", "face"), "forged template", "is stored"),
        (explanation("card", "punch"), "forged message", "is stored"),
        (explanation("card", "name", deed="update"), "forged user update", "is stored"),
        (explanation("punch", forging="stored"), "forged punch", "takes its place"),
    ],
)
def test_a_forgery_has_the_words_of_its_handler(one: Explanation, noun: str, happens: str) -> None:
    assert (forged_noun(one), forged_predicate(one)) == (noun, happens)
    assert FORGED["card"] == "card"
    assert FIRST


# --- what is not said -------------------------------------------------------------------------------------------------


def test_who_tells_a_type_wrongly_has_stored_no_forgery() -> None:
    honest, forged = punch(at=NOON), punch(at=NOON, type_="CheckOut")
    mistaken, other = told(punch(at=NOON + 7000)), told(honest)
    history = people(mistaken, other, told(forged, keep=Keep.NEVER))["7"]
    person = Person("7", history, dues_of(history), [])
    first, second, third = person.dues
    first.row, third.row, second.shares_row = row(first.punch, type="CheckOut"), row(forged), True
    give_back([person], PLAIN)
    assert (second.row, third.row, third.shares_row) == (row(forged), None, True)


class Ring(Policy):
    """Keeps the newest of all punches alone."""

    most = 600

    def __init__(self) -> None:
        self.order: list[Punch] = []

    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        kept = await super().keep_punch(punch, store)
        if kept:
            self.order.append(punch)
        if len(self.order) > self.most:
            oldest = self.order.pop(0)
            store.punches[oldest.user].remove(oldest)
        return kept


class LargeRing(Ring):
    """All that is honest has its place in it."""

    most = 780


@pytest.mark.parametrize("behaviour", [Ring, LargeRing])
def test_what_later_punches_push_out_is_no_doing_of_a_forgery(behaviour: type[Policy]) -> None:
    result = judged(behaviour)
    assert result.violated
    assert [cause.sentence for cause in result.causes if "forged or hostile" in cause.sentence] == []


class Buffer(Policy):
    """Holds what it acknowledged in memory until the next good message; what it cannot read makes it begin anew."""

    def __init__(self) -> None:
        self.last: tuple[Punch, Store] | None = None

    def open(self, body: bytes, stgid: str) -> Received:
        try:
            return super().open(body, stgid)
        except Exception:
            if self.last is not None:
                punch, store = self.last
                store.punches[punch.user] = [one for one in store.punches[punch.user] if one != punch]
            raise

    async def keep_punch(self, punch: Punch, store: Store) -> bool:
        self.last = punch, store
        return await super().keep_punch(punch, store)


def test_a_good_punch_right_before_a_hostile_body_is_kept() -> None:
    result = judged(Buffer)
    assert [cause for cause in result.causes if "a body that no device sends is not stored" in cause.sentence] != []
