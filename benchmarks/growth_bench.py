"""Months of punches in a kernel without I/O: memory, time per punch, size of the encoded state, the longest event."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from camsim.cli.serve import tune_collector
from camsim.control.actions import AddDevices, Punches, PunchSpec
from camsim.control.devices import DeviceSpec
from camsim.engine import new_kernel
from camsim.kernel.events import Answered, Effect, Send
from camsim.kernel.kernel import Kernel
from camsim.knobs.register import resolve
from camsim.state.blocks import Blocks
from camsim.state.gateway import whole

EVERY = 100_000
GAP_MS = 1_000  # between two punches of one gateway
_DONE = b'{"status":"done"}'


def rss_mb() -> float:
    """Memory that the process holds now."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("/proc/self/status names no VmRSS")


def _encoded_mb(kernel: Kernel) -> tuple[float, float]:
    """The state as it is stored: what changes, and the sealed blocks beside it."""
    size = len(whole(kernel.state)) / 1e6
    logs = sum(_held(one.device.log.blocks) for one in kernel.state.devices.look())
    books = sum(_held(one.blocks) for one in kernel.state.ledger.books.devices.look())
    return size - (logs + books) / 1e6, (logs + books) / 1e6


def _held(blocks: Blocks | None) -> int:
    return 0 if blocks is None else sum(map(len, blocks.held.values()))


class World:
    """A kernel, its receiver that answers done, and the longest event so far."""

    def __init__(self, devices: int, users: int, model: str, photos: int) -> None:
        self.kernel = new_kernel()
        self.kernel.use_knobs(resolve("documented").values)
        self.now, self.longest_ms = 1_600_000_000_000, 0.0
        spec = DeviceSpec(
            id="D{:05d}", count=devices, users=users, callback_url="http://r/", templates=["Card"], model=model
        )
        self._handle(AddDevices(devices=[spec]))
        tune_collector()
        self.longest_ms = 0.0
        self.names = list(self.kernel.state.devices)
        self.users, self.photos = users, photos

    def _handle(self, event: Any) -> list[Effect]:
        began = time.thread_time()  # not what others take of the machine
        effects = self.kernel.handle(event, self.now)
        self.longest_ms = max(self.longest_ms, (time.thread_time() - began) * 1000)
        return effects

    def punch(self, number: int) -> None:
        """One person punches, and whatever that sets off is answered."""
        self.now += GAP_MS
        name = self.names[number % len(self.names)]
        user = str(number // len(self.names) * 7 % self.users + 1)
        photo = self.photos > 0 and number % self.photos == 0
        effects = self._handle(Punches(device=name, punches=[PunchSpec(user=user, photo=photo)]))
        while effects:
            following: list[Effect] = []
            for effect in effects:
                if isinstance(effect, Send):
                    answer = Answered(effect.device, effect.delivery, effect.attempt, 200, _DONE, "application/json")
                    following += self._handle(answer)
            effects = following


def measure(punches: int, devices: int, users: int = 20, model: str = "f38+", photos: int = 10) -> dict[str, Any]:
    """A line a hundred thousand punches on stderr; the figures at the end."""
    world, began, rates = World(devices, users, model, photos), time.process_time(), []
    for number in range(punches):
        world.punch(number)
        if (number + 1) % EVERY == 0:
            rates.append(time.process_time() - began)
            print(
                f"{number + 1:>9,} punches  {rates[-1]:6.2f} s CPU  {rss_mb():6.1f} MB  {world.longest_ms:.1f} ms",
                file=sys.stderr,
                flush=True,
            )
            began = time.process_time()
    held = rss_mb()
    changing, sealed = _encoded_mb(world.kernel)
    return {
        "punches": punches,
        "devices": devices,
        "rss_mb": round(held, 1),
        "s_per_100k": [round(took, 2) for took in rates],
        "state_mb": round(changing, 2),
        "blocks_mb": round(sealed, 2),
        "longest_event_ms": round(world.longest_ms, 2),
        "summary": world.kernel.state.ledger.summary(),
    }


def main() -> None:
    """Figures as JSON on stdout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--punches", type=int, default=1_000_000)
    parser.add_argument("--devices", type=int, default=100)
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--photos", type=int, default=10, help="every Nth punch has one; 0: none")
    given = parser.parse_args()
    print(json.dumps(measure(given.punches, given.devices, given.users, photos=given.photos), indent=1))


if __name__ == "__main__":
    main()
