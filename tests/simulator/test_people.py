"""Synthetic people and templates: seeded, realistic in form, nobody's."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from camsim.protocol.templates import kind_problem
from camsim.protocol.vocabulary import TemplateType
from camsim.synthetic import people

KINDS = list(TemplateType)


def decoded(template: people.Template) -> bytes:
    return base64.b64decode(template.data, validate=True)


def test_a_person_is_the_same_however_many_others_there_are() -> None:
    assert people.people(7, 50)[29] == people.people(7, 1, start=30)[0] == people.person(7, 30)


def test_another_seed_gives_other_people() -> None:
    assert people.people(1, 10) != people.people(2, 10)


def test_people_are_numbered_from_the_start_given() -> None:
    assert [person.user_id for person in people.people(1, 3, start=100)] == ["100", "101", "102"]


def test_names_are_there_and_fit_a_device() -> None:
    """A-DEV-02: at most 24 characters."""
    names = [name for person in people.people(1, 300) for name in (person.first_name, person.last_name)]

    assert all(0 < len(name) <= 24 for name in names)


def test_a_few_people_are_administrators() -> None:
    kinds = [person.user_type for person in people.people(1, 1000)]

    assert set(kinds) == {"User", "Admin"}
    assert kinds.count("Admin") < 50


@pytest.mark.parametrize("kind", KINDS)
def test_a_template_follows_from_its_arguments(kind: TemplateType) -> None:
    assert people.template(1, "12", kind) == people.template(1, "12", kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("other", [(2, "12", 0), (1, "13", 0), (1, "12", 1)], ids=["seed", "user", "generation"])
def test_another_seed_user_or_generation_gives_another_template(
    kind: TemplateType, other: tuple[int, str, int]
) -> None:
    seed, user_id, generation = other

    assert people.template(1, "12", kind) != people.template(seed, user_id, kind, generation=generation)


def test_every_finger_has_a_print_of_its_own() -> None:
    prints = [people.template(1, "12", TemplateType.FINGERPRINT, index) for index in range(10)]

    assert [template.index for template in prints] == [str(index) for index in range(10)]
    assert len({template.data for template in prints}) == 10


@pytest.mark.parametrize("kind", KINDS)
def test_index_and_size_show_where_the_page_prints_them(kind: TemplateType) -> None:
    template = people.template(1, "12", kind)

    assert (template.index is not None) == (kind in ("Fingerprint", "Face", "Palm"))
    assert (template.size is not None) == (kind in ("Fingerprint", "Face"))


@pytest.mark.parametrize("kind", [TemplateType.FINGERPRINT, TemplateType.FACE])
def test_size_is_the_decoded_length(kind: TemplateType) -> None:
    template = people.template(1, "12", kind)

    assert template.size == str(len(decoded(template)))


@pytest.mark.parametrize("kind", KINDS[2:])
def test_the_content_passes_the_check_of_its_kind(kind: TemplateType) -> None:
    for n in range(30):
        assert kind_problem(kind, decoded(people.template(1, str(n), kind))) is None


def test_prints_come_with_both_printed_headers() -> None:
    """v3, #6 prints J3SS21, #17 MoSS21."""
    heads = {decoded(people.template(1, str(n), TemplateType.FINGERPRINT))[:6] for n in range(40)}

    assert heads == {b"J3SS21", b"MoSS21"}


def test_a_palm_begins_like_the_printed_sample() -> None:
    """v3, #8: `apUBEOAHv98IAAwA...`"""
    assert people.template(1, "12", TemplateType.PALM).data.startswith("apUBEOAHv98IAAwA")


@pytest.mark.parametrize(
    ("kind", "low", "high"), [("Fingerprint", 1000, 1300), ("Face", 25_000, 28_500), ("UserPhoto", 20_000, 21_000)]
)
def test_templates_have_realistic_sizes(kind: str, low: int, high: int) -> None:
    sizes = {len(decoded(people.template(1, str(n), TemplateType(kind)))) for n in range(30)}

    assert low <= min(sizes)
    assert max(sizes) <= high
    assert len(sizes) > 10


def test_cards_and_pins_are_digits_that_a_device_accepts() -> None:
    """A-DEV-12: 1–20 and 1–8 digits."""
    cards = [people.template(1, str(n), TemplateType.CARD).data for n in range(200)]
    pins = [people.template(1, str(n), TemplateType.PASSWORD).data for n in range(200)]

    assert all(card.isdecimal() and 7 <= len(card) <= 10 for card in cards)
    assert all(pin.isdecimal() and 4 <= len(pin) <= 6 for pin in pins)
    assert len(set(cards)) == 200


def test_a_punch_photo_is_a_jpeg_of_about_20_kb() -> None:
    """v3, #10."""
    data = base64.b64decode(people.photo(1, "12", 4), validate=True)

    assert 19_000 < len(data) < 22_000
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (300, 300))


def test_each_punch_photo_is_another_file() -> None:
    assert len({people.photo(1, "12", n) for n in range(20)}) == 20
