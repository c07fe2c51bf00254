"""Adapters that page, limit, cache or read one id of many are told apart from targets that lose rows; harmless ways of
an adapter change no verdict. The receiver behind all of them is right."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from certifying import CAPABILITIES, adapter, gathered, profile, told

from camsim.protocol import timestamps
from camsim.readback.doubts import MOST_REREAD, reread_alone, why_less
from camsim.readback.http import HttpReadBack
from camsim.readback.model import MAX_IDS, Capabilities, ReadBackError, Snapshot, StoredPunch, take
from camsim.receiver import Running, start
from camsim_conformance.model.observation import Aspect
from camsim_conformance.mutants import policy
from camsim_conformance.session.session import Session

Row = dict[str, Any]
Rows = list[Row]


class Store:
    """What the receiver holds, asked for by whoever plays the adapter."""

    def __init__(self, receiver: Running) -> None:
        self._real = HttpReadBack(receiver.readback_url)
        self._real.capabilities()

    def rows(self, users: list[str]) -> Rows:
        """Rows of these people, in the order they are asked for."""
        found: dict[str, Rows] = {}
        for start_at in range(0, len(users), MAX_IDS):
            for row in self._real.punches(users[start_at : start_at + MAX_IDS]):
                told_row = {"user": row.user, "time": timestamps.gmt(row.time, 330), "type": row.type}
                found.setdefault(row.user, []).append({**told_row, "input": row.input})
        return [row for user in users for row in found.get(user, [])]


@contextmanager
def lying(receiver: Running, answer: Callable[[Store, list[str]], Rows]) -> Iterator[str]:
    """URL of an adapter that answers so."""
    store = Store(receiver)
    with adapter(lambda kind, users: {kind: answer(store, users)}) as url:
        yield url


def certified(receiver: Running, answer: Callable[[Store, list[str]], Rows], *globs: str) -> Mapping[str, Any]:
    with lying(receiver, answer) as url:
        return told(profile(receiver.url, url, *globs))


MANY = ("CB-DUP-*", "CB-ORD-*", "CB-PUNCH-*", "CB-ACK-001", "CB-AUTH-001", "CB-TIME-*")


def milliseconds(store: Store, users: list[str]) -> Rows:
    return [{**row, "time": timestamps.parse(row["time"]).epoch_s * 1000 + 7} for row in store.rows(users)]


def as_sent(store: Store, users: list[str]) -> Rows:
    return store.rows(users)


@pytest.mark.parametrize("answer", [milliseconds, as_sent])
def test_other_ways_to_write_a_time_pass(receiver: Running, answer: Callable[[Store, list[str]], Rows]) -> None:
    result = certified(receiver, answer, *MANY)
    assert (result["void"], result["exit_code"], result["counts"]["FAIL"]) == (None, 0, 0)


OWN_INPUTS = {"Fingerprint": "FP", "Face": "2", "Card": "RFID", "Palm": "hand", "Password": "PIN"}


@pytest.mark.parametrize("translated", [True, False])
def test_own_words_for_inputs_pass_once_they_are_translated(receiver: Running, translated: bool) -> None:
    words = {own: [theirs] for theirs, own in OWN_INPUTS.items()} if translated else {}
    store = Store(receiver)

    def answer(kind: str, users: list[str]) -> Any:
        return {kind: [{**row, "input": OWN_INPUTS.get(row["input"], row["input"])} for row in store.rows(users)]}

    with adapter(answer, {**CAPABILITIES, "input_words": words}) as url:
        record = gathered(profile(receiver.url, url, "CB-PUNCH-*", "CB-DUP-001"))
    strange = [cause for cause in record.judgement().causes if cause.explanation.aspect is Aspect.INPUT]
    assert (record.void, bool(strange)) == (None, not translated)


def test_a_whole_table_passes_with_more_people_than_one_question_holds(receiver: Running) -> None:
    seen: dict[str, None] = {}

    def whole(store: Store, users: list[str]) -> Rows:
        seen.update(dict.fromkeys(users))
        return store.rows(list(seen))

    with lying(receiver, whole) as url:
        chosen = profile(receiver.url, url, features=frozenset({"core", "photo", "multi-zone"}))
        assert len(Session(chosen).plan().watched) >= MAX_IDS  # and one more is asked for, who is absent
        result = told(chosen)
    assert (result["void"], result["exit_code"], result["counts"]["FAIL"]) == (None, 0, 0)


def fifty_rows(store: Store, users: list[str]) -> Rows:
    return store.rows(users)[:50]


def first_only(store: Store, users: list[str]) -> Rows:
    return store.rows(users[:1])


def last_only(store: Store, users: list[str]) -> Rows:
    return store.rows(users[-1:])


def fifty_ids(store: Store, users: list[str]) -> Rows:
    return store.rows(users[:50])


def one_alone(store: Store, users: list[str]) -> Rows:
    return store.rows(users) if len(users) == 1 else []


class Caching:
    """Answers a question it has heard as it did then."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, ...], Rows] = {}

    def __call__(self, store: Store, users: list[str]) -> Rows:
        return self.known.setdefault(tuple(users), store.rows(users))


def minutes(store: Store, users: list[str]) -> Rows:
    return [{**row, "time": timestamps.parse(row["time"]).epoch_s // 60} for row in store.rows(users)]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (fifty_rows, "pages or limits its rows"),
        (first_only, "answers only the first user="),
        (last_only, "answers only the last user="),
        (fifty_ids, "pages or limits its rows or ids"),
        (one_alone, "does not answer two user= together"),
        (Caching(), "the adapter caches"),
        (minutes, "another unit.*counted in minutes"),
    ],
)
def test_an_adapter_that_hides_rows_is_named_and_the_target_is_not_blamed(
    receiver: Running, answer: Callable[[Store, list[str]], Rows], why: str
) -> None:
    result = certified(receiver, answer)
    assert (result["exit_code"], result["grade"]) == (3, "none")
    assert re.search(why, result["void"] or "")


def test_a_table_that_is_told_whole_up_to_a_limit_is_named(receiver: Running) -> None:
    seen: dict[str, None] = {}

    def limited(store: Store, users: list[str]) -> Rows:
        seen.update(dict.fromkeys(users))
        return store.rows(list(seen))[:30]

    assert "limits its rows" in (certified(receiver, limited)["void"] or "")


def test_a_target_that_loses_rows_is_still_the_one_to_blame() -> None:
    with start(tokens=[profile("http://x").devices[0].token], broken=policy("no-dedupe")) as broken:
        result = certified(broken, as_sent, "CB-DUP-001")
    assert (result["void"], result["exit_code"]) == (None, 1)


PROVED = 4  # punches of preflight and canaries


def gone_after_canaries(receiver: Running, *, probe_shows: bool) -> str | None:
    """Why the run is void when the rows of the canaries are gone once more has been sent."""
    old: list[Row] = []
    many = receiver.counts()["punch"] + PROVED

    def forgetful(store: Store, users: list[str]) -> Rows:
        rows = store.rows(users)
        if receiver.counts()["punch"] <= many:
            old.extend(rows)
            return rows
        return [row for row in rows if probe_shows and row not in old and row["user"] in {one["user"] for one in old}]

    with lying(receiver, forgetful) as url:
        return gathered(profile(receiver.url, url, "CB-DUP-001", patience_s=2.0)).void


def test_canaries_that_are_gone_void_a_run_only_when_the_adapter_shows_no_new_punch(receiver: Running) -> None:
    assert "read-back or target" in (gone_after_canaries(receiver, probe_shows=False) or "")
    assert gone_after_canaries(receiver, probe_shows=True) is None


def test_rows_that_vanish_while_they_are_looked_at_are_no_fault_of_the_adapter() -> None:
    class Vanishing(Slow):
        def punches(self, people: Any) -> list[Any]:
            rows = super().punches(people)
            self.late = False
            return rows

    vanishing = Vanishing(late=True)
    assert why_less(vanishing, "punches", "7", ["7", "8"], 1) is None
    assert why_less(Vanishing(late=False), "punches", "7", ["7", "8"], 1) is None


class Slow:
    """An adapter over rows that come one question late; counts what it is asked."""

    name = "slow"

    def __init__(self, late: bool) -> None:
        self.late = late
        self.questions: list[int] = []

    def capabilities(self) -> Capabilities:
        return Capabilities("instant", frozenset({"punches"}))

    def punches(self, people: Any) -> list[Any]:
        self.questions.append(len(people))
        return [StoredPunch(user, 1_600_309_102) for user in people] if self.late else []

    def templates(self, people: Any) -> list[Any]:
        return []

    def users(self, people: Any) -> list[Any]:
        return []


def test_rows_that_came_meanwhile_are_nobodys_fault() -> None:
    slow = Slow(late=False)
    people = [str(n) for n in range(1000, 1250)]
    read = take(slow, slow.capabilities(), people)
    assert reread_alone(slow, slow.capabilities(), people, read) == frozenset()
    slow.late = True
    assert "1000" in reread_alone(slow, slow.capabilities(), people, read)


def test_who_is_asked_again_is_bounded_and_has_both_ends_of_each_batch() -> None:
    slow = Slow(late=False)
    people = [str(n) for n in range(1000, 1950)]
    read = take(slow, slow.capabilities(), people)
    slow.questions.clear()
    reread_alone(slow, slow.capabilities(), people, read)
    assert set(slow.questions) == {1}
    assert MOST_REREAD <= len(slow.questions) <= 2 * MOST_REREAD
    late = Slow(late=True)
    found = reread_alone(late, late.capabilities(), people, read)
    assert {"1000", "1099", "1100", "1899", "1900", "1949"} <= found


def test_the_past_of_people_is_no_row_that_was_hidden() -> None:
    slow = Slow(late=True)
    before = take(slow, slow.capabilities(), ["7", "8"])
    new = take(slow, slow.capabilities(), ["7", "8"]).without(before)
    assert isinstance(new, Snapshot)
    assert reread_alone(slow, slow.capabilities(), ["7", "8"], new) == frozenset()


def test_a_function_of_the_judge_names_the_adapter() -> None:
    def answer(kind: str, users: list[str]) -> Any:
        return {kind: [{"user": users[0], "time": "2026-01-01T00:00:00Z"}]}

    with adapter(answer, CAPABILITIES) as url:
        found = HttpReadBack(url)
        capabilities = found.capabilities()
        read = take(found, capabilities, ["7", "8", "9"])
        with pytest.raises(ReadBackError, match="answers only the first user="):
            reread_alone(found, capabilities, ["8"], read)
