"""People as a model: a right store has no deviation, a wrong one has it under the values that cause it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import pytest
from telling import NOW, Name, Store, builder, cases, occurrences, people, told

from camsim.protocol.facts import Template
from camsim.protocol.vocabulary import Protocol
from camsim.protocol.vocabulary import TemplateType as Kind
from camsim.readback.model import Capabilities, Snapshot, StoredTemplate, StoredUser
from camsim_conformance.model.history import Occurrence
from camsim_conformance.model.observation import Aspect, Deviation, Observation
from camsim_conformance.model.people import observe_people
from camsim_conformance.model.people_values import script
from camsim_conformance.plan.cases import Case, Step
from camsim_conformance.plan.factors import value_of
from camsim_conformance.plan.history_factors import requirement_of
from camsim_conformance.plan.history_rows import LEADING_ZEROS
from camsim_conformance.plan.told import INDEXED, Deed, Keep, TemplateKey, Told, sha_of
from camsim_conformance.requirements import catalogue
from camsim_conformance.requirements.verdicts import Level

BIOMETRIC = frozenset(map(str, INDEXED))


@cache
def everything(protocol: Protocol) -> tuple[Occurrence, ...]:
    return tuple(occurrences(cases(protocol)))


def observed(store: Store, protocol: Protocol) -> list[Observation]:
    return list(observe_people(people(everything(protocol)), told(store, everything(protocol))))


def biometric(some: Told) -> bool:
    return any(kind in BIOMETRIC for kind, _ in some.templates)


# --- faults ----------------------------------------------------------------------------------------------------------


class ReplacesAll(Store):
    def merge(self, told: Told) -> None:
        if told.templates:
            self.templates[told.user] = {}
        super().merge(told)


class KeyWithoutIndex(Store):
    def put(self, kept: dict[TemplateKey, str], key: TemplateKey, sha: str) -> None:
        for other in [one for one in kept if one[0] == key[0]]:
            del kept[other]
        super().put(kept, key, sha)


class WipedByRename(Store):
    def name(self, told: Told) -> None:
        if self.names.get(told.user, told.names) != told.names and told.names is not None and any(told.names):
            self.templates.pop(told.user, None)
        super().name(told)


class WipedByEmptyUpdate(Store):
    def name(self, told: Told) -> None:
        if not told.templates and told.names == self.names.get(told.user):
            self.templates.pop(told.user, None)
        super().name(told)


class WipedByBiometric(Store):
    def merge(self, told: Told) -> None:
        if biometric(told):
            self.templates[told.user] = {}
        super().merge(told)


class NameErasedByBiometric(Store):
    def name(self, told: Told) -> None:
        super().name(told)
        if biometric(told) and told.names is None:
            self.names[told.user] = ("", "")


class NameCut(Store):
    def name(self, told: Told) -> None:
        super().name(told)
        if told.user in self.names:
            first, last = self.names[told.user]
            self.names[told.user] = (first[:20], last[:20])


class QuestionMarks(Store):
    def name(self, told: Told) -> None:
        super().name(told)
        if told.user in self.names:
            first, last = (self.plain(part) for part in self.names[told.user])
            self.names[told.user] = (first, last)

    def plain(self, text: str) -> str:
        return "".join("?" if ord(sign) > 0xFFFF else sign for sign in text)


class DeletionIgnored(Store):
    def delete(self, user: str) -> None:
        pass


class FingersOutlive(Store):
    def delete(self, user: str) -> None:
        kept = self.templates.get(user, {})
        super().delete(user)
        self.templates[user] = {key: sha for key, sha in kept.items() if key[0] == "Fingerprint"}


class RehiredIgnored(Store):
    def __init__(self) -> None:
        super().__init__()
        self.deleted: set[str] = set()

    def tell(self, told: Told) -> None:
        if told.user in self.deleted:
            return
        if told.deed is Deed.DELETE:
            self.deleted.add(told.user)
        super().tell(told)


class ChangeIgnored(Store):
    def put(self, kept: dict[TemplateKey, str], key: TemplateKey, sha: str) -> None:
        kept.setdefault(key, sha)


class LastOfGroup(Store):
    def merge(self, told: Told) -> None:
        kept = self.templates.setdefault(told.user, {})
        for key, sha in list(told.templates.items())[-1:]:
            self.put(kept, key, sha)


class ZerosCut(Store):
    def put(self, kept: dict[TemplateKey, str], key: TemplateKey, sha: str) -> None:
        kept[key] = card(LEADING_ZEROS.lstrip("0")) if sha == card(LEADING_ZEROS) else sha


class EarlyLost(Store):
    def merge(self, told: Told) -> None:
        if told.user in self.names:
            super().merge(told)


class NameKept(Store):
    def name(self, told: Told) -> None:
        if told.user not in self.names:
            super().name(told)


def card(number: str) -> str:
    return sha_of(Template(Kind.CARD, number))


Values = Mapping[str, str]


@dataclass(frozen=True)
class Fault:
    store: type[Store]
    aspect: Aspect
    deviation: Deviation
    causes: tuple[Values, ...]


def then(*names: str) -> tuple[Values, ...]:
    return tuple({f"then:{name}": "yes"} for name in names)


FAULTS = (
    Fault(ReplacesAll, Aspect.TEMPLATE, Deviation.MISSING, then("card", "biometric", "photo")),
    Fault(KeyWithoutIndex, Aspect.TEMPLATE, Deviation.MISSING, then("sibling")),
    Fault(WipedByRename, Aspect.TEMPLATE, Deviation.MISSING, then("rename")),
    Fault(WipedByEmptyUpdate, Aspect.TEMPLATE, Deviation.MISSING, then("empty-update")),
    Fault(WipedByBiometric, Aspect.TEMPLATE, Deviation.MISSING, then("biometric")),
    Fault(NameErasedByBiometric, Aspect.NAME, Deviation.NULL, then("biometric")),
    Fault(NameCut, Aspect.NAME, Deviation.WRONG, ({"name-length": "long"},)),
    Fault(QuestionMarks, Aspect.NAME, Deviation.WRONG, ({"script": "astral"},)),
    Fault(DeletionIgnored, Aspect.PERSON, Deviation.STILL_THERE, ({"deleted": "yes"},)),
    Fault(DeletionIgnored, Aspect.TEMPLATE, Deviation.STILL_THERE, then("delete")),
    Fault(FingersOutlive, Aspect.TEMPLATE, Deviation.STILL_THERE, ({"template": "Fingerprint", "then:delete": "yes"},)),
    Fault(RehiredIgnored, Aspect.PERSON, Deviation.MISSING, ({"before:delete": "yes"},)),
    Fault(RehiredIgnored, Aspect.TEMPLATE, Deviation.MISSING, ({"before:delete": "yes"},)),
    Fault(ChangeIgnored, Aspect.TEMPLATE, Deviation.WRONG, ({"change": "changed"},)),
    Fault(LastOfGroup, Aspect.TEMPLATE, Deviation.MISSING, ({"group": "first"},)),
    Fault(ZerosCut, Aspect.TEMPLATE, Deviation.WRONG, ({"digits": "leading-zeros"},)),
    Fault(EarlyLost, Aspect.TEMPLATE, Deviation.MISSING, ({"before:create": "no"},)),
    Fault(NameKept, Aspect.NAME, Deviation.WRONG, ({"told-by": "rename"},)),
)


@pytest.mark.parametrize("protocol", list(Protocol))
def test_a_right_store_has_no_deviation(protocol: Protocol) -> None:
    found = observed(Store(), protocol)
    assert [one for one in found if not one.right] == []
    assert {one.aspect for one in found} == {Aspect.TEMPLATE, Aspect.NAME, Aspect.PERSON}


@pytest.mark.parametrize("protocol", list(Protocol))
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.store.__name__}-{fault.aspect}")
def test_a_fault_deviates_under_its_values_alone(fault: Fault, protocol: Protocol) -> None:
    found = observed(fault.store(), protocol)
    wrong = [one for one in found if one.wrong and (one.aspect, one.deviation) == (fault.aspect, fault.deviation)]
    right = [one for one in found if one.right and one.aspect is fault.aspect]
    assert wrong
    assert right
    assert [one for one in wrong if not _under(one, fault.causes)] == []
    assert [one for one in right if _under(one, fault.causes)] == []


def _under(one: Observation, causes: tuple[Values, ...]) -> bool:
    return any(cause.items() <= one.values.items() for cause in causes)


@pytest.mark.parametrize("protocol", list(Protocol))
def test_every_value_is_in_the_tables_and_every_requirement_in_the_catalogue(protocol: Protocol) -> None:
    ids = {row.id for row in catalogue(protocol)} | {""}
    for one in observed(Store(), protocol):
        for factor, name in one.values.items():
            value = value_of(factor, name)
            assert value is not None, (factor, name)
            assert requirement_of(one.aspect, factor, value, protocol) in ids
