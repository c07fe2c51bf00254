"""What is wrong with a value that a type does not take: the key, the value that stands there, and what is allowed."""

from __future__ import annotations

import math
import re
from typing import NamedTuple, TypeVar

import msgspec
from msgspec import inspect

from camsim.wording import cut, shown


class Misfit(NamedTuple):
    """`key`: dotted, empty for the whole; `missing`: nothing stands there; `allowed`: empty where nobody can say."""

    key: str
    value: str
    allowed: str
    missing: bool = False
    unknown: bool = False


Kind = inspect.Type | None  # None: the path leads where the type says nothing
T = TypeVar("T", bound=inspect.Type)

_AT = re.compile(r"^(?P<text>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?$", re.S)
_TOKEN = re.compile(r"\.([A-Za-z_][A-Za-z_0-9]*)|\[(\d+|\.\.\.)\]")


def misfit(value: object, wanted: object, problem: Exception, key: str = "", missing: str = "nothing") -> Misfit:
    """What msgspec's `problem` with a `value` says, in words for people. `key`: where the value itself stands."""
    found = _AT.match(str(problem))
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
        told = shown(culprit, 80) if culprit is not None or "got `null`" in found["text"] else "what is there"
        return Misfit(at, told, allowed_by(kind) or found["text"])
    inner = _joined(at, cut(named[2], 80))
    if named[1] == "required":
        return Misfit(inner, missing, "", missing=True)
    return Misfit(inner, shown(_member(culprit, named[2]), 80), allowed_by(kind), unknown=True)


_TEXT_OR_NUMBER = re.compile(rb'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*', re.S)
_MARK = "\0"


def unreadable_at(raw: bytes) -> str:
    """Where a JSON text holds a number that no program can read; empty when nobody can say."""

    def marked(found: re.Match[bytes]) -> bytes:
        token = found[0]
        fits = token[:1] == b'"' or (len(token) < 400 and math.isfinite(float(token)))
        return token if fits else b'"\\u0000"'

    try:
        waiting = [("", msgspec.json.decode(_TEXT_OR_NUMBER.sub(marked, raw)))]
    except (ValueError, msgspec.DecodeError, RecursionError):
        return ""
    while waiting:
        path, value = waiting.pop()
        if value == _MARK:
            return cut(path)
        members = dict(enumerate(value)) if isinstance(value, list) else value
        if isinstance(members, dict):
            waiting.extend((_joined(path, str(key)), inner) for key, inner in members.items())
    return ""


def _joined(path: str, name: str) -> str:
    return f"{path}.{name.replace('...', '*')}".lstrip(".")


def _inside(value: object, kind: Kind, token: str) -> tuple[object, Kind]:
    """The member of a value that a token of the path names, and its type."""
    if token.isdigit():
        items = value if isinstance(value, list) else []
        return dict(enumerate(items)).get(int(token)), _item(kind, int(token))
    if token == "...":  # noqa: S105  how msgspec writes any key of an object
        table = _pick(kind, inspect.DictType)
        return _only(value), table and table.value_type
    member = _member(value, token)
    owner = _pick(kind, inspect.StructType)
    if owner is None:
        return member, None
    for field in owner.fields:
        if field.encode_name == token:
            return member, field.type
    return member, None


def _only(value: object) -> object:
    """What stands under the only key of an object: of several nobody says which one is meant."""
    return next(iter(value.values())) if isinstance(value, dict) and len(value) == 1 else None


def _item(kind: Kind, number: int) -> Kind:
    pair = _pick(kind, inspect.TupleType)
    if pair is not None and number < len(pair.item_types):
        return pair.item_types[number]
    array = _pick(kind, inspect.ListType)
    return array and array.item_type


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


_PLAIN: dict[type, str] = {
    inspect.StrType: "a text",
    inspect.BoolType: "true or false",
    inspect.DictType: "an object",
}


def allowed_by(kind: Kind) -> str:
    """What a type takes, in words; empty where there are none."""
    if isinstance(kind, inspect.UnionType):
        # None is how a member is left out; nobody writes it.
        options = [allowed_by(option) for option in kind.types if not isinstance(option, inspect.NoneType)]
        return " or ".join(dict.fromkeys(filter(None, options)))
    if isinstance(kind, inspect.StructType):
        return f"the keys {', '.join(field.encode_name for field in kind.fields)}"
    if isinstance(kind, inspect.EnumType):
        return ", ".join(str(member.value) for member in kind.cls)
    if isinstance(kind, inspect.LiteralType):
        return ", ".join(str(word) for word in kind.values)
    if isinstance(kind, inspect.IntType):
        return _ranged("a whole number", kind.ge, kind.le if kind.lt is None else kind.lt - 1)
    if isinstance(kind, inspect.FloatType):
        return _ranged("a number", kind.ge, kind.le if kind.lt is None else kind.lt)
    if isinstance(kind, inspect.ListType):
        return f"a list of {allowed_by(kind.item_type)}"
    return _PLAIN.get(type(kind), "")


def _ranged(text: str, low: float | None, high: float | None) -> str:
    if low is not None:
        text += f" from {_plain(low)}"
    if high is not None:
        text += f" to {_plain(high)}"
    return text


def _plain(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else str(bound)
