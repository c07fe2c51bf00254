"""Device models: what a machine can recognise, show and store.

The names are the vendor's (v3, Machine Compatibility). The page prints capacities for one model only (v3, #13); the
other figures and the hardware are readings, chosen so that every model behaves differently (A-DEV-13, A-DEV-14).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated

import msgspec

from camsim.protocol.vocabulary import InputType, TemplateType

CARD, PIN = TemplateType.CARD, TemplateType.PASSWORD
FINGER, FACE = TemplateType.FINGERPRINT, TemplateType.FACE
PALM, PHOTO = TemplateType.PALM, TemplateType.USER_PHOTO

MANUFACTURER = "Dheeram Innovations"


# Of a model that somebody describes.
Room = Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]


class Capacity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much fits; counts over all users. The log is a ring: the oldest punch goes first (A-DEV-14)."""

    users: Room = 5_000
    fingerprints: Room = 10_000
    faces: Room = 5_000
    palms: Room = 3_000
    photos: Room = 5_000
    logs: Room = 500_000

    def of(self, kind: TemplateType) -> int:
        """The most templates of one kind; a user has one card and one PIN."""
        return getattr(self, _CAPACITY_FIELDS[kind])  # type: ignore[no-any-return]


_CAPACITY_FIELDS: Mapping[TemplateType, str] = {
    CARD: "users",
    PIN: "users",
    FINGER: "fingerprints",
    FACE: "faces",
    PALM: "palms",
    PHOTO: "photos",
}


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model as `[[models]]` of a site file describes it; `name` is what LoadDeviceInformation prints as DeviceModel.

    `templates` holds the kinds it can store; `without_commands` and `without_events` name operations its SDK
    lacks (A-DEV-19).
    """

    key: str
    name: str
    templates: frozenset[TemplateType] = frozenset(TemplateType)
    camera: bool = True
    access_control: bool = True
    temperature_sensor: bool = False
    capacity: Capacity = Capacity()
    manufacturer: str = MANUFACTURER
    without_commands: frozenset[str] = frozenset()
    without_events: frozenset[str] = frozenset()

    @property
    def inputs(self) -> tuple[InputType, ...]:
        """The ways a person can be recognised, in the order of the vocabulary."""
        return tuple(kind for kind in InputType if self.recognises(kind))

    @property
    def first_input(self) -> InputType:
        """How a person is recognised where nobody says; by card on a model that is described without any way."""
        inputs = self.inputs
        return inputs[0] if inputs else InputType.CARD

    def recognises(self, kind: InputType | str) -> bool:
        """True if a punch can have this InputType: it needs the same hardware as the template of that name."""
        return kind in self.templates and kind != PHOTO

    def stores(self, kind: TemplateType | str) -> bool:
        """True if templates of this kind can be added; False means code 15 (A-DEV-04)."""
        return kind in self.templates

    @property
    def fingerprint_sensor(self) -> bool:
        """Whether #35 can open an enrolment session."""
        return FINGER in self.templates

    @property
    def face(self) -> bool:
        """Whether it recognises faces."""
        return FACE in self.templates


def _model(
    key: str, name: str, *templates: TemplateType, without: str = "", warm: bool = False, **capacity: int
) -> Model:
    return Model(
        key,
        name,
        frozenset(templates),
        camera="camera" not in without,
        access_control="access" not in without,
        temperature_sensor=warm,
        capacity=Capacity(**capacity),
    )


_ALL = (
    _model(
        "i34", "SlimBeast (i34)", CARD, PIN, FINGER, without="camera", fingerprints=3_000, users=3_000, logs=100_000
    ),
    _model("i35", "Macronium (i35)", CARD, PIN, FINGER, PHOTO, fingerprints=8_000, logs=200_000),
    _model("f38+", "Hawking Plus (f38+)", CARD, PIN, FINGER, FACE, PALM, PHOTO, warm=True),
    _model("f38", "Hawking (f38)", CARD, PIN, FINGER, FACE, PALM, PHOTO, faces=3_000, logs=200_000),
    _model("f34", "Ultron MultiFaceFP (f34)", CARD, PIN, FINGER, FACE, PHOTO, faces=1_500, fingerprints=4_000),
    _model("f35", "Ultron MultiFace (f35)", CARD, PIN, FACE, PHOTO, faces=1_500, users=1_500),
    _model("f36", "Galaxy (f36)", CARD, FACE, PALM, PHOTO, faces=10_000, users=10_000, photos=10_000, warm=True),
    _model(
        "f37", "Ultron GPS (f37)", PIN, FINGER, FACE, PHOTO, without="access", faces=1_000, users=1_000, logs=100_000
    ),
    _model(
        "canbio34", "CanBio34", CARD, FINGER, without="access camera", fingerprints=3_000, users=3_000, logs=200_000
    ),
    _model("gymbio34", "GymBio34", CARD, FINGER, FACE, without="camera", fingerprints=3_000, faces=500, users=3_000),
    _model("rsp10i3", "RSP10i3", CARD, PIN, without="camera", users=20_000, logs=100_000),
    _model("rsp10f1", "RSP10f1", CARD, FINGER, without="camera", fingerprints=2_000, users=2_000, logs=50_000),
)

MODELS: Mapping[str, Model] = {model.key: model for model in _ALL}
DEFAULT = MODELS["f38+"]


class UnknownModelError(ValueError):
    """No model has this name; the message lists those that exist."""


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum() or character == "+")


@lru_cache(maxsize=256)
def _names(model: Model) -> set[str]:
    title = model.name.split(" (", 1)[0]
    return {_plain(model.key), _plain(model.name), _plain(title)}


def find(name: str, models: Mapping[str, Model] = MODELS) -> Model:
    """The model of that key or name; case, blanks and punctuation do not matter (`f38+`, `hawking-plus`).

    Raises: UnknownModelError, naming every model.
    """
    wanted = _plain(name)
    for model in models.values():
        if wanted in _names(model):
            return model
    known = ", ".join(f"{model.key} ({model.name.split(' (', 1)[0]})" for model in models.values())
    raise UnknownModelError(f"unknown device model {name!r}; known models: {known}. Describe others under [[models]]")
