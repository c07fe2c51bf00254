"""Prove the suite: references and benign variants pass, every mutant dies by the ids it was built for.

`python -m camsim_conformance.proof --seeds 20` runs it and writes docs/proof.md.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from camsim.protocol.vocabulary import Protocol
from camsim.receiver import Kind, KnownDevice, start
from camsim_conformance.mutants import BENIGN, MUTANTS, Mutant, policy
from camsim_conformance.requirements import by_id
from camsim_conformance.requirements.verdicts import Evidence as Shows
from camsim_conformance.requirements.verdicts import Verdict
from camsim_conformance.session.session import Session
from camsim_conformance.target.profile import DEFAULT_DEADLINE_S, Device, Profile, parse_features
from camsim_conformance.verdict.judge import judge_all
from camsim_conformance.verdict.result import Grade, Outcome, conclude

TOKEN = "COJJ7eiiPBGUfmIQPvh2PJWWDLX7OuKs"  # noqa: S105  the printed sample's token


OTHER_TOKEN = "QPvh2PJWWDLX7OuKsCOJJ7eiiPBGUfmI"  # noqa: S105


KEY = "kT9vB2xQ7mN4pL8sW3zR6yH1cF5dG0jA"


BASE = {Protocol.V3: ("core", "user-data", "photo"), Protocol.V2: ("core", "user-data", "photo", "v2")}


SETTLE_S, PATIENCE_S = 0.5, 4.0


VIOLATED = frozenset({Verdict.FAIL, Verdict.ADVICE})


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


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a task."""

    task: Task
    failed: frozenset[str]
    outcome: Outcome
    grade: Grade
    void: str | None
    details: tuple[str, ...]
    seconds: float

    def due(self, mutant: Mutant) -> frozenset[str]:
        """What has to fail: without read-back only what answers show."""
        if self.task.readback:
            return mutant.must
        rows = by_id()
        return frozenset(name for name in mutant.must if rows[name].evidence == {Shows.ANSWER})

    def problem(self) -> str | None:
        """None when the run shows what it has to."""
        mutant = MUTANTS.get(self.task.name) if self.task.variant else None
        if self.void is not None:
            return f"void: {self.void}"
        if mutant is None:
            return (
                None
                if not self.failed and self.grade is not Grade.NONE
                else f"false alarm {sorted(self.failed)} {self.grade}"
            )
        missed = self.due(mutant) - self.failed
        surprising = self.failed - mutant.must - mutant.may.keys()
        parts = [f"survived {sorted(missed)}"] if missed else []
        parts += [f"not declared {sorted(surprising)}"] if surprising else []
        return "; ".join(parts) or None


def profile_of(
    task: Task, url: str, readback_url: str, settle_s: float = SETTLE_S, deadline_s: float = DEFAULT_DEADLINE_S
) -> Profile:
    """The profile a task is judged under."""
    key = KEY if task.encrypted else None
    features = parse_features(",".join([*BASE[task.protocol], *task.features]), task.protocol, key)
    devices = [Device(TOKEN, key=key)]
    if "multi-device" in features:
        devices.append(Device(OTHER_TOKEN, "ZHM1100000002", "Second door", "CERT00002", key))
    return Profile(
        url,
        tuple(devices),
        task.protocol,
        features,
        readback=(task.adapter or "{url}").replace("{url}", readback_url) if task.readback else None,
        globs=task.globs,
        settle_s=settle_s,
        deadline_s=deadline_s,
        patience_s=PATIENCE_S,
        seed=task.seed,
    )


def run(task: Task, settle_s: float = SETTLE_S, deadline_s: float = DEFAULT_DEADLINE_S) -> Report:
    """Start the receiver, judge it, stop it."""
    begin = time.monotonic()
    key = KEY if task.encrypted else None
    devices = [KnownDevice(TOKEN, key, "Conformance door", "CERT00001")]
    if "multi-device" in task.features:
        devices.append(KnownDevice(OTHER_TOKEN, key, "Second door", "CERT00002"))
    broken = policy(task.name) if task.variant else None
    with start(Kind(task.kind), devices=devices, key=key, broken=broken) as receiver:
        evidence = Session(profile_of(task, receiver.url, receiver.readback_url, settle_s, deadline_s)).run()
    cases = judge_all(evidence.observed())
    result = conclude(evidence, cases)
    failed = frozenset(row.requirement.id for row in result.requirements if row.verdict in VIOLATED)
    details = tuple(
        f"{case.case.id} {case.verdict}: {case.actual[:200]}"
        for case in cases
        if case.verdict in (*VIOLATED, Verdict.ERROR)
    )
    seconds = time.monotonic() - begin
    return Report(task, failed, result.outcome, result.grade, evidence.void, details, seconds)


def tasks(
    seeds: Sequence[int], protocols: Iterable[Protocol] = (Protocol.V3,), mutant_seeds: Sequence[int] | None = None
) -> Iterator[Task]:
    """Everything the proof runs. False alarms need many seeds; a mutant that dies once is dead, so few will do."""
    for protocol in protocols:
        for seed in seeds:
            for kind in Kind:
                for encrypted in (False, True):
                    yield Task(f"reference {kind}", seed, protocol, kind, variant=False, encrypted=encrypted)
            yield Task(
                "reference memory", seed, protocol, variant=False, features=frozenset({"multi-zone", "multi-device"})
            )
            for benign in BENIGN.values():
                if protocol in benign.protocols:
                    yield Task(benign.name, seed, protocol, encrypted=benign.name in ENCRYPTED_BENIGN)
            for mutant in MUTANTS.values():
                if mutant.protocol is protocol and seed in (seeds if mutant_seeds is None else mutant_seeds):
                    aes = "aes" in mutant.features
                    yield Task(mutant.name, seed, protocol, encrypted=aes, features=mutant.features - {"aes"})


ENCRYPTED_BENIGN = frozenset({"encrypted-ack", "plain-refused"})


def prove(todo: Sequence[Task], workers: int) -> Iterator[Report]:
    """Run all tasks, several at once."""
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(run, todo)


def killers(reports: Iterable[Report]) -> Mapping[str, set[str]]:
    """Requirement id to the mutants it failed."""
    found: dict[str, set[str]] = {}
    for report in reports:
        if report.task.variant and report.task.name in MUTANTS:
            for name in report.failed:
                found.setdefault(name, set()).add(report.task.name)
    return found
