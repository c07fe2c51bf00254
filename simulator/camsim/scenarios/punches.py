"""People who punch in a scenario: at once, spread over hours, at the start of a shift, through a working day."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from camsim import chance
from camsim.actions.values import offset_of
from camsim.control.devices import DEFAULT_OFFSET
from camsim.durations import duration_ms
from camsim.synthetic import people as population
from camsim.synthetic import workday

from .assertions import Finding, Verdict
from .context import DONE, Cannot, Stage, given
from .steps import Punches


async def punches(stage: Stage, body: Punches) -> list[Finding]:
    if body.shift is not None or body.spread is not None:
        return await _over_time(stage, body)
    spec = given(body, "device", "user", "spread", "shift", "over")
    denied: list[str] = []
    for stgid in await stage.places(body.device):
        people = _people(stage, body, stgid)
        answer = await stage.port.control("punches", stgid, punches=[{**spec, "user": user} for user in people])
        denied += [item["why"] for item in answer["punches"] if not item["recorded"]]
    # A denied punch is how the world is, not a failed step: an assertion says what it should be.
    told = f"{len(denied)} denied: {denied[0]}" if denied else ""
    return [Finding(Verdict.PASS, "", told)]


def _people(stage: Stage, body: Punches, stgid: str) -> list[str]:
    if isinstance(body.user, str):
        return [body.user]
    if body.user is not None:
        return body.user
    known: list[str] = stage.made.get(stgid, {}).get("users", [])
    if not known:
        raise Cannot(f"nobody is known on {stgid}; say who punches with user")
    return known


async def _over_time(stage: Stage, body: Punches) -> list[Finding]:
    """Punches at moments still to come; the clock moves from one to the next."""
    now = (await stage.port.clock())["now"]
    how = "spread" if body.spread is not None else str(body.shift)
    plan = _PLANS[how](stage, body, await stage.places(body.device), int(now))
    spec = given(body, "device", "user", "spread", "shift", "over", "count", "every", "type")
    for moment, stgid, user, kind in sorted(plan):
        if moment > now:
            await stage.port.advance(moment - now)
            now = moment
        await stage.port.control("punches", stgid, punches=[{**spec, "user": user, "type": kind}])
    return DONE


_Planned = list[tuple[int, str, str, str]]  # UTC seconds, device, user, type


def _spread(stage: Stage, body: Punches, places: list[str], now: int) -> _Planned:
    length = duration_ms(body.spread) // 1000
    plan: _Planned = []
    for stgid in places:
        people = _people(stage, body, stgid)
        for number in range(body.count):
            stage.draws += 1
            moment = now + chance.between(1, max(1, length), stage.scenario.seed, stgid, "scenario-spread", stage.draws)
            plan.append((moment, stgid, people[number % len(people)], str(body.type)))
    return plan


def _shift_start(stage: Stage, body: Punches, places: list[str], now: int) -> _Planned:
    people: list[tuple[str, str]] = []
    for stgid in places:
        people += [(stgid, user) for user in _people(stage, body, stgid)]
    moments = workday.arrivals(stage.scenario.seed, len(people), now + 1, max(1, duration_ms(body.over) // 1000))
    shuffled = chance.shuffled(people, stage.scenario.seed, "", "scenario-shift", len(people))
    plan: _Planned = []
    for moment, (stgid, user) in zip(moments, shuffled, strict=True):
        plan.append((moment, stgid, user, str(body.type)))
    return plan


def _shift_day(stage: Stage, body: Punches, places: list[str], now: int) -> _Planned:
    plan: _Planned = []
    for stgid in places:
        offset = stage.made.get(stgid, {}).get("offset", offset_of(DEFAULT_OFFSET, 0))
        # The next local midnight: a working day begins whole, never in the middle.
        midnight = -(-(now + offset * 60) // 86400) * 86400 - offset * 60
        people = [population.Person(user, "", "") for user in _people(stage, body, stgid)]
        day = workday.working_day(stage.scenario.seed, people, midnight, offset)
        plan += [(punch.log_time, stgid, punch.user_id, punch.type) for punch in day]
    return plan


_PLANS: Mapping[str, Callable[[Stage, Punches, list[str], int], _Planned]] = {
    "spread": _spread,
    "start": _shift_start,
    "day": _shift_day,
}
