"""What a mutant and a benign variant are, and how a module declares them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from camsim.protocol.vocabulary import Protocol
from camsim.receiver.memory import Policy

Behaviour = Callable[[], Policy]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A wrong receiver. `must` are the requirements it has to fail, `may` those it can fail as well with the reasons.

    `features` are what the judged profile has to switch on, beside `core`, for the fault to show at all.
    """

    name: str
    title: str
    behaviour: Behaviour
    must: frozenset[str]
    may: Mapping[str, str]
    protocol: Protocol = Protocol.V3
    features: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Benign:
    """An unusual receiver that breaks no MUST: a suite that fails it is wrong. `why` says what allows it."""

    name: str
    title: str
    behaviour: Behaviour
    why: str
    protocols: frozenset[Protocol] = frozenset(Protocol)


MUTANTS: dict[str, Mutant] = {}
BENIGN: dict[str, Benign] = {}
May = Mapping[str, str]


class DuplicateNameError(ValueError):
    """Two variants of one name."""


def because(reason: str, *ids: str) -> dict[str, str]:
    """The ids of a `may`, all for one reason."""
    return dict.fromkeys(ids, reason)


def beyond(must: frozenset[str], may: May) -> May:
    """A `may` without what a mutant has to fail anyway: groups of requirements are named whole."""
    return {name: why for name, why in may.items() if name not in must}


def add(row: Mutant | Benign) -> None:
    """Make a variant known by its name. Raises: DuplicateNameError."""
    if row.name in MUTANTS or row.name in BENIGN:
        raise DuplicateNameError(row.name)
    if isinstance(row, Mutant):
        MUTANTS[row.name] = row
    else:
        BENIGN[row.name] = row


def mutant(
    name: str,
    title: str,
    must: str,
    may: May | None = None,
    *,
    protocol: Protocol = Protocol.V3,
    features: str = "",
) -> Callable[[type[Policy]], type[Policy]]:
    """Declare the decorated policy a mutant; `must` and `features` are words separated by spaces."""

    def declare(behaviour: type[Policy]) -> type[Policy]:
        required = frozenset(must.split())
        add(
            Mutant(
                name=name,
                title=title,
                behaviour=named(name, behaviour),
                must=required,
                may=beyond(required, may or {}),
                protocol=protocol,
                features=frozenset(features.split()),
            )
        )
        return behaviour

    return declare


# The declarations of one behaviour in v3 and in v2: ids that fail, or what may fail beside them.
Pair = tuple[str, str]
MayPair = tuple[May, May]


def both(
    name: str, title: str, must: Pair, may: MayPair, *, features: str = ""
) -> Callable[[type[Policy]], type[Policy]]:
    """Declare the decorated policy a mutant of both protocols: `name` in v3, `v2-name` in v2. Pairs are (v3, v2)."""

    def declare(behaviour: type[Policy]) -> type[Policy]:
        mutant(name, title, must[0], may[0], features=features)(behaviour)
        mutant(f"v2-{name}", title, must[1], may[1], protocol=Protocol.V2, features=features)(behaviour)
        return behaviour

    return declare


def benign(name: str, title: str, why: str, *protocols: Protocol) -> Callable[[type[Policy]], type[Policy]]:
    """Declare the decorated policy a benign variant, by default of both protocols."""

    def declare(behaviour: type[Policy]) -> type[Policy]:
        add(Benign(name, title, named(name, behaviour), why, frozenset(protocols or Protocol)))
        return behaviour

    return declare


def named(name: str, behaviour: Behaviour) -> Behaviour:
    """A behaviour whose policy knows its name."""

    def make() -> Policy:
        policy = behaviour()
        policy.name = name
        return policy

    return make
