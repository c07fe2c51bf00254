"""What holds for all tests."""

import os
import tempfile
from pathlib import Path

import hypothesis

# Other work on the machine must not make an example fail, neither by its own time nor by that of its making.
hypothesis.settings.register_profile(
    "shared-machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("shared-machine")

# The key that seals folders of runs is a user's own; that of the tests is in nobody's home, and one for all workers.
os.environ["XDG_CONFIG_HOME"] = str(Path(tempfile.gettempdir()) / f"camsim-tests-{os.getuid()}")
