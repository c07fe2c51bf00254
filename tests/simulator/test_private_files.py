"""Files with tokens: nobody else's to read from their first byte, written in one step, gone when they are stale."""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from camsim.cli.app import serve
from camsim.cli.receiver import receiver
from camsim.private_files import Announcement, private, remove

APP = typer.Typer()
APP.command()(serve)
APP.command()(receiver)


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("umask")
def test_a_private_file_is_its_owners_whatever_the_umask(tmp_path: Path) -> None:
    private(tmp_path / "state.db")
    assert _mode(tmp_path / "state.db") == 0o600


def test_a_file_that_is_there_is_closed_and_keeps_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_bytes(b"kept")
    path.chmod(0o664)
    private(path)
    assert (_mode(path), path.read_bytes()) == (0o600, b"kept")


def test_a_private_file_is_not_made_of_a_device() -> None:
    before = _mode(Path("/dev/null"))
    private(Path("/dev/null"))
    assert _mode(Path("/dev/null")) == before


@pytest.mark.usefixtures("umask")
def test_an_announcement_is_private_with_its_drafts_and_whole_whenever_it_is_read(tmp_path: Path) -> None:
    path, stop, seen = tmp_path / "ready.json", threading.Event(), []

    def look() -> None:
        while not stop.is_set():
            for entry in os.scandir(tmp_path):
                try:
                    seen.append(stat.S_IMODE(entry.stat().st_mode))
                    if entry.name == path.name:
                        json.loads(path.read_bytes())
                except FileNotFoundError:
                    continue

    watcher = threading.Thread(target=look)
    watcher.start()
    file = Announcement(path)
    try:
        for number in range(100):
            file.write(json.dumps({"devices": [number] * 1000}).encode())
    finally:
        stop.set()
        watcher.join()
    assert set(seen) <= {0o600, 0o000}  # 0: a draft that is still empty under a umask of 777
    assert os.listdir(tmp_path) == ["ready.json"]
    file.withdraw()
    assert os.listdir(tmp_path) == []


def test_what_another_process_has_announced_since_stays(tmp_path: Path) -> None:
    mine, others = Announcement(tmp_path / "ready.json"), Announcement(tmp_path / "ready.json")
    mine.write(b"{}")
    others.write(b"[]")
    mine.withdraw()
    assert (tmp_path / "ready.json").read_bytes() == b"[]"
    others.withdraw()
    others.withdraw()
    assert os.listdir(tmp_path) == []


def test_a_failed_draft_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "ready.json").mkdir()
    with pytest.raises(OSError, match="plain file"):
        Announcement(tmp_path / "ready.json").write(b"{}")
    assert os.listdir(tmp_path) == ["ready.json"]


def test_a_pipe_or_device_is_never_removed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/null")
    for name in ("pipe", "link"):
        with pytest.raises(OSError, match="plain file"):
            remove(tmp_path / name)
    assert sorted(os.listdir(tmp_path)) == ["link", "pipe"]
    remove(tmp_path / "nothing")


# --- what a killed process left ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["serve", "--port", "0", "--model", "none"], ["receiver", "--broken", "nothing"]])
def test_a_stale_ready_file_is_gone_even_when_the_start_fails(tmp_path: Path, words: list[str]) -> None:
    ready = tmp_path / "ready.json"
    ready.write_text('{"pid": 1}')
    assert CliRunner().invoke(APP, [*words, "--ready-file", str(ready)]).exit_code == 2
    assert not ready.exists()


@pytest.mark.parametrize("words", [["serve", "--port", "0", "--management-port", "0"], ["receiver", "--port", "0"]])
def test_a_ready_file_that_can_be_none_is_an_error(tmp_path: Path, words: list[str]) -> None:
    for place in (tmp_path, Path("/dev/null"), tmp_path / "no" / "folder"):
        ended = CliRunner().invoke(APP, [*words, "--ready-file", str(place)])
        assert ended.exit_code == 2
        assert "--ready-file" in ended.output
        assert "Traceback" not in ended.output
