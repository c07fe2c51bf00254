"""`camsim replay`: the case once more with new people, times and ids, read back and judged by the same checks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from camsim_conformance.model.observation import Observation
from camsim_conformance.model.texts import stored_text
from camsim_conformance.observed import Observed
from camsim_conformance.plan.cases import Case, Stage
from camsim_conformance.plan.rows import is_one_of_two, other_of_two
from camsim_conformance.plan.told import Deed
from camsim_conformance.report.case_files import CaseFile, KeptCause, RunFile
from camsim_conformance.report.masking import mask, mask_bytes
from camsim_conformance.report.wording import answer_text, without_markup
from camsim_conformance.requirements.verdicts import VIOLATED, Level, Verdict, gravest
from camsim_conformance.session.record import RunRecord
from camsim_conformance.session.session import Session
from camsim_conformance.target.address import UnreachableError
from camsim_conformance.target.profile import Device, Profile, UsageError
from camsim_conformance.verdict.judge import judge
from camsim_conformance.verdict.result import Exit

from .errors import console

MOST_BESIDE = 12
MOST_BESIDE_SAID = 3
MOST_SENT = 600  # letters of a body
MOST_STEPS = 8
MOST_ROWS = 6
_EXITS = {
    Verdict.FAIL: Exit.FAILED,
    Verdict.ERROR: Exit.INCOMPLETE,
    Verdict.COULD_NOT_RUN: Exit.INCOMPLETE,
    Verdict.UNVERIFIED: Exit.INCOMPLETE,
}
_NOT_ALONE = (
    "which says nothing: it came now and then, so what triggers it may lie in another case, or in the crowd, and this "
    "case cannot show it alone. Run camsim certify again, with the run's options"
)
_AT_ONCE = (Stage.MAIN, Stage.LATE)


def of_run(profile: Profile, run: RunFile) -> Profile:
    """The profile with what the run had: features, seed, devices, times. Raises: UsageError when some are missing."""
    known, given = run["devices"], profile.devices
    if len(given) < len(known):
        raise UsageError(f"the run had {len(known)} devices: give the token of each further one with --device token=…")
    devices: list[Device] = []
    for device, kept in zip(given, known, strict=False):
        if kept["sealed"] and device.key is None:
            raise UsageError("--security-key is missing: this run was sent encrypted")
        key = device.key if kept["sealed"] else None
        devices.append(Device(device.token, kept["serial"], kept["label"], kept["stgid"], key))
    if run["people"] and not profile.people:
        raise UsageError(f"the run used {run['people']} people that the target knows: name some with --users")
    return replace(
        profile,
        devices=tuple(devices),
        features=frozenset(run["features"]),
        announce=run["announce"],
        deadline_s=run["deadline_s"],
        patience_s=run["patience_s"],
        seed=run["seed"],
        confirm=False,  # the case alone is asked for
    )


def send_fresh(kept: CaseFile, profile: Profile, *, alone: bool) -> Exit:
    """Send the case, read back, judge it and print all three; the exit code is its verdict's.

    Raises: UsageError, SafetyError, UnreachableError for a run that cannot be judged.
    """
    requirement = kept["id"].partition("/")[0]
    if profile.people:
        # Beside others it would need people for all of them.
        profile, alone = replace(profile, globs=(requirement,)), True
    every = Session(profile).plan().cases
    case = next((case for case in every if case.id == kept["id"]), None)
    if case is None or case.blocked is not None:
        raise UsageError(f"{kept['id']}: this camsim makes no such case of that run; --same sends the kept bytes")
    beside = [] if alone else companions(case, every)
    _say_how(kept, len(beside), alone=alone)
    kept_ids = [case.id, *beside]
    if is_one_of_two(case):
        kept_ids.append(other_of_two(case))
    record = Session(profile, keep=kept_ids).run()
    if record.void is not None:
        raise UnreachableError(without_markup(record.void))
    seen = next(one for one in record.observed() if one.case.id == kept["id"])
    return _report(judge(seen), kept.get("causes", []), record)


def companions(case: Case, every: Sequence[Case]) -> list[str]:
    """Plain punches for beside a case that the run sent among others."""
    if case.stage not in _AT_ONCE:
        return []
    found: list[str] = []
    for other in every:
        punches = [step.told is not None and step.told.deed is Deed.PUNCH for step in other.steps]
        plain = other.stage is Stage.MAIN and punches == [True] and not other.record
        if plain and other.blocked is None and other.id != case.id and len(found) < MOST_BESIDE:
            found.append(other.id)
    return found


def _say_how(kept: CaseFile, beside: int, *, alone: bool) -> None:
    console.say((f"{kept['id']} with new people, times and ids", "bold"))
    if kept.get("at_once", 1) > 1:
        console.say(f"  its steps go out {kept.get('at_once', 1)} at once, as in the run")
    if kept.get("stage") not in {stage.name.lower() for stage in _AT_ONCE}:
        return
    if beside:
        console.say(f"  the run sent it among others: here beside {beside} plain punches (--alone: nothing beside it)")
    elif alone:
        console.say("  the run sent it among others: here nothing is beside it")


def _report(seen: Observed, causes: Sequence[KeptCause], record: RunRecord) -> Exit:
    for line in _sent_and_answered(seen):
        console.say(line)
    for line in _stored(seen):
        console.say(f"stored    {line}")
    verdict = seen.verdict
    for line, found in _causes(seen, causes):
        console.say(line)
        verdict = gravest((verdict, found))
    if not causes:
        for one in _beside(seen):
            console.say(f"beside    what the case asks: {_how(one)}; {without_markup(one.actual)}")
    _say("expected", seen.expected)
    _say("found", without_markup(mask(seen.actual, seen.profile)))
    if record.snapshot is None and record.adapter is None:
        console.say("nothing was read back: add --readback to see and judge what is stored")
    row = seen.requirement
    console.say((f"{verdict} {row.id} ({seen.level}): {row.title}", "bold"))
    return _EXITS.get(verdict, Exit.PASSED)


def _say(name: str, text: str) -> None:
    if text:
        console.say(f"{name:<9} {text}")


def _sent_and_answered(seen: Observed) -> Iterator[str]:
    steps = seen.case.steps
    for number, step in enumerate(steps[:MOST_STEPS]):
        first = next(place for place, other in enumerate(steps) if other.plain == step.plain)
        if first < number:
            yield f"sent      {step.what}: the bytes of step {first + 1} again"
        else:
            body = mask_bytes(step.plain, seen.profile).decode("utf-8", "replace")
            yield f"sent      {step.what}: {body[:MOST_SENT]}{'…' if len(body) > MOST_SENT else ''}"
        for exchange in seen.exchanges:
            if exchange.step == number:
                yield f"answered  {mask(answer_text(exchange, seen.profile, step), seen.profile)}"
    if len(steps) > MOST_STEPS:
        yield f"          and {len(steps) - MOST_STEPS} more steps"


def _stored(seen: Observed) -> Iterator[str]:
    if seen.snapshot is None:
        return
    people = dict.fromkeys(step.told.user for step in seen.case.steps if step.told is not None and step.told.user)
    for user in people:
        rows = seen.snapshot.punches.get(user, ())
        for row in rows[:MOST_ROWS]:
            yield stored_text(row, seen.snapshot)
        if len(rows) > MOST_ROWS:
            yield f"and {len(rows) - MOST_ROWS} more rows of user {user}"
        kept = [f"{row.type} {row.index or ''}".strip() for row in seen.snapshot.templates.get(user, ())]
        if kept:
            yield f"templates of user {user}: {', '.join(kept)}"
        if not rows and not kept:
            yield f"no punch of user {user}"


def _causes(seen: Observed, causes: Sequence[KeptCause]) -> Iterator[tuple[str, Verdict]]:
    """Whether each cause of the run shows again, and the verdict that it gives."""
    for cause in causes:
        mine = [one for one in seen.observations if str(one.aspect) == cause["aspect"] and one.known]
        wrong = [one for one in mine if one.wrong]
        if wrong:
            yield f"again     {cause['id']}: {cause['sentence']}; {_how(wrong[0])}", VIOLATED[Level(cause["level"])]
        elif mine and cause.get("alone", True):
            yield f"not again {cause['id']}: {cause['sentence']}", Verdict.PASS
        elif mine:
            yield f"not again {cause['id']}: {cause['sentence'].rstrip('.')}; {_NOT_ALONE}", Verdict.COULD_NOT_RUN


def _beside(seen: Observed) -> list[Observation]:
    """What deviates and is not in the finding: the check of the case looks at something else."""
    said = seen.actual
    return [one for one in seen.observations if one.wrong and (not one.actual or one.actual not in said)][
        :MOST_BESIDE_SAID
    ]


def _how(one: Observation) -> str:
    return f"{one.aspect} {one.deviation}"


@contextlib.contextmanager
def started_in(folder: str | None) -> Iterator[None]:
    """In the folder where the run was started: its adapter may be spelled from there."""
    if folder is None or not Path(folder).is_dir():
        yield
        return
    with contextlib.chdir(folder):
        yield
