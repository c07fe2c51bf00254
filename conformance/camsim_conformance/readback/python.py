"""Read-back by a Python object: `py:module:object` with `time_policy` and the methods of the protocol."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any, TypeVar

from camsim.readback.model import (
    Capabilities,
    ReadBackError,
    StoredPunch,
    StoredTemplate,
    StoredUser,
    TimePolicy,
    capabilities_of,
    punch_of,
    template_of,
    user_of,
)

T = TypeVar("T")


class PythonReadBack:
    """Rows may be mappings, dataclasses or objects with the attributes of the protocol."""

    def __init__(self, name: str) -> None:
        module, colon, attribute = name.partition(":")
        if not colon:
            raise ReadBackError(f"py:{name}: write py:module:object")
        sys.path.insert(0, os.getcwd())  # as python -m does: the adapter usually lies beside the command
        try:
            found: Any = getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            raise ReadBackError(f"py:{name}: {error}") from None
        finally:
            sys.path.pop(0)
        self._adapter = found() if isinstance(found, type) else found
        self.name = f"Python {name}"
        self._policy: TimePolicy = "instant"

    def capabilities(self) -> Capabilities:
        """From attributes `time_policy`, `keeps`, `type_words`; what has a method is kept when `keeps` is absent."""
        methods = [kind for kind in ("punches", "templates", "users") if callable(getattr(self._adapter, kind, None))]
        fields = ["type", "input", "temperature", "mask", "device"]
        document = {
            "time_policy": getattr(self._adapter, "time_policy", None),
            "keeps": list(getattr(self._adapter, "keeps", [*methods, *fields])),
            "type_words": getattr(self._adapter, "type_words", {}),
        }
        found = capabilities_of(document, self.name)
        self._policy = found.time_policy
        return found

    def punches(self, people: Sequence[str]) -> Iterator[StoredPunch]:
        """The object's `punches`."""
        return self._rows("punches", people, punch_of)

    def templates(self, people: Sequence[str]) -> Iterator[StoredTemplate]:
        """The object's `templates`."""
        return self._rows("templates", people, template_of)

    def users(self, people: Sequence[str]) -> Iterator[StoredUser]:
        """The object's `users`."""
        return self._rows("users", people, user_of)

    def _rows(self, kind: str, people: Sequence[str], read: Callable[[Any, TimePolicy, str], T]) -> Iterator[T]:
        try:
            rows = list(getattr(self._adapter, kind)(list(people)))
        except Exception as error:
            raise ReadBackError(f"{self.name}.{kind}: {type(error).__name__}: {error}") from error
        return (read(_mapping(row), self._policy, f"{self.name}.{kind}") for row in rows)


def _mapping(row: Any) -> Any:
    if isinstance(row, Mapping):
        return row
    if is_dataclass(row) and not isinstance(row, type):
        return asdict(row)
    return vars(row) if hasattr(row, "__dict__") else row
