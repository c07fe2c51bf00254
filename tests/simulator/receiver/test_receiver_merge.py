"""Templates: any split, order and repetition of callbacks in which each Type and Index has one value is one user."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from camsim.protocol.vocabulary import Protocol
from camsim.receiver.devices import Settings
from camsim.receiver.memory import Policy
from camsim.receiver.memory.records import Punch, Received, Template, UnreadableError
from camsim.receiver.memory.store import Store
from camsim.receiver.sqlite import reading
from camsim.receiver.sqlite.rows import TemplateRow
from camsim.receiver.sqlite.storage import Storage, digest

PLAIN = ("Card", "Password", "UserPhoto")
INDEXED = ("Fingerprint", "Face", "Palm")
keys = st.one_of(
    st.tuples(st.sampled_from(PLAIN), st.none()),
    st.tuples(st.sampled_from(INDEXED), st.integers(0, 19).map(str)),
)
values = st.dictionaries(keys, st.text("0123456789ABCDEF", min_size=1, max_size=8), min_size=1, max_size=12)


@st.composite
def tellings(draw: st.DrawFn) -> tuple[Mapping[Any, str], list[list[tuple[Any, str]]]]:
    """A user's templates, and callbacks that tell each of them at least once, in any groups."""
    templates = draw(values)
    items = list(templates.items())
    told = draw(st.permutations(items + draw(st.lists(st.sampled_from(items), max_size=10))))
    cuts = sorted(draw(st.lists(st.integers(0, len(told)), max_size=8)))
    edges = [0, *cuts, len(told)]
    return templates, [list(told[start:end]) for start, end in pairwise(edges)]


@settings(max_examples=600, deadline=None)
@given(tellings())
def test_the_asynchronous_receiver_merges_to_the_same_user(telling: Any) -> None:
    templates, callbacks = telling
    stored: Mapping[Any, Template] = {}
    for group in callbacks:
        stored = Policy().merge(stored, [Template("1", kind, index, data) for (kind, index), data in group])
    assert {(item.type, item.index): item.data for item in stored.values()} == templates


@settings(max_examples=150, deadline=None)
@given(tellings())
def test_the_synchronous_receiver_merges_to_the_same_user(telling: Any) -> None:
    templates, callbacks = telling
    storage = Storage()
    for group in callbacks:
        storage.apply([TemplateRow("1", kind, index or "", data) for (kind, index), data in group])
    found = {(row["type"], row["index"]): row["sha256"] for row in storage.templates(["1"])}
    storage.close()
    assert found == {key: digest(key[0], data) for key, data in templates.items()}


@given(st.lists(st.binary(max_size=200), max_size=5), st.binary(max_size=300))
def test_any_bytes_are_opened_or_refused_by_both(prefixes: list[bytes], body: bytes) -> None:

    for text in (body, *prefixes, b"request_data=" + body, b'{"RealTime":' + body + b"}"):
        with suppress(UnreadableError):
            Policy().open(text, "")
        with suppress(reading.UnreadableError):
            reading.read(text, Settings())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ("UserId", "UserID", "Type", "LogTime", "Temperature", "FaceMask", "Log", "Template", "Photo", "Signature")
MEMBERS = ("PunchLog", "UserUpdated", "UserDeleted", "Log", "SerialNumber", "OperationData", "UserId", "OperationTime")
items = st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=5)
frames = st.dictionaries(st.sampled_from(MEMBERS), items | json_values, max_size=4)


@settings(max_examples=200, deadline=None)
@given(frames, st.sampled_from(["RealTimePunchLog", "ManuallyUserUpdated", None]))
def test_no_value_of_a_field_makes_either_receiver_fail(frame: dict[str, Any], operation: str | None) -> None:
    body = frame | {"Operation": operation} if operation else frame
    version = Protocol.V2 if operation else Protocol.V3
    assert isinstance(Policy().facts(Received(version, body, body, b"")), list)
    storage = Storage()
    storage.apply(reading.rows(reading.Callback(version, "", body), Settings()))
    assert set(storage.counts()) == {"punch", "person", "template", "note"}
    storage.close()


def test_a_store_keeps_a_punch_once_per_key() -> None:

    store = Store()
    assert [store.add("k", Punch("1", 0, 0)) for _ in range(2)] == [True, False]
