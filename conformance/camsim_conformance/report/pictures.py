"""What a picture of a cause shows, as data: instants on a line, templates in a grid, a sequence, values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from camsim_conformance.model.observation import Aspect, Explanation, Observation
from camsim_conformance.model.texts import stored_text
from camsim_conformance.observed import Observed
from camsim_conformance.plan.told import Deed, TemplateKey
from camsim_conformance.sending import ack

from .document_types import CellDocument, InstantDocument, PictureDocument, SentDocument, ValueDocument
from .wording import utc

MOST_INSTANTS, MOST_SENT, MOST_VALUES = 4, 8, 12


def picture_of(
    explanation: Explanation,
    shown: Observation | None,
    cases: Mapping[str, Observed],
    everything: Sequence[Observation],
) -> PictureDocument | None:
    """The picture that belongs to an aspect; None where words say as much."""
    if explanation.aspect is Aspect.INSTANT:
        return _instants(explanation, cases)
    if shown is None:
        return None
    if explanation.aspect is Aspect.TEMPLATE:
        return _templates(shown, cases[shown.case])
    if explanation.aspect is Aspect.COUNT:
        return _sequence(shown, cases[shown.case])
    return _values(explanation, everything)


def _instants(explanation: Explanation, cases: Mapping[str, Observed]) -> PictureDocument | None:
    found: list[InstantDocument] = []
    off: set[int] = set()
    for one in explanation.wrong:
        # The same distance twice shows nothing new.
        if one.seconds is None or one.case not in cases or not one.steps or one.seconds in off:
            continue
        told = cases[one.case].case.steps[one.steps[0]].told
        if told is not None and told.punch is not None and len(found) < MOST_INSTANTS:
            sent = told.punch.log_time
            off.add(one.seconds)
            found.append({"sent": utc(sent), "stored": utc(sent + one.seconds), "seconds": one.seconds})
    return {"kind": "instants", "instants": found} if found else None


def _templates(shown: Observation, observed: Observed) -> PictureDocument | None:
    """What the messages of the case leave of templates in a right target, against what is stored."""
    if observed.snapshot is None:
        return None
    told: dict[TemplateKey, str] = {}
    for step in observed.case.steps:
        if step.told is None or step.told.user != shown.user:
            continue
        if step.told.deed is Deed.DELETE:
            told.clear()
        told.update(step.told.templates)
    stored = {}
    for row in observed.snapshot.templates.get(shown.user, ()):
        stored[row.type, row.index or ""] = row.sha256
    cells = list(_cells(told, stored))
    return {"kind": "templates", "cells": cells} if cells else None


def _cells(told: Mapping[TemplateKey, str], stored: Mapping[TemplateKey, str]) -> Iterator[CellDocument]:
    # An adapter may leave out the index of the only one, or name it 0.
    places = {(kind.lower(), index or "0"): sha for (kind, index), sha in stored.items()}
    for (kind, index), sha in told.items():
        there = places.pop((kind.lower(), index or "0"), None)
        yield {"type": kind, "index": index, "told": True, "state": _state(sha, there)}
    names = {kind.lower(): kind for kind, _ in stored}
    for kind, index in places:
        yield {"type": names[kind], "index": index, "told": False, "state": "extra"}


def _state(told: str, stored: str | None) -> str:
    if stored is None:
        return "missing"
    return "kept" if stored == told else "changed"


def _sequence(shown: Observation, observed: Observed) -> PictureDocument | None:
    if observed.snapshot is None:
        return None
    sent: list[SentDocument] = []
    for exchange in observed.exchanges:
        step = observed.case.steps[exchange.step]
        if step.told is not None and step.told.user == shown.user and len(sent) < MOST_SENT:
            sent.append({"what": step.what, "acknowledged": ack.acknowledged(exchange, observed.profile, step)})
    rows = observed.snapshot.punches.get(shown.user, ())[:MOST_SENT]
    return {"kind": "sequence", "sent": sent, "stored": [stored_text(row, observed.snapshot) for row in rows]}


def _values(explanation: Explanation, everything: Sequence[Observation]) -> PictureDocument | None:
    """How each value of the first factor fared, all else as in the explanation."""
    if not explanation.values:
        return None
    (factor, blamed), *others = explanation.values
    rows: dict[str, ValueDocument] = {}
    for one in everything:
        if one.aspect is not explanation.aspect or factor not in one.values or not one.known:
            continue
        if any(one.values.get(name) != value for name, value in others):
            continue
        value = one.values[factor]
        row = rows.setdefault(value, {"value": value, "wrong": 0, "right": 0, "blamed": value == blamed})
        if one.right:
            row["right"] += 1
        elif one.deviation == explanation.deviation:
            row["wrong"] += 1
    # The one value that there is says nothing beside none.
    if len(rows) < 2:
        return None
    ordered = sorted(rows.values(), key=lambda row: (not row["blamed"], -row["wrong"], row["value"]))
    return {"kind": "values", "factor": factor, "values": ordered[:MOST_VALUES]}
