"""YAML and JSON into plain values, within bounds: a small text can stand for more than any memory holds."""

from __future__ import annotations

import math
from collections.abc import Iterable

import yaml

from camsim.telling import WIDEST, one_line, shown

MOST_BYTES = 8 * 1024 * 1024
MOST_VALUES = 100_000  # what an alias stands for counts as often as it stands there
MOST_DEPTH = 64
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C where it exists


class ReadingError(ValueError):
    """What was read is no YAML, or beyond the bounds; the message says what is allowed after `; allowed: `."""

    def __init__(self, why: str, allowed: str) -> None:
        super().__init__(why)
        self.allowed = allowed


def read(text: str | bytes) -> object:
    """The value of a YAML or JSON text. Raises: ReadingError."""
    if len(text) > MOST_BYTES:
        raise ReadingError(f"{len(text)} bytes", f"{MOST_BYTES} bytes")
    try:
        _check_depth(text)
        loader = _LOADER(text)
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _check_nodes(node)  # before anything is made of them: merged keys are copied for every alias
            value: object = loader.construct_document(node)
        finally:
            loader.dispose()
    except ReadingError:
        raise
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, AttributeError, RecursionError) as problem:
        raise ReadingError(one_line(str(problem)), "YAML or JSON") from None
    check(value)
    return value


def _check_depth(text: str | bytes) -> None:
    """Before nodes are made, which calls itself for each of them."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MOST_DEPTH:
            raise _too_deep()


def _too_deep() -> ReadingError:
    return ReadingError("values nested too deeply", f"{MOST_DEPTH} of them in each other")


def _too_many() -> ReadingError:
    return ReadingError("too many values", f"{MOST_VALUES}, those of an alias counted as often as it stands there")


def _check_nodes(root: yaml.Node) -> None:
    left, waiting = MOST_VALUES, [(root, 1)]
    while waiting:
        node, depth = waiting.pop()
        left -= 1
        if left < 0:
            raise _too_many()
        if depth > MOST_DEPTH:
            raise _too_deep()
        waiting.extend((inner, depth + 1) for inner in _inner(node))


def _inner(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        return list(node.value)
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return []


def check(root: object) -> None:
    """Whether a value can be kept, sent and shown. Raises: ReadingError."""
    left, waiting = MOST_VALUES, [(root, 1)]
    while waiting:
        value, depth = waiting.pop()
        left -= 1
        if left < 0:
            raise _too_many()
        if depth > MOST_DEPTH:
            raise _too_deep()
        waiting.extend((inner, depth + 1) for inner in _members(value))


def _members(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str | int | float):
                raise ReadingError(f"the key {shown(key, 80)}", "texts as keys")
        return [*value, *value.values()]
    if isinstance(value, list):
        return value
    if isinstance(value, int) and not -WIDEST - 1 <= value <= WIDEST:
        raise ReadingError(shown(value, 80), "whole numbers of 64 bits")
    if isinstance(value, float) and not math.isfinite(value):
        raise ReadingError(str(value), "finite numbers")
    if isinstance(value, str) and not value.isascii() and value != value.encode("utf-8", "replace").decode():
        raise ReadingError(f"the text {shown(value, 80)}", "texts of whole characters")
    return ()
