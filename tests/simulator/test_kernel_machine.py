"""The kernel under any sequence of events: the invariants of the design, without sockets and without a clock."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from unittest import mock

import msgspec
import pytest
import wire_v2
from action_words import action_of
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from camsim.actions import devices as adding
from camsim.api import views
from camsim.engine import new_kernel, restore
from camsim.kernel.events import Answered, ControlError, Event, Reply, Request, Restarted, Send, Tick
from camsim.kernel.kernel import Kernel
from camsim.knobs.register import resolve
from camsim.protocol.statuses import StatusV3
from camsim.protocol.vocabulary import TemplateType
from camsim.state import blocks, journal
from camsim.state.gateway import State, read_whole, whole
from camsim.state.models import Capacity, Model
from camsim.state.pieces import Pieces

START = 1_600_000_000_000
KEY = "0123456789abcdef0123456789abcdef"
SMALL = Model("small", "Small", capacity=Capacity(users=3, fingerprints=2, faces=1, palms=1, photos=1, logs=4))
DEVICES = ("A", "B", "C")  # plain v3, encrypted v3, v2
USERS = ("1", "2", "3", "4", "5")
CODES = {int(code) for code in StatusV3}
TIMES = {"StartTime": "2020-09-01 00:00:00 GMT +0000", "EndTime": "2020-12-30 00:00:00 GMT +0000"}
V2_OPERATIONS = (
    ("AddUser", {"Name": "Ann", "FirstName": "Ann", "LastName": "", "Priority": "0", "Signature": []}),
    ("DeleteUser", ""),
    ("ClearLog", ""),
    ("TriggerUserDetail", ""),
    ("EnrollFingerprint", ""),
    ("LoadPunchLog", {"StartTime": "1599000000", "EndTime": "1609000000", "OffSet": ""}),
    ("SendDeviceInfo", ""),
    ("NoSuchThing", ""),
)
device_ids, user_ids = st.sampled_from(DEVICES), st.sampled_from(USERS)


def _add(user: str) -> Any:
    card = {"Type": "Card", "UserID": user, "Data": "4711"}
    kinds = st.sampled_from(
        [[card], [], [{**card, "Data": "x"}], [{"Type": "Password", "UserID": user, "Data": "1234"}]]
    )
    return kinds.map(lambda items: {"Add": {"User": {"UserID": user}, "Template": items}})


def _of_a_user(user: str) -> Any:
    window = {"UserID": user, "Start": "2020-09-01 00:00:00", "End": "2020-09-14 00:00:00"}
    return st.one_of(
        _add(user),
        st.sampled_from(
            [
                {"Delete": {"User": {"UserID": user}}},
                {"Enroll": {"User": {"UserID": user, "Type": "Fingerprint"}}},
                {"Update": {"AccessTime": window}},
                {"Update": {"User": {"UserID": user, "Access": "enable"}}},
                {"Update": {"User": {"UserID": user, "Access": "disable"}}},
            ]
        ),
    )


commands = st.one_of(
    user_ids.flatmap(_of_a_user),
    st.sampled_from(
        [
            {"Load": {"PunchLog": {"Filter": TIMES}}},
            {"Load": {"DeviceInformation": "All"}},
            {"Delete": {"User": "All"}},
            {"Delete": {"Log": "All"}},
            {"Delete": {"PunchPhoto": "All"}},
            {"Resend": {"PunchLog": {"Filter": TIMES}}},
            {"Resend": {"User": "All"}},
            {"Delete": {"User": "all"}},
            {"Load": {}, "Delete": {}},
        ]
    ),
)


def _stored(state: State) -> State:
    return read_whole(whole(state))


def _differences(one: Any, other: Any, where: str = "state") -> Iterator[str]:
    if isinstance(one, Pieces) and isinstance(other, Pieces):
        one, other = dict(one.items()), dict(other.items())
    if isinstance(one, msgspec.Struct) and type(one) is type(other):
        one, other = msgspec.structs.asdict(one), msgspec.structs.asdict(other)
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        one, other = dict(enumerate(one)), dict(enumerate(other))
    if isinstance(one, blocks.Blocks) and isinstance(other, blocks.Blocks):
        one, other = blocks.whole(one), blocks.whole(other)
    if isinstance(one, dict) and isinstance(other, dict) and list(one) == list(other):
        for key in one:
            yield from _differences(one[key], other[key], f"{where}.{key}")
    elif one != other:
        yield f"{where}: {str(one)[:200]} != {str(other)[:200]}"


@pytest.fixture(autouse=True, scope="module")
def _few_devices_sleep_too() -> Iterator[None]:
    with mock.patch.object(adding, "SLEEP_FROM", 1):
        yield


class KernelMachine(RuleBasedStateMachine):
    """Three devices of a small model, a receiver that answers as it likes, clients, operators, restarts."""

    latency = "0s"

    @initialize()
    def begin(self) -> None:
        """Make the world."""
        knobs = resolve("documented", {"rest.latency": self.latency}).values
        self.kernel = self._fresh(knobs)
        self.knobs, self.history = knobs, list[tuple[int, bytes]]()
        self.sent: dict[str, Send] = {}
        self.bytes_of: dict[tuple[str, int], bytes] = {}
        self.attempts: dict[tuple[str, int], int] = {}
        self.last_first = dict.fromkeys(DEVICES, 0)
        self.open: set[int] = set()
        self.requests, self.highest = 0, START
        spec = {
            "model": "small",
            "auth_token": "t",
            "callback_url": "http://127.0.0.1:9/",
            "users": [{"id": "1"}, {"id": "2"}],
        }
        others = [{"id": "B", "security_key": KEY, **spec}, {"id": "C", "protocol": "v2", **spec}]
        self.give(action_of("add_devices", "", {"devices": [{"id": "A", **spec}, *others]}))

    def _fresh(self, knobs: dict[str, Any]) -> Kernel:
        kernel = new_kernel(State(seed=7, now=START, models={"small": SMALL}))
        kernel.use_knobs(knobs)
        return kernel

    # --- events --------------------------------------------------------------------------------------------------

    def give(self, event: Event, now: int | None = None) -> list[Reply]:
        """Hand an event in, note what goes out, and check each attempt that leaves (2, 3)."""
        moment = max(now or 0, self.kernel.now)
        self.history.append((moment, msgspec.msgpack.encode(event)))
        try:
            effects = self.kernel.handle(event, moment)
        except ControlError:
            effects = self.kernel.effects
        for effect in effects:
            if isinstance(effect, Send):
                self._leaves(effect)
        replies = [effect for effect in effects if isinstance(effect, Reply)]
        for reply in replies:
            assert reply.request in self.open, "answered twice, or never asked"
            self.open.discard(reply.request)
        return replies

    def _leaves(self, send: Send) -> None:
        key = (send.device, send.delivery)
        assert send.device not in self.sent, "two in flight at one device"
        assert send.attempt == self.attempts.get(key, 0) + 1
        assert self.bytes_of.setdefault(key, send.body) == send.body, "another attempt, other bytes"
        if send.attempt == 1:
            assert send.delivery > self.last_first[send.device], "a first attempt out of order"
            self.last_first[send.device] = send.delivery
        self.attempts[key] = send.attempt
        self.sent[send.device] = send

    def answer(self, device: str, **answered: Any) -> None:
        """The receiver answers what is in flight."""
        send = self.sent.pop(device)
        self.give(Answered(send.device, send.delivery, send.attempt, **answered))

    # --- rules ---------------------------------------------------------------------------------------------------

    @rule(device=device_ids, user=user_ids, photo=st.booleans(), count=st.integers(1, 3))
    def punch(self, device: str, user: str, photo: bool, count: int) -> None:
        """People punch."""
        shown = "AAAA" if photo else False
        spec = {"user": user, "photo": shown, "count": count, "input": "Card"}
        self.give(action_of("punches", device, {"punches": [spec]}))

    @rule(
        device=device_ids,
        user=user_ids,
        kind=st.sampled_from(["Card", "Password", "Fingerprint"]),
        index=st.integers(0, 2),
    )
    def menu_edits(self, device: str, user: str, kind: str, index: int) -> None:
        """Somebody enrols a template in the menu."""
        templates = [{"type": kind, "index": index if kind == "Fingerprint" else 0}]
        self.give(action_of("put_user", device, {"user": user, "templates": templates}))

    @rule(device=device_ids, user=user_ids)
    def menu_deletes(self, device: str, user: str) -> None:
        """Somebody deletes a user in the menu."""
        self.give(action_of("delete_user", device, {"user": user}))

    @rule(device=device_ids, by=st.integers(-7200, 7200))
    def clock_is_set(self, device: str, by: int) -> None:
        """Somebody sets the device's clock."""
        self.give(action_of("date", device, {"by": str(by)}))

    @rule(device=st.sampled_from(DEVICES[:2]), message=commands, token=st.sampled_from(["t", "t", "t", "wrong"]))
    def command(self, device: str, message: dict[str, Any], token: str) -> None:
        """A client sends a command; an answer that refuses at once leaves the device as it was (4)."""
        from camsim.protocol.v3 import envelope

        before = views.device_digest(self.kernel.state.devices[device])
        frame = {**message, "OperationID": "op", "AuthToken": token, "Time": "2020-09-17 12:01:33 GMT +0530"}
        body = envelope.seal_v3(envelope.encode(frame), KEY if device == "B" else None)
        for reply in self._ask(device, body):
            if reply.entry is None or reply.entry.code != 0:
                assert views.device_digest(self.kernel.state.devices[device]) == before

    @rule(operation=st.sampled_from(V2_OPERATIONS), user=user_ids)
    def command_of_v2(self, operation: tuple[str, Any], user: str) -> None:
        """A client sends a v2 command; its lazy response comes as a callback."""
        name, data = operation
        body = wire_v2.form(wire_v2.message(name, user, data, AuthToken="t", tag="C"))
        self._ask("", body, "v2")

    @rule(device=st.sampled_from([*DEVICES, "nobody", ""]), body=st.binary(max_size=60))
    def noise(self, device: str, body: bytes) -> None:
        """Any bytes come in: a documented code at once, nothing changes (9)."""
        before = [views.device_digest(slot) for slot in self.kernel.state.devices.values()]
        (reply,) = self._ask(device, body)
        assert (reply.http, json.loads(reply.body)["StatusCode"] in CODES if reply.body[:1] == b"{" else True) == (
            200,
            True,
        )
        assert [views.device_digest(slot) for slot in self.kernel.state.devices.values()] == before

    def _ask(self, device: str, body: bytes, protocol: str = "v3") -> list[Reply]:
        self.requests += 1
        self.open.add(self.requests)
        return self.give(Request(self.requests, [device], body, protocol, "application/json"))

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), how=st.sampled_from(["done", "done", "no", "error", "500"]))
    def receiver_answers(self, data: st.DataObject, how: str) -> None:
        """The receiver acknowledges, refuses, or the connection breaks."""
        device = data.draw(st.sampled_from(sorted(self.sent)))
        ways: dict[str, dict[str, Any]] = {
            "done": {"status": 200, "body": b'{"status":"done"}'},
            "no": {"status": 200, "body": b"ok"},
            "500": {"status": 500},
            "error": {"error": "the connection was reset"},
        }
        self.answer(device, **ways[how])

    @rule(device=device_ids)
    def a_late_answer(self, device: str) -> None:
        """An answer to an attempt that nobody waits for any more changes nothing."""
        self.give(Answered(device, 1, 99, 200, b'{"status":"done"}'))

    @rule(device=device_ids)
    def goes_offline(self, device: str) -> None:
        """The device loses its connection."""
        self.give(action_of("offline", device))

    @rule(
        device=device_ids,
        order=st.sampled_from(["fifo", "lifo", "shuffle", "interleave"]),
        pace=st.sampled_from(["0s", "2s"]),
    )
    def comes_online(self, device: str, order: str, pace: str) -> None:
        """The device is back."""
        self.give(action_of("online", device, {"order": order, "pace": pace}))

    @rule(up=st.booleans())
    def uplink(self, up: bool) -> None:
        """The gateway loses or finds its way to the customers."""
        self.give(action_of("uplink", "", {"up": up}))

    @rule(device=device_ids, what=st.sampled_from(["hold", "resume", "retry-now", "reset"]))
    def operator(self, device: str, what: str) -> None:
        """An operator works on the queue."""
        self.give(action_of("queue", device, {"what": what}))

    @rule(seconds=st.sampled_from([0, 1, 15, 31, 61, 3600]))
    def time_passes(self, seconds: int) -> None:
        """Some time passes."""
        self.give(Tick(), self.kernel.now + seconds * 1000)

    @precondition(lambda self: not self.sent and self.kernel.next_jump() is not None)
    @rule()
    def time_jumps(self) -> None:
        """Time jumps to the next timer; nothing is in flight then (10)."""
        self.give(Tick(), self.kernel.next_jump())

    @rule()
    def snapshot_and_restore(self) -> None:
        """The state is stored and read again (8); the end compares with a world that never was."""
        self.kernel = restore(_stored(self.kernel.state))

    @rule()
    def process_dies(self) -> None:
        """What was in flight is unknown and repeated; held calls are gone."""
        self.sent.clear()
        self.open.clear()
        self.give(Restarted())

    # --- invariants ----------------------------------------------------------------------------------------------

    @invariant()
    def time_is_monotone(self) -> None:
        """10."""
        assert self.kernel.now >= self.highest
        self.highest = self.kernel.now

    @invariant()
    def no_accepted_punch_vanishes(self) -> None:
        """1: acknowledged, lost by a cause that has a name, or still on its way."""
        state = self.kernel.state
        for stgid, record in state.ledger.rows():
            slot = state.devices[stgid]
            cached = {item.number for item in slot.device.pending}
            queued = {delivery.punch for delivery in slot.outbox.waiting()}
            assert record.acknowledged or record.cause or record.number in cached | queued

    @invariant()
    def counts_are_true_and_fit(self) -> None:
        """5: counts equal what is stored and never exceed the capacity."""
        for slot in self.kernel.state.devices.values():
            held = slot.device
            assert len(held.users) <= SMALL.capacity.users
            assert held.log_count <= SMALL.capacity.logs
            for kind in TemplateType:
                stored = sum(t.type == kind for user in held.users.values() for t in user.templates.values())
                assert held.count(kind) == stored <= SMALL.capacity.of(kind)

    @invariant()
    def held_calls_have_a_command(self) -> None:
        """Every call that is not answered waits for a command that is still there."""
        waiting = {
            c.request for slot in self.kernel.state.devices.values() for c in slot.commands if c.request is not None
        }
        assert waiting == self.open

    def teardown(self) -> None:
        """At the end every queue drains (12), every call is answered, and a replay gives the same world (7, 8)."""
        if not hasattr(self, "kernel"):
            return
        for stgid in DEVICES:
            self.give(action_of("online", stgid))
            self.give(action_of("queue", stgid, {"what": "resume"}))
        self.give(action_of("uplink", "", {"up": True}))
        for _ in self._until_drained():
            pass
        for slot in self.kernel.state.devices.values():
            assert (len(slot.outbox), slot.device.pending, slot.commands) == (0, [], [])
        assert self.open == set()
        self._replay()

    def _until_drained(self) -> Iterator[None]:
        for _ in range(5000):
            yield
            if self.sent:
                self.answer(next(iter(self.sent)), status=200, body=b'{"status":"done"}')
            elif (due := self.kernel.next_jump()) is not None:
                self.give(Tick(), due)
            else:
                return
        raise AssertionError("the queues never drain")

    def _replay(self) -> None:
        """In a world whose devices are made at once, not when somebody takes them."""
        again = self._fresh(self.knobs)
        for now, event in self.history:
            with mock.patch.object(adding, "SLEEP_FROM", 1000), suppress(ControlError):
                again.handle(msgspec.msgpack.decode(event, type=Event), now)
        assert journal.canonical(again.state.journal) == journal.canonical(self.kernel.state.journal)
        assert list(_differences(_stored(again.state), _stored(self.kernel.state))) == []


class SlowDevices(KernelMachine):
    """The same with devices that take about 15 seconds for a command."""

    latency = "15s"


class DeafDevices(KernelMachine):
    """The same with devices that take longer than the window."""

    latency = "2m"


class Walk:
    """A long seeded walk over the same machine: deep states that short generated runs seldom reach."""

    def __init__(self, machine: KernelMachine, seed: int) -> None:
        self.machine, self.rng = machine, random.Random(seed)
        machine.begin()

    def go(self, steps: int) -> None:
        """Take steps, check after each, and drain at the end."""
        names = [name for name, weight in _WEIGHTS.items() for _ in range(weight)]
        for _ in range(steps):
            getattr(self, self.rng.choice(names))()
            for check in _INVARIANTS:
                getattr(self.machine, check)()
        self.machine.teardown()

    @property
    def device(self) -> str:
        return self.rng.choice(DEVICES)

    @property
    def user(self) -> str:
        return self.rng.choice(USERS)

    def punch(self) -> None:
        self.machine.punch(self.device, self.user, self.rng.random() < 0.3, self.rng.randint(1, 3))

    def menu(self) -> None:
        kind = self.rng.choice(["Card", "Password", "Fingerprint"])
        self.machine.menu_edits(self.device, self.user, kind, self.rng.randint(0, 2))
        if self.rng.random() < 0.3:
            self.machine.menu_deletes(self.device, self.user)

    def command(self) -> None:
        user = self.user
        add = {"Add": {"User": {"UserID": user}, "Template": [{"Type": "Card", "UserID": user, "Data": "1"}]}}
        messages = [
            add,
            add,
            {"Delete": {"User": {"UserID": user}}},
            {"Delete": {"Log": "All"}},
            {"Resend": {"User": "All"}},
        ]
        messages += [
            {"Resend": {"PunchLog": {"Filter": TIMES}}},
            {"Enroll": {"User": {"UserID": user, "Type": "Fingerprint"}}},
        ]
        self.machine.command(self.rng.choice(DEVICES[:2]), self.rng.choice(messages), "t")
        self.machine.command_of_v2(self.rng.choice(V2_OPERATIONS), user)

    def answer(self) -> None:
        for device in sorted(self.machine.sent):
            if self.rng.random() < 0.7:
                done = self.rng.random() < 0.7
                self.machine.answer(
                    device, **({"status": 200, "body": b'{"status":"done"}'} if done else {"status": 500})
                )

    def connection(self) -> None:
        if self.rng.random() < 0.5:
            self.machine.goes_offline(self.device)
        else:
            order = self.rng.choice(["fifo", "lifo", "shuffle", "interleave"])
            self.machine.comes_online(self.device, order, self.rng.choice(["0s", "2s"]))

    def operator(self) -> None:
        self.machine.operator(self.device, self.rng.choice(["hold", "resume", "retry-now", "reset"]))
        self.machine.uplink(self.rng.random() < 0.8)

    def time(self) -> None:
        self.machine.time_passes(self.rng.choice([0, 1, 15, 31, 61, 3600]))

    def process(self) -> None:
        self.machine.snapshot_and_restore()
        if self.rng.random() < 0.3:
            self.machine.process_dies()


_WEIGHTS = {"punch": 6, "answer": 6, "command": 4, "menu": 3, "time": 3, "connection": 2, "operator": 1, "process": 1}
_INVARIANTS = (
    "time_is_monotone",
    "no_accepted_punch_vanishes",
    "counts_are_true_and_fit",
    "held_calls_have_a_command",
)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("machine", [KernelMachine, SlowDevices, DeafDevices])
def test_the_invariants_hold_on_a_long_walk(machine: type[KernelMachine], seed: int) -> None:
    Walk(machine(), seed).go(300)


_STEPS = settings(
    max_examples=25,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)


@pytest.mark.parametrize("machine", [KernelMachine, SlowDevices, DeafDevices])
def test_the_invariants_hold(machine: type[KernelMachine]) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(machine, settings=_STEPS)
