"""The faulty receivers of the proof, drawn by a seed: every value at least once, then pairs, then triples of values.

What cannot show by construction is drawn and counted, but is none of the population: `visible.why_left_out` says by
which rule. Nothing is ever left out because the suite misses it.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import count, cycle

from camsim.protocol.vocabulary import Protocol, TemplateType
from camsim_conformance.model.people_events import Kind
from camsim_conformance.plan.factors import PUNCH_FACTORS, Factor

from .effects import FORGED, PUNCH_EFFECTS
from .events import Event, events
from .faulty import Condition, Fault
from .mutation import Mutation
from .settings import Setting, planned
from .visible import why_left_out

SHARES = (0.4, 0.35, 0.15, 0.1)  # of one value, two, three, and faults of people and forgeries
UNUSUAL = 0.8  # how often a value that is not the plain one is drawn
TRIES = 40  # draws for one fault that shows
WORDS = {1: "one value", 2: "two values", 3: "three values"}


@dataclass(slots=True)
class Population:
    """The mutations, and how many draws were left out for which reason, by number of values."""

    mutations: list[Mutation] = field(default_factory=list)
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)


def settings(seed: int) -> list[Setting]:
    """The settings that the faults are spread over: v3 and v2, with and without users and photos, sometimes encrypted,
    sometimes two devices."""
    every = ("core", "user-data", "photo")
    found = []
    for protocol in (Protocol.V3, Protocol.V2):
        for number, (features, encrypted, two) in enumerate(
            (
                (every, False, False),
                (every, False, True),
                (every, True, False),
                (("core",), False, False),
                (("core", "photo"), False, True),
            )
        ):
            found.append(Setting(protocol, features, encrypted, two, seed * 10 + number))
    return found


def population(size: int, seed: int) -> Population:
    """So many mutations. The same arguments give the same."""
    return _Draw(size, seed).all()


@cache
def _told(setting: Setting) -> tuple[Event, ...]:
    return tuple(events(planned(setting), setting.now_s))


class _Draw:
    """Draws one population."""

    def __init__(self, size: int, seed: int) -> None:
        self._size = size
        self._random = random.Random(seed)
        self._settings = settings(seed)
        # The full plan has every value; the others are drawn now and then.
        self._turn = cycle([0, 5, 0, 5, 1, 6, 0, 5, 2, 7, 0, 5, 3, 8, 4, 9])
        self._effects = {protocol: cycle(PUNCH_EFFECTS) for protocol in Protocol}
        self._number = count(1)
        self._found = Population()

    def all(self) -> Population:
        """Draw everything."""
        ones, twos, threes, people = (round(share * self._size) for share in SHARES)
        self._singles(ones)
        self._drawn(2, twos)
        self._drawn(3, threes)
        self._of_people(people)
        return self._found

    def _singles(self, size: int) -> None:
        """Each value of each factor in turn, under as many effects as there is room for."""
        values = [(factor, value.name) for factor in PUNCH_FACTORS for value in factor.values]
        self._random.shuffle(values)
        made, start = 0, len(self._found.mutations)
        for factor, name in cycle(values):
            if made >= size or made > TRIES * size:
                break
            self._single(factor, name)
            made = len(self._found.mutations) - start

    def _single(self, factor: Factor, name: str) -> None:
        """One fault of this value, under the first effects and settings that show it."""
        for _ in range(4):
            setting = self._setting(factor)
            effect = next(self._effects[setting.protocol])
            if self._add(Fault(effect, ((factor.name, name),)), setting):
                return

    def _setting(self, factor: Factor | None = None) -> Setting:
        setting = self._settings[next(self._turn)]
        if factor is not None and factor.feature == "aes":
            return self._settings[2 if setting.protocol is Protocol.V3 else 7]
        if factor is not None and factor.feature == "multi-device":
            return self._settings[1 if setting.protocol is Protocol.V3 else 6]
        return setting

    def _drawn(self, factors: int, size: int) -> None:
        wanted = len(self._found.mutations) + size
        for _ in range(TRIES * size):
            if len(self._found.mutations) >= wanted:
                return
            setting = self._setting()
            effect = next(self._effects[setting.protocol])
            self._add(Fault(effect, self._condition(factors)), setting)

    def _condition(self, factors: int) -> Condition:
        chosen = self._random.sample(PUNCH_FACTORS, factors)
        return tuple((factor.name, self._value(factor)) for factor in chosen)

    def _value(self, factor: Factor) -> str:
        unusual = [value.name for value in factor.values if not value.usual]
        if self._random.random() < UNUSUAL:
            return self._random.choice(unusual)
        return factor.usual.name

    def _of_people(self, size: int) -> None:
        faults = list(people_faults())
        self._random.shuffle(faults)
        wanted = len(self._found.mutations) + size
        for number, fault in zip(range(TRIES * size), cycle(faults), strict=False):
            if len(self._found.mutations) >= wanted:
                return
            # With users: without them nothing is told of names and templates.
            self._add(fault, self._settings[(0, 5, 1, 6)[number % 4]])

    def _add(self, fault: Fault, setting: Setting) -> bool:
        why = why_left_out(fault, _told(setting), setting)
        if why is not None:
            self._found.left_out[words(fault), why] += 1
            return False
        self._found.mutations.append(Mutation(next(self._number), fault, setting))
        return True


def words(fault: Fault) -> str:
    """`two values`, or `people`."""
    return "people and forgeries" if fault.of_people else WORDS[fault.factors]


def people_faults() -> Iterator[Fault]:
    """What may go wrong with names, templates, users and forgeries."""
    for kind in (Kind.RENAME, Kind.EMPTY_UPDATE, Kind.CARD, Kind.BIOMETRIC, Kind.PUNCH, Kind.COPY):
        after: Condition = ((f"then:{kind}", "yes"),)
        # A change of name tells the new name: only the templates can go with it.
        if kind not in (Kind.RENAME, Kind.EMPTY_UPDATE):
            yield Fault("names erased", on=kind, named=after)
        yield Fault("templates erased", on=kind, named=after)
        for template in (TemplateType.FACE, TemplateType.FINGERPRINT):
            named = (*after, ("template", str(template)))
            yield Fault("templates erased", on=kind, template=template, named=named)
    for template in TemplateType:
        of_type: Condition = (("template", str(template)),)
        yield Fault("template dropped", template=template, named=of_type)
        yield Fault("old content kept", template=template, named=(*of_type, ("change", "changed")))
    yield Fault("old content kept", named=(("change", "changed"),))
    yield Fault("deletion ignored", on=Kind.DELETE, named=(("deleted", "yes"),))
    yield Fault("return ignored", on=Kind.RETURN, named=(("before:delete", "yes"),))
    yield Fault(FORGED.name)
    for token in ("another", "missing", "empty", "null", "one-letter-less", "other-case", "in-a-list"):
        yield Fault(FORGED.name, (("token", token),))


def by_factors(mutations: Sequence[Mutation]) -> dict[str, list[Mutation]]:
    """The mutations by number of values."""
    found: dict[str, list[Mutation]] = {}
    for mutation in mutations:
        found.setdefault(words(mutation.fault), []).append(mutation)
    return found
