"""One run: plan, prove the adapter, send, settle once, read back once, send what is hostile. Judging comes after."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence

import aiohttp

from camsim_conformance.checks.sections import plan, plan_again
from camsim_conformance.model.judgement import Again
from camsim_conformance.plan.deep import deep
from camsim_conformance.plan.plan import Plan
from camsim_conformance.plan.run_facts import PeopleError
from camsim_conformance.readback import ReadBack, ReadBackError, open_readback
from camsim_conformance.sending.client import Client
from camsim_conformance.target import storm_report
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

from .record import RunRecord
from .rounds import Progress, Rounds

log = logging.getLogger(__name__)
PREFIXES = 90_000
AGAIN = 2461  # how far a second round is from the first: people in numbers, minutes in seconds


def quiet(phase: str, done: int, total: int, pace: float | None = None) -> None:
    """A progress that shows nothing."""


class Session:
    """Runs a profile once. `keep` chooses cases by id (pytest selects some of them); `on_plan` gets the plan before
    anything is sent."""

    def __init__(
        self,
        profile: Profile,
        *,
        progress: Progress = quiet,
        now_s: int | None = None,
        keep: Sequence[str] | None = None,
        on_plan: Callable[[Plan], None] | None = None,
    ) -> None:
        self.profile = profile
        self._progress = progress
        self._now_s = int(time.time()) if now_s is None else now_s
        # Not from the seed: two runs with one seed must not meet each other's rows.
        self._prefix = 10_000 + time.time_ns() // 1000 % PREFIXES
        self._keep = keep
        self._on_plan = on_plan

    def client(self, target: Target) -> Client:
        """What sends."""
        return Client(target, self.profile)

    def adapter(self) -> ReadBack | None:
        """What reads back. Raises: UsageError; ReadBackError; SafetyError."""
        return open_readback(self.profile)

    def plan(self) -> Plan:
        """What will be sent. Raises: UsageError when --users is too short."""
        return self._kept(self._whole_plan())

    def _kept(self, whole: Plan) -> Plan:
        return whole if self._keep is None else whole.only(self._keep)

    def _whole_plan(self) -> Plan:
        if self.profile.deep:
            deep(self.profile.protocol, self._progress)
        try:
            return plan(self.profile, self._now_s, self._prefix)
        except PeopleError as error:
            raise UsageError(str(error)) from None

    def run(self) -> RunRecord:
        """Do all of it. Raises: UsageError, SafetyError; anything else that voids the run is in the record."""
        begin = time.monotonic()
        storm = storm_report.read(self.profile.storm) if self.profile.storm else None
        adapter = self.adapter()
        whole = self._whole_plan()
        chosen = self._kept(whole)
        target = resolve(self.profile.url, self.profile.ca)
        # Before a single byte goes out.
        refuse_unless_allowed(target, self.profile)
        record = RunRecord(
            profile=self.profile,
            plan=chosen,
            target=target,
            started_s=float(self._now_s),
            storm=storm,
            partial=len(chosen.cases) < len(whole.cases),
        )
        if self._on_plan is not None:
            self._on_plan(chosen)
        self._send_all(record, adapter)
        record.seconds = time.monotonic() - begin
        return record

    def _send_all(self, record: RunRecord, adapter: ReadBack | None) -> None:
        # Errors come in groups, from the tasks that send many cases at once.
        try:
            asyncio.run(self._send(record, adapter))
        except* (UnreachableError, ReadBackError) as group:
            record.void = str(_first(group))
        except* (SafetyError, UsageError) as group:
            raise _first(group) from None
        except* Exception as group:
            # Ours, not the target's: the run is incomplete, and the trace says where to look.
            log.exception("harness error")
            record.void = f"harness error: {_first(group)!r}"

    async def _send(self, record: RunRecord, adapter: ReadBack | None) -> None:
        async with self.client(record.target) as client:
            try:
                await self._send_with(client, record, adapter)
            finally:
                record.deferred = client.deferred
                record.rate_lowered = client.pace.lowered
                record.in_flight_lowered = client.line.lowered

    async def _send_with(self, client: Client, record: RunRecord, adapter: ReadBack | None) -> None:
        await self._prove_ownership(client)
        rounds = Rounds(client, adapter, record, self._progress)
        await rounds.first()
        if self.profile.confirm:
            await rounds.second(self._plan_again)

    def _plan_again(self, wanted: Again) -> tuple[Plan, Mapping[str, Sequence[str]]]:
        """The same cases with other people, and the rows asked for; people of --users punch at other minutes."""
        self._prefix = 10_000 + (self._prefix - 10_000 + AGAIN) % PREFIXES
        now_s = self._now_s - AGAIN if self.profile.people else self._now_s
        return plan_again(self.profile, now_s, self._prefix, wanted.cases, wanted.rows)

    async def _prove_ownership(self, client: Client) -> None:
        if not client.target.public:
            return
        try:
            status, body = await client.get(CHALLENGE_PATH)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UnreachableError(f"{client.target.origin}{CHALLENGE_PATH}: {error}") from None
        refuse_unless_proven(client.target, self.profile, status, body)


def _first(group: BaseExceptionGroup[BaseException]) -> Exception:
    leaf: BaseException = group
    while isinstance(leaf, BaseExceptionGroup):
        leaf = leaf.exceptions[0]
    return leaf if isinstance(leaf, Exception) else RuntimeError(str(leaf))
