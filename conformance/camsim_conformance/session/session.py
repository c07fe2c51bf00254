"""One run: plan, prove the adapter, send, settle once, read back once, send what is hostile. Judging comes after."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

import aiohttp

from camsim_conformance.checks.sections import plan
from camsim_conformance.plan.cases import Stage
from camsim_conformance.plan.plan import Plan
from camsim_conformance.plan.run_facts import PeopleError
from camsim_conformance.readback import ReadBack, ReadBackError, open_readback
from camsim_conformance.sending.case_sender import CaseSender
from camsim_conformance.sending.client import Client
from camsim_conformance.sending.exchange import Exchange, NoAnswer
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

from . import adapter_proof
from .record import RunRecord

log = logging.getLogger(__name__)
PREFIXES = 90_000
Progress = Callable[[str, int, int], None]


def quiet(phase: str, done: int, total: int) -> None:
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

    def plan(self) -> Plan:
        """What will be sent. Raises: UsageError when --users is too short."""
        return self._kept(self._whole_plan())

    def _kept(self, whole: Plan) -> Plan:
        return whole if self._keep is None else whole.only(self._keep)

    def _whole_plan(self) -> Plan:
        try:
            return plan(self.profile, self._now_s, self._prefix)
        except PeopleError as error:
            raise UsageError(str(error)) from None

    def run(self) -> RunRecord:
        """Do all of it. Raises: UsageError, SafetyError; anything else that voids the run is in the record."""
        begin = time.monotonic()
        storm = storm_report.read(self.profile.storm) if self.profile.storm else None
        adapter = open_readback(self.profile)
        whole = self._whole_plan()
        chosen = self._kept(whole)
        target = resolve(self.profile.url, self.profile.ca)
        # Before a single byte goes out.
        refuse_unless_allowed(target, self.profile)
        record = RunRecord(
            profile=self.profile,
            plan=chosen,
            target=target,
            started_s=time.time(),
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
        async with Client(record.target, self.profile) as client:
            await self._prove_ownership(client)
            await self._preflight(client, record)
            before = None
            if adapter is not None:
                self._progress("canary", 0, 0)
                before = await adapter_proof.prove(client, record, adapter)
            sender = CaseSender(client, record.plan.preflight, self._on_sent(record.plan))
            record.answers = sender.answers
            # Quiet first: latency is measured while nothing else is on the line.
            await sender.in_turn(record.plan.stage(Stage.QUIET))
            await sender.many(record.plan.stage(Stage.MAIN))
            await sender.in_turn(record.plan.stage(Stage.BUSY))
            if adapter is not None and before is not None and record.unproved is None:
                self._progress("settle", 0, 0)
                await adapter_proof.read_back(client, record, adapter, before)
            # Last, after the read-back: what a target does after a hostile body must not be held against its rows.
            record.died_at = await sender.hostile(record.plan.stage(Stage.HOSTILE))

    def _on_sent(self, chosen: Plan) -> Callable[[str], None]:
        total = sum(case.blocked is None for case in chosen.cases)
        done = 0

        def count(case: str) -> None:
            nonlocal done
            done += 1
            self._progress(case, done, total)

        return count

    async def _prove_ownership(self, client: Client) -> None:
        if not client.target.public:
            return
        try:
            status, body = await client.get(CHALLENGE_PATH)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise UnreachableError(f"{client.target.origin}{CHALLENGE_PATH}: {error}") from None
        refuse_unless_proven(client.target, self.profile, status, body)

    async def _preflight(self, client: Client, record: RunRecord) -> None:
        """One punch. Raises: UnreachableError when no HTTP answer comes; an answer of any kind goes on."""
        self._progress("preflight", 0, 0)
        record.preflight = await client.send(record.plan.preflight)
        if not record.preflight.answered:
            raise UnreachableError(_unreachable(record.preflight, record.target, self.profile))


def _first(group: BaseExceptionGroup[BaseException]) -> Exception:
    leaf: BaseException = group
    while isinstance(leaf, BaseExceptionGroup):
        leaf = leaf.exceptions[0]
    return leaf if isinstance(leaf, Exception) else RuntimeError(str(leaf))


def _unreachable(exchange: Exchange, target: Target, profile: Profile) -> str:
    advice = {
        NoAnswer.REFUSED: "start the receiver, or correct host and port",
        NoAnswer.TLS: "give the certificate authority with --ca, or correct the certificate",
        NoAnswer.TIMEOUT: f"connected, but no answer came in {profile.patience_s:g} s; see the receiver's log",
        NoAnswer.CLOSED: "the connection is closed without an answer; see the receiver's log, and http or https",
        NoAnswer.BROKEN: "what answers is not HTTP; correct scheme and port",
    }
    how = advice.get(exchange.no_answer or NoAnswer.BROKEN, "see the receiver's log")
    return f"{target.origin} cannot be judged, {exchange.text()}: {how}"
