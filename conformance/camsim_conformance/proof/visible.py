"""Whether a fault can show at all under a plan, by rules that know nothing of the judge; and how grave it is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from camsim.protocol.facts import Punch as Told
from camsim.protocol.vocabulary import Protocol
from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import Punch
from camsim.receiver.memory.store import Store
from camsim_conformance.model.homes import base_level
from camsim_conformance.model.observation import Aspect, Deviation
from camsim_conformance.plan.factors import value_of
from camsim_conformance.plan.told import Keep
from camsim_conformance.requirements.verdicts import Level, rank

from .direct import DirectReceiver
from .effects import FORGED, Effect, Place
from .events import Event
from .faulty import Fault, FaultyPolicy
from .settings import Setting

QUARTER_S = 91 * 86400
NEVER_SENT = "the plan sends nothing under these values"
NOT_JUDGED = "what is sent under them need not be answered or stored, or is only recorded"
SAME = "the effect changes nothing there (no offset to shift by, no attribute to lose, one row for two punches)"
ALLOWED = "a reading that the page admits (v2: nearly all times as the device's wall clock)"
RECORDED = "a value that the page leaves open: INFO at most"
# The empty names of #4 and #5, which no sentence of v3 says to leave out (V3:278); in v2 one does (V2:89).
_BY_CARD = ("then:card", "yes")
ALL = 0.95  # v2 may be read either way, as long as it is always read so


def expected_level(fault: Fault, protocol: Protocol) -> Level:
    """The level that a finding of the fault must have: that of the effect, at most what its values allow."""
    effect = fault.acts
    levels = [base_level(effect.aspect, effect.deviation, protocol)]
    if protocol is Protocol.V3 and effect.aspect is Aspect.NAME and _BY_CARD in fault.named:
        levels.append(Level.SHOULD)
    for factor, name in (*fault.condition, *fault.named):
        value = value_of(factor, name)
        # How old a punch is, or whose id is odd, excuses that it is lost; never that it is stored wrongly.
        free = (factor, effect.aspect) == ("age", Aspect.INSTANT) or (
            factor == "id" and effect.deviation == Deviation.OTHER_PERSON
        )
        if value is not None and not free:
            levels.append(value.cap)
    return min(levels, key=rank)


def why_left_out(fault: Fault, told: Sequence[Event], setting: Setting) -> str | None:
    """None for a fault that shows under this plan; else the rule by which it is none of the population."""
    protocol, now_s = setting.protocol, setting.now_s
    if expected_level(fault, protocol) is Level.RECORD:
        return RECORDED
    struck = [event for event in told if fault.strikes(event)]
    if not struck:
        return NEVER_SENT
    judged = [event for event in struck if _judged(fault.acts, event, now_s)]
    if not judged:
        return NOT_JUDGED
    if fault.of_people:
        return None if _changes_people(fault, told, setting) else SAME
    changed = [event for event in judged if changes(fault.acts, event, Place(now_s, ""))]
    if not changed:
        return SAME
    if protocol is Protocol.V2 and fault.effect == "shifted by the offset" and _nearly_all(changed, told):
        return ALLOWED
    return None


def _judged(effect: Effect, event: Event, now_s: int) -> bool:
    if event.recorded:
        return False
    if effect is FORGED:
        return True
    if effect.aspect is Aspect.ANSWER:
        return event.answered
    if effect.aspect is Aspect.ROW and effect.deviation == Deviation.MISSING and event.punch is not None:
        return event.keep is Keep.MUST and now_s - event.punch.log_time <= QUARTER_S
    return event.keep is Keep.MUST


def changes(effect: Effect, event: Event, place: Place) -> bool:
    if effect.aspect is Aspect.ANSWER:
        return True
    if event.punch is None or not event.alone:
        return False
    punch = stored(event.punch)
    if effect.aspect is Aspect.TYPE and punch.type == "None":
        return False  # no type at all has no meaning to keep
    return effect.stored(punch, place) != [punch]


def showing(fault: Fault, told: Sequence[Event], setting: Setting) -> list[Event]:
    """Every event that would show the effect if it befell it, whatever its values."""
    place = Place(setting.now_s, "")
    found = []
    for event in told:
        of_aspect = event.punch is not None or fault.acts.aspect is Aspect.ANSWER
        if of_aspect and _judged(fault.acts, event, setting.now_s) and changes(fault.acts, event, place):
            found.append(event)
    return found


def _changes_people(fault: Fault, told: Sequence[Event], setting: Setting) -> bool:
    """Whether anybody's names, templates or punches end otherwise than at the reference, told the whole plan."""
    policy = FaultyPolicy(fault)
    policy.learn(told, "")
    faulty, right = (_stored_by(one, told, setting) for one in (policy, None))
    return (faulty.people, faulty.templates, faulty.punches) != (right.people, right.templates, right.punches)


def _stored_by(policy: Policy | None, told: Sequence[Event], setting: Setting) -> Store:
    receiver = DirectReceiver(setting.known_devices(), setting.key, policy).receiver

    async def tell() -> None:
        for event in sorted(told, key=lambda event: event.case.stage):
            await receiver.process(event.wire, event.stgid)

    asyncio.run(tell())
    return receiver.store


def _nearly_all(struck: Sequence[Event], told: Sequence[Event]) -> bool:
    punches = {event.punch for event in told if event.punch is not None and event.keep is Keep.MUST}
    return len({event.punch for event in struck}) >= ALL * len(punches)


def stored(punch: Told) -> Punch:
    """A punch as the reference stores it."""
    return Punch(
        user=punch.user_id,
        at=punch.log_time,
        offset=punch.offset,
        type=punch.type or None,
        input=punch.input or None,
        temperature=punch.temperature,
        mask=punch.mask,
    )
