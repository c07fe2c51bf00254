"""What the knobs of devices and of their connection modes show to a receiver."""

from __future__ import annotations

from knob_world import Case, Outcome, Value, World, shows


def _types(case: Case) -> list[str]:
    return [punch["Type"] for punch in case.frames("PunchLog")]


@shows("face.redetect", (0, False), (0.05, True), (0.1, True))
def redetect(world: World, value: Value) -> Outcome:
    """Whether cameras tell anybody of a hundred more than once; the key of a copy is UserID and LogTime (V3:1170)."""
    case = world.case("face.redetect", value)
    case.punch(input="Face", count=100, every="1m")
    case.idle()
    return len(case.taken) > 100


@shows(
    "direction",
    ("actual", ["BreakOut", "BreakOut", "BreakOut"]),
    ("first_in_rest_out", ["CheckIn", "CheckOut", "CheckOut"]),
    ("zigzag", ["CheckIn", "CheckOut", "CheckIn"]),
    ("always_in", ["CheckIn", "CheckIn", "CheckIn"]),
    ("always_out", ["CheckOut", "CheckOut", "CheckOut"]),
)
def direction(world: World, value: Value) -> Outcome:
    """ "Type: CheckIn · CheckOut …" (V3:451) of somebody who presses BreakOut thrice; "do not rely" on it (V3:1221)."""
    case = world.case("direction", value)
    for hour in ("08", "12", "18"):
        case.punch(type="BreakOut", at=f"2020-09-13 {hour}:00:00 GMT +0530")
    case.idle()
    return _types(case)


@shows("db.poll", ("30s", (False, True)), ("10s", (True, True)), (0, (True, True)))
def poll(world: World, value: Value) -> Outcome:
    """Database mode (V3:112-124): have the punches of eight devices all come after 10 s, after 30 s?"""
    case = world.case("db.poll", value, mode="db-direct")
    devices = [case.stgid, *(case.add(f"{case.stgid}-{n}", mode="db-direct") for n in range(7))]
    for stgid in devices:
        case.punch(device=stgid)
    case.advance(10)
    soon = len(case.taken) == len(devices)
    case.advance(20)
    return soon, len(case.taken) == len(devices)


@shows("file.rewrite_dup", (0, False), (0.1, True))
def rewrite_dup(world: World, value: Value) -> Outcome:
    """File mode (V3:112): whether any of a hundred cached punches is read again from a file that was written anew."""
    case = world.case("file.rewrite_dup", value, mode="file-direct")
    case.do("offline")
    case.punch(count=100)
    case.do("online")
    case.idle()
    return len(case.taken) > 100
