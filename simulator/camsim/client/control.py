"""The whole simulator by its management API: devices, clock, faults, journal, ledger, configuration."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from camsim.control import answers, records, routes

from .device import DeviceHandle, Secrets, known_secrets
from .ledger import Ledger
from .patience import Watch, on_a_loop, unanswered
from .rest import RestClient
from .wire import TIMEOUT_S, Api, ApiError, Wire, given

P = ParamSpec("P")
R = TypeVar("R")


class Client:
    """A simulator somewhere. Safe to use from several threads. Raises: ApiError from every call that fails.

    `patience`: real seconds after which a call that waits for time fails, because a callback is out and nothing is
    answered (`unanswered`), or because time stands and nobody moves it (`deadlock`). None: as long as it takes.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        gateway_url: str | None = None,
        timeout: float = TIMEOUT_S,
        patience: float | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self.patience = patience
        self._api = Api(url, token, timeout)
        self._gateway_url, self._timeout = gateway_url, timeout
        self._gateway: Wire | None = None
        self._secrets: dict[str, Secrets] = {}
        self.ledger = Ledger(self._api)

    def __repr__(self) -> str:
        return f"<camsim at {self.url}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close idle connections."""
        self._api.wire.close()
        if self._gateway is not None:
            self._gateway.close()

    async def in_thread(self, call: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """A blocking call made beside the running asyncio loop: needed when the receiver lives on that loop."""
        import asyncio

        return await asyncio.to_thread(call, *args, **kwargs)

    # --- the simulator ------------------------------------------------------------------------------------------------

    def health(self) -> answers.Health:
        """Seed, profile, clock, and how it goes."""
        return self._api.ask(routes.HEALTH)

    def version(self) -> str:
        """The simulator's version."""
        return self._api.ask(routes.VERSION).version

    def metrics(self) -> str:
        """Counters in the text format of Prometheus."""
        return self._api.ask_bytes(routes.METRICS).decode()

    @property
    def gateway_url(self) -> str:
        """Where customers' programs send their commands to."""
        if self._gateway_url is None:
            self._gateway_url = self.health().gateway_url
        if not self._gateway_url:
            raise ApiError("unknown_gateway", "the simulator does not say where it is", "Client(…, gateway_url=…)")
        return self._gateway_url

    @property
    def config(self) -> answers.Config:
        """Seed, profile and every knob in force."""
        return self._api.ask(routes.CONFIG)

    def patch_config(self, profile: str | None = None, **knobs: object) -> answers.Applied:
        """Put a profile, knobs, or both in force; a knob with dots goes in as `**{"retry.schedule": [30]}`."""
        body = given(profile=profile, knobs=knobs or None)
        return self._api.ask(routes.PATCH_CONFIG, body)

    @property
    def register(self) -> list[dict[str, Any]]:
        """Every reading of the vendor's pages: id, evidence, knob, value in force."""
        return self._api.ask(routes.REGISTER).rows

    def uplink(self, up: bool) -> None:
        """Down: callbacks queue in the gateway, while RESTful commands are answered. Up: they go."""
        self._api.ask(routes.UPLINK, {"up": up})

    def reset(self, scope: str = "all") -> None:
        """Forget: `all`, `journal` (with the ledger), `faults` or `devices`."""
        self._api.ask(routes.RESET, {"scope": scope})
        if scope in ("all", "devices"):
            self._secrets.clear()

    # --- devices ------------------------------------------------------------------------------------------------------

    def devices(self) -> list[answers.Device]:
        """Every device, one row each."""
        return self._api.ask(routes.DEVICES).devices

    def add_devices(self, **spec: object) -> list[DeviceHandle]:
        """Make devices: `id="SIM{:05d}"`, `count`, `model`, `users`, `callback_url` …; all or none."""
        made = self._api.ask(routes.ADD_DEVICES, spec).devices
        key = spec.get("security_key")  # a text, or the server had refused it; it answers tokens, and no keys
        for one in made:
            self._secrets[one.stgid] = Secrets(one.auth_token, None if key is None else str(key))
        return [self.find(one.stgid) for one in made]

    def device(self, stgid: str, **spec: object) -> DeviceHandle:
        """The device with this id, made if there is none; with a description it must be new.

        Raises: ApiError `device_exists`, or what is wrong with the description.
        """
        if not spec and any(row.stgid == stgid for row in self.devices()):
            return self.find(stgid)
        return self.add_devices(id=stgid, **spec)[0]

    def find(self, stgid: str) -> DeviceHandle:
        """A device that should be there; its calls raise ApiError `unknown_device` if it is not."""
        return DeviceHandle(self._api, stgid, self._secrets)

    def rest(self, stgid: str, *, auth_token: str | None = None, security_key: str | None = None) -> RestClient:
        """A client for the RESTful API of a device, with its token and key or those given."""
        secrets = Secrets(auth_token, security_key) if auth_token else known_secrets(self._api, stgid, self._secrets)
        if self._gateway is None:
            self._gateway = Wire(self.gateway_url, timeout=self._timeout)
        watch = None if self.patience is None else self._watch
        return RestClient(self._gateway, stgid, secrets, watch)

    def _watch(self) -> Callable[[], None]:
        return Watch(self._api, self.patience or 0)

    def commands(self, state: str | None = None) -> list[records.Command]:
        """RESTful commands on their way to devices; `state`: waiting, running, parked."""
        return self._api.ask(routes.COMMANDS, query=given(state=state)).commands

    # --- time ---------------------------------------------------------------------------------------------------------

    @property
    def clock(self) -> answers.ClockView:
        """Mode, virtual now, next timer."""
        return self._api.ask(routes.CLOCK)

    def set_clock(self, mode: str, start: str | float | None = None) -> answers.ClockView:
        """Time passes as `real`, `manual`, `auto` or `scaled:N` from now on.

        `start`: when a world without devices begins, and begins anew after `reset`: the vendor's text, ISO 8601 or
        seconds, UTC where no offset stands. Raises: ApiError `world_began` where there are devices.
        """
        return self._api.ask(routes.SET_CLOCK, given(mode=mode, start=start))

    def advance(self, seconds: float | str) -> answers.Moved:
        """Let virtual time pass (seconds, or `15s`, `2m`, `48h`); returns when the world is quiescent."""
        with on_a_loop():
            return self._api.ask(routes.ADVANCE, given(seconds=seconds, patience=self.patience))

    def run_until_idle(self) -> answers.Moved:
        """Move time until nothing is left to do (at most 48 virtual hours); says what still waits."""
        with on_a_loop():
            return self._api.ask(routes.RUN_UNTIL_IDLE, given(patience=self.patience))

    @contextmanager
    def auto(self) -> Iterator[Client]:
        """Time jumps by itself inside the block: for programs that wait for the answer of a device."""
        before = self.clock.mode
        self.set_clock("auto")
        try:
            yield self
        finally:
            self.set_clock(before)

    # --- faults -------------------------------------------------------------------------------------------------------

    @property
    def faults(self) -> list[records.Fault]:
        """Faults in force, those that knobs imply included."""
        return self._api.ask(routes.FAULTS).faults

    def fault(
        self,
        where: str,
        do: str,
        *,
        match: Mapping[str, str] | None = None,
        when: Mapping[str, object] | None = None,
        **with_: object,
    ) -> records.Fault:
        """Put a fault in force: `fault("callback.answer", "drop", when={"next": 3})`; options as `ms=500`."""
        body = given(where=where, do=do, match=match, when=when)
        if with_:
            body["with"] = with_  # a word of Python, so no keyword can be called so
        return self._api.ask(routes.ADD_FAULT, body)

    def fault_catalogue(self) -> dict[str, dict[str, str]]:
        """What each fault does, by where it strikes."""
        return self._api.ask(routes.FAULT_CATALOGUE).where

    def clear_faults(self, id: int | None = None) -> int:
        """Take one fault or all of them out; returns how many went."""
        if id is None:
            return self._api.ask(routes.CLEAR_FAULTS).removed
        return self._api.ask(routes.CLEAR_FAULT, id=str(id)).removed

    # --- what happened ------------------------------------------------------------------------------------------------

    def journal(self, *, limit: int = 200, **wanted: str | int | None) -> list[records.Entry]:
        """The newest entries, oldest of them first; by `operation`, `user`, `device`, `direction`, `verdict`."""
        return self._api.ask(routes.JOURNAL, query=given(limit=limit, **wanted)).entries

    def journal_canonical(self) -> bytes:
        """The comparable form: equal for equal seed and inputs."""
        return self._api.ask_bytes(routes.JOURNAL, query={"canonical": 1})

    def journal_count(self, **wanted: str | int | None) -> int:
        """How many entries match."""
        return self._api.ask(routes.JOURNAL_COUNT, given(**wanted)).count

    def wait_for(self, count: int = 1, *, timeout: float = 10.0, **wanted: str | int | None) -> int:
        """Wait until `count` entries match, at most `timeout` real seconds. Raises: TimeoutError."""
        until = time.monotonic() + timeout
        while True:
            left = max(0.0, until - time.monotonic())
            turn = left if self.patience is None else min(left, self.patience / 5)
            found = self._api.ask(routes.JOURNAL_WAIT, given(count=count, timeout=turn, **wanted))
            if found.reached:
                return found.count
            if turn == left:
                raise TimeoutError(f"{found.count} of {count} entries with {wanted} in the journal after {timeout:g} s")
            self._need_answers()

    def _need_answers(self) -> None:
        view = self.clock
        if self.patience is not None and view.out and view.silent >= self.patience:
            raise unanswered(view)

    def clear_journal(self) -> None:
        """Forget the journal's entries; the ledger stays."""
        self._api.ask(routes.JOURNAL_CLEAR)
