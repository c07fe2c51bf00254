"""What a device accepts as a template, and the code it answers otherwise."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from camsim.protocol.templates import Checked, check, kind_problem
from camsim.protocol.v3.messages import template_item
from camsim.protocol.vocabulary import TemplateType
from camsim.synthetic import people

KINDS = list(TemplateType)
FINGER = TemplateType.FINGERPRINT
DROP = object()


def item(kind: str, **changes: Any) -> dict[str, Any]:
    """A good wire item of that kind with some members changed or, with DROP, taken away."""
    good = {**template_item("7", people.template(1, "7", TemplateType(kind))), **changes}
    return {key: value for key, value in good.items() if value is not DROP}


def outcome(checked: Checked) -> tuple[int | None, str]:
    return (None if checked.code is None else int(checked.code), checked.field)


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_template_is_accepted_without_lint(kind: TemplateType) -> None:
    assert check(item(kind), strict=True) == Checked(people.template(1, "7", kind))


REFUSED: list[tuple[str, Any, int, str]] = [
    ("not an object", "Card", 3, ""),
    ("no Type", item("Card", Type=DROP), 3, "Type"),
    ("Type of another JSON type", item("Card", Type=1), 1, "Type"),
    ("unknown Type", item("Card", Type="Iris"), 1, "Type"),
    ("Type in another case", item("Card", Type="card"), 1, "Type"),
    ("no Data", item("Card", Data=DROP), 3, "Data"),
    ("Data as a number", item("Card", Data=102836), 1, "Data"),
    ("Data null", item("Face", Data=None), 1, "Data"),
    ("card with letters", item("Card", Data="10A"), 10, "Data"),
    ("empty card", item("Card", Data=""), 10, "Data"),
    ("card of 21 digits", item("Card", Data="1" * 21), 10, "Data"),
    ("card in Arabic digits", item("Card", Data="١٢٣"), 10, "Data"),
    ("PIN of 9 digits", item("Password", Data="1" * 9), 10, "Data"),
    ("no Size for a print", item("Fingerprint", Size=DROP), 3, "Size"),
    ("no Size for a face", item("Face", Size=DROP), 3, "Size"),
    ("wrong Size", item("Fingerprint", Size="1177777"), 10, "Size"),
    ("Size that is no number", item("Face", Size="big"), 10, "Size"),
    ("Size as a list", item("Face", Size=[]), 1, "Size"),
    ("Index 10", item("Fingerprint", Index="10"), 10, "Index"),
    ("Index −1", item("Fingerprint", Index=-1), 10, "Index"),
    ("Index that is no number", item("Palm", Index="left"), 10, "Index"),
    ("Index true", item("Palm", Index=True), 1, "Index"),
    ("not Base64", item("Palm", Data="§§§§"), 10, "Data"),
    ("Base64 without padding", item("UserPhoto", Data=encoded(b"\xff\xd8\xff" + b"x" * 200)[:-1]), 10, "Data"),
    ("a print without header", item("Fingerprint", Data=encoded(b"\0" * 1176), Size="1176"), 10, "Data"),
    ("a photo that is a PNG", item("UserPhoto", Data=encoded(b"\x89PNG\r\n" + b"\0" * 200)), 10, "Data"),
    ("a palm that is a JPEG", item("Palm", Data=encoded(b"\xff\xd8\xff" + b"\0" * 200)), 10, "Data"),
    ("a palm that is text", item("Palm", Data=encoded(b"hello world " * 20)), 10, "Data"),
    ("a palm of 99 bytes", item("Palm", Data=encoded(b"\x6a" + b"\0" * 98)), 10, "Data"),
]


@pytest.mark.parametrize(("wire", "code", "field"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_bad_template_is_refused_with_its_code_and_field(wire: Any, code: int, field: str) -> None:
    checked = check(wire)

    assert outcome(checked) == (code, field)
    assert checked.why
    assert checked.template is None


LINT: list[tuple[str, dict[str, Any], str, int]] = [
    ("Index missing", item("Fingerprint", Index=DROP), "Index", 3),
    ("Index as a number", item("Palm", Index=0), "Index", 1),
    ("Size as a number", item("Face", Size=int(item("Face")["Size"])), "Size", 1),
    ("placeholder", item("Face", Data="/9j/4AAQSkZJRgABAQAAAQABAAD...", Size="25072"), "Data", 10),
    ("line breaks", item("Palm", Data="\r\n".join((item("Palm")["Data"][:76], item("Palm")["Data"][76:]))), "Data", 10),
]


@pytest.mark.parametrize(("wire", "field"), [(row[1], row[2]) for row in LINT], ids=[row[0] for row in LINT])
def test_an_oddity_is_accepted_and_noted(wire: dict[str, Any], field: str) -> None:
    checked = check(wire)

    assert checked.template is not None
    assert checked.template.data == wire["Data"]
    assert [note.split(":")[0] for note in checked.lint] == [field]


@pytest.mark.parametrize(("wire", "field", "code"), [row[1:] for row in LINT], ids=[row[0] for row in LINT])
def test_strict_refuses_the_same_oddity(wire: dict[str, Any], field: str, code: int) -> None:
    assert outcome(check(wire, strict=True)) == (code, field)


def test_a_missing_index_is_read_as_0() -> None:
    checked = check(item("Face", Index=DROP))

    assert checked.template is not None
    assert checked.template.index == "0"


def test_the_size_of_a_palm_is_ignored() -> None:
    """A-DEV-05."""
    checked = check(item("Palm", Size="1"))

    assert checked.template == people.template(1, "7", TemplateType.PALM)


@pytest.mark.parametrize("data", ["0012", "00000000"])
def test_leading_zeros_of_a_pin_stay(data: str) -> None:
    checked = check(item("Password", Data=data))

    assert checked.template is not None
    assert checked.template.data == data


def test_the_message_of_a_bad_pin_does_not_show_it() -> None:
    assert "98x76" not in check(item("Password", Data="98x76")).why


@pytest.mark.parametrize(("kind", "size"), [(FINGER, 64 * 1024), (TemplateType.USER_PHOTO, 512 * 1024)])
def test_the_largest_template_fits_and_one_byte_more_does_not(kind: TemplateType, size: int) -> None:
    """A-DEV-08."""
    head = b"MoSS21" if kind is FINGER else b"\xff\xd8\xff"

    assert kind_problem(kind, head + b"\0" * (size - len(head))) is None
    assert kind_problem(kind, head + b"\0" * (size - len(head) + 1)) is not None


@pytest.mark.parametrize("head", [b"\xff\xd8\xff", b"\x0c\x00\x01\x02"])
def test_a_face_is_a_jpeg_or_binary(head: bytes) -> None:
    assert kind_problem(TemplateType.FACE, head + b"\0" * 200) is None


@pytest.mark.parametrize("kind", [TemplateType.CARD, TemplateType.PASSWORD])
def test_cards_and_pins_are_never_bytes(kind: TemplateType) -> None:
    assert kind_problem(kind, b"1" * 200) is not None
