"""A whole run against a receiver that is called in process, for tests of what the suite says of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from camsim.protocol.vocabulary import Protocol
from camsim.receiver import KnownDevice
from camsim.receiver.memory import Policy
from camsim_conformance.proof.direct import URL, DirectReadBack, DirectReceiver, DirectSession
from camsim_conformance.readback import ReadBack
from camsim_conformance.requirements.verdicts import Verdict
from camsim_conformance.target.profile import Device, Profile, parse_features
from camsim_conformance.verdict.judge import judge_all
from camsim_conformance.verdict.result import Result, conclude

TOKEN = "COJJ7eiiPBGUfmIQPvh2PJWWDLX7OuKs"
PROTOCOLS = tuple(Protocol)


class LyingReadBack(DirectReadBack):
    """Sees `people` of those that are asked for, and shows `most` rows of theirs."""

    def __init__(self, receiver: DirectReceiver, people: slice, most: int | None = None) -> None:
        super().__init__(receiver)
        self._people, self._most = people, most

    def rows(self, kind: str, people: Sequence[str]) -> list[object]:
        return super().rows(kind, people[self._people])[: self._most]


class CalledSession(DirectSession):
    """With a read-back of the test's own, or with none."""

    looks: ReadBack | None = None
    blind = False

    def adapter(self) -> ReadBack | None:
        if self.blind:
            return None
        return self.looks or super().adapter()


def called(behaviour: Policy | None = None) -> DirectReceiver:
    """A receiver of this behaviour, its store empty."""
    return DirectReceiver([KnownDevice(TOKEN, None, "Conformance door", "CERT00001")], None, behaviour)


def certified(
    receiver: DirectReceiver,
    protocol: Protocol = Protocol.V3,
    *globs: str,
    looks: ReadBack | None = None,
    blind: bool = False,
    ago_s: int = 0,
    **more: Any,
) -> Result:
    """The result of one run, begun so many seconds ago; `blind` is one without read-back."""
    features = parse_features(more.pop("features", "core,user-data,photo"), protocol, None)
    fields: dict[str, Any] = {"settle_s": 0.01, "confirm": False, "devices": (Device(TOKEN),), **more}
    profile = Profile(URL, protocol=protocol, features=features, globs=globs or ("*",), **fields)
    session = CalledSession(profile, receiver, int(time.time()) - ago_s)
    session.looks, session.blind = looks, blind
    record = session.run()
    return conclude(record, judge_all(record.observed()))


def judged(behaviour: type[Policy], protocol: Protocol = Protocol.V3, *globs: str, **more: Any) -> Result:
    """The result of a run against a receiver of this behaviour, which can be judged."""
    result = certified(called(behaviour()), protocol, *globs, **more)
    assert result.record.void is None
    return result


def verdicts(result: Result) -> dict[str, Verdict]:
    """Verdict by requirement."""
    return {row.requirement.id: row.verdict for row in result.requirements}


def accused(result: Result) -> list[str]:
    """Requirements that failed, as MUST or as SHOULD."""
    return [name for name, verdict in verdicts(result).items() if verdict in (Verdict.FAIL, Verdict.ADVICE)]
