"""Says what is wrong with a scenario in its own words: the step, the key, the value and what is allowed there."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec
from msgspec import inspect

MISSING = "(missing)"


class ScenarioError(ValueError):
    """A scenario that cannot be; `where` is the step or the file, `key` the dotted key."""

    def __init__(self, where: str, key: str, value: str, allowed: str) -> None:
        # Of a key that is missing there is no value, and of a whole file no key.
        shown = f"{key} = {value}" if key and value else key or value
        if value == MISSING:
            super().__init__(f"{where}: {key} is missing")
        else:
            super().__init__(f"{where}: {shown} is not allowed; allowed: {allowed}")
        self.where, self.key, self.value, self.allowed = where, key, value, allowed


Kind = inspect.Type | None  # None: the path leads where the type says nothing
T = TypeVar("T", bound=inspect.Type)


def convert(value: object, wanted: object, where: str, key: str = "") -> object:
    """The value as the type wants it; a union of types is one too. Raises: ScenarioError."""
    try:
        return msgspec.convert(value, wanted)
    except msgspec.ValidationError as problem:
        raise _explained(value, wanted, where, key, str(problem)) from None


_AT = re.compile(r"^(?P<text>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?$", re.S)
_TOKEN = re.compile(r"\.([A-Za-z_][A-Za-z_0-9]*)|\[(\d+|\.\.\.)\]")


def _explained(value: object, wanted: object, where: str, key: str, text: str) -> ScenarioError:
    found = _AT.match(text)
    assert found is not None  # noqa: S101  the pattern matches every text
    path = [name or index for name, index in _TOKEN.findall(found["path"] or "")]
    at, culprit = key, value
    kind: Kind = inspect.type_info(wanted)
    for token in path:
        culprit, kind = _inside(culprit, kind, token)
        at = _joined(at, token)
    # msgspec says in a sentence which field it does not know or misses, and its path ends at the object around it.
    named = re.search(r"(unknown|required) field `([^`]*)`", found["text"])
    if named is None:
        return ScenarioError(where, at, _shown(culprit), _allowed(kind) or found["text"])
    if named[1] == "required":
        return ScenarioError(where, _joined(at, named[2]), MISSING, "")
    return ScenarioError(where, _joined(at, named[2]), _shown(_member(culprit, named[2])), _allowed(kind))


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}".lstrip(".")


def _inside(value: object, kind: Kind, token: str) -> tuple[object, Kind]:
    """The member of a value that a token of the path names, and its type."""
    if token.isdigit() and isinstance(value, list):
        array = _pick(kind, inspect.ListType)
        return value[int(token)], array and array.item_type
    member = _member(value, token)
    owner = _pick(kind, inspect.StructType)
    if owner is None:
        return member, None
    for field in owner.fields:
        if field.encode_name == token:
            return member, field.type
    return member, None


def _member(value: object, name: str) -> object:
    # The path may lead into a value of another type than the one wanted: that is what is wrong with it.
    if not isinstance(value, dict):
        return None
    return value.get(name)


def _pick(kind: Kind, wanted: type[T]) -> T | None:
    """The option of a union that is of the wanted sort."""
    options: tuple[Kind, ...] = (kind,)
    if isinstance(kind, inspect.UnionType):
        options = kind.types
    for option in options:
        if isinstance(option, wanted):
            return option
    return None


def _shown(value: object) -> str:
    text = repr(value)
    if len(text) <= 80:
        return text
    return text[:77] + "…"


_PLAIN: dict[type, str] = {
    inspect.StrType: "a text",
    inspect.BoolType: "true or false",
    inspect.FloatType: "a number",
    inspect.DictType: "an object",
}


def _allowed(kind: Kind) -> str:
    if isinstance(kind, inspect.UnionType):
        # None is how a member is left out; nobody writes it.
        options = [_allowed(option) for option in kind.types if not isinstance(option, inspect.NoneType)]
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
        return f"a list of {_allowed(kind.item_type)}"
    return _PLAIN.get(type(kind), "")


def _whole(kind: inspect.IntType) -> str:
    text = "a whole number"
    if kind.ge is not None:
        text += f" from {kind.ge}"
    if kind.le is not None:
        text += f" to {kind.le}"
    return text
