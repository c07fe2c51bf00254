"""People as a model: a right store has no deviation, a wrong one has it under the values that cause it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from unicodedata import normalize

import pytest
from telling import Store, builder, cases, occurrences, people, told

from camsim.protocol.facts import Template
from camsim.protocol.vocabulary import Protocol
from camsim.protocol.vocabulary import TemplateType as Kind
from camsim.readback.model import StoredTemplate, StoredUser
from camsim_conformance.model.history import Occurrence
from camsim_conformance.model.observation import Aspect, Deviation, Observation
from camsim_conformance.model.people import could_deviate, observe_people
from camsim_conformance.plan.cases import Case
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
        kept[key] = card_of(LEADING_ZEROS.lstrip("0")) if sha == card_of(LEADING_ZEROS) else sha


class EarlyLost(Store):
    def merge(self, told: Told) -> None:
        if told.user in self.names:
            super().merge(told)


class NameKept(Store):
    def name(self, told: Told) -> None:
        if told.user not in self.names:
            super().name(told)


def card_of(number: str) -> str:
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
    Fault(LastOfGroup, Aspect.TEMPLATE, Deviation.MISSING, ({"group": "first"}, {"group": "between"})),
    Fault(ZerosCut, Aspect.TEMPLATE, Deviation.WRONG, ({"digits": "leading-zeros", "template": "Card"},)),
    Fault(EarlyLost, Aspect.TEMPLATE, Deviation.MISSING, ({"before:create": "no"},)),
    Fault(
        NameKept,
        Aspect.NAME,
        Deviation.WRONG,
        ({"told-by": "rename"}, {"told-by": "rename-first"}, {"told-by": "rename-last"}),
    ),
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


# --- what is not the target's fault, and how grave the rest is -------------------------------------------------------


class Capitals(Store):
    def name(self, told: Told) -> None:
        super().name(told)
        if told.user in self.names:
            first, last = self.names[told.user]
            self.names[told.user] = (first.upper(), f"  {last}")


class Nfc(Store):
    def name(self, told: Told) -> None:
        super().name(told)
        if told.user in self.names:
            self.names[told.user] = ("", normalize("NFC", " ".join(filter(None, self.names[told.user]))))


class EmptyNamesErase(Store):
    def name(self, told: Told) -> None:
        if told.names is not None:
            self.names[told.user] = told.names


class TemplatesOutlive(Store):
    def delete(self, user: str) -> None:
        self.names.pop(user, None)


def levels(store: Store) -> set[tuple[str, str | None, Level]]:
    return {(one.aspect, one.deviation, one.level) for one in observed(store, Protocol.V3) if one.wrong}


def test_how_grave_the_benign_deviations_are() -> None:
    assert levels(Capitals()) == {("name", "wrong", Level.SHOULD)}
    assert levels(Nfc()) == {("name", "wrong", Level.RECORD)}
    assert levels(EmptyNamesErase()) == {("name", "null", Level.SHOULD), ("name", "null", Level.RECORD)}
    assert levels(TemplatesOutlive()) == {("template", "still there", Level.SHOULD)}


def test_a_store_of_whole_names_in_one_column_or_of_first_names_alone_is_right() -> None:
    every = people(everything(Protocol.V3))
    snapshot = told(Store(), everything(Protocol.V3))
    for parts in (lambda user: (" ".join(filter(None, user)), None), lambda user: (user[0], None)):
        users = {
            row.user: StoredUser(row.user, *parts((row.first_name, row.last_name))) for row in snapshot.users.values()
        }
        found = observe_people(every, replace(snapshot, users=users))
        assert [one for one in found if not one.right] == []


def test_what_was_not_acknowledged_is_not_known() -> None:
    some = [case for case in cases(Protocol.V3) if case.name == "template-card-new-alone-nothing"]
    assert [len(case.steps) for case in some] == [2]
    for step, unknown in ((0, {"template", "name", "person"}), (1, {"template"})):
        sent = occurrences(some, [(some[0].name, step)])
        found = list(observe_people(people(sent), told(Store(), sent)))
        assert {str(one.aspect) for one in found if not one.known} == unknown


def test_what_is_kept_twice_or_was_never_told_is_seen_and_the_past_is_not() -> None:
    some = [case for case in cases(Protocol.V3) if case.name == "template-card-new-alone-nothing"]
    sent = occurrences(some)
    now = told(Store(), sent)
    ((user, (card,)),) = now.templates.items()
    finger = StoredTemplate(user, "Fingerprint", "2", "0" * 64)
    spoiled = replace(now, templates={user: (card, card, finger)})
    seen = [(one.deviation, one.values["template"]) for one in observe_people(people(sent), spoiled) if one.wrong]
    assert seen == [("doubled", "Card"), ("invented", "Fingerprint")]
    before = replace(now, templates={user: (finger,)}, users={})
    past = list(observe_people(people(sent), replace(now, templates={user: (card, finger)}), before))
    assert [one for one in past if one.wrong] == []


def test_what_should_be_gone_shows_nothing_of_why_another_one_is_missing() -> None:
    found = [one for one in observed(Store(), Protocol.V3) if one.aspect is not Aspect.NAME]
    gone = [one for one in found if could_deviate(one, Deviation.STILL_THERE)]
    assert {one.actual for one in gone} == {"gone"}
    assert all(could_deviate(one, Deviation.MISSING) for one in found if one not in gone)


def test_an_empty_name_without_a_template_is_recorded_alone() -> None:
    for protocol in Protocol:
        sent = occurrences(case for case in cases(protocol) if case.name == "name-emptied")
        snapshot = told(Store(), sent)
        erased = {user: StoredUser(user, "", "") for user in snapshot.users}
        found = observe_people(people(sent), replace(snapshot, users=erased))
        assert [(one.deviation, one.level) for one in found if one.wrong] == [(Deviation.NULL, Level.RECORD)]


# --- forgeries -------------------------------------------------------------------------------------------------------


class Believes(Store):
    """Takes forged messages of some deeds."""

    def __init__(self, *deeds: Deed) -> None:
        super().__init__()
        self.deeds = deeds

    def tell(self, told: Told) -> None:
        super().tell(replace(told, keep=Keep.MUST) if told.deed in self.deeds else told)


def forged(protocol: Protocol) -> list[Occurrence]:
    """Two people who are forged a name with a card, and a deletion; and one whom only the forger knows."""
    make = builder(protocol)
    found = []
    for number in range(3):
        user = make.user()
        true = make.step(make.updated(user, make.template(user, Kind.CARD), first="Asha", last="Rao"))
        update = make.updated(user, make.template(user, Kind.CARD, 0, 1), first="Eve", last="Mall")
        lies = (update, make.updated(user, first="Eve", last="Mall")) if number != 1 else (make.deleted(user),)
        steps = [make.step(fact, token="X" * 32) for fact in lies]
        truth = [make.step(make.updated(user)), true] if number < 2 else []
        found += occurrences([Case(f"forged-{number}", (*truth, *steps))])
    return found


def stored(store: Store, sent: list[Occurrence], calm: bool) -> list[Observation]:
    true = [one for one in sent if one.told.keep is not Keep.NEVER]
    settled = told(type(store)(), true) if calm else None
    return list(observe_people(people(sent), told(store, sent), None, settled))


@pytest.mark.parametrize("protocol", list(Protocol))
def test_a_stored_forgery_is_seen_and_excuses_what_it_changed(protocol: Protocol) -> None:
    sent = forged(protocol)
    right = stored(Store(), sent, calm=True)
    assert [one for one in right if not one.right] == []
    assert {one.values["forged"] for one in right if one.aspect is Aspect.FORGERY} == WHAT_IS_FORGED
    wrong = [one for one in stored(Believes(*Deed), sent, calm=False) if one.wrong]
    assert {(one.aspect, one.deviation) for one in wrong} == {(Aspect.FORGERY, Deviation.STORED)}
    assert {one.values["forged"] for one in wrong} == WHAT_IS_FORGED


WHAT_IS_FORGED = {"name", "template", "deletion", "person"}


class Loses(Store):
    """Keeps nobody's name and no card."""

    def name(self, told: Told) -> None:
        self.names[told.user] = ("SOMEBODY", "")

    def merge(self, told: Told) -> None:
        pass


def test_a_target_that_stores_wrongly_is_not_accused_of_a_forgery() -> None:
    for store in (Capitals(), Loses()):
        found = stored(store, forged(Protocol.V3), calm=True)
        assert [one for one in found if one.wrong and one.aspect is Aspect.FORGERY] == []


@pytest.mark.parametrize("protocol", list(Protocol))
def test_every_value_is_in_the_tables_and_every_requirement_in_the_catalogue(protocol: Protocol) -> None:
    ids = {row.id for row in catalogue(protocol)} | {""}
    for one in observed(Store(), protocol):
        for factor, name in one.values.items():
            value = value_of(factor, name)
            assert value is not None, (factor, name)
            assert requirement_of(one.aspect, factor, value, protocol) in ids
