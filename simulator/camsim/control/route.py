"""One call of the control API: its row in the table of routes, and what its body decodes to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec

A = TypeVar("A", covariant=True)  # of a route nothing but its answer depends on it, and nothing writes one
_IN_PATH = re.compile(r"{(\w+)}")
JSON, LINES, TEXT, CSV = "application/json", "application/x-ndjson", "text/plain", "text/csv"


@dataclass(frozen=True, slots=True, eq=False)  # a route is itself, wherever it is asked for
class Route(Generic[A]):
    """One call. `path` below /api/; `answer`: the type of a JSON answer, bytes of any other `media`.

    `body`: the type of the body, None where there is none; an action's members that stand in the path are not in its
    body, and `member` names the one that a body stands for alone (one object or a list). `optional`: an empty body
    will do. `query`: what may be asked behind `?`, with what it does. `hint`: what is allowed, for whoever sent another
    body; `internal`: members that only the simulator fills; `open`: other members are read too; `others`: further
    statuses and media of an answer.
    """

    method: str
    path: str
    summary: str
    answer: type[A]
    body: Any = None
    member: str = ""
    optional: bool = False
    query: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    media: str = JSON
    hint: str = ""
    internal: tuple[str, ...] = ()
    open: bool = False
    others: tuple[tuple[int, str], ...] = ()

    @property
    def name(self) -> str:
        """Method and path: what tells one route from another."""
        return f"{self.method} {self.path}"

    @property
    def in_path(self) -> dict[str, str]:
        """Names in the path, each with the member of the action that it fills: the page's stgid is a device."""
        return {name: "device" if name == "stgid" else name for name in _IN_PATH.findall(self.path)}

    @property
    def body_type(self) -> Any:
        """What a body decodes to: one member of the action alone, else the action without what the path says."""
        return _body_type(self)

    @property
    def takes_lists(self) -> bool:
        """Whether a body may be a list; one object stands for a list of one."""
        return bool(self.member) and _listed(_member_type(self)) is not None

    @property
    def members(self) -> tuple[str, ...]:
        """What a body, or each object of its list, may say; empty where the catalogue of faults words that."""
        one = (_listed(_member_type(self)) or _member_type(self)) if self.member else self.body_type
        return getattr(one, "__struct_fields__", ())


def _member_type(route: Route[object]) -> Any:
    """The type of the member that a body stands for."""
    (member,) = [item for item in msgspec.structs.fields(route.body) if item.name == route.member]
    return member.type


def _listed(kind: Any) -> Any:
    """What a list holds, None for what is no list."""
    return kind.__args__[0] if getattr(kind, "__origin__", None) is list else None


@cache
def _body_type(route: Route[object]) -> Any:
    if route.member:
        kind = _member_type(route)
        return kind | _listed(kind) if _listed(kind) else kind
    config = getattr(route.body, "__struct_config__", None)
    if config is None or config.tag_field != "action":
        return route.body
    left_out = {*route.in_path.values(), *route.internal}
    kept = [item for item in msgspec.structs.fields(route.body) if item.name not in left_out]
    # A Struct of its own, without the tag: whoever writes a body knows nothing of the log that actions are kept in.
    return msgspec.defstruct(
        f"{route.body.__name__}Body",
        [_defined(item) for item in kept],
        namespace={"__doc__": route.body.__doc__},
        forbid_unknown_fields=not route.open,
        kw_only=True,
    )


def _defined(item: msgspec.structs.FieldInfo) -> Any:
    """A member as `defstruct` takes it."""
    if item.required:
        return item.name, item.type
    if item.default_factory is not msgspec.NODEFAULT:
        return item.name, item.type, msgspec.field(default_factory=item.default_factory)
    return item.name, item.type, item.default
