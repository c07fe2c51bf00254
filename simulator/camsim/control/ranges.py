"""The ranges of numbers that people and programs may give, as types: outside of them a value is refused by name."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from camsim.durations import MAX_DURATION_MS

FIRST_S, LAST_S = 86_400, 4_105_123_200  # 1970-01-02 to 2100-02-01: at any offset the wire can write it
MOST_DEVICES = 100_000  # of one call
MOST_DEVICES_IN_ALL = 500_000
MOST_USERS = 100_000  # of one device
MOST_USERS_AT_ONCE = 2_000_000  # of all devices of one call
MOST_LOGS = 10_000_000
MOST_FAULTS = 1_000
MOST_PUNCHES = 1_000_000  # of one call
MOST_DRIFT_PPM = 100_000  # a tenth: 8,640 seconds a day
MOST_REVERIFY_S = 366 * 86_400
MOST_TIMES = 1_000_000_000
MOST_DEPTH = 64  # brackets of a body in each other
MOST_VALUES = 1_000_000  # of a body: memory takes a hundred bytes for the shortest
LONGEST_S = MAX_DURATION_MS / 1000

DeviceCount = Annotated[int, Meta(ge=1, le=MOST_DEVICES)]
UserCount = Annotated[int, Meta(ge=0, le=MOST_USERS)]
LogCount = Annotated[int, Meta(ge=0, le=MOST_LOGS)]
PunchCount = Annotated[int, Meta(ge=1, le=MOST_PUNCHES)]
Redetections = Annotated[int, Meta(ge=0, le=10)]
Reverify = Annotated[int, Meta(ge=0, le=MOST_REVERIFY_S)]  # seconds
Moment = Annotated[int, Meta(ge=FIRST_S, lt=LAST_S)]  # UTC seconds
ServiceMoment = Annotated[int, Meta(ge=0, lt=LAST_S)]  # UTC seconds; 0 is long ago
StartMoment = Annotated[float, Meta(ge=FIRST_S, lt=LAST_S)]
Seconds = Annotated[float, Meta(ge=0, le=LONGEST_S)]  # a duration that is a bare number
Step = Annotated[float, Meta(ge=-LONGEST_S, le=LONGEST_S)]  # seconds, forward or back
Drift = Annotated[float, Meta(ge=-MOST_DRIFT_PPM, le=MOST_DRIFT_PPM)]
Celsius = Annotated[float, Meta(ge=-100, le=200)]
Generation = Annotated[int, Meta(ge=0, le=MOST_TIMES)]
FaultNumber = Annotated[int, Meta(ge=0, le=MOST_TIMES)]
VirtualMs = Annotated[int, Meta(ge=0, lt=LAST_S * 1000)]
Real = Annotated[float, Meta(ge=0, le=86_400)]  # real seconds, and entries: the journal holds fewer
Patience = Annotated[float, Meta(gt=0, le=86_400)]  # real seconds
PersonNumber = Annotated[int, Meta(ge=-MOST_TIMES, le=MOST_TIMES)]  # programs count their people
