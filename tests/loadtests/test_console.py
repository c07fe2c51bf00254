"""Progress and summary for people."""

from __future__ import annotations

import io

import msgspec
from rich.console import Console

from camsim_loadtests.report.console import Watch, sentence
from camsim_loadtests.workers.collector import Progress

STEP = Progress(
    at_s=12.0,
    total=1000,
    arrived=600,
    acked=580,
    open=20,
    errors=3,
    retries=2,
    reached=50,
    late=0,
    p50=0.0123,
    p95=1.5,
    p99=None,
)


def test_a_step_tells_what_was_reached_and_the_percentiles():
    told = sentence(STEP)

    for part in (
        "12.0 s",
        "580/1,000",
        "50/s",
        "open 20",
        "p50 12.3 ms",
        "p95 1.50 s",
        "p99 –",
        "errors 3",
        "retries 2",
    ):
        assert part in told


def test_off_a_terminal_there_is_a_line_every_ten_seconds():
    sink = io.StringIO()
    with Watch(Console(file=sink, soft_wrap=True)) as watch:
        for at_s in range(0, 25):
            watch(msgspec.structs.replace(STEP, at_s=float(at_s)))

    assert [line.split()[0] for line in sink.getvalue().splitlines()] == ["0.0", "10.0", "20.0"]


def test_on_a_terminal_one_line_lives():
    sink = io.StringIO()
    with Watch(Console(file=sink, force_terminal=True, width=200)) as watch:
        watch(STEP)

    assert "580/1,000" in sink.getvalue()
