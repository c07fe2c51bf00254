"""What a description of devices was added with: enough to make each of them at any later time, exactly as at once."""

from __future__ import annotations

import msgspec

from camsim import chance
from camsim.control.devices import DeviceSpec

from .models import Model

_DRAWN = "ZHM"


class Founding(msgspec.Struct, frozen=True):
    """A description with all that was in force when it was added, and the numbers that its devices have.

    A device's number counts every device that was ever made; this one's begin with `first`. `seed` and `now` are the
    world's, `skew_ms`, `drift_ppm` and `face_format` what its knobs said.
    """

    spec: DeviceSpec
    first: int
    count: int
    seed: int
    now: int
    model: Model
    skew_ms: int
    drift_ppm: float
    face_format: str

    def number(self, stgid: str) -> int:
        """The draw that makes serial and MAC, so that both stay those of the id, whatever else a site describes."""
        return chance.draw(self.seed, stgid, "serial", 0)

    def serial(self, stgid: str, number: int | None = None) -> str:
        """The serial number of the device with that id; `number` where it has been drawn already."""
        if self.spec.serial:
            return self.spec.serial
        return f"{_DRAWN}{(self.number(stgid) if number is None else number) % 10**10:010d}"

    def has_serial(self, stgid: str, serial: str) -> bool:
        """Whether that is the serial number of the device with that id."""
        if self.spec.serial or not serial.startswith(_DRAWN):
            return self.spec.serial == serial
        return self.serial(stgid) == serial

    def token(self, stgid: str) -> str:
        """The token of the device with that id."""
        return self.spec.auth_token or chance.token(self.seed, stgid)

    def label(self, stgid: str) -> str:
        """What the device with that id is called."""
        return f"Device {stgid}" if self.spec.label is None else self.spec.label
