"""A `[[models]]` table of a site file: a device model of the site's own."""

from __future__ import annotations

import msgspec

from camsim.protocol.vocabulary import TemplateType
from camsim.state.models import Capacity, Model


class ModelTable(msgspec.Struct, forbid_unknown_fields=True):
    """One `[[models]]` table."""

    key: str
    name: str | None = None
    templates: list[TemplateType] = msgspec.field(default_factory=lambda: list(TemplateType))
    camera: bool = True
    access_control: bool = True
    temperature_sensor: bool = False
    capacity: Capacity = Capacity()
    without_commands: list[str] = msgspec.field(default_factory=list)
    without_events: list[str] = msgspec.field(default_factory=list)

    def model(self) -> Model:
        """The model that it describes."""
        return Model(
            key=self.key,
            name=self.name or self.key,
            templates=frozenset(self.templates),
            camera=self.camera,
            access_control=self.access_control,
            temperature_sensor=self.temperature_sensor,
            capacity=self.capacity,
            without_commands=frozenset(self.without_commands),
            without_events=frozenset(self.without_events),
        )
