"""What the kernel handles: importing this registers every event, timer and action."""

from __future__ import annotations

from camsim.actions import clock, connection, devices, gateway, punch, users  # noqa: F401
from camsim.callbacks import delivery, upload  # noqa: F401
from camsim.commands import enrolment, queue  # noqa: F401
from camsim.commands.v2 import flow as flow_v2  # noqa: F401
from camsim.commands.v3 import flow  # noqa: F401
