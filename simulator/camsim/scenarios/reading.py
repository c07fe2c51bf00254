"""YAML and JSON into plain values, within bounds: a small text can stand for more than any memory holds."""

from __future__ import annotations

import yaml

from camsim.control import plain
from camsim.control.plain import MOST_DEPTH, PlainError, too_deep
from camsim.wording import one_line

MOST_BYTES = 8 * 1024 * 1024
MOST_VALUES = 100_000  # what an alias stands for counts as often as it stands there
_MANY = f"{MOST_VALUES}, those of an alias counted as often as it stands there"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # in C where it exists


def read(text: str | bytes) -> object:
    """The value of a YAML or JSON text. Raises: PlainError."""
    if len(text) > MOST_BYTES:
        raise PlainError(f"{len(text)} bytes", f"{MOST_BYTES} bytes")
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
    except PlainError:
        raise
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, AttributeError, RecursionError) as problem:
        raise PlainError(one_line(str(problem)), "YAML or JSON") from None
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
            raise too_deep()


def _check_nodes(root: yaml.Node) -> None:
    left, waiting = MOST_VALUES, [(root, 1)]
    while waiting:
        node, depth = waiting.pop()
        left -= 1
        if left < 0:
            raise PlainError("too many values", _MANY)
        if depth > MOST_DEPTH:
            raise too_deep()
        waiting.extend((inner, depth + 1) for inner in _inner(node))


def _inner(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        return list(node.value)
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return []


def check(root: object) -> None:
    """Whether a value can be kept, sent and shown. Raises: PlainError."""
    plain.check(root, MOST_VALUES, _MANY)
