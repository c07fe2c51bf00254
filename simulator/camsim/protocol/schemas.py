"""Checks messages against schemas/ and says in words, for people, what is wrong with them; too slow for hot paths.

The files are JSON Schema 2020-12, one a family and protocol, with `$defs` request and response (the acknowledgement of
a callback, the immediate answer of a v2 command). A v2 message is the JSON text of `request_data`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, cast

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry, Resource

from camsim import resources
from camsim.secrecy import is_private, is_secret

from .catalogue import V2, V3, Family
from .vocabulary import Protocol

BASE = "https://camsim.example/schemas/"  # an identifier inside the files, never fetched
PARTS = ("request", "response")
_SHOWN = 60


class Problem(NamedTuple):
    """What is wrong: `path` as `Add.Template[0].Data` (empty for the whole message), `message` in words.

    `value` is what stands there, short; tokens and templates are hidden in it and in the words.
    """

    path: str
    message: str
    value: str


def validate(family: Family | str, part: str, message: Any, protocol: Protocol | str = Protocol.V3) -> list[Problem]:
    """Everything that is wrong with a message, in words; about a millisecond. Raises: KeyError for an unknown part."""
    errors = _reader(str(family), part, str(protocol)).iter_errors(message)
    return sorted({_problem(error) for error in errors})


def families(protocol: Protocol | str = Protocol.V3) -> list[Family]:
    """The families that have a schema, in the order of the page."""
    # Several operations are one family.
    if protocol == Protocol.V3:
        return list(dict.fromkeys(row.family for row in V3))
    return [*dict.fromkeys(row.family for row in V2), Family.LAZY_RESPONSE]


def document(family: Family | str, protocol: Protocol | str = Protocol.V3) -> dict[str, Any]:
    """The schema file of a family. Raises: KeyError when the protocol has no such family."""
    try:
        return dict(resources.load("schemas", str(protocol), f"{family}.json"))
    except FileNotFoundError:
        raise KeyError(f"{protocol} has no message family {family}") from None


def common() -> dict[str, Any]:
    """schemas/common.json, which every other file refers to."""
    return dict(resources.load("schemas", "common.json"))


def entry_point(family: str, part: str, protocol: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The file of a family, and the schema that points at one part of it. Raises: KeyError."""
    if part not in PARTS:
        raise KeyError(f"{part!r} is no part of a message; allowed: {' | '.join(PARTS)}")
    schema = document(family, protocol)
    return schema, {"$schema": schema["$schema"], "$ref": f"{schema['$id']}#/$defs/{part}"}


@lru_cache(maxsize=256)
def _reader(family: str, part: str, protocol: str) -> Validator:
    schema, entry = entry_point(family, part, protocol)
    resources_by_id = [(document["$id"], Resource.from_contents(document)) for document in (schema, common())]
    return cast(Validator, _Reading(entry, registry=Registry().with_resources(resources_by_id)))


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    # A schema's `$` is the very end; Python's also stands before a last line feed.
    if pattern.endswith("$"):
        pattern = pattern.removesuffix("$") + r"\Z"
    return re.compile(pattern)


def _pattern(_: Validator, pattern: str, instance: object, schema: Mapping[str, object]) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _compiled(pattern).search(instance):
        yield ValidationError(f"not {schema.get('description', 'of the form ' + pattern)}")


_Reading: Any = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]


def _problem(error: ValidationError) -> Problem:
    path = ""
    for step in error.absolute_path:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            path += f".{step}"
    words = _WORDS.get(str(error.validator), _otherwise)
    return Problem(path.removeprefix("."), words(error), _found(error))


def _found(error: ValidationError) -> str:
    """The value that caused the error, unless it is one that nobody should read in a report."""
    value: object = error.instance
    name = next((step for step in reversed(error.absolute_path) if isinstance(step, str)), "")
    hidden = is_secret(name) or is_private(name)  # a PIN and a card number stand in `Data` too
    if hidden and isinstance(value, str):
        return f"a hidden text of {len(value)} characters"
    if hidden and isinstance(value, int | float):
        return "a hidden number"
    return brief(value)


def brief(value: object) -> str:
    """A value as JSON people recognise, short: a template may have thousands of letters."""
    if isinstance(value, dict):
        return f"an object of {len(value)}"
    if isinstance(value, list):
        return f"an array of {len(value)}"
    if isinstance(value, str) and len(value) > _SHOWN:
        return f'"{value[:_SHOWN]}…" ({len(value)} characters)'
    if isinstance(value, str):
        return f'"{value}"'
    if value is None:
        return "null"
    if isinstance(value, bool):  # JSON writes true where Python writes True
        return str(value).lower()
    return str(value)


def _described(error: ValidationError) -> str:
    if not isinstance(error.schema, Mapping):
        return ""  # a schema may be plain true or false
    return str(error.schema.get("description", ""))


def _required(error: ValidationError) -> str:
    wanted, present = cast("list[str]", error.validator_value), cast("dict[str, object]", error.instance)
    return f"{', '.join(name for name in wanted if name not in present)} missing"


def _type(error: ValidationError) -> str:
    wanted = cast("str | list[str]", error.validator_value)
    if isinstance(wanted, str):
        wanted = [wanted]
    return f"{_found(error)} is of another type than {' or '.join(wanted)}"


def _words_allowed(error: ValidationError) -> str:
    allowed: list[object] = [error.validator_value]
    if error.validator == "enum":
        allowed = cast("list[object]", error.validator_value)
    return f"{_found(error)} is not allowed; allowed: {' | '.join(map(brief, allowed))}"


def _not(error: ValidationError) -> str:
    return f"{_described(error) or 'a combination that is not allowed'} expected"


def _form(error: ValidationError) -> str:
    return f"{_found(error)} is {error.message}"


def _otherwise(error: ValidationError) -> str:
    return f"{_found(error)} is not {_described(error) or f'right ({error.validator} {error.validator_value})'}"


_WORDS: Mapping[str, Callable[[ValidationError], str]] = {
    "required": _required,
    "type": _type,
    "enum": _words_allowed,
    "const": _words_allowed,
    "not": _not,
    "pattern": _form,
    "anyOf": _not,
}
