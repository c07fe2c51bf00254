"""People who punch in a scenario: at once, spread over hours, at the start of a shift, through a working day."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from camsim import chance
from camsim.control import actions
from camsim.control.actions import PunchSpec
from camsim.control.on_device import Punches as Punched
from camsim.durations import duration_ms
from camsim.synthetic import people as population
from camsim.synthetic import workday

from .assertions import Finding, Verdict
from .context import DONE, Cannot, Context
from .steps import Punches


async def punches(context: Context, body: Punches) -> list[Finding]:
    if body.shift is not None or body.spread is not None:
        return await _over_time(context, body)
    denied: list[str] = []
    for stgid in await context.places(body.device):
        specs = [_spec(body, user) for user in _people(context, body, stgid)]
        answer = await context.driver.act(actions.Punches(device=stgid, punches=specs))
        assert isinstance(answer, Punched)  # noqa: S101  the answer of that action
        denied += [punch.why for punch in answer.punches if not punch.recorded]
    # A denied punch is how the world is, not a failed step: an assertion says what it should be.
    if denied:
        return [Finding(Verdict.PASS, "", f"{len(denied)} denied: {denied[0]}")]
    return DONE


def _spec(body: Punches, user: str) -> PunchSpec:
    """One person's punches, as the control API takes them."""
    return PunchSpec(
        user=user,
        type=str(body.type),
        input=body.input,
        at=body.at,
        photo=body.photo,
        temperature=body.temperature,
        mask=body.mask,
        count=body.count,
        every=body.every,
        ago=body.ago,
        redetect=body.redetect,
    )


def _people(context: Context, body: Punches, stgid: str) -> list[str]:
    if isinstance(body.user, str):
        return [body.user]
    if body.user is not None:
        return body.user
    known = context.known(stgid).users
    if not known:
        raise Cannot(f"nobody is known on {stgid}; say who punches with user")
    return known


async def _over_time(context: Context, body: Punches) -> list[Finding]:
    """Punches at moments still to come; the clock moves from one to the next."""
    now = (await context.driver.clock()).now
    how = "spread" if body.spread is not None else str(body.shift)
    plan = _PLANS[how](context, body, await context.places(body.device), int(now))
    # The moments are planned one by one, so nothing of a punch reaches back from its moment.
    once = msgspec.structs.replace(body, count=1, every="1s")
    for moment, stgid, user, kind in sorted(plan):
        if moment > now:
            await context.driver.advance(moment - now)
            now = moment
        punch = msgspec.structs.replace(_spec(once, user), type=kind)
        await context.driver.act(actions.Punches(device=stgid, punches=[punch]))
    return DONE


_Planned = list[tuple[int, str, str, str]]  # UTC seconds, device, user, type


def _spread(context: Context, body: Punches, places: list[str], now: int) -> _Planned:
    longest = max(1, duration_ms(body.spread) // 1000)
    plan: _Planned = []
    for stgid in places:
        people = _people(context, body, stgid)
        for number in range(body.count):
            # Two steps of a scenario draw on, or the second would repeat the moments of the first.
            context.draws += 1
            after = chance.between(1, longest, context.scenario.seed, stgid, "scenario-spread", context.draws)
            plan.append((now + after, stgid, people[number % len(people)], str(body.type)))
    return plan


def _shift_start(context: Context, body: Punches, places: list[str], now: int) -> _Planned:
    people: list[tuple[str, str]] = []
    for stgid in places:
        people += [(stgid, user) for user in _people(context, body, stgid)]
    moments = workday.arrivals(context.scenario.seed, len(people), now + 1, max(1, duration_ms(body.over) // 1000))
    shuffled = chance.shuffled(people, context.scenario.seed, "", "scenario-shift", len(people))
    plan: _Planned = []
    for moment, (stgid, user) in zip(moments, shuffled, strict=True):
        plan.append((moment, stgid, user, str(body.type)))
    return plan


def _shift_day(context: Context, body: Punches, places: list[str], now: int) -> _Planned:
    plan: _Planned = []
    for stgid in places:
        offset = context.known(stgid).offset
        # The next local midnight: a working day begins whole, never in the middle.
        midnight = -(-(now + offset * 60) // 86400) * 86400 - offset * 60
        # Their days are drawn from the UserIDs alone: names do not matter.
        people = [population.Person(user, "", "") for user in _people(context, body, stgid)]
        day = workday.working_day(context.scenario.seed, people, midnight, offset)
        plan += [(punch.log_time, stgid, punch.user_id, punch.type) for punch in day]
    return plan


_PLANS: Mapping[str, Callable[[Context, Punches, list[str], int], _Planned]] = {
    "spread": _spread,
    "start": _shift_start,
    "day": _shift_day,
}
