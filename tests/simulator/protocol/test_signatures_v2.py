"""Templates as v2 tells them: cut into parts, grouped, and made whole again."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camsim.protocol.facts import Template
from camsim.protocol.statuses import StatusV2
from camsim.protocol.v2 import signatures
from camsim.protocol.vocabulary import TemplateType
from camsim.synthetic import people

CARD, PIN = (people.template(1, "7", kind) for kind in (TemplateType.CARD, TemplateType.PASSWORD))
FACE, PALM = (people.template(1, "7", kind) for kind in (TemplateType.FACE, TemplateType.PALM))
FINGER = people.template(1, "7", TemplateType.FINGERPRINT, 6)
PHOTO = people.template(1, "7", TemplateType.USER_PHOTO)
PLACEHOLDER = "/9j/4AAQSkZJRgABAQAAAQABAAD..."


def data(*items: Any, **members: Any) -> dict[str, Any]:
    """The OperationData of an AddUser with these signatures; `members` replace or add others."""
    return {"Name": "Manu Mona", "FirstName": "", "LastName": "", "Priority": "0", "Signature": list(items), **members}


def refusal(told: Any) -> tuple[StatusV2, str]:
    with pytest.raises(signatures.SignatureError) as caught:
        signatures.user(told)
    return caught.value.code, caught.value.field


def test_cards_and_pins_share_a_message_and_everything_else_comes_alone() -> None:
    """V2:89."""
    groups = signatures.grouped((FINGER, CARD, PHOTO, PIN))

    assert [[row["Type"] for row in group] for group in groups] == [
        ["Card", "Password"],
        ["Fingerprint"],
        ["UserPhoto"],
    ]


def test_a_face_comes_in_twelve_parts_numbered_from_1() -> None:
    """V2-06."""
    groups = signatures.grouped((FACE,))

    assert [[row["AdditionalData1"] for row in group] for group in groups] == [[str(n)] for n in range(1, 13)]


def test_the_parts_of_a_face_join_to_the_whole() -> None:
    pieces = [base64.b64decode(row["Template"], validate=True) for row in signatures.items(FACE)]

    assert b"".join(pieces) == base64.b64decode(FACE.data)


def test_a_print_carries_its_finger_and_a_card_carries_nothing() -> None:
    """V2:99."""
    told = [row for template in (FINGER, CARD, PHOTO) for row in signatures.items(template)]

    assert [row["AdditionalData1"] for row in told] == ["6", "", ""]
    assert {row["AdditionalData2"] for row in told} == {""}


def test_a_shortened_sample_stays_in_one_part() -> None:
    assert signatures.items(Template(TemplateType.FACE, PLACEHOLDER, "0", "25072")) == [
        {"Template": PLACEHOLDER, "Type": "Face", "AdditionalData1": "1", "AdditionalData2": ""}
    ]


@pytest.mark.parametrize("template", [CARD, PIN, FACE, PALM, FINGER, PHOTO], ids=lambda template: template.type)
def test_what_was_told_is_read_back_as_the_same_template(template: Template) -> None:
    read = signatures.user(data(*signatures.items(template)))

    assert read.templates == (template,)
    assert read.lint == ()


def test_all_kinds_merged_into_one_message_are_read() -> None:
    """V2:101: merge all into a single JSON object and pass it to AddUser."""
    everything = (CARD, PIN, FINGER, FACE, PALM, PHOTO)
    read = signatures.user(data(*(row for template in everything for row in signatures.items(template))))

    assert set(read.templates) == set(everything)


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_parts_does_not_matter(random: Any) -> None:
    parts = signatures.items(FACE)
    random.shuffle(parts)

    assert signatures.user(data(*parts)).templates == (FACE,)


def test_two_fingers_are_two_templates() -> None:
    other = people.template(1, "7", TemplateType.FINGERPRINT, 2)

    assert signatures.user(data(*signatures.items(FINGER), *signatures.items(other))).templates == (FINGER, other)


@pytest.mark.parametrize(
    ("members", "names"),
    [
        ({"Name": "Manu Mona"}, ("Manu", "Mona")),
        ({"Name": "Manu"}, ("Manu", "")),
        ({"Name": "Anna Maria Mona"}, ("Anna", "Maria Mona")),
        ({"Name": "ignored", "FirstName": "Anna Maria", "LastName": "Mona"}, ("Anna Maria", "Mona")),
        ({"Name": ""}, ("", "")),
    ],
)
def test_names_are_those_told_or_the_parts_of_name(members: dict[str, str], names: tuple[str, str]) -> None:
    read = signatures.user(data(**members))

    assert (read.first_name, read.last_name) == names


@pytest.mark.parametrize(("priority", "kind"), [("0", "User"), ("16", "Admin"), ("", "User")])
def test_priority_says_the_user_type(priority: str, kind: str) -> None:
    """V2:88."""
    assert signatures.user(data(Priority=priority)).user_type == kind


def test_a_priority_as_a_number_is_noted() -> None:
    read = signatures.user(data(Priority=16))

    assert read.user_type == "Admin"
    assert [note.split(":")[0] for note in read.lint] == ["Priority"]


def test_a_template_photo_is_checked_and_not_kept() -> None:
    read = signatures.user(data(signatures.item("TemplatePhoto", PHOTO.data)))

    assert read.templates == ()
    assert [note.split(":")[0] for note in read.lint] == ["TemplatePhoto"]


@pytest.mark.parametrize("nothing", [None, "", []])
def test_a_missing_or_empty_signature_is_no_template(nothing: Any) -> None:
    assert signatures.user(data(Signature=nothing)).templates == ()


SHAPES: list[tuple[str, Any, str]] = [
    ("a text", "Manu", "OperationData"),
    ("no Name", {"Signature": []}, "OperationData.Name"),
    ("Name as a number", data(Name=5), "OperationData.Name"),
    ("a first name of 25 characters", data(FirstName="x" * 25), "OperationData.Name"),
    ("another Priority", data(Priority="1"), "OperationData.Priority"),
    ("Priority true", data(Priority=True), "OperationData.Priority"),
    ("Signature as an object", data(Signature={}), "OperationData.Signature"),
    ("Signature as a text", data(Signature="abc"), "OperationData.Signature"),
    ("a text in Signature", data("abc"), "Signature[0]"),
    ("no Template", data({"Type": "Card"}), "Signature[0].Template"),
    ("no Type", data({"Template": "123"}), "Signature[0].Type"),
]


@pytest.mark.parametrize(("told", "field"), [row[1:] for row in SHAPES], ids=[row[0] for row in SHAPES])
def test_a_wrong_shape_is_14(told: Any, field: str) -> None:
    """V2-12."""
    assert refusal(told) == (StatusV2.INVALID_OPERATION_DATA, field)


TEMPLATES: list[tuple[str, Any, str]] = [
    ("unknown type", data(signatures.item("Iris", "123")), "Signature.Type"),
    ("card with letters", data(signatures.item("Card", "12a")), "Signature.Template"),
    ("not Base64", data(signatures.item("UserPhoto", "????")), "Signature.Template"),
    ("finger 10", data(signatures.item("Fingerprint", FINGER.data, "10")), "Signature.AdditionalData1"),
    ("a missing part", data(*signatures.items(FACE)[:4], *signatures.items(FACE)[5:]), "Signature.AdditionalData1"),
    ("a part twice", data(*signatures.items(FACE)[:4], signatures.items(FACE)[0]), "Signature.AdditionalData1"),
    ("a bad part", data(*signatures.items(FACE)[:4], signatures.item("Face", "?", "5")), "Signature.Template"),
    ("a finger twice", data(*signatures.items(FINGER) * 2), "Signature"),
    ("two cards", data(*signatures.items(CARD) * 2), "Signature"),
]


@pytest.mark.parametrize(("told", "field"), [row[1:] for row in TEMPLATES], ids=[row[0] for row in TEMPLATES])
def test_a_bad_template_is_15(told: Any, field: str) -> None:
    """V2-12."""
    assert refusal(told) == (StatusV2.INVALID_TEMPLATE, field)


def test_placeholder_parts_are_stored_as_they_are() -> None:
    read = signatures.user(data(*(signatures.item("Face", PLACEHOLDER, str(number)) for number in (1, 2, 3))))

    assert [template.data for template in read.templates] == [PLACEHOLDER]
    assert len(read.lint) == 1
