"""One day at two devices, one a protocol: a receiver stores the same users, instants and types (invariant 11)."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from running_sim import KEY, Loop, Sim
from running_sim import settings as sim_settings
from wire_v2 import v2_device

from camsim.control.devices import DeviceSpec
from camsim.protocol.vocabulary import V2_ATTENDANCE
from camsim.receiver import KnownDevice, start
from camsim.receiver.running import Running
from camsim.synthetic import people, workday

OFFSETS = {"+0530": 330, "-0330": -210, "+0545": 345, "+1400": 840, "-1200": -720, "+0000": 0}
MIDNIGHT = 1_599_955_200  # 2020-09-13 00:00:00 UTC
PEOPLE = 25
MEALS = {word: str(kind) for kind, word in V2_ATTENDANCE.items()}


def stored(inbox: Running) -> set[tuple[str, int, str | None]]:
    """User, instant and type of what was kept; the two words of v2 in those of v3 (V2-04)."""
    punches = [punch for rows in inbox.store.punches.values() for punch in rows]
    return {(punch.user, punch.at, MEALS.get(punch.type or "", punch.type)) for punch in punches}


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32), st.sampled_from(sorted(OFFSETS)), st.booleans(), st.booleans())
def test_a_seeded_day_is_the_same_in_both_protocols(
    loop: Loop, seed: int, zone: str, encrypted: bool, weak_line: bool
) -> None:
    offset, key = OFFSETS[zone], KEY if encrypted else None
    day = workday.working_day(seed, people.people(seed, PEOPLE), MIDNIGHT - offset * 60, offset)
    with inbox("3" * 32, key, offset) as third, inbox("2" * 32, key, offset) as second:
        common = {"users": PEOPLE, "templates": [], "timezone": zone, "security_key": key}
        specs = [
            DeviceSpec(id="V3", auth_token="3" * 32, callback_url=third.url, **common),
            v2_device("V2", auth_token="2" * 32, **{**common, "callback_url": second.url}),
        ]
        sim = Sim(loop, sim_settings(*specs, seed=seed))
        try:
            if weak_line:
                sim.control("add_fault", "", where="callback.answer", do="drop", when={"p": 0.1})
            for device in ("V3", "V2"):
                rows = [{"user": p.user_id, "at": p.log_time, "type": str(p.type), "input": str(p.input)} for p in day]
                sim.control("punches", device, punches=rows)
            sim.idle()
        finally:
            sim.stop()

        expected = {(punch.user_id, punch.log_time, str(punch.type)) for punch in day}
        assert stored(third) == stored(second) == expected


def inbox(token: str, key: str | None, offset: int) -> Running:
    return start(devices=[KnownDevice(token, key, offset=offset)])
