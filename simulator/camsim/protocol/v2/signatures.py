"""Templates as v2 tells them: items of `Signature`, a face or palm in several parts (V2-06)."""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from camsim.protocol.facts import Template
from camsim.protocol.statuses import StatusV2
from camsim.protocol.templates import PLACEHOLDER, check
from camsim.protocol.vocabulary import TemplateType, UserType

Item = dict[str, str]

CREDENTIALS = frozenset({TemplateType.CARD, TemplateType.PASSWORD})
# The page says 5-20 parts, AdditionalData1 1-20 (V2:89); twelve for a face is the project's reading.
PARTS: Mapping[TemplateType, int] = {TemplateType.FACE: 12, TemplateType.PALM: 5}
MOST_PARTS = 20
# v2 knows a second picture that v3 has no place for.
TEMPLATE_PHOTO = "TemplatePhoto"
PRIORITIES: Mapping[str, UserType] = {"0": UserType.USER, "16": UserType.ADMIN, "": UserType.USER}
PRIORITY_OF: Mapping[str, str] = {UserType.USER: "0", UserType.ADMIN: "16"}
NAME_LENGTH = 24  # A-DEV-02


class SignatureError(ValueError):
    """OperationData cannot be taken: a v2 code (14 shape, 15 template), the member at fault and the reason."""

    def __init__(self, code: StatusV2, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.code, self.field, self.why = code, field, why


@dataclass(frozen=True, slots=True)
class UserV2:
    """The OperationData of AddUser, read; face and palm parts are whole again."""

    first_name: str
    last_name: str
    user_type: UserType
    templates: tuple[Template, ...]
    lint: tuple[str, ...] = ()


def item(kind: str, data: str, additional: str = "") -> Item:
    """One element of `Signature` (V2:86)."""
    return {"Template": data, "Type": str(kind), "AdditionalData1": additional, "AdditionalData2": ""}


def items(template: Template, parts: Mapping[TemplateType, int] = PARTS) -> list[Item]:
    """The elements that tell one template; a face or palm in parts whose decoded bytes join to the whole."""
    if template.type in parts:
        pieces = _cut(template.data, parts[template.type])
        return [item(template.type, piece, str(number)) for number, piece in enumerate(pieces, 1)]
    return [item(template.type, template.data, template.index or "")]


def grouped(templates: Iterable[Template], parts: Mapping[TemplateType, int] = PARTS) -> list[list[Item]]:
    """The signatures of each message: cards and PINs together first, everything else alone (V2:89)."""
    credentials: list[Item] = []
    alone: list[list[Item]] = []
    for template in templates:
        if template.type in CREDENTIALS:
            credentials.extend(items(template, parts))
        else:
            alone.extend([one] for one in items(template, parts))
    return [credentials, *alone] if credentials else alone


def _cut(data: str, parts: int) -> list[str]:
    try:
        whole = binascii.a2b_base64(data, strict_mode=True)
    except ValueError:
        return [data]  # a shortened sample such as `/9j/4AAQ...` has no bytes to cut
    step = max(1, -(-len(whole) // parts))
    pieces = [whole[start : start + step] for start in range(0, len(whole), step)]
    return [binascii.b2a_base64(piece, newline=False).decode() for piece in pieces] or [data]


def user(data: object, *, longest: int | None = NAME_LENGTH, words: bool = False) -> UserV2:
    """Read the OperationData of AddUser or ManuallyUserUpdated (V2-14). Raises: SignatureError.

    `longest`: characters of a name that fit, None for any number, with lint; `words`: Priority may be User or Admin, as
    samples of the vendor have it (V2-32).
    """
    if not isinstance(data, Mapping):
        raise _shape("OperationData", f"an object with Name and Signature is expected, not {type(data).__name__}")
    lint: list[str] = []
    first, last = _names(data, longest, lint)
    told: Mapping[str, object] = data
    if words and data.get("Priority") in PRIORITY_OF:
        lint.append("Priority: a word where the page has a number (V2-32)")
        told = {**data, "Priority": PRIORITY_OF[str(data["Priority"])]}
    return UserV2(first, last, _priority(told, lint), templates(data.get("Signature"), lint), tuple(lint))


def _shape(field: str, why: str) -> SignatureError:
    return SignatureError(StatusV2.INVALID_OPERATION_DATA, field, why)


def _content(field: str, why: str) -> SignatureError:
    return SignatureError(StatusV2.INVALID_TEMPLATE, field, why)


def _text(body: Mapping[str, object], key: str, where: str, *, required: bool = False) -> str:
    value = body.get(key)
    if value is None and not required:
        return ""
    if not isinstance(value, str):
        raise _shape(
            f"{where}.{key}", "required" if value is None else f"a text is expected, not {type(value).__name__}"
        )
    return value


def _names(data: Mapping[str, object], longest: int | None, lint: list[str]) -> tuple[str, str]:
    """FirstName and LastName where they are told, else Name split at its first blank."""
    name = _text(data, "Name", "OperationData", required=True)
    first, last = _text(data, "FirstName", "OperationData"), _text(data, "LastName", "OperationData")
    if not first and not last:
        first, _, last = name.partition(" ")
    for part in (first, last):
        if longest is not None and len(part) > longest:
            raise _shape("OperationData.Name", f"{part[:40]!r} has {len(part)} characters, at most {longest} fit")
        if len(part) > NAME_LENGTH:
            lint.append(f"OperationData.Name: {len(part)} characters, at most {NAME_LENGTH} fit (A-DEV-02)")
    return first, last


def _priority(data: Mapping[str, object], lint: list[str]) -> UserType:
    value = data.get("Priority", "")
    if value in (0, 16) and not isinstance(value, bool) and isinstance(value, int):
        lint.append("Priority: a number where the page shows a text")
        value = str(value)
    if not isinstance(value, str) or value not in PRIORITIES:
        raise _shape("OperationData.Priority", f"{str(value)[:40]!r} is neither 0 (user) nor 16 (administrator)")
    return PRIORITIES[value]


def templates(signature: object, lint: list[str]) -> tuple[Template, ...]:
    """The templates a `Signature` array tells. Raises: SignatureError."""
    if signature in (None, ""):
        return ()
    if not isinstance(signature, Sequence) or isinstance(signature, str):
        raise _shape("OperationData.Signature", f"an array is expected, not {type(signature).__name__}")
    bundles: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for number, element in enumerate(signature):
        where = f"Signature[{number}]"
        if not isinstance(element, Mapping):
            raise _shape(where, f"an object is expected, not {type(element).__name__}")
        kind = _text(element, "Type", where, required=True)
        additional = _text(element, "AdditionalData1", where)
        # The prints of two fingers are two templates, the parts of a face are one.
        key = (kind, additional if kind == TemplateType.FINGERPRINT else "")
        bundles.setdefault(key, []).append((additional, _text(element, "Template", where, required=True)))
    found = (_template(kind, index, told, lint) for (kind, index), told in bundles.items())
    return tuple(template for template in found if template is not None)


def _template(kind: str, index: str, told: list[tuple[str, str]], lint: list[str]) -> Template | None:
    if kind in PARTS:
        index, data = "0", _joined(kind, told)
    elif len(told) > 1:
        raise _content("Signature", f"{kind} {index} is there {len(told)} times")
    else:
        data = told[0][1]
    if kind == TEMPLATE_PHOTO:
        lint.append("TemplatePhoto: the device keeps no such picture")
        kind = TemplateType.USER_PHOTO
        _checked(kind, index, data, lint)
        return None
    return _checked(kind, index, data, lint)


def _checked(kind: str, index: str, data: str, lint: list[str]) -> Template:
    wire = {"Type": kind, "Index": index or "0", "Size": str(_size(data)), "Data": data}
    checked = check(wire)
    if checked.template is None:
        raise _content(f"Signature.{_MEMBERS.get(checked.field, 'Template')}", checked.why)
    lint.extend(checked.lint)
    return checked.template


# The v2 names of what v3 calls Index and Type.
_MEMBERS: Mapping[str, str] = {"Index": "AdditionalData1", "Type": "Type"}


def _size(data: str) -> int:
    # v2 tells no size, so the device takes the one it finds.
    padding = len(data) - len(data.rstrip("="))
    return max(0, len(data.replace("\r", "").replace("\n", "")) * 3 // 4 - padding)


def _joined(kind: str, told: list[tuple[str, str]]) -> str:
    """The parts of a face or palm as one Base64 text, in the order of AdditionalData1. Raises: SignatureError."""
    if len(told) == 1:
        return told[0][1]
    numbers = dict(told)
    wanted = [str(number) for number in range(1, len(told) + 1)]
    if len(told) > MOST_PARTS or set(numbers) != set(wanted):
        shown = ", ".join(additional or "none" for additional, _ in told[:MOST_PARTS])
        raise _content(
            "Signature.AdditionalData1", f"parts {shown} of a {kind}; 1, 2, … up to {MOST_PARTS} without a gap"
        )
    if any(numbers[number].endswith(PLACEHOLDER) for number in wanted):
        return numbers["1"]
    try:
        pieces = [binascii.a2b_base64(numbers[number], strict_mode=True) for number in wanted]
    except ValueError as problem:
        raise _content("Signature.Template", f"a part of a {kind} is not Base64: {problem}") from None
    return binascii.b2a_base64(b"".join(pieces), newline=False).decode()
