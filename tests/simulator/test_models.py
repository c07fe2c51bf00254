"""Built-in device models: the vendor's names, the printed capacities, forgiving look-up."""

from __future__ import annotations

from itertools import combinations

import msgspec
import pytest

from camsim.protocol.vocabulary import InputType, TemplateType
from camsim.state import models

PAGE_NAMES = [
    "SlimBeast (i34)",
    "Macronium (i35)",
    "Hawking Plus (f38+)",
    "Hawking (f38)",
    "Ultron MultiFaceFP (f34)",
    "Ultron MultiFace (f35)",
    "Galaxy (f36)",
    "Ultron GPS (f37)",
    "CanBio34",
    "GymBio34",
    "RSP10i3",
    "RSP10f1",
]


def test_the_models_are_those_the_vendor_page_lists() -> None:
    """v3, Machine Compatibility."""
    assert [model.name for model in models.MODELS.values()] == PAGE_NAMES


def test_the_default_model_has_the_printed_name_and_capacities() -> None:
    """v3, #13 LoadDeviceInformation."""
    model = models.DEFAULT

    assert (model.name, model.manufacturer) == ("Hawking Plus (f38+)", "Dheeram Innovations")
    assert (model.capacity.faces, model.capacity.fingerprints, model.capacity.logs) == (5000, 10000, 500000)


def _features(model: models.Model) -> tuple[object, ...]:
    return (model.templates, model.camera, model.access_control, model.temperature_sensor)


@pytest.mark.parametrize(("one", "other"), list(combinations(models.MODELS.values(), 2)), ids=lambda model: model.key)
def test_two_models_differ_in_what_they_can_do(one: models.Model, other: models.Model) -> None:
    assert _features(one) != _features(other)


@pytest.mark.parametrize(
    "name", ["f38+", "F38+", "Hawking Plus", "hawking-plus", "hawking_plus", "Hawking Plus (f38+)"]
)
def test_look_up_forgives_case_blanks_and_punctuation(name: str) -> None:
    assert models.find(name) is models.MODELS["f38+"]


def test_hawking_is_not_hawking_plus() -> None:
    assert models.find("Hawking") is models.find("f38") is not models.find("f38+")


@pytest.mark.parametrize("name", ["f39", "", "Hawk", "+"])
def test_an_unknown_name_is_answered_with_the_known_ones(name: str) -> None:
    with pytest.raises(models.UnknownModelError) as caught:
        models.find(name)

    assert repr(name) in str(caught.value)
    assert all(key in str(caught.value) for key in models.MODELS)


def test_look_up_finds_a_model_of_the_site() -> None:
    own = models.Model("door", "Own Door 1")

    assert models.find("own door 1", {**models.MODELS, own.key: own}) is own


def test_a_photo_is_shown_but_recognises_nobody() -> None:
    model = models.find("f38+")

    assert model.stores(TemplateType.USER_PHOTO)
    assert not model.recognises("UserPhoto")
    assert set(model.inputs) == set(InputType)


def test_a_card_reader_has_no_camera_no_face_and_no_finger_sensor() -> None:
    model = models.find("RSP10i3")

    assert not any((model.camera, model.face, model.fingerprint_sensor))
    assert not any(map(model.stores, (TemplateType.FACE, TemplateType.PALM, TemplateType.USER_PHOTO)))
    assert model.inputs == (InputType.CARD, InputType.PASSWORD)


def test_hardware_flags_follow_from_the_template_kinds() -> None:
    model = models.find("f34")

    assert (model.fingerprint_sensor, model.face) == (True, True)
    assert (model.stores(TemplateType.PALM), model.stores(TemplateType.USER_PHOTO)) == (False, True)


@pytest.mark.parametrize("kind", list(TemplateType))
def test_every_template_kind_has_a_capacity(kind: TemplateType) -> None:
    sizes = models.Capacity(users=1, fingerprints=2, faces=3, palms=4, photos=5)

    assert sizes.of(kind) == {"Card": 1, "Password": 1, "Fingerprint": 2, "Face": 3, "Palm": 4, "UserPhoto": 5}[kind]


def test_a_site_file_can_describe_a_model_of_its_own() -> None:
    table = {"key": "gate", "name": "Gate 1", "templates": ["Card", "Face"], "camera": False, "capacity": {"users": 3}}

    model = msgspec.convert(table, models.Model)

    assert model.inputs == (InputType.FACE, InputType.CARD)
    assert (model.capacity.users, model.capacity.logs) == (3, 500_000)


def test_a_misspelt_key_in_a_model_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="camra"):
        msgspec.convert({"key": "gate", "name": "Gate 1", "camra": True}, models.Model)
