"""Check messages against schemas/: one validator whose words people read, one fast enough for hot paths.

Both read the same JSON Schema 2020-12 files, one a family and protocol, with `$defs` request and response (the
acknowledgement of a callback, the immediate answer of a v2 command). A v2 message is the JSON text of `request_data`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, cast

import jsonschema_rs
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry, Resource

from camsim import resources

from .catalogue import V2, V3, Family
from .vocabulary import Protocol

BASE = "https://camsim.example/schemas/"  # an identifier inside the files, never fetched
PARTS = ("request", "response")
_SHOWN = 60


class Problem(NamedTuple):
    """What is wrong: `path` as `Add.Template[0].Data` (empty for the whole message), `message` in words."""

    path: str
    message: str


def validate(family: Family | str, part: str, message: Any, protocol: Protocol | str = Protocol.V3) -> list[Problem]:
    """Everything that is wrong with a message, in words; about a millisecond. Raises: KeyError for an unknown part."""
    errors = _reader(str(family), part, str(protocol)).iter_errors(message)
    return sorted({_problem(error) for error in errors})


def is_valid(family: Family | str, part: str, message: Any, protocol: Protocol | str = Protocol.V3) -> bool:
    """The same verdict as `validate` in microseconds. Raises: KeyError for an unknown part."""
    try:
        return bool(_checker(str(family), part, str(protocol)).is_valid(message))
    except UnicodeEncodeError:  # half a surrogate pair, which the fast validator cannot read
        return not validate(family, part, message, protocol)


def families(protocol: Protocol | str = Protocol.V3) -> list[Family]:
    """The families that have a schema, in the order of the page."""
    found = dict.fromkeys(row.family for row in (V3 if protocol == Protocol.V3 else V2))
    return [*found] if protocol == Protocol.V3 else [*found, Family.LAZY_RESPONSE]


def document(family: Family | str, protocol: Protocol | str = Protocol.V3) -> dict[str, Any]:
    """The schema file of a family. Raises: KeyError when the protocol has no such family."""
    try:
        return dict(resources.load("schemas", str(protocol), f"{family}.json"))
    except FileNotFoundError:
        raise KeyError(f"{protocol} has no message family {family}") from None


def common() -> dict[str, Any]:
    """schemas/common.json, which every other file refers to."""
    return dict(resources.load("schemas", "common.json"))


def _part(family: str, part: str, protocol: str) -> tuple[dict[str, Any], dict[str, Any]]:
    if part not in PARTS:
        raise KeyError(f"{part!r} is no part of a message; allowed: {' | '.join(PARTS)}")
    schema = document(family, protocol)
    return schema, {"$schema": schema["$schema"], "$ref": f"{schema['$id']}#/$defs/{part}"}


@lru_cache(maxsize=256)
def _checker(family: str, part: str, protocol: str) -> Any:
    schema, entry = _part(family, part, protocol)
    registry = jsonschema_rs.Registry([(schema["$id"], schema), (BASE + "common.json", common())])
    return jsonschema_rs.Draft202012Validator(entry, registry=registry)


@lru_cache(maxsize=256)
def _reader(family: str, part: str, protocol: str) -> Validator:
    schema, entry = _part(family, part, protocol)
    resources_by_id = [(document["$id"], Resource.from_contents(document)) for document in (schema, common())]
    return cast(Validator, _Reading(entry, registry=Registry().with_resources(resources_by_id)))


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    # A schema's `$` is the very end; Python's also stands before a last line feed.
    return re.compile(pattern.removesuffix("$") + r"\Z" if pattern.endswith("$") else pattern)


def _pattern(_: Validator, pattern: str, instance: Any, schema: Mapping[str, Any]) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _compiled(pattern).search(instance):
        yield ValidationError(f"{_brief(instance)} is not {schema.get('description', 'of the form ' + pattern)}")


_Reading: Any = extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]


def _problem(error: ValidationError) -> Problem:
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
    words = _WORDS.get(str(error.validator), _otherwise)
    return Problem(path.removeprefix("."), words(error))


def _brief(value: Any) -> str:
    """A value as JSON people recognise, short: a template may have thousands of letters."""
    if isinstance(value, dict | list):
        return f"{'an object' if isinstance(value, dict) else 'an array'} of {len(value)}"
    if isinstance(value, str):
        return f'"{value[:_SHOWN]}…" ({len(value)} characters)' if len(value) > _SHOWN else f'"{value}"'
    if value is None or isinstance(value, bool):
        return {True: "true", False: "false", None: "null"}[value]
    return str(value)


def _described(error: ValidationError) -> str:
    return str(error.schema.get("description", "")) if isinstance(error.schema, Mapping) else ""


def _required(error: ValidationError) -> str:
    wanted: Any = error.validator_value
    missing = [name for name in wanted if name not in cast("dict[str, Any]", error.instance)]
    return f"{', '.join(missing)} missing"


def _type(error: ValidationError) -> str:
    value: Any = error.validator_value
    wanted = value if isinstance(value, list) else [value]
    return f"{_brief(error.instance)} is of another type than {' or '.join(wanted)}"


def _words_allowed(error: ValidationError) -> str:
    value: Any = error.validator_value
    allowed = value if error.validator == "enum" else [value]
    return f"{_brief(error.instance)} is not allowed; allowed: {' | '.join(_brief(word) for word in allowed)}"


def _not(error: ValidationError) -> str:
    return f"{_described(error) or 'a combination that is not allowed'} expected"


def _otherwise(error: ValidationError) -> str:
    if error.validator == "pattern":
        return error.message
    return (
        f"{_brief(error.instance)} is not {_described(error) or f'right ({error.validator} {error.validator_value})'}"
    )


_WORDS: Mapping[str, Callable[[ValidationError], str]] = {
    "required": _required,
    "type": _type,
    "enum": _words_allowed,
    "const": _words_allowed,
    "not": _not,
    "anyOf": _not,
}
