"""Devices that nobody has touched are not made: whoever looks or takes finds them as if they had been made at once."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import pytest
from action_words import action_of

from camsim.actions import devices as adding
from camsim.actions import mould
from camsim.api import fleet_view, views
from camsim.cli.greeting import greeting
from camsim.control.actions import AddDevices
from camsim.control.devices import DeviceSpec
from camsim.engine import new_kernel, restore
from camsim.kernel.events import Answered, ControlError, Restarted, Send, Tick
from camsim.kernel.kernel import Kernel
from camsim.knobs.register import resolve
from camsim.service import state_repair
from camsim.service.snapshot import Cut
from camsim.service.snapshot_rows import Kept
from camsim.service.state_file import StateFile
from camsim.service.state_reader import StoredClock
from camsim.service.store import Store
from camsim.settings import Settings
from camsim.state import journal
from camsim.state.founding import Founding
from camsim.state.gateway import Fleet, State, whole
from camsim.state.known_secrets import KnownSecrets
from camsim.state.models import Model
from camsim.state.sleepers import Sleepers

START = 1_600_000_000_000
URL = "http://127.0.0.1:9/"
CLOCK = StoredClock("manual")


@contextmanager
def asleep_from(count: int) -> Iterator[None]:
    """Descriptions of so many devices sleep."""
    with mock.patch.object(adding, "SLEEP_FROM", count):
        yield


@pytest.fixture(autouse=True)
def _all_sleep() -> Iterator[None]:
    with asleep_from(1):
        yield


def world(*specs: DeviceSpec, **knobs: Any) -> Kernel:
    kernel = new_kernel(State(seed=7, now=START))
    kernel.use_knobs(resolve("documented", {"rest.latency": "0s", **knobs}).values)
    kernel.handle(AddDevices(devices=list(specs)), START)
    return kernel


def awake(kernel: Kernel) -> list[str]:
    return [slot.config.stgid for slot in kernel.state.devices.awake_look()]


def text(state: State) -> bytes:
    """As bytes that depend neither on the order of sets, nor on 0 being written as 0.0."""
    return msgspec.json.encode(_sorted(msgspec.msgpack.decode(whole(state))), order="deterministic")


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _sorted(item) for key, item in value.items()}
    if isinstance(value, list):
        items = [_sorted(item) for item in value]
        return sorted(items) if items and all(isinstance(item, str) for item in items) else items
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


# --- later is as at once ----------------------------------------------------------------------------------------------

KINDS = [
    DeviceSpec(id="A{:02d}", count=3, users=4, callback_url=URL),
    DeviceSpec(id="B{:02d}", count=3, users=2, protocol="v2", security_key="0" * 32, label="Door", online=False),  # type: ignore[arg-type]
    DeviceSpec(id="C{:02d}", count=3, model="own", timezone="Asia/Kolkata", serial="S1", auth_token="t" * 20),
    DeviceSpec(id="D{:02d}", count=3, users=1, timezone="Europe/Berlin", licence_end="2030-01-01T00:00:00+00:00"),
    DeviceSpec(id="E{:02d}", count=3, users=1, logs=5),
]
OWN = Model("own", "Own")


@pytest.mark.parametrize("spec", KINDS, ids=lambda spec: spec.id[0])
def test_a_device_that_is_made_later_is_the_one_that_would_have_been_made_at_once(spec: DeviceSpec) -> None:
    def filled(count: int) -> Kernel:
        kernel = new_kernel(State(seed=7, now=START, models={"own": OWN}))
        kernel.use_knobs(
            resolve("documented", {"device.clock_offset": 90, "device.clock_drift": 40, "face.format": "binary"}).values
        )
        with asleep_from(count):
            kernel.handle(AddDevices(devices=[msgspec.convert(msgspec.to_builtins(spec), DeviceSpec)]), START)
        return kernel

    later, at_once = filled(1), filled(1000)
    for kernel in (later, at_once):  # whatever happens to the world meanwhile
        kernel.use_knobs(resolve("documented", {"device.clock_offset": -7, "face.format": "jpeg"}).values)
        kernel.state.models = {"own": Model("own", "Another", camera=False)}
        kernel.handle(Tick(), START + 86_400_000)
    assert text(later.state) == text(at_once.state)
    for slot in later.state.devices.values():
        assert msgspec.to_builtins(slot.config) == msgspec.to_builtins(at_once.state.devices[slot.config.stgid].config)
    assert text(later.state) == text(at_once.state)
    assert later.state.devices.founded == []


def test_what_something_happens_to_by_itself_or_has_a_past_is_made_at_once() -> None:
    kernel = new_kernel(State(seed=7, now=START, models={"own": OWN}))
    kernel.handle(AddDevices(devices=KINDS), START)
    assert {name[0] for name in awake(kernel)} == {"D", "E"}
    assert {founding.spec.id[0] for founding in kernel.state.devices.founded} == {"A", "B", "C"}


def test_a_description_that_is_changed_afterwards_changes_nothing() -> None:
    spec = DeviceSpec(id="A{:02d}", count=3, users=1, origin_ips=["127.0.0.1"])
    kernel = world(spec)
    spec.label, spec.users = "another", 9
    spec.origin_ips.append("127.0.0.2")
    slot = kernel.state.devices["A02"]
    assert (slot.config.label, len(slot.device.users), slot.config.origin_ips) == ("Device A02", 1, ["127.0.0.1"])


WRONG: list[list[dict[str, Any]]] = [
    [{"id": "A{:02d}", "count": 3}, {"id": "A{:02d}", "count": 2}],
    [{"id": "TAKEN{:01d}", "count": 3}],
    [{"id": "A {:02d}", "count": 3}],
    [{"id": "A" * 62 + "{:d}", "count": 100}],
    [{"id": "A{:02d}", "count": 3, "users": [{"id": "1"}, {"id": "1"}]}],
    [{"id": "A{:02d}", "count": 3, "model": "rsp10f1", "users": 2_001}],
    [{"id": "A{:02d}", "count": 3, "model": "rsp10f1", "logs": 50_001}],
    [{"id": "A{:02d}", "count": 3, "timezone": "Mars"}],
    [{"id": "A{:02d}", "count": 3, "model": "none"}],
    [{"id": "A{:02d}", "count": 3, "security_key": "x"}],
    [{"id": "A{:02d}", "count": 3, "timezone": "Europe/Berlin"}, {"id": "B", "origin_ips": ["x"]}],
]


@pytest.mark.parametrize("wrong", WRONG, ids=range(len(WRONG)))
def test_a_wrong_description_is_refused_when_it_is_added_all_or_none(wrong: list[dict[str, Any]]) -> None:
    def refused(count: int) -> tuple[str, bytes]:
        with asleep_from(count):
            kernel = world(DeviceSpec(id="TAKEN3"))
            before = text(kernel.state)
            with pytest.raises(ControlError) as told:
                kernel.handle(AddDevices(devices=msgspec.convert(wrong, list[DeviceSpec])), START)
            assert text(kernel.state) == before
            return repr((told.value.http, told.value.code, told.value.message, told.value.hint)), before

    assert refused(1) == refused(1000)


# --- two worlds -------------------------------------------------------------------------------------------------------


WAYS = ("punch", "answer", "answer", "edit", "fleet", "link", "time", "begin_anew")


class Pair:
    """A world whose devices sleep in a state file that is left and taken up, and one of devices made at once."""

    def __init__(self, path: Path, seed: int) -> None:
        self.path, self.dice = path, random.Random(seed)
        self.asleep = world(DeviceSpec(id="A{:02d}", count=8, users=3, callback_url=URL))
        with asleep_from(1000):
            self.made = world(DeviceSpec(id="A{:02d}", count=8, users=3, callback_url=URL))
        self.store = Store(path, snapshot_every=40)
        self.store.begin(self.asleep, CLOCK)
        self.sent: list[Send] = []

    def give(self, event: Any, now: int | None = None) -> None:
        moment = self.asleep.now if now is None else now
        kept = self.store.encode(event)
        found = []
        for kernel, count in ((self.asleep, 1), (self.made, 1000)):
            with asleep_from(count):
                try:
                    found.append(kernel.handle(event, moment))
                except ControlError as problem:
                    found.append([problem.message])
        assert found[0] == found[1]
        self.sent += [effect for effect in found[0] if isinstance(effect, Send)]
        self.store.append(moment, kept)
        self.store.commit(self.asleep)
        if self.store.has_work and self.dice.random() < 0.5:
            self.store.work(0.0001)

    def go(self, steps: int) -> None:
        for _ in range(steps):
            getattr(
                self, self.dice.choice(["punch", "answer", "answer", "edit", "fleet", "link", "time", "begin_anew"])
            )()
        assert text(self.asleep.state) == text(self.made.state)
        books = [journal.canonical(kernel.state.journal) for kernel in (self.asleep, self.made)]
        assert books[0] == books[1]
        assert list(self.asleep.state.ledger.rows()) == list(self.made.state.ledger.rows())
        for name, slot in self.asleep.state.devices.items():
            assert views.device_digest(slot) == views.device_digest(self.made.state.devices[name])

    @property
    def device(self) -> str:
        return self.dice.choice([*self.asleep.state.devices, "nobody"])

    def punch(self) -> None:
        self.give(action_of("punches", self.device, {"punches": [{"user": self.dice.choice("123")}]}))

    def answer(self) -> None:
        if self.sent:
            send = self.sent.pop(0)
            body = self.dice.choice([b'{"status":"done"}', b"no"])
            self.give(Answered(send.device, send.delivery, send.attempt, 200, body))

    def edit(self) -> None:
        name = self.device
        self.dice.choice(
            [
                lambda: self.give(action_of("put_user", name, {"user": "9", "templates": ["Card"]})),
                lambda: self.give(action_of("patch_device", name, {"label": "Door", "timezone": "Europe/Paris"})),
                lambda: self.give(action_of("knobs", "", {"knobs": {"device.clock_offset": self.dice.randint(-9, 9)}})),
                lambda: self.give(action_of("date", name, {"by": "60"})),
            ]
        )()

    def fleet(self) -> None:
        letter = self.dice.choice("ABC")
        spec = {"id": letter + "{:02d}", "count": self.dice.randint(1, 6), "users": 2, "callback_url": URL}
        self.dice.choice(
            [
                lambda: self.give(action_of("add_devices", "", {"devices": [spec]})),
                lambda: self.give(action_of("remove_device", self.device, {})),
                lambda: (
                    self.give(action_of("reset", "", {"scope": self.dice.choice(["journal", "faults", "devices"])}))
                    if self.dice.random() < 0.2
                    else None
                ),
            ]
        )()

    def link(self) -> None:
        name = self.device
        self.dice.choice(
            [
                lambda: self.give(action_of("offline", name, {})),
                lambda: self.give(action_of("online", name, {})),
                lambda: self.give(action_of("uplink", "", {"up": self.dice.random() < 0.7})),
                lambda: self.give(Restarted()),
            ]
        )()

    def time(self) -> None:
        self.give(Tick(), self.asleep.now + self.dice.choice([0, 1000, 60_000, 90 * 86_400_000]))

    def begin_anew(self) -> None:
        """The file is left, in the middle of a snapshot or not, by a kill or a stop, and taken up again."""
        if self.dice.random() < 0.5:
            self.store.close(self.asleep, CLOCK)
        else:
            self.store.abandon()
        self.store = Store(self.path, snapshot_every=40)
        kernel = self.store.load().kernel
        assert kernel is not None
        self.asleep = kernel
        assert text(self.asleep.state) == text(self.made.state)
        self.store.begin(self.asleep, CLOCK)


@pytest.mark.parametrize("seed", range(8))
def test_nothing_shows_whether_a_device_slept(tmp_path: Path, seed: int) -> None:
    pair = Pair(tmp_path / "state.db", seed)
    pair.go(120)
    pair.store.abandon()


# --- nobody is woken for nothing --------------------------------------------------------------------------------------


@pytest.fixture
def unmade(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The devices that were made, in order."""
    made: list[str] = []
    cast = mould.Mould.cast

    def noted(self: mould.Mould, stgid: str, number: int) -> Any:
        made.append(stgid)
        return cast(self, stgid, number)

    monkeypatch.setattr(mould.Mould, "cast", noted)
    return made


def test_a_list_of_all_devices_makes_one_of_each_kind_to_look_at(
    start_sim: Callable[..., Any], unmade: list[str]
) -> None:
    spec = DeviceSpec(id="SIM{:04d}", count=2500, users=1, callback_url=URL)
    sim = start_sim(spec)
    runtime = sim.host.runtime
    assert greeting(sim.host).count("2500: SIM0001 … SIM2500") == 1
    rows = fleet_view.devices(runtime.kernel.state.devices, None)
    ready = sim.host.ready()["devices"]
    runtime.waiting()
    views.commands(runtime.kernel, None)
    metrics = fleet_view.metrics(runtime)
    assert (set(unmade), awake(runtime.kernel)) == ({"SIM0001", "SIM2500"}, [])
    assert "camsim_devices_online 2500\n" in metrics
    assert len(rows) == len(ready) == 2500
    for place in (0, 1234, 2499):
        slot = sim.slot(rows[place].stgid)
        assert rows[place] == views.device(slot, None)
        assert ready[place] == {"stgid": slot.config.stgid, "auth_token": slot.config.auth_token}


def test_the_ready_file_is_the_same_in_portions(start_sim: Callable[..., Any], tmp_path: Path) -> None:
    for count in (0, 1, 2, 1000, 1001):
        sim = start_sim(
            *([DeviceSpec(id="SIM{:04d}", count=count)] if count else []), **({} if count else {"devices": []})
        )
        sim.host.write_ready(tmp_path / "ready.json")
        whole_text = msgspec.json.format(msgspec.json.encode(sim.host.ready())) + b"\n"
        assert (tmp_path / "ready.json").read_bytes() == whole_text


def test_who_was_made_is_answered_in_the_order_of_the_descriptions() -> None:
    kernel = new_kernel(State(seed=7, now=START))
    specs = [DeviceSpec(id="A{:04d}", count=1200), DeviceSpec(id="ONE"), DeviceSpec(id="B{:04d}", count=3)]
    answer, _ = kernel.act(AddDevices(devices=specs), START)
    told: Any = msgspec.json.decode(msgspec.json.encode(answer, enc_hook=list))["devices"]
    slots = list(kernel.state.devices.look())
    assert [(one["stgid"], one["auth_token"]) for one in told] == [(s.config.stgid, s.config.auth_token) for s in slots]


def test_a_device_is_found_by_its_serial_number_asleep_or_awake(unmade: list[str]) -> None:
    kernel = world(DeviceSpec(id="A{:02d}", count=9), DeviceSpec(id="B{:02d}", count=2, serial="SAME"))
    wanted = kernel.state.devices.peek("A05")
    unmade.clear()
    assert wanted is not None
    assert kernel.with_serial("ZHM0000000000") is None
    assert (unmade, awake(kernel)) == ([], [])
    found = kernel.with_serial(wanted.config.serial)
    assert found is not None
    assert (found.config.stgid, awake(kernel)) == ("A05", ["A05"])
    assert kernel.with_serial(wanted.config.serial) is found
    same = kernel.with_serial("SAME")
    assert same is not None
    assert same.config.stgid == "B01"


def test_a_token_of_a_device_that_sleeps_is_shown_to_nobody() -> None:
    kernel = world(
        DeviceSpec(id="A{:02d}", count=9), DeviceSpec(id="B{:02d}", count=2, auth_token="a token of its own")
    )
    known, tokens = KnownSecrets(), dict(kernel.state.devices.identities())
    with mock.patch.object(Founding, "token", side_effect=AssertionError("nothing to look for")):
        assert known.of(kernel.state).text("user 4711 at the door") == "user 4711 at the door"
        assert "of its own" not in known.of(kernel.state).text("a token of its own")
    assert tokens["A03"] not in known.of(kernel.state).text(f"stgid={tokens['A03']}")
    kernel.handle(action_of("remove_device", "A04", {}), START)
    assert tokens["A04"] not in known.of(kernel.state).text(f"said {tokens['A04']} before")


# --- pieces of a state file -------------------------------------------------------------------------------------------


def test_what_wakes_during_a_cut_slept_at_the_cut(tmp_path: Path) -> None:
    kernel = world(DeviceSpec(id="A{:02d}", count=4))
    fleet = kernel.state.devices
    fleet.watch(stored=False)
    assert fleet.changed == {}
    fleet["A02"].entries = 3
    file = StateFile(tmp_path / "state.db")
    cut = Cut(file, Kept(), kernel.state, 0, bytes(8))
    fleet["A02"].entries = 4  # written as it was at the cut
    fleet["A03"].entries = 5
    fleet.pop("A04")
    while not cut.step(0.0001):
        pass
    rows = {key for (key,) in file.db.execute("SELECT key FROM snapshot WHERE key LIKE 'device/%'")}
    assert rows == {"device/A02"}
    assert (list(fleet.changed), fleet.order()) == (["A02", "A03", "A04"], ["A01", 1, "A02", "A03"])
    file.close()


def test_who_is_removed_and_added_again_has_no_row_of_before(tmp_path: Path) -> None:
    path, spec = tmp_path / "state.db", DeviceSpec(id="A{:02d}", count=2, users=1)
    kernel = world(spec)
    kernel.state.devices["A01"].entries = 3
    store = Store(path)
    store.begin(kernel, CLOCK)
    for event in (action_of("remove_device", "A01"), action_of("remove_device", "A02"), AddDevices(devices=[spec])):
        kernel.handle(event, START)
        store.append(START, store.encode(event))
        store.commit(kernel)
    store.close(kernel, CLOCK)
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT key FROM snapshot WHERE key LIKE 'device/%' AND data IS NOT NULL").fetchall() == []
    again = Store(path).load()
    assert again.kernel is not None
    assert (again.replayed, awake(again.kernel), list(again.kernel.state.devices)) == (0, [], ["A01", "A02"])
    assert text(again.kernel.state) == text(kernel.state)


def test_a_founding_is_forgotten_with_the_last_that_sleeps() -> None:
    kernel = world(DeviceSpec(id="A{:02d}", count=2), DeviceSpec(id="B{:02d}", count=2))
    fleet: Sleepers[Any] = kernel.state.devices
    fleet.pop("A01")
    assert [founding.spec.id for founding in fleet.founded] == ["A{:02d}", "B{:02d}"]
    fleet["A02"] = fleet["A02"]
    assert [founding.spec.id for founding in fleet.founded] == ["B{:02d}"]
    with pytest.raises(KeyError):
        fleet.sleep("A01", 1)
    with pytest.raises(KeyError):
        fleet["nobody"]
    fleet.clear()
    assert (fleet.founded, list(fleet), len(fleet)) == ([], [], 0)
    assert Fleet().founded == []


def test_what_slept_in_a_file_whose_order_is_lost_is_named(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    kernel = world(DeviceSpec(id="A{:02d}", count=4), DeviceSpec(id="B", users=1))
    kernel.state.devices["B"]
    store = Store(path)
    store.begin(kernel, CLOCK)
    store.close(kernel, CLOCK)
    assert state_repair.check(path).devices == 5
    file = StateFile(path)
    with file.transaction() as db:
        db.execute("DELETE FROM snapshot WHERE key = 'device'")
    file.close()
    finding = state_repair.repair(path)
    assert "devices A{:02d} that nobody had touched are lost" in finding.damages
    again = Store(path).load().kernel
    assert again is not None
    assert list(again.state.devices) == ["B"]


def test_a_restored_fleet_goes_on_sleeping(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    kernel = world(*KINDS[:2])
    store = Store(path)
    store.begin(kernel, CLOCK)
    kernel.handle(action_of("put_user", "A02", {"user": "9"}), START)
    store.append(START, store.encode(action_of("put_user", "A02", {"user": "9"})))
    store.commit(kernel)
    store.close(kernel, CLOCK)
    again = Store(path).load().kernel
    assert again is not None
    assert (awake(again), again.state.devices.founded) == (["A02"], kernel.state.devices.founded)
    assert text(again.state) == text(kernel.state)
    assert text(restore(again.state).state) == text(kernel.state)
    assert Settings().devices == []
