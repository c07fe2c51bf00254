"""Under what a receiver of a population is judged: protocol, features, devices, encryption, clock; and its session."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from camsim.protocol.vocabulary import Protocol
from camsim.receiver.devices import KnownDevice
from camsim_conformance.model.judgement import Again
from camsim_conformance.plan.plan import Plan
from camsim_conformance.readback import ReadBack
from camsim_conformance.session.session import Session
from camsim_conformance.target.profile import Device, Profile, parse_features

from .direct import URL, DirectReceiver, DirectSession
from .run import KEY, OTHER_TOKEN, TOKEN

SETTLE_S = 0.005  # a receiver that is called has stored when it has answered
NOW_S = 1_790_000_000
Learn = Callable[[Plan], None]


@dataclass(frozen=True, slots=True)
class Setting:
    """Everything that decides what is sent. `people` are those of --users; `now_s` epoch seconds of the run's start."""

    protocol: Protocol = Protocol.V3
    features: tuple[str, ...] = ("core", "user-data", "photo")
    encrypted: bool = False
    two_devices: bool = False
    seed: int = 1
    now_s: int = NOW_S
    people: tuple[str, ...] = ()
    settle_s: float = SETTLE_S

    @property
    def key(self) -> str | None:
        """The security key of all devices."""
        return KEY if self.encrypted else None

    @property
    def prefix(self) -> int:
        """The five digits of the run's people."""
        return 10_000 + self.seed * 7919 % 80_000

    @property
    def text(self) -> str:
        """`v3 core,photo aes seed 3`."""
        words = [str(self.protocol), ",".join(self.features)]
        words += ["aes"] * self.encrypted + ["two devices"] * self.two_devices
        return " ".join([*words, f"seed {self.seed}"])

    def profile(self, url: str = URL, readback: str | None = None, settle_s: float | None = None) -> Profile:
        """The profile of the run."""
        devices = [Device(TOKEN, key=self.key)]
        if self.two_devices:
            second = Device(token=OTHER_TOKEN, serial="ZHM1100000002", label="Second door", stgid="CERT00002")
            devices.append(Device(second.token, second.serial, second.label, second.stgid, self.key))
        asked = [*self.features, *["multi-device"] * self.two_devices, *["v2"] * (self.protocol is Protocol.V2)]
        return Profile(
            url=url,
            devices=tuple(devices),
            protocol=self.protocol,
            features=parse_features(",".join(asked), self.protocol, self.key),
            readback=readback,
            people=self.people,
            settle_s=self.settle_s if settle_s is None else settle_s,
            seed=self.seed,
        )

    def known_devices(self) -> list[KnownDevice]:
        """The devices as the receiver knows them."""
        found = [KnownDevice(TOKEN, self.key, "Conformance door", "CERT00001")]
        if self.two_devices:
            found.append(KnownDevice(OTHER_TOKEN, self.key, "Second door", "CERT00002"))
        return found


class ToldSession(Session):
    """A session that says what it will send before it does, and whose people follow from the setting."""

    learn: Learn | None = None

    def begin(self, setting: Setting, learn: Learn | None = None) -> None:
        """Take the setting's people, and tell `learn` of every plan."""
        self._prefix = setting.prefix
        self.learn = learn

    def _whole_plan(self) -> Plan:
        return self._told(super()._whole_plan())

    def _plan_again(self, wanted: Again) -> tuple[Plan, Mapping[str, Sequence[str]]]:
        plan, rows = super()._plan_again(wanted)
        return self._told(plan), rows

    def _told(self, plan: Plan) -> Plan:
        if self.learn is not None:
            self.learn(plan)
        return plan


class ToldDirectSession(ToldSession, DirectSession):
    """The same, of a receiver that is called."""

    looks: ReadBack | None = None

    def adapter(self) -> ReadBack | None:
        """What reads the store."""
        return self.looks or super().adapter()


def direct(
    setting: Setting, receiver: DirectReceiver, learn: Learn | None = None, adapter: ReadBack | None = None
) -> ToldDirectSession:
    """A session in process under a setting."""
    session = ToldDirectSession(setting.profile(), receiver, setting.now_s)
    session.looks = adapter
    session.begin(setting, learn)
    return session


def over_http(setting: Setting, url: str, readback: str, learn: Learn, settle_s: float) -> ToldSession:
    """A session over HTTP under a setting."""
    session = ToldSession(setting.profile(url, readback, settle_s), now_s=setting.now_s)
    session.begin(setting, learn)
    return session


def planned(setting: Setting) -> Plan:
    """What the setting's run will send first."""
    session = direct(setting, DirectReceiver(setting.known_devices(), setting.key))
    return session.plan()
