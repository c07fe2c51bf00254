"""A run's punches against what is stored: one fault of a store is one kind of deviation, and hides what it hides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import pytest
from certifying import profile
from punching import KEEPS, NOON, punch, row, snapshot

from camsim.protocol.facts import Punch
from camsim.protocol.vocabulary import Protocol
from camsim.readback.model import StoredPunch, TimePolicy
from camsim_conformance.model.judge import Seen, View, observe
from camsim_conformance.model.observation import ALLOWED, Aspect, Deviation, Observation
from camsim_conformance.plan.cases import Case, Stage, Step
from camsim_conformance.plan.told import Deed, Keep, Told
from camsim_conformance.requirements.verdicts import Level
from camsim_conformance.sending.exchange import Exchange

DAY = 86400
ENDED = NOON + 60.0
DONE = b'{"status":"done"}'
# Of six people, far enough from each other: minutes old, at several offsets.
HONEST = [punch(f"{100 + n}", NOON - 900 - 7 * n, offset=offset) for n, offset in enumerate((330, 0, -210, 345, 60, 0))]


@dataclass
class Run:
    """A run that tells some punches, and a store."""

    sent: list[Case] = field(default_factory=list)
    answers: dict[str, list[Exchange]] = field(default_factory=dict)
    rows: list[StoredPunch] = field(default_factory=list)

    def tell(self, told: Told, *, device: int = 0, status: int = 200, stage: Stage = Stage.MAIN) -> None:
        """One case of one message."""
        step = Step("RealTimePunchLog", b"{}", b"{}", device, told=told)
        case = Case(f"case-{len(self.sent)}", (step,), requirement="CB-ROW-001", stage=stage)
        self.sent.append(case)
        self.answers[case.id] = [Exchange(0, status, body=DONE)]

    def punch(self, one: Punch, keep: Keep = Keep.MUST, **more: object) -> None:
        """One case of one punch."""
        told = Told(Deed.PUNCH, one.user_id, one.log_time, one.offset, one, keep=keep)
        self.tell(told, **more)  # type: ignore[arg-type]

    def view(self, policy: TimePolicy = "instant", before: Iterable[StoredPunch] = (), **more: object) -> View:
        """What the judge sees; the late part of the run is read from the same store."""
        store = snapshot(self.rows, policy)
        seen = Seen(
            profile("http://127.0.0.1:1/", **more),
            self.sent,
            self.answers,
            started_s=NOON,
            ended_s=ENDED,
            before=snapshot(list(before), policy),
            main=store,
            after=store,
        )
        return observe(seen)


def told_of(*more: Punch) -> Run:
    """The honest punches and some more, each with its row."""
    run = Run()
    for one in (*HONEST, *more):
        run.punch(one)
        run.rows.append(row(one, device="door"))
    return run


def wrong(view: View) -> list[Observation]:
    return [one for one in view.observations if one.wrong]


def kinds(view: View) -> list[tuple[Aspect, str | None]]:
    return [(one.aspect, one.deviation) for one in wrong(view)]


def test_a_right_store_has_nothing_wrong_and_everything_was_looked_at() -> None:
    view = told_of().view()
    assert wrong(view) == []
    looked = {one.aspect for one in view.observations}
    assert looked >= {Aspect(word) for word in KEEPS - {"punches"}} | {Aspect.ANSWER, Aspect.ROW, Aspect.INSTANT}
    assert {one.user for one in view.observations} == {one.user_id for one in HONEST}


EXTRA = punch("7", NOON - 600)
Fault = Callable[[StoredPunch], Iterable[StoredPunch]]
FAULTS: Mapping[str, tuple[Fault, Aspect, str]] = {
    "drops it": (lambda _: [], Aspect.ROW, Deviation.MISSING),
    "doubles it": (lambda one: [one, one], Aspect.COUNT, Deviation.DOUBLED),
    "invents one": (lambda one: [one, replaced(one, time=one.time + 30)], Aspect.COUNT, Deviation.INVENTED),
    "cuts the id": (lambda one: [replaced(one, user="100")], Aspect.ROW, Deviation.OTHER_PERSON),
    "drops the offset": (lambda one: [replaced(one, time=one.time + 19800)], Aspect.INSTANT, "with its offset dropped"),
    "stores its arrival": (lambda one: [replaced(one, time=NOON + 9)], Aspect.INSTANT, "at the time of arrival"),
    "another type": (lambda one: [replaced(one, type="CheckOut")], Aspect.TYPE, Deviation.WRONG),
    "no type": (lambda one: [replaced(one, type=None)], Aspect.TYPE, Deviation.NULL),
    "another input": (lambda one: [replaced(one, input="Card")], Aspect.INPUT, Deviation.WRONG),
    "no temperature": (lambda one: [replaced(one, temperature=None)], Aspect.TEMPERATURE, Deviation.NULL),
    "another mask": (lambda one: [replaced(one, mask=True)], Aspect.MASK, Deviation.WRONG),
    "another device": (lambda one: [replaced(one, device="gate")], Aspect.DEVICE, Deviation.WRONG),
}


def replaced(one: StoredPunch, **fields: object) -> StoredPunch:
    """The row with other fields."""
    known = {name: getattr(one, name) for name in one.__struct_fields__}
    return StoredPunch(**{**known, **fields})


@pytest.mark.parametrize("name", FAULTS)
def test_one_fault_is_one_deviation_of_the_very_punch(name: str) -> None:
    fault, aspect, deviation = FAULTS[name]
    run = told_of(EXTRA)
    run.rows[-1:] = fault(run.rows[-1])
    (found,) = wrong(run.view())
    assert (found.aspect, found.deviation, found.user, found.case) == (aspect, deviation, "7", "CB-ROW-001/case-6")
    assert found.actual


def test_an_instant_says_how_far_it_is_off() -> None:
    run = told_of(EXTRA)
    run.rows[-1] = replaced(run.rows[-1], time=EXTRA.log_time + 19800)
    (found,) = wrong(run.view())
    assert found.seconds == 19800
    assert "5 h 30 min late" in found.actual


# --- what hides, and what excuses ------------------------------------------------------------------------------------


def row_of(view: View, user: str = "7") -> Observation:
    (found,) = [one for one in view.observations if one.aspect is Aspect.ROW and one.user == user]
    return found


def lost(one: Punch = EXTRA, **more: object) -> Run:
    run = told_of()
    run.punch(one, **more)  # type: ignore[arg-type]
    return run


def test_what_was_not_acknowledged_is_neither_lost_nor_kept() -> None:
    view = lost(status=500).view()
    assert not row_of(view).known
    assert kinds(view) == [(Aspect.ANSWER, 'HTTP 500 {"status":"done"}')]


def test_a_moment_that_had_its_row_before_the_run_shows_nothing() -> None:
    assert not row_of(lost().view(before=[row(EXTRA)])).known
    assert row_of(lost().view(before=[row(EXTRA, time=1)])).known


def test_punches_may_go_with_their_person_where_that_is_the_policy() -> None:
    run = lost()
    run.tell(Told(Deed.DELETE, "7", NOON - 60, 330))
    assert row_of(run.view()).wrong
    gone = row_of(run.view(erase_on_delete=True))
    assert (gone.known, "erase-on-delete" in gone.notes[ALLOWED]) == (False, True)


def test_what_was_not_acknowledged_is_no_matter_of_a_policy() -> None:
    run = lost(status=500)
    run.tell(Told(Deed.DELETE, "7", NOON - 60, 330))
    assert ALLOWED not in row_of(run.view(erase_on_delete=True)).notes


@pytest.mark.parametrize(
    ("days", "level"), [(1, Level.MUST), (30, Level.MUST), (40, Level.SHOULD), (90, Level.SHOULD), (120, Level.RECORD)]
)
def test_a_loss_is_milder_the_older_the_punch(days: int, level: Level) -> None:
    found = row_of(lost(punch("7", NOON - days * DAY)).view())
    assert (found.deviation, found.level) == (Deviation.MISSING, level)


def test_a_wrong_time_of_a_stored_row_is_as_grave_at_any_age() -> None:
    old = punch("7", NOON - 120 * DAY)
    run = told_of(old)
    run.rows[-1] = replaced(run.rows[-1], time=old.log_time + 60)
    assert [one.level for one in wrong(run.view())] == [Level.MUST]


# --- forged, and of nobody -------------------------------------------------------------------------------------------


def test_a_forged_punch_that_is_stored_is_a_deviation_and_one_that_is_not_is_right() -> None:
    run = lost(keep=Keep.NEVER, stage=Stage.FORGED)
    assert [one.right for one in run.view().observations if one.aspect is Aspect.FORGERY] == [True]
    run.rows.append(row(EXTRA))
    assert kinds(run.view()) == [(Aspect.FORGERY, Deviation.STORED)]


def test_a_forgery_of_a_stored_moment_proves_nothing() -> None:
    run = told_of(EXTRA)
    run.punch(EXTRA, Keep.NEVER, device=1, stage=Stage.FORGED)
    assert [one for one in run.view().observations if one.aspect is Aspect.FORGERY] == []


def test_a_photo_that_becomes_a_punch_is_an_invented_row() -> None:
    run = told_of()
    run.tell(Told(Deed.PHOTO, "7", EXTRA.log_time, 330))
    run.rows.append(row(EXTRA))
    (found,) = wrong(run.view())
    assert (found.deviation, found.actual.endswith("a photo was told of that moment")) == (Deviation.INVENTED, True)


def test_of_a_stranger_a_row_is_neither_asked_for_nor_forbidden() -> None:
    run = lost(keep=Keep.MAY)
    assert wrong(run.view()) == []
    for at in (EXTRA.log_time, EXTRA.log_time + 19800):
        run.rows[6:] = [row(EXTRA, time=at, device="door")]
        assert wrong(run.view()) == []


# --- times -----------------------------------------------------------------------------------------------------------


def wall_clock() -> Run:
    run = told_of()
    run.rows = [row(one, time=one.log_time + one.offset * 60) for one in HONEST]
    return run


def test_a_declared_wall_clock_is_right() -> None:
    assert wrong(wall_clock().view("device-local")) == []


def test_an_undeclared_wall_clock_is_one_deviation_that_offset_0_cannot_show() -> None:
    view = wall_clock().view()
    assert set(kinds(view)) == {(Aspect.INSTANT, "kept as the device's wall clock")}
    assert {one.user for one in wrong(view)} == {one.user_id for one in HONEST if one.offset}
    unknown = {one.user for one in view.observations if not one.known}
    assert unknown == {one.user_id for one in HONEST if not one.offset}


# --- two devices at one moment ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("protocol", "found"), [(Protocol.V3, []), (Protocol.V2, [(Aspect.ROW, Level.SHOULD)])])
def test_one_row_for_two_devices_is_right_by_the_key_of_v3_alone(protocol: Protocol, found: object) -> None:
    run = told_of(EXTRA)
    run.punch(EXTRA, device=1)
    assert [(one.aspect, one.level) for one in wrong(run.view(protocol=protocol))] == found


def test_without_a_read_back_answers_alone_are_looked_at() -> None:
    run = told_of()
    view = observe(Seen(profile("http://127.0.0.1:1/"), run.sent, run.answers, NOON, ENDED))
    assert ({one.aspect for one in view.observations}, view.choice) == ({Aspect.ANSWER}, None)
