"""The first punch of a run: is somebody there, is it the sender that is refused, or is every punch refused?"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from camsim.protocol.v2 import envelope as envelope_v2
from camsim.protocol.v3 import envelope
from camsim.protocol.vocabulary import Protocol
from camsim_conformance.plan.cases import Case, Step
from camsim_conformance.sending import ack
from camsim_conformance.sending.case_sender import CaseSender
from camsim_conformance.sending.client import Client
from camsim_conformance.sending.exchange import Exchange, NoAnswer
from camsim_conformance.target.address import Target, UnreachableError
from camsim_conformance.target.profile import SHORTEST_SECRET, TOKEN_FORMS, Device, Profile

from .record import RunRecord

TRIES = 3  # of the same punch: a cold start, a worker that was just replaced
PAUSE_S = 0.5
# What a server says to a sender or a path that it does not know, whoever asks.
NOT_YOU = frozenset({401, 403, 404, 405})
OTHER_SERIAL = "ZHM1187654321"
OTHER_STGID = "CERT87654"
_SEALS = {Protocol.V3: envelope.seal_v3, Protocol.V2: envelope_v2.seal_v2}
# The requirement of the printed callbacks, and its case that is the punch as the page prints it.
_PRINTED = {Protocol.V3: ("CB-ACK-001", "RealTimePunchLog"), Protocol.V2: ("V2-ACK-001", "punch-as-printed")}


class RefusedSenderError(UnreachableError):
    """The target refuses who or where this run says it is: nothing can be judged (exit 3)."""


@dataclass(frozen=True, slots=True)
class Probe:
    """The preflight with one thing changed: what, the option that sets it, and the changed step. `known`: the other
    value is one that the target should know; a made-up one only shows whether the target tells ours from it."""

    what: str
    option: str
    step: Step
    known: bool = False


Told = Sequence[tuple[Probe, Exchange]]


async def send(client: Client, sender: CaseSender, record: RunRecord) -> None:
    """The preflight is in the record, and in `refused` what was answered when the printed punch is acknowledged in no
    case: then the printed callbacks were sent once, and nothing else is to be sent. Raises: UnreachableError when no
    HTTP answer comes; RefusedSenderError."""
    step, profile = record.plan.preflight, record.profile
    answers = await _tries(client, step)
    last = record.preflight = answers[-1]
    if not last.answered:
        raise UnreachableError(_unreachable(last, record.target, profile))
    if ack.acknowledged(last, profile, step):
        return
    told = [(probe, await client.send(probe.step)) for probe in _probes(record)]
    seen = _Seen(answers, profile)
    changed = [probe for probe, answer in told if seen.depends(probe, answer)]
    if last.status in NOT_YOU:
        raise RefusedSenderError(_not_you(record, seen, told))
    # Whoever asks for other requirements alone gets them judged: there is no requirement to fail for all of them.
    printed = _printed(record)
    await sender.in_turn(printed)
    if await _acknowledges_printed(client, record, printed):
        return
    # That another token is refused otherwise shows that ours is known; alone it stops nobody who chose requirements.
    if any(probe.option != "--auth-token" for probe in changed) or (changed and printed):
        # Of a void run nothing is judged.
        sender.answers.clear()
        raise RefusedSenderError(_not_you(record, seen, told))
    if printed:
        record.refused = "; ".join([last.text(), *_helped(told, profile)])


async def _tries(client: Client, step: Step) -> list[Exchange]:
    """The answers to the same punch until one acknowledges it; three at most, and none after no answer at all."""
    found: list[Exchange] = []
    for attempt in range(1, TRIES + 1):
        if found:
            await asyncio.sleep(PAUSE_S)
        found.append(replace(await client.send(step), attempt=attempt))
        if not found[-1].answered or ack.acknowledged(found[-1], client.profile, step):
            break
    return found


def _printed(record: RunRecord) -> list[Case]:
    """The printed callbacks, as far as they are asked for."""
    requirement, _ = _PRINTED[record.profile.protocol]
    return [case for case in record.plan.cases if case.requirement == requirement and case.blocked is None]


async def _acknowledges_printed(client: Client, record: RunRecord, printed: Sequence[Case]) -> bool:
    """Whether the punch among them is acknowledged: then not every punch is refused, and the checks say which is."""
    _, punch = _PRINTED[record.profile.protocol]
    for case in printed:
        step = case.steps[-1]
        if case.name == punch:
            if ack.acknowledged(record.answers[case.id][-1], record.profile, step):
                return True
            # Once more: by now the printed callbacks have introduced the person who punches.
            return ack.acknowledged(await client.send(step), record.profile, step)
    return False


def _helped(told: Told, profile: Profile) -> list[str]:
    """What is acknowledged when one thing is changed."""
    return [
        f"acknowledged with {probe.what}" for probe, answer in told if ack.acknowledged(answer, profile, probe.step)
    ]


# --- what is changed --------------------------------------------------------------------------------------------------


def _probes(record: RunRecord) -> Iterator[Probe]:
    """The preflight with another serial number, stgid, token and person, each alone."""
    step, profile = record.plan.preflight, record.profile
    device = profile.devices[0]
    if profile.protocol is Protocol.V3:
        yield Probe("another serial number", "--device serial=…", _with(step, profile, device.serial, OTHER_SERIAL))
        # In v3 the stgid stands in the URL or nowhere: the live gateway appends it.
        with_query = replace(step, query=_query(record.target, device))
        yield Probe("?stgid= in the URL", "?stgid=… in the URL", with_query)
    else:
        yield Probe("another stgid", "--device stgid=…", _with(step, profile, device.stgid, OTHER_STGID))
    yield Probe("another token", "--auth-token", _with(step, profile, device.token, _other_token(device.token)))
    yield Probe("another person", "--users", _with(step, profile, *_people(record)), bool(profile.people))


def _query(target: Target, device: Device) -> str:
    return f"{'&' if '?' in target.path else '?'}stgid={device.stgid}"


def _other_token(token: str) -> str:
    """Another token, in a form that is kept out of every output: a target may repeat it."""
    forms = (form(token) for form in TOKEN_FORMS.values())
    return next(other for other in forms if other != token)


def _people(record: RunRecord) -> tuple[str, str]:
    """Who punches in the preflight, and somebody else: of --users, else one that nobody looks for afterwards."""
    others = [user for user in record.profile.people if user != record.plan.left_behind[0]]
    return record.plan.left_behind[0], (others or [record.plan.left_behind[-1]])[0]


def _with(step: Step, profile: Profile, old: str, new: str) -> Step:
    # As a JSON text: nothing else of the message changes, so nothing else can change the answer.
    plain = step.plain.replace(f'"{old}"'.encode(), f'"{new}"'.encode())
    wire = _SEALS[profile.protocol](plain, profile.devices[step.device].key)
    return replace(step, plain=plain, wire=wire)


class _Seen:
    """What the unchanged punch was answered, each time."""

    def __init__(self, answers: Sequence[Exchange], profile: Profile) -> None:
        self.last = answers[-1]
        self.status = self.last.status or 0
        self._statuses = {answer.status for answer in answers}
        self._bodies = {_essence(answer.body) for answer in answers}
        self._profile = profile

    def depends(self, probe: Probe, answer: Exchange) -> bool:
        """Whether it depends on the changed thing that the punch is refused."""
        if ack.acknowledged(answer, self._profile, probe.step):
            # Many say done to strangers, and drop it: that a made-up sender is acknowledged shows that ours is known.
            return probe.known
        # Only a refusal of the 400s speaks of who sends; a receiver that breaks over the punches of its own devices
        # may well refuse those of others in another way.
        return 400 <= self.status < 500 and self.differs(answer)

    def differs(self, answer: Exchange) -> bool:
        """Whether this answer is another one than the unchanged punch got."""
        if answer.status is None or len(self._statuses) > 1:
            return False
        if answer.status not in self._statuses:
            return True
        # A body that differs from one try to the next, as by a trace id, tells nothing.
        return len(self._bodies) == 1 and _essence(answer.body) not in self._bodies


_WORD_WITH_DIGIT = re.compile(rb"\w*\d\w*")


def _essence(body: bytes) -> bytes:
    """A body without numbers and ids: an answer that repeats the changed serial number says the same as before."""
    return _WORD_WITH_DIGIT.sub(b"#", body)


# --- what is said -----------------------------------------------------------------------------------------------------


def _not_you(record: RunRecord, seen: _Seen, told: Told) -> str:
    device, profile = record.profile.devices[0], record.profile
    tried = []
    for probe, answer in told:
        found = answer.text(80) if seen.differs(answer) else "the same"
        tried.append(f"with {probe.what}: {found}")
    sent = f"serial {device.serial}, stgid {device.stgid}, person {record.plan.left_behind[0]}, token @AUTH_TOKEN_1@"
    text = (
        f"POST {record.target.path} is refused, {seen.last.text()}, to the printed callback #11 with {sent}; "
        f"{', '.join(tried)}. Say what the target knows: {', '.join(_ways(seen, told))}"
    )
    return _masked(text, profile.secrets())


def _ways(seen: _Seen, told: Told) -> list[str]:
    """The options that would change the answer, the likeliest first."""
    options = [probe.option for probe, _ in told]
    changes = {probe.option for probe, answer in told if seen.differs(answer)}
    first: list[str] = []
    if seen.status in (404, 405):
        first.append("the URL's path")
    # A token that is told from others is known: then something else is not.
    if seen.status == 401 and "--auth-token" not in changes:
        first.append("--auth-token")
    first += [option for option in options if option in changes and option != "--auth-token"]
    return list(dict.fromkeys([*first, *options, "--device stgid=…", "the URL's path"]))


def _masked(text: str, secrets: Mapping[str, str]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        # A shorter one may be a piece of any word; a report masks it where it stands alone.
        if len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, secrets[secret])
    return text


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
