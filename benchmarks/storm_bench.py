"""`make bench-storm`: the load driver measured against bare Locust, against itself, and against receivers side by side.

Everything runs on loopback. A part that cannot run here says why and is left out. Names of parts choose some of them.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path.insert(0, str(HERE))

import storm_targets as targets  # noqa: E402
from storm_targets import SkippedError, pinned  # noqa: E402

DOCS = ROOT / "docs" / "cookbook" / "load-testing.md"
ROUNDS = int(os.environ.get("STORM_BENCH_ROUNDS", "3"))
CONNECTIONS = 50
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
Figures = dict[str, Any]


def storm(url: str, *options: str, cores: set[int] | None = None) -> Figures:
    """storm.json of a storm; whatever its verdict. Raises: RuntimeError when it left none."""
    with tempfile.TemporaryDirectory(prefix="storm-bench-") as folder:
        command = [sys.executable, "-m", "camsim_loadtests", url, "--out", folder, *options]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, preexec_fn=pinned(cores))
        file = Path(folder) / "storm.json"
        if not file.exists():
            raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")
        return dict(json.loads(file.read_text()))


def bare(
    url: str, users: int, seconds: int, processes: int = 1, pace_s: float = 0, cores: set[int] | None = None
) -> Figures:
    """Requests a second and percentiles of bare FastHttpUsers."""
    parts = urlsplit(url)
    port = str(targets.free_port())
    command = [
        sys.executable,
        "-m",
        "locust",
        "-f",
        str(HERE / "storm_bare.py"),
        "--headless",
        "--json",
        "-u",
        str(users),
    ]
    command += ["-r", str(users), "-t", f"{seconds}s", "--host", f"{parts.scheme}://{parts.netloc}"]
    if processes > 1:
        command += ["--processes", str(processes), "--master-bind-port", port, "--master-port", port]
    environment = {**os.environ, "STORM_BENCH_PACE_S": str(pace_s)}
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, preexec_fn=pinned(cores), env=environment
    )
    (row,) = json.loads(done.stdout)
    span = row["last_request_timestamp"] - row["start_time"]
    return {"rate": row["num_requests"] / span, "times": row["response_times"], "requests": row["num_requests"]}


def reached(document: Figures) -> float:
    """Items a second until the last acknowledgement."""
    acked, rows = document["ledger"]["acknowledged"], document["seconds"]
    busy = [row for row in rows if row[3]]
    # The first and the last second are not whole.
    return statistics.mean(row[3] for row in busy[1:-1]) if len(busy) > 3 else acked / max(1, len(busy))


def cpu_of(pid: int) -> float:
    """Processor seconds of a process and its children so far."""
    import psutil

    process = psutil.Process(pid)
    return float(sum(sum(one.cpu_times()[:2]) for one in (process, *process.children(recursive=True))))


SATURATE = ["--devices", "200", "--people", "200000", "--connections", str(CONNECTIONS), "--drain-limit", "5m"]


def ratio() -> Figures:
    """Unique, valid punches against a bare FastHttpUser with one constant body, in turns; nginx on another core."""
    apart = ({CORES[0]}, {CORES[-1]}) if len(CORES) > 1 else (None, None)
    bares, storms = [], []
    with targets.nginx(apart[1]) as (url, _):
        for number in range(ROUNDS):
            bares.append(bare(url, CONNECTIONS, 6, cores=apart[0])["rate"])
            told = storm(
                url, *SATURATE, "--rate", "15000", "--duration", "4s", "--seed", str(number + 1), cores=apart[0]
            )
            storms.append(reached(told))
    ratios = [ours / theirs for ours, theirs in zip(storms, bares, strict=True)]
    return {
        "bare /s": statistics.median(bares),
        "storm /s": statistics.median(storms),
        "ratio": statistics.median(ratios),
        "ratios": ", ".join(f"{one:.2f}" for one in ratios),
        "invalid of 2,000 bodies": _invalid(2000),
    }


def _invalid(count: int) -> int:
    from itertools import islice

    from camsim.protocol import schemas
    from camsim.protocol.v3.envelope import decode
    from camsim_loadtests.plan.bodies import Writer
    from camsim_loadtests.plan.plan import Plan
    from camsim_loadtests.plan.settings import Settings

    plan = Plan(Settings(url="http://127.0.0.1/", start_s=int(time.time()), rate=1000.0, people=10_000))
    writer = Writer(plan)
    bodies = {writer.bodies(item, plan.device(item.device))[0] for item in islice(plan.all_items(), count)}
    valid = sum(not schemas.validate("PunchLog", "request", decode(body)) for body in bodies)
    return count - valid


def scaling() -> Figures:
    """One process against two: punches a second at full load, and processor time a punch at 1,500/s a worker."""
    enough = len(CORES) >= 3
    figures: Figures = {"cores": len(CORES)}
    with targets.nginx({CORES[-1]} if enough else None) as (url, pid):
        for processes in (1, 2):
            cores = set(CORES[:processes]) if enough else None
            full = [_loaded(url, pid, 15_000, processes, cores) for _ in range(ROUNDS)]
            even = [_loaded(url, pid, 1_500 * processes, processes, cores) for _ in range(ROUNDS)]
            # Other work on the machine only ever makes a run slower.
            figures[f"{processes} process /s"] = max(run["/s"] for run in full)
            for name in ("us a punch", "nginx us a punch"):
                figures[f"{processes} process {name}"] = min(run[name] for run in even)
    figures["speed-up"] = figures["2 process /s"] / figures["1 process /s"]
    # What two workers reach with a core each: what a punch costs one against what it costs two.
    figures["speed-up by processor time"] = 2 * figures["1 process us a punch"] / figures["2 process us a punch"]
    if not enough:
        figures["note"] = "nginx, master and two workers share two cores: the speed-up by processor time is what counts"
    return figures


def _loaded(url: str, pid: int, rate: int, processes: int, cores: set[int] | None) -> Figures:
    before = cpu_of(pid)
    told = storm(url, *SATURATE, "--rate", str(rate), "--duration", "4s", "--processes", str(processes), cores=cores)
    acked = told["ledger"]["acknowledged"]
    return {
        "/s": reached(told),
        "us a punch": told["driver"]["cpu_s"] / acked * 1e6,
        "nginx us a punch": (cpu_of(pid) - before) / acked * 1e6,
    }


def open_and_closed() -> Figures:
    """A receiver that stalls 3 s every 20 s, 200 punches a second for a minute: what an open and a closed loop tell."""
    with targets.faulty(3, 20) as (url, readback):
        told = storm(
            url,
            "--rate",
            "200",
            "--duration",
            "60s",
            "--readback",
            readback,
            "--fail-on",
            "lost==0",
            "--fail-on",
            "doubled==0",
        )
    with targets.faulty(3, 20) as (url, _):
        closed = bare(url, 10, 60, pace_s=0.05)
    return {
        "open loop p50 s": told["latency"]["p50"],
        "open loop p99 s": told["latency"]["p99"],
        "closed loop p50 s": _percentile(closed["times"], 50),
        "closed loop p99 s": _percentile(closed["times"], 99),
        "closed loop /s": closed["rate"],
        "open loop /s": told["rate"]["reached"],
        "lost": told["readback"]["missing"] + told["ledger"]["undelivered"],
        "doubled": told["readback"]["doubled"],
        "late arrivals": told["driver"]["late_share"],
        "outages seen": len(told["outages"]),
        "exit": told["exit_code"],
    }


def _percentile(times: dict[str, int], percent: float) -> float:
    wanted, seen = sum(times.values()) * percent / 100, 0
    for milliseconds, count in sorted((float(key), count) for key, count in times.items()):
        seen += count
        if seen >= wanted:
            return milliseconds / 1000
    return 0.0


def losses() -> Figures:
    """30,000 punches to a receiver that loses one in 10,000 after it acknowledged it: what the read-back names."""
    with targets.faulty(lose_every=10_000) as (url, readback):
        options = ("--devices", "200", "--people", "20000", "--rate", "1000", "--duration", "30s")
        told = storm(url, *options, "--readback", readback)
    named = [f"user {row['user']} at {row['what']}" for row in told["readback"]["missing_named"]]
    return {
        "acknowledged": told["ledger"]["acknowledged"],
        "missing": told["readback"]["missing"],
        "named": "; ".join(named),
        "exit": told["exit_code"],
    }


def large() -> Figures:
    """100,000 people on 10,000 devices: memory and start of a worker, and the same punches with 1, 2 and 4 workers."""
    figures: Figures = {}
    with targets.nginx() as (url, _):
        for processes in (1, 2):
            told = storm(
                url,
                *("--devices", "10000", "--people", "100000", "--profile", "shift-start", "--rate", "500"),
                *("--duration", "30s", "--processes", str(processes)),
            )
            figures[f"{processes} workers MB each"] = told["driver"]["rss_mb"]
            figures[f"{processes} workers start s"] = told["driver"]["start_up_s"]
            figures[f"{processes} workers p99 s"] = told["latency"]["p99"]
            figures[f"{processes} workers late"] = told["driver"]["late_share"]
    figures["same punches with 1, 2 and 4"] = _same_punches()
    return figures


def _same_punches() -> bool:
    from camsim_loadtests.plan.plan import Plan
    from camsim_loadtests.plan.settings import Settings

    plan = Plan(
        Settings(url="http://127.0.0.1/", devices=10_000, people=100_000, rate=500.0, duration_s=300.0, start_s=1)
    )
    shares = [
        {(item.user, item.log_time, item.seq) for worker in range(n) for item in plan.all_items(worker, n)}
        for n in (1, 2, 4)
    ]
    return len(shares[0]) == plan.total and shares[0] == shares[1] == shares[2]


def receivers() -> Figures:
    """Both reference receivers and a PHP one under the same storms, side by side."""
    figures: Figures = {}
    kinds: dict[str, Callable[[], Any]] = {
        "memory": lambda: targets.reference("memory"),
        "sqlite": lambda: targets.reference("sqlite"),
        "php": targets.php,
    }
    for name, start in kinds.items():
        try:
            for rate in (100, 400, 1600):
                figures |= _under_storm(f"{name} at {rate}/s", _judged(start, rate))
        except SkippedError as reason:
            figures[name] = f"skipped: {reason}"
    return figures


def _judged(start: Callable[[], Any], rate: int) -> Figures:
    told: Figures = {}
    for _ in range(ROUNDS):  # a run that could not judge, because the machine had other work, says nothing
        with start() as (url, readback):
            told = storm(url, *_even(rate), "--readback", readback)
        if told["exit_code"] != 3:
            break
    return told


def _even(rate: int) -> list[str]:
    return ["--devices", "100", "--people", "5000", "--rate", str(rate), "--duration", "10s", "--drain-limit", "90s"]


def _under_storm(name: str, told: Figures) -> Figures:
    verdict = f"{told['outcome']}, {told['readback']['missing']} missing, {told['readback']['doubled']} doubled"
    times = f"p50 {told['latency']['p50'] * 1000:.1f} ms, p99 {told['latency']['p99'] * 1000:.1f} ms"
    return {name: f"{told['rate']['reached']:.0f}/s, {times}, drain {told['drain_s']} s, {verdict}"}


ANSWER = (
    b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Tue, 24 Nov 2026 16:00:00 GMT\r\n"
    b'Content-Type: application/json\r\nContent-Length: 17\r\nConnection: keep-alive\r\n\r\n{"status":"done"}'
)


def answers() -> Figures:
    """One usual answer, read in three ways: processor time each, the best of nine times 5,000."""
    import h11
    from geventhttpclient.response import HTTPResponse

    from camsim_loadtests.driver.connection import plain_answer

    connection = h11.Connection(h11.CLIENT)
    request = h11.Request(method="POST", target="/", headers=[("Host", "x"), ("Content-Length", "0")])

    def by_h11() -> None:
        connection.send(request)
        connection.send(h11.EndOfMessage())
        connection.receive_data(ANSWER)
        while not isinstance(connection.next_event(), h11.EndOfMessage):
            pass
        connection.start_next_cycle()

    ways: dict[str, Callable[[], object]] = {
        "by its length": lambda: plain_answer(ANSWER),
        "geventhttpclient": lambda: HTTPResponse("POST").feed(ANSWER),
        "h11": by_h11,
    }
    return {f"{name}, us": min(_microseconds(read) for _ in range(9)) for name, read in ways.items()}


def _microseconds(read: Callable[[], object]) -> float:
    began = time.process_time()
    for _ in range(5000):
        read()
    return (time.process_time() - began) / 5000 * 1e6


PARTS: dict[str, Callable[[], Figures]] = {
    "answers": answers,
    "ratio": ratio,
    "scaling": scaling,
    "open-and-closed": open_and_closed,
    "losses": losses,
    "large": large,
    "receivers": receivers,
}


def written(value: Any) -> str:
    """A figure for people."""
    if isinstance(value, bool) or not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def into_docs(results: Figures) -> None:
    """Write the figures between their marks in the cookbook page."""
    text = DOCS.read_text()
    for name, figures in results.items():
        rows = "".join(f"| {key} | {written(value)} |\n" for key, value in figures.items())
        begin, end = f"<!-- figures:{name} -->\n", "<!-- end -->"
        head, _, tail = text.partition(begin)
        text = f"{head}{begin}\n| | |\n|---|---|\n{rows}\n{end}{tail.partition(end)[2]}" if tail else text
    DOCS.write_text(text)


def main() -> int:
    """Run what is named on the command line, or all; figures to the terminal and to bench-results/storm.json.

    `--docs` writes them into docs/cookbook/load-testing.md too.
    """
    file = ROOT / "bench-results" / "storm.json"
    results: Figures = {}
    for name in [name for name in sys.argv[1:] if name != "--docs"] or PARTS:
        try:
            results[name] = PARTS[name]()
        except SkippedError as reason:
            results[name] = {"skipped": str(reason)}
        print(f"{name}: {PARTS[name].__doc__}")
        for key, value in results[name].items():
            print(f"    {key:<32}{written(value)}", flush=True)
    file.parent.mkdir(exist_ok=True)
    before = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps(before | results, indent=1) + "\n")
    if "--docs" in sys.argv:
        into_docs(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
