"""Try an adapter before anything is judged: what it tells of a few people, and every mistake that can be seen in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from camsim.protocol.vocabulary import AttendanceType, InputType
from camsim.readback.doubts import counted, why_less
from camsim.readback.model import KINDS, Capabilities, ReadBackError, StoredPunch
from camsim.readback.rows import RowReadBack, punch_of, template_of, user_of
from camsim.readback.times import Moment, moment_of, unit_hint

FIELDS = ("type", "input", "device", "temperature", "mask")
NOBODY = "999999998"  # a device never shows so long an id of nines; asked beside people, and alone
SHA256_LETTERS = 64
V2_TYPES = ("MealStart", "MealEnd")


@dataclass(slots=True)
class Trial:
    """What an adapter told: rows as they came, with what was understood of them; `faults` make it unbelievable."""

    adapter: str
    capabilities: Capabilities
    rows: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)

    def fault(self, text: str) -> None:
        """Note something that voids a run, once."""
        if text not in self.faults:
            self.faults.append(text)

    def hint(self, text: str) -> None:
        """Note something that may be meant otherwise, once."""
        if text not in self.hints:
            self.hints.append(text)


def tried(adapter: RowReadBack, people: Sequence[str]) -> Trial:
    """Ask for these people, at most a hundred. Raises: ReadBackError when it does not answer, or its capabilities are
    none."""
    trial = Trial(adapter.name, adapter.capabilities())
    _look_at_keeps(trial)
    for kind in KINDS:
        if kind in trial.capabilities.keeps:
            trial.rows[kind] = _read(trial, adapter, kind, people)
    if not any(trial.rows.values()):
        trial.fault(
            f"nothing is shown of {', '.join(people)}: ask for somebody who has punched, with the id as the device "
            "sends it (leading zeros count), and look whether the adapter reads the table that the callback writes"
        )
    if not trial.faults:
        _ask_in_other_ways(trial, adapter, people)
    return trial


def _look_at_keeps(trial: Trial) -> None:
    unknown = sorted(trial.capabilities.keeps - {*KINDS, *FIELDS})
    if unknown:
        known = ", ".join((*KINDS, *FIELDS))
        trial.hint(f"keeps names {', '.join(unknown)}, which means nothing here: known are {known}")
    _look_at_words(trial, "type_words", trial.capabilities.type_words, (*AttendanceType, *V2_TYPES))
    _look_at_words(trial, "input_words", trial.capabilities.input_words, tuple(InputType))


def _look_at_words(trial: Trial, name: str, words: Mapping[str, frozenset[str]], vendor: Sequence[str]) -> None:
    for own, theirs in words.items():
        wrong = [word for word in sorted(theirs) if _letters(word) not in map(_letters, vendor)]
        if wrong:
            trial.hint(f"{name} says {own!r} is {', '.join(wrong)}: the words of devices are {', '.join(vendor)}")


def _read(trial: Trial, adapter: RowReadBack, kind: str, people: Sequence[str]) -> list[dict[str, object]]:
    shown: list[dict[str, object]] = []
    strangers: list[str] = []
    for row in adapter.raw(kind, people):
        fields = _plain(row)
        user = str(fields.get("user"))
        if fields.get("user") is not None and user not in people:
            strangers.append(user)
            continue
        _UNDERSTAND[kind](trial, adapter, fields)
        shown.append(fields)
    if strangers:
        others = ", ".join(dict.fromkeys(strangers[:3]))
        trial.hint(
            f"{kind}: {len(strangers)} rows of people who were not asked for, as {others}: they are left out, but a "
            "whole table takes long, and must not be cut by a limit; filter by the user ids"
        )
    return shown


def _plain(row: object) -> dict[str, object]:
    return {str(name): value for name, value in row.items()} if isinstance(row, Mapping) else {"row": row}


def _understand_punch(trial: Trial, adapter: RowReadBack, fields: dict[str, object]) -> None:
    stored, policy = fields.get("time"), trial.capabilities.time_policy
    moment, source = _moment(stored), adapter.source("punches")
    fields["instant"], fields["wall"] = _written(moment.instant, "Z"), _written(moment.wall, "")
    read = fields
    if adapter.naive_is_utc and policy == "instant" and moment.instant is None and moment.wall is not None:
        trial.hint(f"time {stored!r} has no offset and is taken for UTC, as time_policy is instant: is it UTC?")
        fields["instant"] = _written(moment.wall, "Z")
        read = {**fields, "time": moment.wall}
    try:
        punch = punch_of(read, policy, source)
    except ReadBackError as error:
        trial.fault(str(error))
        return
    hint = unit_hint(punch.time)
    if hint is not None:
        trial.fault(f"time {stored!r} lies in {hint}: the adapter speaks another unit")
    _look_at_fields(trial, punch)


def _moment(stored: object) -> Moment:
    try:
        return moment_of(stored)
    except ValueError:
        return Moment(None, None)  # whoever reads the row says why


def _look_at_fields(trial: Trial, punch: StoredPunch) -> None:
    capabilities = trial.capabilities
    for name in FIELDS:
        if name in ("type", "input") and name in capabilities.keeps and getattr(punch, name) is None:
            trial.hint(f"keeps says {name}, and a row has none: every punch is sent with one")
        if name not in capabilities.keeps and getattr(punch, name) is not None:
            trial.hint(f"rows have {name}, and keeps does not name it: it will not be judged")
    _look_at_word(trial, "type", punch.type, capabilities.type_words, (*AttendanceType, *V2_TYPES))
    _look_at_word(trial, "input", punch.input, capabilities.input_words, tuple(InputType))


def _look_at_word(
    trial: Trial, name: str, stored: str | None, words: Mapping[str, frozenset[str]], vendor: Sequence[str]
) -> None:
    if stored is None or name not in trial.capabilities.keeps or stored.lower() in words:
        return
    if _letters(stored) not in map(_letters, vendor):
        trial.hint(
            f'{name} {stored!r} is no word of a device ({", ".join(vendor)}): translate it, "{name}_words": '
            f'{{"{stored}": ["{vendor[0]}"]}}'
        )


def _understand_template(trial: Trial, adapter: RowReadBack, fields: dict[str, object]) -> None:
    data, source = fields.pop("data", None), adapter.source("templates")
    if data is not None and fields.get("sha256") is None:
        fields["sha256"] = "(of data)"  # never shown itself: it is somebody's finger
        return
    try:
        digest = template_of(fields, source).sha256
    except ReadBackError as error:
        trial.fault(str(error))
        return
    if len(digest) != SHA256_LETTERS or digest.strip("0123456789abcdef"):
        trial.fault(f"{source}: sha256 {digest[:80]!r} is not 64 hexadecimal digits of the decoded data")


def _understand_user(trial: Trial, adapter: RowReadBack, fields: dict[str, object]) -> None:
    try:
        user_of(fields, adapter.source("users"))
    except ReadBackError as error:
        trial.fault(str(error))


_UNDERSTAND = {"punches": _understand_punch, "templates": _understand_template, "users": _understand_user}


def _ask_in_other_ways(trial: Trial, adapter: RowReadBack, people: Sequence[str]) -> None:
    """Each alone, then all together and with somebody unknown, in both orders: the same must be shown."""
    try:
        if counted(adapter, "punches", [NOBODY])[NOBODY]:
            trial.fault(
                f"rows of user {NOBODY} are shown, who is nobody: an adapter that answers everything proves nothing"
            )
        for kind in trial.rows:
            _compare(trial, adapter, kind, people)
    except ReadBackError as error:
        trial.fault(str(error))


def _compare(trial: Trial, adapter: RowReadBack, kind: str, people: Sequence[str]) -> None:
    for person in people:
        alone = counted(adapter, kind, [person])[person]
        for question in _questions(people):
            shown = counted(adapter, kind, question)[person]
            if shown < alone:
                trial.fault(why_less(adapter, kind, person, question, alone) or "it answers one question in two ways")
                return
            if shown > alone:
                trial.fault(f"it shows {shown} {kind} of user {person} among others, and {alone} when asked for alone")
                return


def _questions(people: Sequence[str]) -> Iterable[list[str]]:
    return ([*people, NOBODY], [NOBODY, *people], [*reversed(people), NOBODY])


def _written(moment: int | None, zone: str) -> str | None:
    if moment is None:
        return None
    try:
        return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S") + zone
    except (OverflowError, ValueError, OSError):
        return str(moment)


def _letters(word: str) -> str:
    return "".join(filter(str.isalnum, word.lower()))
