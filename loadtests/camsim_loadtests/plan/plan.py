"""What a storm sends and when: pure, made from the settings alone, the same however many workers share it.

Every arrival has one number `seq` in [0, total); a device owns a run of them, and worker k of n owns the devices with
index ≡ k (mod n). Nothing is stored: each device's arrivals are made again, in order, whenever they are needed.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import msgspec

from camsim.chance import draw, shuffled
from camsim.protocol.catalogue import Direction, Family, Operation
from camsim.protocol.vocabulary import AttendanceType, InputType, Protocol

from .curves import CURVES
from .profiles import Order
from .settings import Settings

INPUTS = tuple(InputType)
OFFSET_MIN = 330  # minutes east of UTC: what the printed samples show (A-CB-17)
_ID_BLOCKS, _ID_BLOCK = 800, 1_000_000
_JITTER = 1.0 / (1 << 32)


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """A device has `count` more to tell from `at_ms` on (milliseconds after the storm's first moment)."""

    at_ms: float
    device: int
    count: int


class Item(msgspec.Struct, frozen=True, gc=False):
    """One thing told: `log_time` in UTC epoch seconds, 64 random `bits` of its own, `round` earlier visits."""

    seq: int
    device: int
    at_ms: float
    operation: Operation
    user: int
    log_time: int
    bits: int
    round: int

    @property
    def user_id(self) -> str:
        """The UserID on the wire."""
        return str(self.user)


class Device(msgspec.Struct, frozen=True):
    """One virtual device of the storm: how it speaks and to whom it belongs."""

    index: int
    serial: str
    stgid: str
    protocol: Protocol
    key: str | None
    warm: bool  # has a thermometer and a camera


class Plan:
    """The whole storm as a function of its settings."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.profile = settings.profile_row
        self.total = settings.total
        self.curve = CURVES[self.profile.curve]
        block = draw(settings.seed, "", "storm-users", 0) % _ID_BLOCKS
        self.first_user = settings.first_user or 100_000_000 + block * _ID_BLOCK
        self._span_ms = settings.duration_s * 1000

    def first(self, device: int) -> int:
        """The number of the device's first arrival."""
        return device * self.total // self.settings.devices

    def count(self, device: int) -> int:
        """How many arrivals the device has."""
        return self.first(device + 1) - self.first(device)

    def device_of(self, seq: int) -> int:
        """The device that tells arrival `seq`."""
        return ((seq + 1) * self.settings.devices - 1) // self.total

    def device(self, index: int) -> Device:
        """How device `index` speaks; shares of a profile are spread evenly over the indexes."""
        profile, settings = self.profile, self.settings
        v2 = settings.protocol == Protocol.V2 or (not settings.protocol and _in_share(index, profile.v2_share))
        keyed = bool(settings.security_key) and (
            profile.encrypted_share == 0 or _in_share(index, profile.encrypted_share)
        )
        return Device(
            index=index,
            serial=f"STORM{index + 1:06d}",
            stgid=f"SIM{index + 1:05d}",
            protocol=Protocol.V2 if v2 else Protocol.V3,
            key=settings.security_key if keyed else None,
            warm=index % 4 == 1,
        )

    def at_ms(self, device: int, index: int) -> float:
        """When arrival `index` of the device comes; rises with `index`."""
        if self.profile.backlog:
            return self._reconnects_at(device)
        bits = draw(self.settings.seed, "", "storm", self.first(device) + index)
        return self._moment(index, bits, self.count(device))

    def arrivals(self, worker: int = 0, workers: int = 1) -> Iterator[Arrival]:
        """Everything that comes to the devices of one worker, in order of time."""
        heap = [(self.at_ms(device, 0), device, 0) for device in self.owned(worker, workers)]
        heapq.heapify(heap)
        while heap:
            at, device, index = heap[0]
            following = index + 1
            if self.profile.backlog or following == self.count(device):
                heapq.heappop(heap)
            else:
                heapq.heapreplace(heap, (self.at_ms(device, following), device, following))
            yield Arrival(at, device, self.count(device) if self.profile.backlog else 1)

    def owned(self, worker: int = 0, workers: int = 1) -> Iterator[int]:
        """The devices of one worker that have anything to tell."""
        return (device for device in range(worker, self.settings.devices, workers) if self.count(device))

    def items(self, device: int) -> Iterator[Item]:
        """What the device tells, in the order in which it tells it."""
        if self.profile.order is Order.FIFO:
            return self._chronological(device)
        way = draw(self.settings.seed, "", "storm-order", device) % 3
        if way == 0:
            return self._chronological(device)
        items = list(self._chronological(device))
        return iter(items[::-1] if way == 1 else shuffled(items, self.settings.seed, "", "storm-shuffle", device))

    def all_items(self, worker: int = 0, workers: int = 1) -> Iterator[Item]:
        """Everything one worker sends, device by device."""
        for device in self.owned(worker, workers):
            yield from self.items(device)

    def _chronological(self, device: int) -> Iterator[Item]:
        seed, first, count = self.settings.seed, self.first(device), self.count(device)
        people = range(device, self.settings.people, self.settings.devices)
        operations = self.profile.operations
        repeats = len(operations)
        # A person is enrolled from the first step on; commands are mixed over the devices.
        begin = first if self.profile.direction is Direction.REST else 0
        start_s = self.settings.start_s - (self.settings.duration_s if self.profile.backlog else 0)
        reconnects_at = self._reconnects_at(device) if self.profile.backlog else None
        last = [0] * len(people)
        for index in range(count):
            bits = draw(seed, "", "storm", first + index)
            moment = self._moment(index, bits, count)
            turn = index // repeats
            person = turn % len(people)
            operation = operations[(begin + index) % repeats]
            # A punch is known by user and second (V3:1170): nobody punches twice in one. A photo has its punch's time.
            log_time = int(start_s + moment / 1000)
            if operation.family is Family.PUNCH_LOG:
                log_time = last[person] = max(log_time, last[person] + 1)
            elif operation.family is Family.ATTENDANCE_PHOTO:
                log_time = last[person]
            yield Item(
                seq=first + index,
                device=device,
                at_ms=moment if reconnects_at is None else reconnects_at,
                operation=operation,
                user=self.first_user + people[person],
                log_time=log_time,
                bits=bits,
                round=turn // len(people),
            )

    def _moment(self, index: int, bits: int, count: int) -> float:
        # One arrival in each of `count` equal slices: even over time, irregular within a slice.
        curve = self.profile.curve if not self.profile.backlog else "flat"
        return CURVES[curve].at((index + (bits >> 32) * _JITTER) / count) * self._span_ms

    def _reconnects_at(self, device: int) -> float:
        share = (draw(self.settings.seed, "", "storm-reconnect", device) >> 32) * _JITTER
        return self.curve.at(share) * self._span_ms


def _in_share(index: int, share: float) -> bool:
    return int((index + 1) * share) > int(index * share)


def attendance_type(item: Item) -> AttendanceType:
    """In, then out, then in: as a person comes and goes."""
    return AttendanceType.CHECK_OUT if item.round % 2 else AttendanceType.CHECK_IN


def input_type(item: Item) -> InputType:
    """How the person was recognised, by the item's own bits."""
    return INPUTS[item.bits % len(INPUTS)]
