"""Months of virtual time and millions of punches against one state file: memory, file, stalls, restart.

Run: python scripts/soak.py --punches 5000000
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp

BATCH = 50  # punches an action: what one action does is done at once
CALLERS = 2  # at once: what comes within one turn of the loop is done within it
LOOK_S = 0.005
ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n{"status":"done"}'


@dataclass(slots=True)
class Figures:
    """What came of it. Sizes in MB; `stall_ms` is the longest time for which the loop did nothing else, of which
    `stall_cpu_ms` is the longest that its thread computed (what comes within one turn of the loop is done within it),
    and `state_ms` the longest that the state file took of it at once.
    """

    punches: int = 0
    acknowledged: int = 0
    redelivered: int = 0
    lost: int = 0
    virtual_days: float = 0.0
    rss_mb: float = 0.0
    file_mb: float = 0.0
    wal_mb: float = 0.0
    stall_ms: float = 0.0
    stall_cpu_ms: float = 0.0
    state_ms: float = 0.0
    ledger_ms: float = 0.0
    restart_s: float = 0.0
    after_reset_mb: float = 0.0
    took_s: float = 0.0


# --- the simulator, with somebody who looks at its loop ---------------------------------------------------------------


def _timed(store: type) -> list[float]:
    """Let the store note the longest that one commit or one step of a snapshot computed."""
    longest = [0.0]
    for name in ("commit", "work"):
        inner = getattr(store, name)

        def outer(self: object, *given: object, _inner: Any = inner) -> Any:
            began = time.thread_time()
            try:
                return _inner(self, *given)
            finally:
                longest[0] = max(longest[0], time.thread_time() - began)

        setattr(store, name, outer)
    return longest


async def _watch(path: Path, state: list[float]) -> None:
    """Note the longest time between two looks, by the wall and by the processor time of this thread."""
    longest = longest_cpu = 0.0
    written = wall = time.perf_counter()
    cpu = time.thread_time()
    while True:
        await asyncio.sleep(LOOK_S)
        now, used = time.perf_counter(), time.thread_time()
        longest, longest_cpu = max(longest, now - wall - LOOK_S), max(longest_cpu, used - cpu)
        wall, cpu = now, used
        if now - written > 1:
            written = now
            path.write_text(json.dumps([longest * 1000, longest_cpu * 1000, state[0] * 1000]))  # noqa: ASYNC240  a line a second


def serve(words: list[str], stalls: Path) -> int:
    """`camsim serve` with the watch beside it."""
    from camsim.cli import serve as serving
    from camsim.service.store import Store

    inner, tasks = serving.tune_collector, list[asyncio.Task[None]]()

    def started() -> None:
        inner()
        tasks.append(asyncio.get_running_loop().create_task(_watch(stalls, _timed(Store))))

    serving.tune_collector = started  # called once the simulator listens
    sys.argv = ["camsim", "serve", *words]
    from camsim.cli.joined import main as camsim

    camsim()
    return 0


class Receiver(asyncio.Protocol):
    """Answers done as fast as it can."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A new connection."""
        self._transport, self._data = transport, b""

    def data_received(self, data: bytes) -> None:
        """Answer each whole request."""
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            head = self._data[:end].lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            if len(self._data) < end + 4 + length:
                return
            self._data = self._data[end + 4 + length :]
            self._transport.write(ANSWER)  # type: ignore[attr-defined]


# --- the soak ---------------------------------------------------------------------------------------------------------


class Soak:
    """One run in a folder of its own."""

    def __init__(self, punches: int, devices: int, hours: float, folder: Path, *, quiet: bool) -> None:
        self.punches, self.devices, self.hours, self.folder, self.quiet = punches, devices, hours, folder, quiet
        self.state = folder / "soak.db"
        self.figures = Figures()
        self._hands = asyncio.Semaphore(CALLERS)
        self.process: asyncio.subprocess.Process | None = None
        self.url = ""

    async def start(self, callback_url: str) -> float:
        """Start it; returns the seconds until it was ready."""
        began, ready = time.perf_counter(), self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        words = ["--devices", str(self.devices), "--users", "20", "--quiet", "--clock", "manual"]
        words += ["--port", "0", "--management-port", "0", "--callback-url", callback_url]
        words += ["--state", str(self.state), "--ready-file", str(ready)]
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, __file__, "--serve", str(self.folder / "stalls.json"), *words
        )
        while not ready.exists():
            if self.process.returncode is not None:
                raise RuntimeError(f"the simulator did not start: exit code {self.process.returncode}")
            await asyncio.sleep(0.01)
        self.url = json.loads(ready.read_text())["management_url"]
        return time.perf_counter() - began

    async def run(self) -> Figures:
        """Punch until there are enough, then look, kill, restart and reset."""
        began = time.perf_counter()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Receiver, "127.0.0.1", 0, backlog=1024)
        callback_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/callback"
        await self.start(callback_url)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=600)) as session:
            await self._punch(session, began)
            await self._look(session)
            await self._restart(session, callback_url)
        server.close()
        self.figures.took_s = time.perf_counter() - began
        return self.figures

    async def _punch(self, session: aiohttp.ClientSession, began: float) -> None:
        round_ = 0
        while self.figures.punches < self.punches:
            round_ += 1
            await asyncio.gather(*(self._device(session, n, round_) for n in range(1, self.devices + 1)))
            await self._post(session, "clock/advance", {"seconds": self.hours * 3600})
            self.figures.punches += BATCH * self.devices
            self.figures.virtual_days += self.hours / 24
            self._measure()
            if not self.quiet and round_ % 10 == 0:
                rate = self.figures.punches / (time.perf_counter() - began)
                stall = f"{self.figures.stall_ms:.0f} ms ({self.figures.stall_cpu_ms:.0f} ms computing)"
                print(
                    f"{self.figures.punches:>9,} punches, {rate:,.0f}/s, day {self.figures.virtual_days:.0f}: "
                    f"RSS {self.figures.rss_mb:.0f} MB, file {self.figures.file_mb:.0f} MB, "
                    f"wal {self.figures.wal_mb:.0f} MB, longest stall {stall}",
                    flush=True,
                )

    async def _device(self, session: aiohttp.ClientSession, number: int, round_: int) -> None:
        body = [{"user": str((round_ + number) % 20 + 1), "count": BATCH}]
        async with self._hands:
            await self._post(session, f"devices/SIM{number:05d}/punches", body)

    async def _post(self, session: aiohttp.ClientSession, path: str, body: object) -> None:
        async with session.post(f"{self.url}/api/{path}", json=body) as response:
            if response.status != 200:
                raise RuntimeError(f"{path}: {response.status} {(await response.text())[:300]}")
            await response.read()

    def _measure(self) -> None:
        """The most of everything so far."""
        figures, process = self.figures, self.process
        if process is None:
            return
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                figures.rss_mb = max(figures.rss_mb, int(line.split()[1]) / 1024)
        figures.file_mb = max(figures.file_mb, self.state.stat().st_size / 1e6)
        wal = Path(f"{self.state}-wal")
        figures.wal_mb = max(figures.wal_mb, wal.stat().st_size / 1e6 if wal.exists() else 0)
        stalls = self.folder / "stalls.json"
        if stalls.exists() and (text := stalls.read_text()):
            figures.stall_ms, figures.stall_cpu_ms, figures.state_ms = json.loads(text)

    async def _look(self, session: aiohttp.ClientSession) -> None:
        async with session.get(f"{self.url}/api/ledger", params={"summary": "1"}) as response:
            summary = (await response.json())["summary"]
        self.figures.acknowledged, self.figures.lost = summary["acknowledged"], summary["lost"]
        self.figures.redelivered = summary["redelivered"]
        began = time.perf_counter()
        async with session.get(f"{self.url}/api/ledger") as response:
            async for _ in response.content.iter_any():
                pass
        self.figures.ledger_ms = (time.perf_counter() - began) * 1000
        await asyncio.sleep(1.2)
        self._measure()

    async def _restart(self, session: aiohttp.ClientSession, callback_url: str) -> None:
        if self.process is None:
            return
        self.process.kill()
        await self.process.wait()
        self.figures.restart_s = await self.start(callback_url)
        async with session.get(f"{self.url}/api/ledger", params={"summary": "1"}) as response:
            again = (await response.json())["summary"]
        if again["acknowledged"] != self.figures.acknowledged:
            raise RuntimeError(f"after kill -9: {again} instead of {self.figures.acknowledged} acknowledged")
        await self._post(session, "reset", {"scope": "all"})
        for _ in range(100):
            await self._post(session, "clock/advance", {"seconds": 1})
            await asyncio.sleep(0.05)
        self.process.terminate()
        await self.process.wait()
        self.figures.after_reset_mb = self.state.stat().st_size / 1e6


def main() -> int:
    """Arguments in, figures out; exit code 1 when a bound does not hold."""
    if sys.argv[1:2] == ["--serve"]:
        return serve(sys.argv[3:], Path(sys.argv[2]))
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--punches", type=int, default=5_000_000)
    parser.add_argument("--devices", type=int, default=100)
    parser.add_argument("--hours", type=float, default=4.0, help="virtual hours between two rounds")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(given.punches, given.devices, given.hours, Path(folder), quiet=given.json)
        try:
            figures = asyncio.run(soak.run())
        finally:
            if soak.process is not None and soak.process.returncode is None:
                soak.process.kill()
    shown = {name: round(value, 1) for name, value in asdict(figures).items()}
    print(json.dumps(shown) if given.json else "\n".join(f"{name:>16}  {value:,}" for name, value in shown.items()))
    held = figures.rss_mb < 250 and figures.file_mb + figures.wal_mb < 400 and figures.restart_s < 5
    whole = figures.acknowledged == figures.punches and not figures.redelivered and not figures.lost
    return 0 if held and whole and figures.state_ms < 50 else 1


if __name__ == "__main__":
    raise SystemExit(main())
