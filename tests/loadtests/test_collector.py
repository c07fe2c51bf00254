"""What the master gathers."""

from __future__ import annotations

import msgspec
import pytest

from camsim_loadtests.driver.ledger import row
from camsim_loadtests.driver.tally import Tally
from camsim_loadtests.plan.settings import Settings
from camsim_loadtests.workers.collector import Collector, read_progress, read_raw

SETTINGS = Settings(url="http://127.0.0.1/", rate=10.0, duration_s=2.0, drain_limit_s=1.0)


def _step(worker, *, done=False, crash=""):
    tally = Tally(worker)
    tally.arrived(0, 1)
    tally.acknowledged(5, 5.0)
    return tally.step({"open": 2}, done, crash)


@pytest.mark.parametrize(
    ("steps", "elapsed", "finished"),
    [
        ([_step(0, done=True)], 1, False),
        ([_step(0, done=True), _step(1, done=True)], 1, True),
        ([_step(0, crash="Traceback")], 1, True),
        ([], 18.1, True),
    ],
)
def test_a_storm_ends_with_its_workers_a_crash_or_its_time(steps, elapsed, finished):
    collector = Collector(SETTINGS, 2, 0.0, None)
    for step in steps:
        collector.take(step)

    assert collector.finished(elapsed) is finished


def test_what_is_written_is_read(tmp_path):
    collector = Collector(SETTINGS, 1, 0.7, tmp_path)
    collector.take(_step(0, done=True))
    collector.write_progress(2.0)
    collector.write_raw()

    raw = read_raw(tmp_path)
    assert raw is not None
    assert msgspec.to_builtins(raw) == msgspec.to_builtins(collector.raw())
    progress = read_progress((tmp_path / "progress.jsonl").read_bytes())
    assert (progress.acked, progress.open, progress.total) == (1, 2, 20)


def test_a_storm_that_left_nothing_has_no_result(tmp_path):
    assert read_raw(tmp_path) is None


def test_rows_of_the_ledger_stay_as_the_workers_packed_them():
    collector = Collector(SETTINGS, 2, 0.0, None)
    rows = [row(0, 1, 5, None), row(0, 2, 5, 30)]
    for worker, packed in enumerate(rows):
        tally = Tally(worker)
        tally.rows += packed
        collector.take(tally.step({}, True))

    assert collector.raw().rows == b"".join(rows)
