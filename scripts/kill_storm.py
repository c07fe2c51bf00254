"""Kill a simulator again and again during a storm and prove from the receiver's side that its state file holds.

Among the punches are RESTful commands and control actions, clients hammer both ports while it starts again, and a
snapshot is written every few hundred events.

Run: python scripts/kill_storm.py --kills 200 --events 20000 --devices 50
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import signal
import socket
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path

import aiohttp
from aiohttp import web

START_S = 1_700_000_000
BATCH = 5
LANES = 10
READY_S = 60.0
HAMMERS = 2
SNAPSHOT_EVERY = 300


@dataclass(slots=True)
class Arrival:
    """A callback at the receiver; `run` counts the starts of the simulator."""

    operation_id: str
    log_time: str
    body: bytes
    run: int


@dataclass(slots=True)
class Result:
    """What came of it. `unanswered` punches were sent while the simulator died: they may have been recorded or not."""

    kills: int = 0
    kills_while_starting: int = 0
    accepted: int = 0
    unanswered: int = 0
    commands: int = 0
    controls: int = 0
    hammered: int = 0
    arrivals: int = 0
    lost: int = 0
    lost_commands: int = 0
    reordered: int = 0
    invented: int = 0
    redelivered: int = 0
    unexplained: list[str] = field(default_factory=list)
    exit_code: int | None = None
    starts_s: float = 0.0
    took_s: float = 0.0

    @property
    def good(self) -> bool:
        """True when nothing was lost, reordered, invented or repeated without a kill that explains it."""
        wrong = self.lost or self.lost_commands or self.reordered or self.invented or self.unexplained
        return not wrong and self.exit_code == 0


class Storm:
    """One storm: a receiver, a simulator that is killed, and lanes of people who punch."""

    def __init__(self, kills: int, events: int, devices: int, seed: int, folder: Path) -> None:
        self.kills, self.events, self.devices = kills, events, [f"SIM{n:05d}" for n in range(1, devices + 1)]
        self.folder, self.dice = folder, random.Random(seed)
        self.arrivals: dict[str, list[Arrival]] = {stgid: [] for stgid in self.devices}
        self.accepted: dict[str, list[str]] = {stgid: [] for stgid in self.devices}
        self.unanswered: dict[str, set[str]] = {stgid: set() for stgid in self.devices}
        self.next: dict[str, int] = dict.fromkeys(self.devices, 0)
        self.count, self.run, self.url, self.target = 0, 0, "", 0
        self.ports = (_free_port(), _free_port())  # the same after each start, so that clients can hammer them
        self.gateway = f"http://127.0.0.1:{self.ports[0]}/external/api3.0/biometric"
        self.tokens: dict[str, str] = {}
        self.users: dict[str, set[str]] = {stgid: set() for stgid in self.devices}
        self.up = asyncio.Event()
        self.reached = asyncio.Event()
        self.process: asyncio.subprocess.Process | None = None
        self.result = Result()

    # --- the receiver -------------------------------------------------------------------------------------------------

    async def take(self, request: web.BaseRequest) -> web.Response:
        """Note the callback, then acknowledge it."""
        body = await request.read()
        frame = json.loads(body)["RealTime"]
        if "PunchLog" not in frame:
            return web.Response(body=b'{"status":"done"}', content_type="application/json")
        arrival = Arrival(frame["OperationID"], frame["PunchLog"]["LogTime"], body, self.run)
        self.arrivals[frame["LabelName"].removeprefix("Device ")].append(arrival)
        return web.Response(body=b'{"status":"done"}', content_type="application/json")

    # --- the simulator ------------------------------------------------------------------------------------------------

    async def start(self, callback_url: str) -> None:
        """Start it with the same state file; returns when it is ready."""
        began = time.perf_counter()
        process = await self._spawn(callback_url)
        ready = self.folder / "ready.json"
        while not ready.exists():
            if process.returncode is not None:
                raise RuntimeError(f"the simulator did not start: exit code {process.returncode}")
            if time.perf_counter() - began > READY_S:
                raise RuntimeError(f"the simulator was not ready within {READY_S:g} s")
            await asyncio.sleep(0.01)
        told = json.loads(ready.read_text())
        self.url = told["management_url"]
        self.tokens = {item["stgid"]: item["auth_token"] for item in told["devices"]}
        self.result.starts_s += time.perf_counter() - began
        self.up.set()

    async def _spawn(self, callback_url: str) -> asyncio.subprocess.Process:
        ready = self.folder / "ready.json"
        ready.unlink(missing_ok=True)
        self.run += 1
        words = ["serve", "--devices", str(len(self.devices)), "--users", "5", "--model", "rsp10i3", "--quiet"]
        words += ["--port", str(self.ports[0]), "--management-port", str(self.ports[1])]
        words += ["--callback-url", callback_url, "--latency", "20ms", "--snapshot-every", str(SNAPSHOT_EVERY)]
        words += ["--state", str(self.folder / "state.db"), "--ready-file", str(ready)]
        self.process = await asyncio.create_subprocess_exec(sys.executable, "-m", "camsim", *words)
        return self.process

    async def kill(self) -> None:
        """kill -9."""
        self.up.clear()
        if self.process is None:
            return
        self.process.kill()
        await self.process.wait()
        self.result.kills += 1

    # --- people -------------------------------------------------------------------------------------------------------

    async def lane(self, session: aiohttp.ClientSession, devices: list[str]) -> None:
        """Punch at these devices in turn until enough punches are accepted."""
        turn = 0
        while self.count < self.events:
            await self.up.wait()
            stgid = devices[turn % len(devices)]
            turn += 1
            await self._punch(session, stgid)
            if turn % 5 == 0:
                await self._command(session, stgid, f"{9000 + turn}")
            if turn % 7 == 0:
                await self._control(session, stgid, turn)

    async def _punch(self, session: aiohttp.ClientSession, stgid: str) -> None:
        first = self.next[stgid]
        self.next[stgid] += BATCH
        moments = range(START_S + first, START_S + first + BATCH)
        specs = [{"user": "1", "at": moment} for moment in moments]
        times = [time.strftime("%Y-%m-%d %H:%M:%S GMT +0530", time.gmtime(moment + 19_800)) for moment in moments]
        try:
            async with session.post(f"{self.url}/api/devices/{stgid}/punches", json=specs) as response:
                answer = await response.json()
                if response.status != 200 or not all(item["recorded"] for item in answer["punches"]):
                    raise RuntimeError(f"punches were refused: {answer}")
        except (aiohttp.ClientError, OSError, TimeoutError):
            self.unanswered[stgid].update(times)
            await asyncio.sleep(0.01)
            return
        self.accepted[stgid].extend(times)
        self.count += BATCH
        if self.count >= self.target:
            self.reached.set()

    async def _command(self, session: aiohttp.ClientSession, stgid: str, user: str) -> None:
        """Add a user by RESTful command; one that was answered with 0 has to be there at the end."""
        info = {"UserType": "User", "FirstName": "Storm", "LastName": user}
        card = {"Type": "Card", "UserID": user, "Data": f"10{user}"}
        body = {"Add": {"User": {"UserID": user, **info}, "Template": [card]}, "AuthToken": self.tokens[stgid]}
        body |= {"OperationID": f"s{user}", "Time": time.strftime("%Y-%m-%d %H:%M:%S GMT +0000", time.gmtime())}
        try:
            async with session.post(f"{self.gateway}?stgid={stgid}", json=body) as response:
                answer = await response.json(content_type=None)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            return
        if answer.get("StatusCode") == 0:
            self.users[stgid].add(user)
            self.result.commands += 1

    async def _control(self, session: aiohttp.ClientSession, stgid: str, turn: int) -> None:
        """The device goes offline and comes back, or its queue is held and resumed, whatever is killed in between."""
        pairs = (("offline", "online"), ("queue/hold", "queue/resume"))
        for path in pairs[turn % 2]:
            try:
                async with session.post(f"{self.url}/api/devices/{stgid}/{path}", json={}) as response:
                    self.result.controls += response.status == 200
            except (aiohttp.ClientError, OSError, TimeoutError):
                await asyncio.sleep(0.01)

    async def hammer(self, session: aiohttp.ClientSession) -> None:
        """Ask both ports as fast as they answer, most of all while nobody listens yet."""
        while True:
            stgid = self.dice.choice(self.devices)
            body = {"Load": {"DeviceInformation": "All"}, "AuthToken": "wrong", "OperationID": "h"}
            for url, sent in (
                (f"{self.gateway}?stgid={stgid}", body),
                (f"{self.url}/api/devices/{stgid}/queue/retry-now", {}),
            ):
                try:
                    async with session.post(url, json=sent) as response:
                        await response.read()
                        self.result.hammered += 1
                except (aiohttp.ClientError, OSError, TimeoutError):
                    pass
            await asyncio.sleep(0.002 if self.up.is_set() else 0)

    async def _all_back(self, session: aiohttp.ClientSession) -> None:
        """Every device is online and its queue goes on; every user that a command added is there."""
        for stgid in self.devices:
            for path in ("online", "queue/resume"):
                async with session.post(f"{self.url}/api/devices/{stgid}/{path}", json={}) as response:
                    await response.read()
        await self._drained()
        for stgid in self.devices:
            async with session.get(f"{self.url}/api/devices/{stgid}/users") as response:
                known = {item["user"] for item in (await response.json())["users"]}
            self.result.lost_commands += len(self.users[stgid] - known)

    # --- all together -------------------------------------------------------------------------------------------------

    async def blow(self) -> Result:
        """Run the storm and judge it."""
        began = time.perf_counter()
        runner = web.ServerRunner(web.Server(self.take, access_log=None), shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
        callback_url = f"http://127.0.0.1:{runner.addresses[0][1]}/callback"
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
            await self.start(callback_url)
            lanes = [
                asyncio.create_task(self.lane(session, self.devices[n::LANES]))
                for n in range(min(LANES, len(self.devices)))
            ]
            hammers = [asyncio.create_task(self.hammer(session)) for _ in range(HAMMERS)]
            try:
                await self._killing(callback_url)
                await asyncio.gather(*lanes)
                await self._all_back(session)
            finally:
                for task in (*lanes, *hammers):
                    task.cancel()
                await self._end()
        await runner.cleanup()
        self._judge()
        self.result.took_s = round(time.perf_counter() - began, 1)
        return self.result

    async def _killing(self, callback_url: str) -> None:
        while self.result.kills < self.kills:
            left = self.kills - self.result.kills
            self.target = self.count + self.dice.randint(0, max(1, 2 * (self.events - self.count) // (left + 1)))
            self.reached.clear()
            await self._until_reached()
            await asyncio.sleep(self.dice.random() * 0.03)
            await self.kill()
            if self.dice.random() < 0.1 and self.result.kills < self.kills:
                await self._spawn(callback_url)
                await asyncio.sleep(self.dice.random() * 0.8)
                await self.kill()
                self.result.kills_while_starting += 1
            await self.start(callback_url)

    async def _until_reached(self) -> None:
        if self.count < min(self.target, self.events):
            try:
                await asyncio.wait_for(self.reached.wait(), 5)
            except TimeoutError:
                return

    async def _drained(self) -> None:
        """Wait until what was accepted has arrived, as long as more arrives."""
        before = -1
        while (now := sum(map(len, self.arrivals.values()))) != before or self._missing():
            if now == before:
                return
            before = now
            for _ in range(30):
                await asyncio.sleep(0.1)
                if not self._missing():
                    break

    def _missing(self) -> int:
        return sum(
            len(set(self.accepted[stgid]) - {arrival.log_time for arrival in self.arrivals[stgid]})
            for stgid in self.devices
        )

    async def _end(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.result.exit_code = await asyncio.wait_for(self.process.wait(), 10)
            except TimeoutError:
                self.process.kill()

    def _judge(self) -> None:
        result = self.result
        result.accepted, result.lost = self.count, self._missing()
        result.unanswered = sum(map(len, self.unanswered.values()))
        for stgid in self.devices:
            self._judge_device(stgid, self.arrivals[stgid])

    def _judge_device(self, stgid: str, arrivals: list[Arrival]) -> None:
        """First arrivals in order, each punch told once, repeats byte-equal, next to it and after a restart."""
        result, firsts = self.result, list[str]()
        known = {*self.accepted[stgid], *self.unanswered[stgid]}
        last: Arrival | None = None
        for arrival in arrivals:
            result.arrivals += 1
            if last is not None and arrival.operation_id == last.operation_id:
                result.redelivered += 1
                if arrival.body != last.body or arrival.run == last.run:
                    result.unexplained.append(f"{stgid} {arrival.log_time}: repeated in run {arrival.run}")
            else:
                firsts.append(arrival.log_time)
            last = arrival
        result.reordered += sum(a > b for a, b in pairwise(firsts))
        result.invented += len(set(firsts) - known)
        twice = [time for time, number in Counter(firsts).items() if number > 1]
        result.unexplained += [f"{stgid} {time}: told again after others" for time in twice]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def storm(kills: int, events: int, devices: int, seed: int) -> Result:
    """A storm in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return await Storm(kills, events, devices, seed, Path(folder)).blow()


def main() -> int:
    """Arguments in, a table or JSON out; exit code 1 when the state file did not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--devices", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    result = asyncio.run(storm(given.kills, given.events, given.devices, given.seed))
    shown = {**asdict(result), "starts_s": round(result.starts_s, 1), "seed": given.seed, "good": result.good}
    if given.json:
        print(json.dumps(shown))
    else:
        print("\n".join(f"{name:>22}  {value}" for name, value in shown.items()))
    return 0 if result.good else 1


if __name__ == "__main__":
    raise SystemExit(main())
