"""Locust as a process: its options, its end."""

from __future__ import annotations

import pytest

from camsim_loadtests.plan.settings import Settings
from camsim_loadtests.workers import launch
from camsim_loadtests.workers.launch import LocustError, Workers, run


@pytest.mark.parametrize(
    ("asked", "workers", "options"),
    [
        (Workers(), 1, []),
        (
            Workers(processes=3, master_port=6000),
            3,
            ["--processes", "3", "--master-bind-port", "6000", "--master-port", "6000"],
        ),
        (
            Workers(master=True, expect_workers=4),
            4,
            ["--master", "--expect-workers", "4", "--master-bind-port", "5557"],
        ),
    ],
)
def test_workers_are_told_to_locust_in_its_own_words(asked, workers, options):
    assert (asked.count, asked.options()) == (workers, options)


def test_storms_side_by_side_on_one_machine_have_ports_of_their_own():
    ports = {Workers(processes=2).options()[-1] for _ in range(8)}

    assert len(ports) > 1


def test_a_locust_that_fails_is_told_with_the_end_of_its_log(monkeypatch, tmp_path):
    monkeypatch.setattr(launch, "LOCUSTFILE", tmp_path / "nowhere.py")

    with pytest.raises(LocustError, match=r"(?s)no result.*nowhere\.py"):
        run(Settings(url="http://127.0.0.1/"), Workers(), tmp_path, lambda progress: None)
