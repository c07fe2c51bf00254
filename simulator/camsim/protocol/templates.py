"""Judges one item of a `Template` array: is it whole, is its content what its Type says (A-DEV-04…08, A-DEV-12)."""

from __future__ import annotations

import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .facts import Template
from .statuses import StatusV3
from .vocabulary import TemplateType

SMALLEST, LARGEST, LARGEST_PHOTO = 100, 64 * 1024, 512 * 1024
LONGEST_CARD, LONGEST_PIN = 20, 8
PLACEHOLDER = "..."

_DIGITS = {TemplateType.CARD: LONGEST_CARD, TemplateType.PASSWORD: LONGEST_PIN}
_SIZED = frozenset({TemplateType.FINGERPRINT, TemplateType.FACE})
_INDEXED = frozenset({TemplateType.FINGERPRINT, TemplateType.FACE, TemplateType.PALM})
_JPEG = b"\xff\xd8\xff"
_OTHER_PICTURES: Mapping[str, bytes] = {
    "PNG": b"\x89PNG",
    "GIF": b"GIF8",
    "BMP": b"BM",
    "WebP": b"RIFF",
    "PDF": b"%PDF",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """Either a `template` (then `code` is None) or a v3 status code with the member at fault and the reason."""

    template: Template | None = None
    code: StatusV3 | None = None
    field: str = ""
    why: str = ""
    lint: tuple[str, ...] = ()


class _Fault(Exception):
    """The item is refused; caught in `check`."""

    def __init__(self, code: StatusV3, field: str, why: str) -> None:
        super().__init__(why)
        self.code, self.field, self.why = code, field, why


def _wrong_shape(field: str, why: str) -> _Fault:
    return _Fault(StatusV3.INVALID_REQUEST, field, why)


def _wrong_value(field: str, why: str) -> _Fault:
    return _Fault(StatusV3.INVALID_REQUEST_DATA, field, why)


def _wrong_content(field: str, why: str) -> _Fault:
    return _Fault(StatusV3.TEMPLATE_ERROR, field, why)


def check(item: object, *, strict: bool = False) -> Checked:
    """Judge one wire item; `strict` refuses what is otherwise only lint. The item's UserID is the caller's business.

    Codes: 3 for a missing member, 1 for an unknown Type or a member of the wrong JSON type, 10 for bad content.
    """
    lint: list[str] = []
    try:
        if not isinstance(item, Mapping):
            raise _wrong_shape("", f"a template is an object, not {type(item).__name__}")
        kind = _kind(item)
        data = _text(item, "Data")
        if kind in _DIGITS:
            return Checked(_digits(kind, data))
        template = _binary(kind, data, item, lint, strict)
    except _Fault as fault:
        return Checked(None, fault.code, fault.field, fault.why, tuple(lint))
    return Checked(template, lint=tuple(lint))


def _kind(item: Mapping[str, object]) -> TemplateType:
    text = _text(item, "Type")
    try:
        return TemplateType(text)
    except ValueError:
        raise _wrong_value("Type", f"{text[:40]!r} is none of {', '.join(TemplateType)}") from None


def _text(item: Mapping[str, object], key: str) -> str:
    if key not in item:
        raise _wrong_shape(key, "required")
    if not isinstance(item[key], str):
        raise _wrong_value(key, f"a text is expected, not {type(item[key]).__name__}")
    return str(item[key])


def _digits(kind: TemplateType, data: str) -> Template:
    """Card and PIN: ASCII digits only, kept as text with their leading zeros (A-DEV-12)."""
    longest = _DIGITS[kind]
    if not (data.isascii() and data.isdigit() and len(data) <= longest):
        raise _wrong_content("Data", f"a {kind} is 1-{longest} digits, this text of {len(data)} characters is not")
    return Template(kind, data)


def _binary(kind: TemplateType, data: str, item: Mapping[str, object], lint: list[str], strict: bool) -> Template:
    index = size = None
    if kind in _INDEXED:
        index = _index(item, lint, strict)
    if kind in _SIZED:
        size = _size(item, lint, strict)
    if data.endswith(PLACEHOLDER):
        if strict:
            raise _wrong_content("Data", "a shortened sample of the vendor page, not a template")
        lint.append("Data: ends in '...' like the vendor's samples, stored as it is (A-DEV-07)")
        return Template(kind, data, index, size)
    decoded = _decode(data, lint, strict)
    if size is not None and int(size) != len(decoded):
        raise _wrong_content("Size", f"{size}, but Data decodes to {len(decoded)} bytes")
    problem = kind_problem(kind, decoded)
    if problem:
        raise _wrong_content("Data", problem)
    return Template(kind, data, index, size)


def _number(item: Mapping[str, object], key: str, lint: list[str], strict: bool) -> int | None:
    """A count as text; a JSON integer is lint. None when it is no number. Raises: _Fault 1 for other JSON types."""
    value = item[key]
    if isinstance(value, int) and not isinstance(value, bool):
        if strict:
            raise _wrong_value(key, "a text is expected, not a number")
        lint.append(f"{key}: a number where the page shows a text")
        return value
    text = _text(item, key)
    # int() reads signs, spaces and digits of every script; and nobody's count has ten digits.
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return int(text)
    return None


def _index(item: Mapping[str, object], lint: list[str], strict: bool) -> str:
    """`Index` 0-9; missing is 0 with lint (A-DEV-06)."""
    if "Index" not in item:
        if strict:
            raise _wrong_shape("Index", "required")
        lint.append("Index: missing, read as 0 (A-DEV-06)")
        return "0"
    number = _number(item, "Index", lint, strict)
    if number is None or not 0 <= number <= 9:
        raise _wrong_content("Index", f"{str(item['Index'])[:20]!r} is not 0-9")
    return str(number)


def _size(item: Mapping[str, object], lint: list[str], strict: bool) -> str:
    """`Size` of the decoded bytes; required for prints and faces (A-DEV-05)."""
    if "Size" not in item:
        raise _wrong_shape("Size", "required")
    number = _number(item, "Size", lint, strict)
    if number is None or number < 0:
        raise _wrong_content("Size", f"{str(item['Size'])[:20]!r} is no number of bytes")
    return str(number)


def _decode(data: str, lint: list[str], strict: bool) -> bytes:
    text = data
    if "\n" in data or "\r" in data:
        if strict:
            raise _wrong_content("Data", "line breaks within the Base64 text")
        lint.append("Data: line breaks within the Base64 text")
        text = data.replace("\r", "").replace("\n", "")
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except (binascii.Error, ValueError) as problem:
        raise _wrong_content("Data", f"not Base64: {problem}") from None


def kind_problem(kind: TemplateType, decoded: bytes) -> str | None:
    """Why these bytes cannot be a template of that kind, or None; a look at size and header (A-DEV-08)."""
    largest = LARGEST
    if kind is TemplateType.USER_PHOTO:
        largest = LARGEST_PHOTO
    if not SMALLEST <= len(decoded) <= largest:
        return f"{len(decoded)} bytes; a {kind} has {SMALLEST} to {largest}"
    return _HEADERS[kind](decoded)


def _print_header(data: bytes) -> str | None:
    if data[2:6] == b"SS21":  # the two bytes before it differ between the printed samples
        return None
    return f"no fingerprint header (…SS21), it begins with {data[:6].hex()}"


def _jpeg_header(data: bytes) -> str | None:
    if data.startswith(_JPEG):
        return None
    return f"no JPEG header (ffd8ff), it begins with {data[:6].hex()}"


def _face_header(data: bytes) -> str | None:
    # The printed face is a JPEG picture; a template of a device's own kind is let through.
    if data.startswith(_JPEG):
        return None
    return _binary_header(data)


def _palm_header(data: bytes) -> str | None:
    if data.startswith(_JPEG):
        return "a JPEG picture, not a palm template"
    return _binary_header(data)


def _binary_header(data: bytes) -> str | None:
    for name, magic in _OTHER_PICTURES.items():
        if data.startswith(magic):
            return f"a {name} file, not a template"
    head = data[:64]
    if head.isascii() and head.decode().isprintable():
        return "plain text, not a template"
    return None


def _no_bytes(data: bytes) -> str | None:
    return "digits as text, not bytes"


_HEADERS: Mapping[TemplateType, Callable[[bytes], str | None]] = {
    TemplateType.FINGERPRINT: _print_header,
    TemplateType.FACE: _face_header,
    TemplateType.PALM: _palm_header,
    TemplateType.USER_PHOTO: _jpeg_header,
    TemplateType.CARD: _no_bytes,
    TemplateType.PASSWORD: _no_bytes,
}
