"""One run: plan, prove the adapter, send, settle once, read back once, send what is hostile. Judging comes after."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import aiohttp

from camsim.readback.model import take
from camsim_conformance.plan import Plan, plan
from camsim_conformance.plan.builder import Maker, PeopleError
from camsim_conformance.plan.cases import Stage
from camsim_conformance.readback import Capabilities, ReadBack, ReadBackError, Snapshot, open_readback
from camsim_conformance.readback.settle import settled
from camsim_conformance.requirements import by_id
from camsim_conformance.sending import ack
from camsim_conformance.sending.client import Client
from camsim_conformance.sending.exchange import Exchange, Silence
from camsim_conformance.sending.lanes import Answers, Lanes
from camsim_conformance.target import storm_report as storm
from camsim_conformance.target.address import (
    CHALLENGE_PATH,
    SafetyError,
    Target,
    UnreachableError,
    refuse_unless_allowed,
    refuse_unless_proven,
    resolve,
)
from camsim_conformance.target.profile import Profile, UsageError

from .observed import Observed

log = logging.getLogger(__name__)
POLL_S = 0.1
PREFIXES = 90_000
Progress = Callable[[str, int, int], None]


def quiet(phase: str, done: int, total: int) -> None:
    """A progress that shows nothing."""


@dataclass(slots=True)
class Evidence:
    """What a run gathered. `void` says why it cannot be judged."""

    profile: Profile
    plan: Plan
    target: Target
    started_s: float
    answers: Answers = field(default_factory=dict)
    preflight: Exchange | None = None
    snapshot: Snapshot | None = None
    capabilities: Capabilities | None = None
    adapter: str | None = None
    canary_s: float | None = None
    settled_s: float | None = None
    storm: storm.Storm | None = None
    partial: bool = False
    void: str | None = None
    unproved: str | None = None
    died_at: str | None = None
    seconds: float = 0.0

    @property
    def _unsent(self) -> str:
        if self.void is not None:
            return f"the run is void: {self.void}"
        return f"not sent: the target had died of {self.died_at}"

    def observed(self) -> list[Observed]:
        """One value a case, for the checks."""
        rows = by_id()
        return [
            Observed(
                case,
                rows[case.requirement],
                self.profile,
                self.target,
                self.answers.get(case.id, []),
                self.snapshot,
                self.storm,
                fatal=case.id == self.died_at,
                unsent=self._unsent,
            )
            for case in self.plan.cases
        ]


class Session:
    """Runs a profile once. `keep` chooses cases by id (pytest selects some of them)."""

    def __init__(
        self,
        profile: Profile,
        *,
        progress: Progress = quiet,
        now_s: int | None = None,
        prefix: int | None = None,
        keep: Sequence[str] | None = None,
        planned: Callable[[Plan], None] | None = None,
    ) -> None:
        self.profile = profile
        self._progress = progress
        self._now = int(time.time()) if now_s is None else now_s
        self._prefix = _prefix() if prefix is None else prefix
        self._keep = keep
        self._planned = planned

    def plan(self) -> Plan:
        """What will be sent. Raises: UsageError when --users is too short."""
        try:
            made = plan(self.profile, self._now, self._prefix)
        except PeopleError as error:
            raise UsageError(str(error)) from None
        return made if self._keep is None else made.only(self._keep)

    def _is_partial(self, made: Plan) -> bool:
        return self._keep is not None and len(made.cases) < len(plan(self.profile, self._now, self._prefix).cases)

    def run(self) -> Evidence:
        """Do all of it. Raises: UsageError, SafetyError; anything else that voids the run is in the evidence."""
        begin = time.monotonic()
        known_storm = storm.read(self.profile.storm) if self.profile.storm else None
        adapter = open_readback(self.profile)
        made = self.plan()
        target = resolve(self.profile.url, self.profile.ca)
        refuse_unless_allowed(target, self.profile)
        evidence = Evidence(self.profile, made, target, time.time(), storm=known_storm, partial=self._is_partial(made))
        if self._planned is not None:
            self._planned(made)
        try:
            asyncio.run(self._send(evidence, adapter))
        except* (UnreachableError, ReadBackError) as group:
            evidence.void = str(_first(group))
        except* (SafetyError, UsageError) as group:
            raise _first(group) from None
        except* Exception as group:
            # Ours, not the target's: the run is incomplete, and the trace says where to look.
            log.exception("harness error")
            evidence.void = f"harness error: {_first(group)!r}"
        evidence.seconds = time.monotonic() - begin
        return evidence

    async def _send(self, evidence: Evidence, adapter: ReadBack | None) -> None:
        async with Client(evidence.target, self.profile) as client:
            await self._prove_ownership(client)
            await self._preflight(client, evidence)
            before = await self._canary(client, evidence, adapter) if adapter is not None else None
            lanes = Lanes(client, evidence.plan.preflight, self._ticker(evidence.plan))
            evidence.answers = lanes.answers
            await lanes.in_turn(evidence.plan.stage(Stage.QUIET))
            await lanes.many(evidence.plan.stage(Stage.MAIN))
            await lanes.in_turn(evidence.plan.stage(Stage.BUSY))
            if adapter is not None and before is not None and evidence.unproved is None:
                await self._read_back(evidence, adapter, before)
            evidence.died_at = await lanes.hostile(evidence.plan.stage(Stage.HOSTILE))

    def _ticker(self, made: Plan) -> Callable[[str], None]:
        total = sum(case.blocked is None for case in made.cases)
        done = 0

        def tick(case: str) -> None:
            nonlocal done
            done += 1
            self._progress(case, done, total)

        return tick

    async def _prove_ownership(self, client: Client) -> None:
        if not client.target.public:
            return
        try:
            status, body = await client.get(CHALLENGE_PATH)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UnreachableError(f"{client.target.origin}{CHALLENGE_PATH}: {error}") from None
        refuse_unless_proven(client.target, self.profile, status, body)

    async def _preflight(self, client: Client, evidence: Evidence) -> None:
        """One punch. Raises: UnreachableError when no HTTP answer comes; an answer of any kind goes on."""
        self._progress("preflight", 0, 0)
        evidence.preflight = await client.send(evidence.plan.preflight)
        if not evidence.preflight.answered:
            raise UnreachableError(_unreachable(evidence.preflight, evidence.target, self.profile))

    async def _canary(self, client: Client, evidence: Evidence, adapter: ReadBack) -> Snapshot:
        """Prove the adapter: nothing before, one punch seen after it was sent, nothing for somebody absent."""
        self._progress("canary", 0, 0)
        evidence.adapter = adapter.name
        capabilities = evidence.capabilities = await asyncio.to_thread(adapter.capabilities)
        canaries = [step for case in evidence.plan.canaries for step in case.steps]
        people = _canary_people(evidence.plan)
        before = await self._before(evidence, adapter, capabilities)
        answers = [ack.acknowledged(await client.send(step), self.profile, step) for step in canaries]
        begin = time.monotonic()
        while True:
            seen = await asyncio.to_thread(take, adapter, capabilities, people, ["punches"])
            if any(seen.without(before).punches.values()):
                break
            if time.monotonic() - begin > self.profile.settle_s:
                if not any(answers):
                    # Refused and not stored: the adapter is not proved, and the target has failed by its answers.
                    evidence.unproved = f"no plain punch was acknowledged, so {adapter.name} could not be proved"
                    return before
                raise ReadBackError(_not_seen(adapter, self.profile, len(people)))
            await asyncio.sleep(POLL_S)
        evidence.canary_s = time.monotonic() - begin
        return before

    async def _before(self, evidence: Evidence, adapter: ReadBack, capabilities: Capabilities) -> Snapshot:
        people = [*evidence.plan.watched, evidence.plan.absent]
        before = await asyncio.to_thread(take, adapter, capabilities, people)
        fresh = not self.profile.people
        if (fresh and not before.empty) or before.punches.get(evidence.plan.absent):
            some = next((user for user in people if before.punches.get(user) or user in before.users), people[0])
            raise ReadBackError(
                f"{adapter.name} shows data of user {some}, for whom nothing was ever sent: an adapter that answers "
                "everything proves nothing. Filter by the user ids that are asked for."
            )
        return before

    async def _read_back(self, evidence: Evidence, adapter: ReadBack, before: Snapshot) -> None:
        self._progress("settle", 0, 0)
        people = [*evidence.plan.watched, evidence.plan.absent]
        expected = sum(len(case.expect.punches) for case in evidence.plan.cases if case.id in evidence.answers)
        expected += sum(map(len, before.punches.values()))
        found, evidence.settled_s = await settled(adapter, before.capabilities, people, self.profile.settle_s, expected)
        new = found.without(before)
        if not any(new.punches.get(user) for user in _canary_people(evidence.plan)):
            raise ReadBackError(
                f"{adapter.name} no longer shows the canary it showed before: the read-back is not stable"
            )
        if new.punches.get(evidence.plan.absent) or evidence.plan.absent in found.users:
            raise ReadBackError(f"{adapter.name} shows data of user {evidence.plan.absent}, for whom nothing was sent")
        evidence.snapshot = new


def _first(group: BaseExceptionGroup[BaseException]) -> Exception:
    leaf: BaseException = group
    while isinstance(leaf, BaseExceptionGroup):
        leaf = leaf.exceptions[0]
    return leaf if isinstance(leaf, Exception) else RuntimeError(str(leaf))


def _canary_people(made: Plan) -> list[str]:
    return list(made.people[: len(made.canaries)])


def _prefix() -> int:
    # Not from the seed: two runs with one seed must not meet each other's rows.
    return 10_000 + time.time_ns() // 1000 % PREFIXES


def _unreachable(exchange: Exchange, target: Target, profile: Profile) -> str:
    advice = {
        Silence.REFUSED: "start the receiver, or correct host and port",
        Silence.TLS: "give the certificate authority with --ca, or correct the certificate",
        Silence.TIMEOUT: f"connected, but no answer came in {profile.patience_s:g} s; see the receiver's log",
        Silence.CLOSED: "the connection is closed without an answer; see the receiver's log, and http or https",
        Silence.BROKEN: "what answers is not HTTP; correct scheme and port",
    }
    how = advice.get(exchange.silence or Silence.BROKEN, "see the receiver's log")
    return f"{target.origin} cannot be judged, {exchange.text()}: {how}"


def _not_seen(adapter: ReadBack, profile: Profile, count: int) -> str:
    return (
        f"{adapter.name} shows none of {count} plain punches within {profile.settle_s:g} s: either it looks at "
        "another place, or the target stored nothing. Compare the AuthToken, the adapter's own log, or raise --settle."
    )


__all__ = ["Evidence", "Maker", "Session"]
