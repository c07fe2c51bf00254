"""Says what is wrong with a scenario in its own words: the step, the key, the value and what is allowed there."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import inspect

MISSING = "(missing)"


class ScenarioError(ValueError):
    """A scenario that cannot be; `where` is the step or the file, `key` the dotted key."""

    def __init__(self, where: str, key: str, value: str, allowed: str) -> None:
        shown = f"{key} = {value}" if key and value else key or value
        verb = "is missing" if value == MISSING else f"{shown} is not allowed"
        super().__init__(f"{where}: {key} {verb}" if value == MISSING else f"{where}: {verb}; allowed: {allowed}")
        self.where, self.key, self.value, self.allowed = where, key, value, allowed


def convert(value: Any, wanted: Any, where: str, key: str = "") -> Any:
    """The value as the type wants it. Raises: ScenarioError."""
    try:
        return msgspec.convert(value, wanted)
    except msgspec.ValidationError as problem:
        raise _explained(value, wanted, where, key, str(problem)) from None


_AT = re.compile(r"^(?P<text>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?$", re.S)
_TOKEN = re.compile(r"\.([A-Za-z_][A-Za-z_0-9]*)|\[(\d+|\.\.\.)\]")


def _explained(value: Any, wanted: Any, where: str, key: str, text: str) -> ScenarioError:
    found = _AT.match(text)
    assert found is not None  # noqa: S101  the pattern matches every text
    path = [name or index for name, index in _TOKEN.findall(found["path"] or "")]
    at, culprit = key, value
    kind: inspect.Type | None = inspect.type_info(wanted)
    for token in path:
        culprit, kind, at = *_inside(culprit, kind, token), f"{at}.{token}".lstrip(".")
    named = re.search(r"(unknown|required) field `([^`]*)`", found["text"])
    if named and named[1] == "unknown":
        return ScenarioError(
            where, f"{at}.{named[2]}".lstrip("."), _shown(_member(culprit, named[2])), _allowed(kind, culprit)
        )
    if named:
        return ScenarioError(where, f"{at}.{named[2]}".lstrip("."), MISSING, "")
    return ScenarioError(where, at, _shown(culprit), _allowed(kind, culprit) or found["text"])


def _inside(value: Any, kind: inspect.Type | None, token: str) -> tuple[Any, inspect.Type | None]:
    """The member of a value that a token of the path names, and its type."""
    if token.isdigit() and isinstance(value, list):
        inner = _pick(kind, inspect.ListType)
        return value[int(token)], inner.item_type if inner is not None else None
    owner = _pick(kind, inspect.StructType)
    fields = {field.encode_name: field.type for field in owner.fields} if owner is not None else {}
    return _member(value, token), fields.get(token)


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _pick(kind: inspect.Type | None, wanted: Any) -> Any:
    options = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    return next((option for option in options if isinstance(option, wanted)), None)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"


_PLAIN = {
    inspect.StrType: "a text",
    inspect.BoolType: "true or false",
    inspect.FloatType: "a number",
    inspect.DictType: "an object",
}


def _allowed(kind: inspect.Type | None, value: Any) -> str:
    if isinstance(kind, inspect.UnionType):
        options = [_allowed(option, value) for option in kind.types if not isinstance(option, inspect.NoneType)]
        return " or ".join(dict.fromkeys(options))
    if isinstance(kind, inspect.StructType):
        return f"the keys {', '.join(field.encode_name for field in kind.fields)}"
    if isinstance(kind, inspect.EnumType):
        return ", ".join(str(member.value) for member in kind.cls)
    if isinstance(kind, inspect.LiteralType):
        return ", ".join(str(word) for word in kind.values)
    if isinstance(kind, inspect.IntType):
        return _whole(kind)
    if isinstance(kind, inspect.ListType):
        return f"a list of {_allowed(kind.item_type, value)}"
    return _PLAIN.get(type(kind), "") if kind is not None else ""


def _whole(kind: inspect.IntType) -> str:
    low = f" from {kind.ge}" if kind.ge is not None else ""
    return f"a whole number{low}" + (f" to {kind.le}" if kind.le is not None else "")
