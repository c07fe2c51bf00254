"""The day that the demo plays: who works, who punches where, what happens at the gate and in the menus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from statistics import median
from typing import Any

from camsim.control.actions import Date, DeleteUser, Offline, Online, Punches, PunchSpec, PutUser
from camsim.host import Host
from camsim.protocol.catalogue import COMMANDS, Operation
from camsim.protocol.facts import Template
from camsim.protocol.vocabulary import InputType, TemplateType
from camsim.state.gateway import RegisteredDevice
from camsim.state.journal import Entry
from camsim.synthetic import people as population
from camsim.synthetic import workday

OFFSET = 330
FRONT, FACTORY, GATE = "FRONT1", "FACTORY1", "GATE1"


@dataclass
class Tally:
    """What became of one operation. Latencies in seconds: real for callbacks, virtual for commands."""

    operation: Operation
    sent: int = 0
    acknowledged: int = 0
    codes: dict[int, int] = dataclass_field(default_factory=dict)
    latencies: list[float] = dataclass_field(default_factory=list)

    def attempted(self, entry: Entry) -> None:
        """Count an attempt of a callback; a repetition is not sent a second time."""
        self.sent += entry.attempt == 1
        self.acknowledged += entry.verdict == "acknowledged"

    def answered(self, code: int) -> None:
        """Count a command and its answer."""
        self.sent += 1
        self.acknowledged += code == 0
        self.codes[code] = self.codes.get(code, 0) + 1

    def median_latency(self) -> float | None:
        """Seconds; None when nothing was measured."""
        if not self.latencies:
            return None
        return round(median(self.latencies), 4)


Report = dict[str, Any]  # what came of a demonstration, as `--json` prints it


@dataclass
class Day:
    """A running demonstration."""

    host: Host
    seed: int
    people: list[population.Person]
    midnight: int
    step: Callable[[str], None]
    commands: dict[str, Tally] = dataclass_field(default_factory=lambda: {row.name: Tally(row) for row in COMMANDS})
    burst: int = 0
    numbers: int = 0

    def slot(self, stgid: str) -> RegisteredDevice:
        """A device of the demonstration."""
        return self.host.runtime.kernel.state.devices[stgid]

    async def until(self, moment: int) -> None:
        """Let virtual time reach a moment, UTC seconds."""
        left = moment - self.host.runtime.now() / 1000
        if left > 0:
            await self.host.runtime.advance(left)


async def menus(day: Day) -> None:
    """Each change in the device's menu that has a callback of its own: #1-#9."""
    control = day.host.runtime.control
    await control(PutUser(device=FRONT, user="9001", first_name="Asha", last_name="Menon"))
    for kind in TemplateType:
        await control(PutUser(device=FRONT, user="9001", templates=[kind]))
    cards = [TemplateType.CARD, TemplateType.FINGERPRINT]
    await control(PutUser(device=FACTORY, user="9002", first_name="Ravi", last_name="Iyer", templates=[*cards]))
    await control(DeleteUser(device=FRONT, user="9001"))
    await control(Date(device=FRONT, by="2m"))
    await control(Date(device=FRONT, true=True, announce=False))
    await day.host.runtime.run_until_idle()


async def work(day: Day) -> None:
    """Everybody's day at the nearest device. The gate loses its connection from 11:00 to 14:00."""
    # Incidents and punches take turns on one clock, which only goes forward.
    punches = workday.working_day(day.seed, day.people, day.midnight, OFFSET)
    incidents = [(day.midnight + 11 * 3600, _gate_away), (day.midnight + 14 * 3600, _gate_back)]
    control, hour = day.host.runtime.control, 8
    for punch in punches:
        while incidents and punch.log_time >= incidents[0][0]:
            moment, act = incidents.pop(0)
            await day.until(moment)
            await act(day)
        while punch.log_time >= day.midnight + hour * 3600 and hour < 22:
            if hour % 3 == 2:
                day.step(f"the day, {hour}:00")
            hour += 1
        await day.until(punch.log_time)
        stgid = (FRONT, FACTORY, GATE)[int(punch.user_id) % 3]
        kinds = day.slot(stgid).device.model.inputs
        kind = punch.input
        if kind not in kinds:
            kind = kinds[0]  # the gate reads cards and fingers alone
        pictured = int(punch.user_id) % 5 < 2
        spec = PunchSpec(user=punch.user_id, type=punch.type, input=InputType(kind), photo=pictured)
        await control(Punches(device=stgid, punches=[spec]))


async def _gate_away(day: Day) -> None:
    await day.host.runtime.control(Offline(device=GATE))


async def _gate_back(day: Day) -> None:
    """The first person passes just before; with few people nobody else might have."""
    control, last = day.host.runtime.control, PunchSpec(user=day.people[0].user_id, type="CheckOut")
    await control(Punches(device=GATE, punches=[last]))
    day.burst = len(day.slot(GATE).device.pending)
    await control(Online(device=GATE, order="shuffle"))


def templates(day: Day, user_id: str, kinds: frozenset[TemplateType]) -> tuple[Template, ...]:
    """Synthetic templates of those kinds for a user."""
    return tuple(population.template(day.seed, user_id, kind) for kind in TemplateType if kind in kinds)
