"""Events to disk, then what follows from them: batches, snapshots in small steps, checkpoints in a thread."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from pathlib import Path

from camsim.kernel.events import ControlError, Effect, Event
from camsim.kernel.kernel import Kernel

from .state_file import StoreError
from .store import Store

_PAUSE_S = 0.002  # between two steps of a snapshot, for everybody else


class Durable:
    """The store of a running kernel. `release` gets the effects of events on disk, `fail` why they are not.

    Nothing here waits for the disk but in a thread: while a checkpoint runs there, batches wait and time stands.
    """

    def __init__(
        self,
        store: Store,
        kernel: Kernel,
        release: Callable[[list[Effect]], None],
        fail: Callable[[str], None],
    ) -> None:
        self.store, self._kernel = store, kernel
        self._release, self._fail = release, fail
        self.committing = False
        self._effects: list[Effect] = []
        self._committed: asyncio.Future[None] | None = None
        self._checkpoint: asyncio.Future[None] | None = None
        self._working: asyncio.TimerHandle | None = None

    def kept_form(self, event: Event) -> bytes:
        """An event as the log keeps it: nothing happens that cannot be kept. Raises: ControlError."""
        try:
            return self.store.encode(event)
        except (OverflowError, TypeError, ValueError) as problem:
            raise ControlError(
                422, "invalid_value", f"{type(event).__name__} cannot be kept: {problem}", "numbers fit into 64 bits"
            ) from None

    def add(self, now: int, event: bytes, effects: list[Effect]) -> None:
        """An event that was applied; its effects happen once it is on disk."""
        self.store.append(now, event)
        self._effects.extend(effects)
        if not self.committing:
            self.committing = True
            loop = asyncio.get_running_loop()
            self._committed = loop.create_future()
            loop.call_soon(self._commit)

    async def on_disk(self) -> None:
        """Wait until what was added is written. Raises: StoreError."""
        if self._committed is not None:
            await asyncio.shield(self._committed)

    def _commit(self) -> None:
        """Write the events of this turn of the loop, then let their effects happen."""
        if self._checkpoint is not None or not self.committing:
            return  # the end of the checkpoint commits, or a failure has ended everything
        self.committing = False
        effects, self._effects = self._effects, []
        done, self._committed = self._committed, None
        try:
            self.store.commit(self._kernel)
        except StoreError as problem:
            _tell(done, problem)
            self._fail(str(problem))
            return
        if done is not None and not done.done():
            done.set_result(None)
        self._release(effects)
        self._go_on()

    def _go_on(self) -> None:
        if self._checkpoint is not None:
            return
        if self.store.checkpoint_due:
            loop = asyncio.get_running_loop()
            self._checkpoint = loop.run_in_executor(None, self.store.checkpoint)
            self._checkpoint.add_done_callback(self._checkpointed)
        elif self.store.has_work and self._working is None:
            pause_s = 0 if self.store.is_behind else _PAUSE_S
            self._working = asyncio.get_running_loop().call_later(pause_s, self._work)

    def _work(self) -> None:
        self._working = None
        if self._checkpoint is not None:
            return
        try:
            self.store.work()
        except StoreError as problem:
            self._fail(str(problem))
            return
        self._go_on()

    def _checkpointed(self, done: asyncio.Future[None]) -> None:
        self._checkpoint = None
        if done.cancelled():
            return
        problem = done.exception()
        if problem is not None:
            self.stop(str(problem))
            self._fail(str(problem))
            return
        self.store.checkpointed()
        if self.committing:
            self._commit()
        self._go_on()

    def stop(self, why: str) -> None:
        """Nothing more is written; whoever waits for the disk hears why."""
        self.committing = False
        done, self._committed = self._committed, None
        _tell(done, StoreError(why))
        if self._working is not None:
            self._working.cancel()
            self._working = None

    async def finish(self) -> None:
        """Write what was added; nothing more is written by itself."""
        await self.at_rest()
        self._commit()
        await self.at_rest()
        self.stop("the simulator stops")

    async def at_rest(self) -> None:
        """Wait until no thread has the file."""
        if self._checkpoint is not None:
            await asyncio.wait([self._checkpoint])


def half_applied(event: Event, problem: Exception) -> str:
    """Why nothing more is taken: an error in the middle of an event, of which nothing is kept."""
    place = traceback.extract_tb(problem.__traceback__)[-1]
    return (
        f"internal error at {type(event).__name__}: {type(problem).__name__}: {problem} "
        f"({Path(place.filename).name}:{place.lineno}); this is a bug in camsim, and nothing more is taken. "
        "A state file holds everything before it"
    )


def _tell(done: asyncio.Future[None] | None, problem: StoreError) -> None:
    if done is not None and not done.done():
        done.set_exception(problem)
        done.exception()  # nobody has to listen
