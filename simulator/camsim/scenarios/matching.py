"""Whether a number, a text or a member of a message is as an assertion wants it."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from .steps import Count, Range


def counts(wanted: Count, actual: int) -> bool:
    """True when the number is as wanted."""
    if not isinstance(wanted, Range):
        return actual == wanted
    if wanted.at_least is not None and actual < wanted.at_least:
        return False
    return wanted.at_most is None or actual <= wanted.at_most


def count_text(wanted: Count) -> str:
    """A count in words."""
    if not isinstance(wanted, Range):
        return str(wanted)
    parts: list[str] = []
    if wanted.at_least is not None:
        parts.append(f"at least {wanted.at_least}")
    if wanted.at_most is not None:
        parts.append(f"at most {wanted.at_most}")
    return " and ".join(parts) or "any number"


def member(message: object, path: str) -> object:
    """What stands at a dotted path, `Template.0.Type` too; None when nothing does."""
    for token in path.split("."):
        if isinstance(message, list) and token.isdigit() and int(token) < len(message):
            message = message[int(token)]
        elif isinstance(message, Mapping):
            message = message.get(token)
        else:
            return None
    return message


def has(message: object, wanted: Mapping[str, object]) -> bool:
    """True when every path holds its value; texts may have * and ?, null is absent."""
    return all(_same(member(message, path), value) for path, value in wanted.items())


def _same(actual: object, wanted: object) -> bool:
    if isinstance(wanted, str) and isinstance(actual, str):
        return fnmatchcase(actual, wanted)
    # 1 is not true and 2 is not 2.0: whether the wire holds a text, a number or a truth value is what is asserted
    return type(actual) is type(wanted) and actual == wanted
