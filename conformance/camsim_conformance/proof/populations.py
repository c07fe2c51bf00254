"""The populations as one proof: run them on some processes, some over HTTP as well, and say whether the bars hold."""

from __future__ import annotations

import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from . import benign_population, population
from .benign_population import Spared
from .mutation import RIGHTLY, Mutation, Shown, run_direct, run_http
from .population import WORDS, words

KILLED = {WORDS[1]: 0.995, WORDS[2]: 0.97}  # at least; three values are published without a bar
NAMED = 0.95
EVERY = 25
T = TypeVar("T")
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A mutation that is judged otherwise over HTTP than in process."""

    direct: Shown
    http: Shown

    @property
    def text(self) -> str:
        """What differs."""
        return (
            f"{self.direct.mutation.text}: in process {self.direct.exit.name} {_pairs(self.direct)}, "
            f"over HTTP {self.http.exit.name} {_pairs(self.http)} {self.http.void or ''}"
        )


@dataclass(slots=True)
class Populations:
    """All that was shown. `left_out`: draws that are none of the population, by number of values and rule."""

    shown: list[Shown] = field(default_factory=list)
    spared: list[Spared] = field(default_factory=list)
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)
    over_http: int = 0
    disagreements: list[Disagreement] = field(default_factory=list)
    seconds: float = 0.0

    def of(self, word: str) -> list[Shown]:
        """What mutations of so many values showed."""
        return [one for one in self.shown if words(one.mutation.fault) == word]

    @property
    def survivors(self) -> list[Shown]:
        """Mutations that passed for less than they are."""
        return [one for one in self.shown if not one.killed]

    @property
    def accused(self) -> list[Spared]:
        """Right receivers that something undeserved was said of."""
        return [one for one in self.spared if one.accused]

    def problems(self) -> list[str]:
        """Bars that do not hold."""
        found = []
        for word, bar in KILLED.items():
            mine = self.of(word)
            killed = sum(one.killed for one in mine)
            if mine and killed < bar * len(mine):
                found.append(f"{word}: {killed} of {len(mine)} killed, at least {bar:.1%} are asked for")
        named = sum(one.named in RIGHTLY for one in self.shown)
        if named < NAMED * len(self.shown):
            found.append(f"{named} of {len(self.shown)} named rightly, at least {NAMED:.0%} are asked for")
        if self.accused:
            found.append(f"{len(self.accused)} of {len(self.spared)} right receivers accused")
        if self.disagreements:
            found.append(f"{len(self.disagreements)} of {self.over_http} judged otherwise over HTTP")
        return found


def prove(mutants: int, benign: int, http_share: float, workers: int, seed: int, say: Say) -> Populations:
    """Draw and run both populations; `say` hears how it goes."""
    begin = time.monotonic()
    drawn = population.population(mutants, seed)
    result = Populations(left_out=drawn.left_out)
    say(f"{len(drawn.mutations)} faulty receivers drawn, {drawn.left_out.total()} left out by rule")
    # Processes, not threads: each run has an event loop of its own.
    with ProcessPoolExecutor(workers, initializer=_hushed) as pool:
        for shown in _counted(pool.map(run_direct, drawn.mutations, chunksize=4), "mutants", mutants, say):
            result.shown.append(shown)
            if not shown.killed:
                say(f"survived: {shown.mutation.text}")
        chosen = _chosen(drawn.mutations, http_share, seed)
        result.over_http = len(chosen)
        in_process = {shown.mutation.number: shown for shown in result.shown}
        for shown in _counted(pool.map(run_http, chosen), "over HTTP", len(chosen), say):
            twin = in_process[shown.mutation.number]
            if not agree(twin, shown):
                result.disagreements.append(Disagreement(twin, shown))
                say(f"otherwise: {result.disagreements[-1].text}")
        right = benign_population.population(benign, seed)
        for spared in _counted(pool.map(benign_population.run, right, chunksize=4), "right receivers", benign, say):
            result.spared.append(spared)
            if spared.accused:
                say(f"accused: {spared.right.text}: {spared.accused[0]}")
    result.seconds = time.monotonic() - begin
    return result


def agree(direct: Shown, http: Shown) -> bool:
    """Whether both say the same: the exit code, and of what is MUST the values."""
    return direct.exit is http.exit and direct.verdict is http.verdict and _pairs(direct) == _pairs(http)


def _pairs(shown: Shown) -> list[str]:
    """The values of the gravest causes, in one order."""
    found = []
    for text, values in zip(shown.causes, shown.values, strict=True):
        if text.startswith(str(shown.expected)):
            found.append(" and ".join(sorted(f"{factor}={name}" for factor, name in values)))
    return sorted(found)


def _chosen(mutations: Sequence[Mutation], share: float, seed: int) -> list[Mutation]:
    count = round(share * len(mutations))
    return random.Random(seed).sample(list(mutations), count)


def _hushed() -> None:
    # Thousands of runs of broken receivers have a lot to log.
    logging.disable(logging.CRITICAL)


def _counted(some: Iterable[T], what: str, total: int, say: Say) -> Iterable[T]:
    for number, one in enumerate(some, start=1):
        yield one
        if number % EVERY == 0 or number == total:
            say(f"[{number}/{total}] {what}")
