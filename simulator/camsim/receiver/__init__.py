"""Two independent reference callback receivers, v3 and v2, and a way to run one beside a program or a test."""

from .devices import KnownDevice, Settings
from .running import Kind, Running, start
from .sightings import Sighting
from .variants import VariantError

__all__ = ["Kind", "KnownDevice", "Running", "Settings", "Sighting", "VariantError", "start"]
