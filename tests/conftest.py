"""What holds for all tests."""

import hypothesis

# Other work on the machine must not make an example fail, neither by its own time nor by that of its making.
hypothesis.settings.register_profile(
    "shared-machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("shared-machine")
