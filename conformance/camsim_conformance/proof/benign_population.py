"""The right receivers of the proof, drawn by a seed, and what a run of one must show: no accusation."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from camsim.protocol.vocabulary import Protocol
from camsim.receiver.memory.records import Punch
from camsim_conformance.requirements.verdicts import Verdict
from camsim_conformance.session.record import RunRecord
from camsim_conformance.verdict.grade import Grade
from camsim_conformance.verdict.judge import judge_all
from camsim_conformance.verdict.result import Result, conclude

from .direct import DirectReceiver
from .harmless import FORGED, FORMS, REFERENCE, REPLIES, WALL, Choices, Harmless, HarmlessReadBack
from .settings import Setting, direct

A_SEED = 50  # runs
ZONES = ("Asia/Kolkata", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Cairo")
LATE_SETTLE_S, LATE_S = 0.3, 0.12
NAMES = 1500  # ids of --users: more than any plan needs
PAST = 3  # rows of each of them, from before
DAY_S = 86400
# Why a right receiver may get advice: requirement ids by choice.
ADVICE = {
    "erasing_names": frozenset({"CB-TPL-006", "CB-TPL-003", "CB-USR-001", "CB-TPL-004", "CB-ROW-002"}),
    "keeps_templates": frozenset({"CB-USR-001", "V2-USR-001", "CB-ROW-002", "V2-ROW-002"}),
    "no device": frozenset({"V2-DUP-003", "V2-PUNCH-003"}),
}
WHY = {
    "erasing_names": "the empty names of #4 and #5 are no names: advice",
    "keeps_templates": "templates of somebody deleted should go: advice",
    "no device": "v2's key has the device in it (V2:240): one row for two devices gets advice",
}
_MOMENTS = (
    datetime(2026, 3, 29, 0, 30, tzinfo=UTC),  # daylight saving begins in Europe
    datetime(2026, 10, 25, 2, 30, tzinfo=UTC),  # and ends
    datetime(2026, 11, 1, 7, 0, tzinfo=UTC),  # and in America
    datetime(2026, 12, 31, 23, 59, 30, tzinfo=UTC),
    datetime(2027, 1, 1, 0, 1, tzinfo=UTC),
    datetime(2028, 2, 29, 12, 0, tzinfo=UTC),
    datetime(2028, 3, 1, 0, 5, tzinfo=UTC),
    datetime(2026, 9, 17, 18, 30, tzinfo=UTC),  # midnight at +0530
    datetime(2026, 9, 17, 18, 31, 10, tzinfo=UTC),
    datetime(2026, 9, 30, 23, 58, tzinfo=UTC),
    datetime(2026, 6, 1, 0, 2, tzinfo=UTC),
    datetime(2026, 7, 5, 23, 59, 59, tzinfo=UTC),  # a Sunday
)


@dataclass(frozen=True, slots=True)
class Right:
    """One right receiver under one setting; `twice` is judged again with the same store."""

    number: int
    choices: Choices
    setting: Setting
    twice: bool = False

    @property
    def text(self) -> str:
        """What it is, for lists."""
        moment = datetime.fromtimestamp(self.setting.now_s, UTC).strftime("%Y-%m-%d %H:%M:%S")
        words = [self.choices.text, self.setting.text, moment]
        return "; ".join([*words, *["--users"] * bool(self.setting.people), *["twice"] * self.twice])

    @property
    def advice(self) -> frozenset[str]:
        """Requirements under which advice is deserved."""
        found: set[str] = set()
        for name, ids in ADVICE.items():
            if getattr(self.choices, name, False) or name in self.choices.key:
                found |= ids
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class Spared:
    """What a run of a right receiver showed; `accused` is everything that it does not deserve."""

    right: Right
    accused: tuple[str, ...]
    seconds: float


def population(size: int, seed: int = 1) -> list[Right]:
    """So many right receivers, fifty a seed. The same arguments give the same."""
    found = []
    for number in range(size):
        dice = random.Random(f"{seed + number // A_SEED} {number % A_SEED}")
        found.append(_drawn(dice, number + 1, seed + number // A_SEED))
    return found


def _drawn(dice: random.Random, number: int, seed: int) -> Right:
    protocol = dice.choice([Protocol.V3, Protocol.V2])
    features = dice.choice([("core", "user-data", "photo"), ("core", "user-data", "photo"), ("core",)])
    people = tuple(f"{40000 + number % 900:05d}{one:04d}" for one in range(NAMES)) if dice.random() < 0.2 else ()
    setting = Setting(
        protocol,
        features,
        encrypted=dice.random() < 0.2,
        two_devices=dice.random() < 0.25,
        seed=seed * 100 + number % A_SEED,
        now_s=_moment(dice),
        people=people,
    )
    choices = _chosen(dice, setting)
    if choices.delay_s:
        setting = replace(setting, settle_s=LATE_SETTLE_S)
    return Right(number, choices, setting, twice=bool(people) and dice.random() < 0.5)


def _moment(dice: random.Random) -> int:
    if dice.random() < 0.5:
        return int(dice.choice(_MOMENTS).timestamp()) + dice.randrange(-90, 90)
    return int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) + dice.randrange(0, 3 * 365 * DAY_S)


def _chosen(dice: random.Random, setting: Setting) -> Choices:
    """A few choices at once, each now and then."""
    found = REFERENCE
    if dice.random() < 0.4:
        clock = dice.choice([WALL, *ZONES])
        # v2's messages tell a wall clock; whoever stores another zone's of it has to know the device's.
        found = replace(found, clock=clock, merges_walls=dice.random() < 0.5)
    if dice.random() < 0.4:
        keys = [("type",), ("device",), ("type", "device"), ("input",), ("no device",)]
        found = replace(found, key=dice.choice(keys))
    if dice.random() < 0.3:
        found = replace(found, form=dice.choice(FORMS))
    if dice.random() < 0.2:
        drops = dice.choice([("temperature", "mask", "device"), ("device",), ("temperature",), ("input", "mask")])
        found = replace(found, drops=drops)
    knows = frozenset(setting.people) if setting.people and dice.random() < 0.5 else None
    return replace(
        found,
        # In v2 empty names beside a signature are no names at all (V2:89): who lets them erase is wrong.
        erasing_names=_now_and_then(dice) and setting.protocol is Protocol.V3,
        one_column=_now_and_then(dice),
        keeps_templates=_now_and_then(dice),
        whole_table=_now_and_then(dice),
        shuffled=_now_and_then(dice),
        in_and_out=_now_and_then(dice),
        delay_s=LATE_S if dice.random() < 0.1 else 0.0,
        forged=dice.choice(list(FORGED)),
        reply=dice.choice(list(REPLIES)),
        knows=knows,
    )


def _now_and_then(dice: random.Random) -> bool:
    return dice.random() < 0.2


def run(right: Right) -> Spared:
    """In process."""
    begin = time.monotonic()
    setting = right.setting
    receiver = DirectReceiver(setting.known_devices(), setting.key, Harmless(right.choices))
    adapter = HarmlessReadBack(receiver, right.choices, setting.seed)
    _past(receiver, setting)
    first = _result(direct(setting, receiver, adapter=adapter).run())
    accused = list(_accusations(right, first))
    if right.twice:
        # The next day, at another minute: who has a past of hundreds of rows is judged as before.
        again = replace(setting, seed=setting.seed + A_SEED, now_s=setting.now_s + DAY_S + 2461)
        second = _result(direct(again, receiver, adapter=adapter).run())
        accused += [f"the second time: {text}" for text in _accusations(right, second)]
        if _verdicts(first) != _verdicts(second):
            accused.append(f"the second time other verdicts: {set(_verdicts(first)) ^ set(_verdicts(second))}")
    return Spared(right, tuple(accused), time.monotonic() - begin)


def _past(receiver: DirectReceiver, setting: Setting) -> None:
    """Rows of given people from the weeks before, at minutes of their own."""
    for number, user in enumerate(setting.people[:200]):
        for day in range(1, PAST + 1):
            at = setting.now_s - day * 7 * DAY_S - 4 * 3600 - 37 * number
            receiver.receiver.store.append(Punch(user, at, 330, "CheckIn", "Face", "old door"))


def _result(record: RunRecord) -> Result:
    return conclude(record, judge_all(record.observed()))


def _verdicts(result: Result) -> list[tuple[str, Verdict]]:
    return sorted((row.requirement.id, row.verdict) for row in result.requirements)


def _accusations(right: Right, result: Result) -> Sequence[str]:
    if result.record.void is not None:
        return [f"void: {result.record.void}"]
    found = []
    for row in result.requirements:
        deserved = row.verdict is Verdict.ADVICE and row.requirement.id in right.advice
        if row.verdict in (Verdict.FAIL, Verdict.ADVICE, Verdict.ERROR, Verdict.COULD_NOT_RUN) and not deserved:
            why = [cause.sentence for cause in row.causes] or [case.actual for case in row.cases]
            found.append(f"{row.requirement.id} {row.verdict}: {' | '.join(why)[:300]}")
    lowest = Grade.ACK if {"input", "type"} & set(right.choices.drops) else Grade.STATE
    if not found and list(Grade).index(result.grade) < list(Grade).index(lowest):
        found.append(f"grade {result.grade}: {result.not_shown[:200]}")
    return found
