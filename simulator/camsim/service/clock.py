"""Virtual time in four modes: real, scaled, manual, auto. The host's clock is a parameter."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from camsim.wording import shown

DEFAULT_HORIZON_MS = 48 * 3_600_000
LAST_MS = 4_102_444_800_000  # the year 2100: times of the wire can be written a year longer, for devices that are ahead


class Mode(StrEnum):
    """How virtual time passes."""

    REAL = "real"
    SCALED = "scaled"
    MANUAL = "manual"
    AUTO = "auto"


class ClockError(ValueError):
    """A clock mode or movement that cannot be; the message says what is allowed."""


@dataclass(slots=True)
class Clock:
    """`anchor` pairs host and virtual milliseconds; manual and auto stand still at `still`."""

    mode: Mode = Mode.REAL
    factor: float = 1.0
    anchor: tuple[int, int] = (0, 0)
    still: int = 0
    stands: bool = False

    def __post_init__(self) -> None:
        """`stands` is true when time moves only by request or by jumps."""
        self.stands = self.mode in (Mode.MANUAL, Mode.AUTO)

    def now(self, host_ms: int) -> int:
        """Virtual milliseconds at a host time."""
        if self.stands:
            return self.still
        return self.anchor[1] + int((host_ms - self.anchor[0]) * self.factor)

    def host_delay_s(self, due: int, host_ms: int) -> float:
        """Host seconds until a virtual moment."""
        return max(0.0, (due - self.now(host_ms)) / 1000 / self.factor)

    def switch(self, text: str, host_ms: int) -> None:
        """Go on in another mode from the present moment. Raises: ClockError."""
        mode, factor = parse_mode(text)
        now = self.now(host_ms)
        self.mode, self.factor, self.anchor, self.still = mode, factor, (host_ms, now), now
        self.__post_init__()

    @property
    def text(self) -> str:
        """The mode as it is written on the command line."""
        return f"scaled:{self.factor:g}" if self.mode is Mode.SCALED else str(self.mode)


def parse_mode(text: str) -> tuple[Mode, float]:
    """`real`, `manual`, `auto` or `scaled:N` with N from 0.001 to 100000. Raises: ClockError."""
    name, _, number = text[:40].partition(":")
    try:
        mode = Mode(name)
        if mode is Mode.SCALED and 0.001 <= float(number) <= 100_000:
            return mode, float(number)
        if mode is not Mode.SCALED and not number:
            return mode, 1.0
    except ValueError:
        pass
    raise ClockError(
        f"clock {shown(text, 40)} is not allowed; allowed: real, manual, auto, scaled:N (N from 0.001 to 100000)"
    )


def start(text: str, host_ms: int, at: int | None = None, horizon_ms: int = DEFAULT_HORIZON_MS) -> Clock:
    """A clock that starts at `at`, else at the host's time; manual and auto one horizon before it."""
    mode, factor = parse_mode(text)
    stands = mode in (Mode.MANUAL, Mode.AUTO)
    begin = at
    if begin is None:
        # One horizon of jumps leads to the host's now, not beyond: receivers that look for the future see none.
        begin = host_ms - horizon_ms if stands else host_ms
    if stands:
        begin -= begin % 1000  # the wire has whole seconds: nothing is rounded in a world that stands
    return Clock(mode, factor, (host_ms, begin), begin)
