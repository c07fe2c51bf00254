"""Folders of runs that came from elsewhere: no file, no token and no command goes where the user did not say."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from certifying import TOKEN, profile
from typer.testing import CliRunner, Result

from camsim.receiver import Running, start
from camsim_conformance.certify import Outputs, certify
from camsim_conformance.command import app
from camsim_conformance.report import seal

CASE = "CB-DUP-001/twice"
SECRET = "-----BEGIN OPENSSH PRIVATE KEY-----"


def camsim(*words: object, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words], input=typed)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Running]]:
    """A folder of a run, made here, and its receiver, still running."""
    out = tmp_path_factory.mktemp("made")
    with start(tokens=[TOKEN]) as target:
        certify(profile(target.url, target.readback_url, "CB-DUP-001"), Outputs(out=out))
        yield out, target


@pytest.fixture
def spy() -> Iterator[Running]:
    """Where an attacker's folder sends."""
    with start() as target:
        yield target


@pytest.fixture
def foreign(made: tuple[Path, Running], tmp_path: Path) -> Path:
    """A copy of the folder, to be changed."""
    shutil.copytree(made[0], tmp_path / "foreign")
    (tmp_path / "id_rsa").write_text(SECRET)
    return tmp_path / "foreign"


def change(file: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    members = json.loads(file.read_text())
    edit(members)
    file.write_text(json.dumps(members))


def case_of(folder: Path) -> Path:
    return folder / "cases" / CASE / "case.json"


def replay(folder: Path, *words: object, typed: str | None = None) -> Result:
    return camsim("replay", folder, CASE, "--auth-token", TOKEN, *words, typed=typed)


def test_a_folder_made_here_needs_no_more_words_also_when_it_was_moved(foreign: Path) -> None:
    for words in ((), ("--same",)):
        done = replay(foreign, *words)
        assert (done.exit_code, "sending to http://127.0.0.1" in done.stderr) == (0, True), done.output


@pytest.mark.parametrize("words", [(), ("--same",)])
def test_another_target_in_the_folder_is_refused_by_name(foreign: Path, spy: Running, words: tuple[str, ...]) -> None:
    for file in (case_of(foreign), foreign / "cases" / "run.json"):
        change(file, lambda members: members.update(url=spy.url))
    done = replay(foreign, *words, typed="y\n")  # no terminal: nobody was asked
    assert (done.exit_code, spy.url in done.stderr, "--url" in done.stderr, "--yes" in done.stderr) == (4, *[True] * 3)
    assert spy.counts()["punch"] == 0


@pytest.mark.parametrize("words", [(), ("--same",)])
def test_the_target_named_by_the_user_is_taken(
    foreign: Path, made: tuple[Path, Running], spy: Running, words: Any
) -> None:
    for file in (case_of(foreign), foreign / "cases" / "run.json"):
        change(file, lambda members: members.update(url=spy.url))
    done = replay(foreign, "--target", made[1].url, *words)
    assert (done.exit_code, spy.counts()["punch"]) == (0 if words else 3, 0), done.output


def test_who_agrees_sends_to_the_one_target_that_was_named(foreign: Path, spy: Running) -> None:
    change(case_of(foreign), lambda members: members.update(url=spy.url))
    assert replay(foreign, "--yes").exit_code == 4  # the run says another one
    assert replay(foreign, "--yes", "--same").exit_code == 0
    assert spy.counts()["punch"] == 1


@pytest.mark.parametrize(
    "name",
    ["../../../../id_rsa", "/etc/hostname", "..", "", ".", "01.body/../../../../../id_rsa", "%2e%2e/id_rsa", "~/x",
     "..\\..\\id_rsa", "01.body\0", "case.json", "\u002e\u002e/id_rsa", "//etc/hostname", "file:///etc/hostname"],
)  # fmt: skip
def test_no_file_but_a_body_of_the_case_is_sent(foreign: Path, spy: Running, name: str) -> None:
    change(case_of(foreign), lambda members: members["steps"][0].update(file=name))
    done = replay(foreign, "--same", "--url", spy.url)
    assert (done.exit_code, "Traceback" in done.output, spy.counts()["punch"]) == (2, False, 0)


@pytest.mark.parametrize("what", ["body", "case", "cases", "case.json", "loop"])
def test_a_link_out_of_the_folder_is_no_file(foreign: Path, tmp_path: Path, spy: Running, what: str) -> None:
    place = {"body": case_of(foreign).with_name("01.body"), "case": case_of(foreign).parent, "loop": case_of(foreign)}
    link = place.get(what, case_of(foreign) if what == "case.json" else foreign / "cases" / "CB-DUP-001")
    away = tmp_path / "away"
    shutil.move(link, away)
    if what == "body":
        away.write_text(SECRET)
    link.symlink_to(link if what == "loop" else away)
    done = replay(foreign, "--same", "--url", spy.url)
    assert (done.exit_code, SECRET in done.output, spy.counts()["punch"]) == (2, False, 0)


@pytest.mark.parametrize(
    "case", ["../../id_rsa", "CB-DUP-001/../CB-DUP-001/twice", "/etc", "..", "a/b/c", "\0/x", "x" * 300]
)
def test_a_case_id_is_a_place_below_cases_alone(foreign: Path, case: str) -> None:
    assert camsim("replay", foreign, case, "--auth-token", TOKEN, "--url", "http://127.0.0.1:9/").exit_code == 2


@pytest.mark.parametrize("form", ["cmd:touch {}", "py:spoiled:{}", "sql:sqlite:///{}"])
@pytest.mark.parametrize("words", [("--yes",), ("--url",)])
def test_no_command_module_or_database_of_the_folder_is_used(
    foreign: Path, tmp_path: Path, spy: Running, form: str, words: tuple[str, ...]
) -> None:
    trace = tmp_path / "trace"
    (foreign / "spoiled.py").write_text(f"open({str(trace)!r}, 'w')")

    def spoil(members: dict[str, Any]) -> None:
        members.update(readback=form.format(trace), folder=str(foreign), map=str(foreign / "map.toml"), url=spy.url)

    change(foreign / "cases" / "run.json", spoil)
    change(case_of(foreign), lambda members: members.update(url=spy.url))
    done = replay(foreign, *(words if words == ("--yes",) else ("--url", spy.url)))
    assert (done.exit_code, trace.exists()) == (3, False), done.output
    assert "nothing was read back" in done.stdout


def test_a_read_back_elsewhere_is_not_asked(foreign: Path, made: tuple[Path, Running], spy: Running) -> None:
    change(foreign / "cases" / "run.json", lambda members: members.update(readback=spy.readback_url))
    done = replay(foreign, "--yes")
    assert (done.exit_code, "not read back with" in done.stderr) == (3, True), done.output


@pytest.mark.parametrize(
    "edit",
    [
        {"steps": [{"content_type": "x\r\nX-Evil: 1"}]},
        {"steps": [{"query": "\r\nX: 1"}]},
        {"steps": [{"copies": 1_000_000}]},
        {"steps": [{"retries": -1}]},
        {"steps": [{"device": -1}]},
        {"steps": [{"transport": "teleport"}]},
        {"steps": []},
        {"at_once": 100_000},
        {"id": "CB-DUP-001/other"},
        {"protocol": "v9"},
        {"steps": "x"},
        {"url": 7},
    ],
)
def test_what_no_run_writes_is_said_and_not_sent(foreign: Path, spy: Running, edit: dict[str, Any]) -> None:
    def spoil(members: dict[str, Any]) -> None:
        steps = edit.get("steps")
        if isinstance(steps, list) and steps:
            members["steps"][0].update(steps[0])
        else:
            members.update(edit)

    change(case_of(foreign), spoil)
    done = replay(foreign, "--same", "--url", spy.url)
    assert (done.exit_code, "Traceback" in done.output, spy.counts()["punch"]) == (2, False, 0), done.output


def test_a_body_that_grows_without_end_is_not_opened(foreign: Path, spy: Running) -> None:
    case_of(foreign).with_name("01.body.gz").write_bytes(gzip.compress(b"0" * (65 * 1024 * 1024)))
    change(case_of(foreign), lambda members: members["steps"][0].update(file="01.body.gz"))
    assert replay(foreign, "--same", "--url", spy.url).exit_code == 2


def test_a_seal_holds_for_what_was_sealed_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    written = json.loads(json.dumps(seal.sealed({"url": "http://a/", "at": 1.5}, [b"body"])))
    assert seal.is_own(written, [b"body"])
    assert not seal.is_own({**written, "url": "http://b/"}, [b"body"])
    assert not seal.is_own(written, [b"bodY"])
    assert not seal.is_own({**written, "seal": "ü"}, [b"body"])
    file = seal.key_file()
    assert file is not None
    assert file.stat().st_mode & 0o777 == 0o600
    file.unlink()
    assert not seal.is_own(written, [b"body"])


def test_without_a_place_for_the_key_nothing_is_sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "file"))
    assert seal.sealed({"a": 1}) == {"a": 1}
