"""One proof: which receivers are started, under which profile each is judged, and what its run has to show."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

from camsim.protocol.vocabulary import Protocol
from camsim.receiver import Kind, KnownDevice, start
from camsim.receiver.memory import Policy
from camsim_conformance.mutants import BENIGN, MUTANTS, Mutant, policy
from camsim_conformance.requirements import by_id
from camsim_conformance.requirements.verdicts import Evidence, Verdict
from camsim_conformance.session.record import RunRecord
from camsim_conformance.session.session import Session
from camsim_conformance.target.profile import DEFAULT_DEADLINE_S, Device, Profile, parse_features
from camsim_conformance.verdict.grade import Grade
from camsim_conformance.verdict.judge import judge_all
from camsim_conformance.verdict.result import Outcome, conclude
from camsim_conformance.verdict.waivers import VIOLATED

from .direct import URL, DirectReceiver, DirectSession

TOKEN = "COJJ7eiiPBGUfmIQPvh2PJWWDLX7OuKs"  # noqa: S105  the printed sample's token
OTHER_TOKEN = "QPvh2PJWWDLX7OuKsCOJJ7eiiPBGUfmI"  # noqa: S105
KEY = "kT9vB2xQ7mN4pL8sW3zR6yH1cF5dG0jA"
FEATURES = {Protocol.V3: ("core", "user-data", "photo"), Protocol.V2: ("core", "user-data", "photo", "v2")}
PRINTED = {Protocol.V3: "CB-ACK-001", Protocol.V2: "V2-ACK-001"}
SETTLE_S, PATIENCE_S = 0.5, 4.0
MOST_ACTUAL = 200  # letters of what a case found
# What these do shows only under encryption.
CALLED_SETTLE_S = 0.05
_OF_HTTP = ("gate", "read", "send", "too_large")
_TAKES_TIME = frozenset(
    {
        "late-store",
        "slow-photo",
        "v2-slow-photo",
        "v2-hangs",
        "hangs",
        "hangs-on-empty",
        "dies",
        "v2-dies",
        "dedupe-race",
        "race-500",
        "v2-dedupe-race",
        "v2-race-500",
    }
)
ENCRYPTED_BENIGN = frozenset({"encrypted-ack", "plain-refused"})


@dataclass(frozen=True, slots=True)
class Task:
    """One run to make: a reference, mutant or benign variant, with a seed."""

    name: str
    seed: int
    protocol: Protocol = Protocol.V3
    kind: str = "memory"
    variant: bool = True
    encrypted: bool = False
    features: frozenset[str] = frozenset()
    readback: bool = True
    globs: tuple[str, ...] = ("*",)
    adapter: str | None = None  # {url} stands for the read-back URL
    called: bool = False  # in process: see `run_called`

    @property
    def mutant(self) -> Mutant | None:
        """The mutant this run judges; None for a reference and for a benign variant."""
        return MUTANTS.get(self.name) if self.variant else None

    @property
    def key(self) -> str | None:
        """The security key of the run's devices."""
        return KEY if self.encrypted else None


SENT_EVERY = 10
ANYWHERE = frozenset({"CB-ROW-001", "CB-ROW-002", "V2-ROW-001", "V2-ROW-002"})


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a task. `homes` are the requirements that its causes belong to."""

    task: Task
    failed: frozenset[str]
    outcome: Outcome
    grade: Grade
    void: str | None
    details: tuple[str, ...]
    seconds: float
    refused: bool = False
    homes: frozenset[str] = frozenset()

    def due(self, mutant: Mutant) -> frozenset[str]:
        """What has to fail: without read-back only what answers show; of who refuses the printed punch, that alone."""
        if self.refused:
            return frozenset({PRINTED[mutant.protocol]})
        if self.task.readback:
            return mutant.must
        rows = by_id()
        return frozenset(name for name in mutant.must if rows[name].evidence == {Evidence.ANSWER})

    def problem(self) -> str | None:
        """None when the run shows what it has to."""
        if self.void is not None:
            return f"void: {self.void}"
        mutant = self.task.mutant
        if mutant is not None:
            return self._problem_of(mutant)
        if self.failed or self.grade is Grade.NONE:
            return f"false alarm {sorted(self.failed)} {self.grade}"
        return None

    def _problem_of(self, mutant: Mutant) -> str | None:
        problems = []
        missed = self.due(mutant) - self.failed
        if missed:
            problems.append(f"survived {sorted(missed)}")
        # A finding has one home, and shows in rows of any combination; what else fails has to be declared.
        surprising = self.failed - mutant.must - mutant.may.keys() - self.homes - ANYWHERE
        if surprising:
            problems.append(f"not declared {sorted(surprising)}")
        return "; ".join(problems) or None


def profile_of(
    task: Task, url: str, readback_url: str, settle_s: float = SETTLE_S, deadline_s: float = DEFAULT_DEADLINE_S
) -> Profile:
    """The profile a task is judged under."""
    key = task.key
    features = parse_features(",".join([*FEATURES[task.protocol], *task.features]), task.protocol, key)
    devices = [Device(TOKEN, key=key)]
    if "multi-device" in features:
        second = Device(token=OTHER_TOKEN, serial="ZHM1100000002", label="Second door", stgid="CERT00002", key=key)
        devices.append(second)
    readback = None
    if task.readback:
        readback = (task.adapter or "{url}").replace("{url}", readback_url)
    return Profile(
        url=url,
        devices=tuple(devices),
        protocol=task.protocol,
        features=features,
        readback=readback,
        globs=task.globs,
        settle_s=settle_s,
        deadline_s=deadline_s,
        patience_s=PATIENCE_S,
        seed=task.seed,
    )


def carry_out(task: Task) -> Report:
    """One run, over HTTP or in process as the task says."""
    return run_called(task) if task.called else run(task)


def run(task: Task, settle_s: float = SETTLE_S, deadline_s: float = DEFAULT_DEADLINE_S) -> Report:
    """Start the receiver, judge it, stop it."""
    begin = time.monotonic()
    broken = policy(task.name) if task.variant else None
    with start(Kind(task.kind), devices=_known_devices(task), key=task.key, broken=broken) as receiver:
        record = Session(profile_of(task, receiver.url, receiver.readback_url, settle_s, deadline_s)).run()
    return _reported(task, record, begin)


def run_called(task: Task) -> Report:
    """The same without sockets, of a variant whose fault is no matter of HTTP: `needs_http`."""
    begin = time.monotonic()
    receiver = DirectReceiver(_known_devices(task), task.key, policy(task.name) if task.variant else None)
    # One round of a mutant: what it was built for it fails in the first.
    profile = replace(profile_of(task, URL, "", CALLED_SETTLE_S), confirm=task.mutant is None)
    record = DirectSession(profile, receiver, int(time.time())).run()
    return _reported(task, record, begin)


def needs_http(task: Task) -> bool:
    """Whether the variant's fault lies in how requests are read or answers are framed, or takes its time."""
    if not task.variant:
        return True
    behaviour = policy(task.name)
    if any(getattr(type(behaviour), name) is not getattr(Policy, name) for name in _OF_HTTP):
        return True
    return task.name in _TAKES_TIME


def _reported(task: Task, record: RunRecord, begin: float) -> Report:
    cases = judge_all(record.observed())
    result = conclude(record, cases)
    wrong = [case for case in cases if case.verdict in VIOLATED or case.verdict is Verdict.ERROR]
    return Report(
        task=task,
        failed=frozenset(row.requirement.id for row in result.requirements if row.verdict in VIOLATED),
        homes=frozenset(cause.requirement for cause in result.causes),
        outcome=result.outcome,
        grade=result.grade,
        void=record.void,
        details=tuple(f"{case.case.id} {case.verdict}: {case.actual[:MOST_ACTUAL]}" for case in wrong),
        seconds=time.monotonic() - begin,
        refused=record.refused is not None,
    )


def _known_devices(task: Task) -> list[KnownDevice]:
    """The same devices as the profile's, as a receiver knows them."""
    devices = [KnownDevice(TOKEN, task.key, "Conformance door", "CERT00001")]
    if "multi-device" in task.features:
        devices.append(KnownDevice(OTHER_TOKEN, task.key, "Second door", "CERT00002"))
    return devices


def tasks(
    seeds: Sequence[int], protocols: Iterable[Protocol] = (Protocol.V3,), called: Sequence[int] = ()
) -> Iterator[Task]:
    """Everything the proof runs over HTTP under `seeds`, and in process under those of `called` what is right.

    False alarms need many seeds; a mutant that dies once is dead.
    """
    for protocol in protocols:
        for seed in seeds:
            yield from _references(protocol, seed)
            yield from _benign_variants(protocol, seed)
            for mutant in MUTANTS.values():
                if mutant.protocol is protocol:
                    aes = "aes" in mutant.features
                    yield Task(mutant.name, seed, protocol, encrypted=aes, features=mutant.features - {"aes"})
        for seed in called:
            for task in (*_references(protocol, seed), *_benign_variants(protocol, seed)):
                if task.kind == Kind.MEMORY and not (task.variant and needs_http(task)):
                    yield replace(task, called=True)


def mostly_called(some: Iterable[Task]) -> Iterator[Task]:
    """The same in process, but for what is a matter of HTTP, for references, and for every tenth of the rest."""
    for number, task in enumerate(some):
        sent = not task.variant or needs_http(task) or number % SENT_EVERY == 0
        yield task if sent else replace(task, called=True)


def _benign_variants(protocol: Protocol, seed: int) -> Iterator[Task]:
    for benign in BENIGN.values():
        if protocol in benign.protocols:
            yield Task(benign.name, seed, protocol, encrypted=benign.name in ENCRYPTED_BENIGN)


def _references(protocol: Protocol, seed: int) -> Iterator[Task]:
    for kind in Kind:
        for encrypted in (False, True):
            yield Task(f"reference {kind}", seed, protocol, kind, variant=False, encrypted=encrypted)
    more = frozenset({"multi-zone", "multi-device"})
    yield Task("reference memory", seed, protocol, variant=False, features=more)


def prove(todo: Sequence[Task], workers: int) -> Iterator[Report]:
    """Run all tasks, several at once."""
    # Processes, not threads: each run has an event loop of its own, and a mutant may block it.
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(carry_out, todo)


def killers(reports: Iterable[Report]) -> Mapping[str, set[str]]:
    """Requirement id to the mutants it failed."""
    found: dict[str, set[str]] = {}
    for report in reports:
        if report.task.mutant is None:
            continue
        for name in report.failed:
            found.setdefault(name, set()).add(report.task.name)
    return found
