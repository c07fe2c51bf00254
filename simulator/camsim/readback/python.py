"""Read-back by a Python object: `py:module:object` with `time_policy` and the methods of the protocol."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from typing import TypeVar

import msgspec

from camsim.wording import why

from .model import KINDS, Capabilities, ReadBackError
from .rows import RowReadBack

Answer = TypeVar("Answer")
CONTRACT = (
    'an adapter is an object, or a class, with time_policy = "instant" or "device-local", keeps = ["punches", …] and '
    "for each kind that it keeps a method, as punches(users), that returns its rows "
    '({"user": "7", "time": "2020-09-17T02:18:22Z", …}); docs/adapters/readback.py is one'
)


class PythonReadBack(RowReadBack):
    """Rows may be mappings, dataclasses or objects with the attributes of the protocol."""

    def __init__(self, name: str) -> None:
        module, colon, attribute = name.partition(":")
        if not colon:
            raise ReadBackError(f"py:{name}: write py:module:object")
        sys.path.insert(0, os.getcwd())  # as python -m does: the adapter usually lies beside the command
        try:
            found: object = getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError, TypeError, ValueError) as error:  # no such module, or no name of one
            raise ReadBackError(f"py:{name}: {why(error)}") from None
        finally:
            sys.path.pop(0)
        self._adapter = _made(name, found)
        self.name = f"Python {name}"
        self.url = f"py:{name}"

    def capabilities(self) -> Capabilities:
        """From attributes `time_policy`, `keeps`, `type_words`, `input_words`; without `keeps`, what has a method. Or
        what a method `capabilities()` returns, as over HTTP."""
        told = getattr(self._adapter, "capabilities", None)
        if callable(told) and not hasattr(self._adapter, "time_policy"):
            return self.declared(self._called("capabilities", told), self.name)
        methods = [kind for kind in KINDS if callable(getattr(self._adapter, kind, None))]
        fields = ["type", "input", "temperature", "mask", "device"]
        document = {
            "time_policy": getattr(self._adapter, "time_policy", None),
            "keeps": list(getattr(self._adapter, "keeps", [*methods, *fields])),
            "type_words": getattr(self._adapter, "type_words", {}),
            "input_words": getattr(self._adapter, "input_words", {}),
        }
        return self.declared(document, self.name)

    def source(self, kind: str) -> str:
        """The method of a kind."""
        return f"{self.name}.{kind}"

    def rows(self, kind: str, people: Sequence[str]) -> list[object]:
        """What the object's method of that name returns. Raises: ReadBackError for whatever it raises."""
        method = getattr(self._adapter, kind, None)
        if not callable(method):
            raise ReadBackError(f"{self.name} keeps {kind} and has no method {kind}(users): {CONTRACT}")
        return [_mapping(row) for row in self._called(kind, lambda: list(method(list(people))))]

    def _called(self, what: str, call: Callable[[], Answer]) -> Answer:
        try:
            return call()
        except Exception as error:
            raise ReadBackError(f"{self.source(what)}: {type(error).__name__}: {error}") from error


def _made(name: str, found: object) -> object:
    """The adapter itself: a class is called without arguments. Raises: ReadBackError for what is none."""
    try:
        made = found() if isinstance(found, type) else found
    except Exception as error:
        raise ReadBackError(f"py:{name}: {type(error).__name__}: {error}") from error
    if not any(hasattr(made, member) for member in ("time_policy", "capabilities")):
        raise ReadBackError(f"py:{name} is {type(made).__name__} and no adapter: {CONTRACT}")
    return made


def _mapping(row: object) -> object:
    if isinstance(row, Mapping):
        return row
    if is_dataclass(row) and not isinstance(row, type):
        return asdict(row)
    if isinstance(row, msgspec.Struct):
        return msgspec.structs.asdict(row)
    if hasattr(row, "__dict__"):
        return vars(row)
    return row
