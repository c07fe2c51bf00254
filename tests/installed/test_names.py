"""Names that collide with nobody: a project with packages called like our folders is tested with camsim installed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from environments import ROOT, install, run

OURS = {"camsim", "camsim_conformance", "camsim_loadtests"}
# The names of the checkout's top folders: what somebody else may well have called a package.
THEIRS = ("simulator", "conformance", "loadtests", "fixtures", "schemas", "scripts", "benchmarks", "tests")

TESTS = '''\
"""Tests of somebody's project."""

from pathlib import Path

import benchmarks
import conformance
import fixtures
import loadtests
import schemas
import scripts
import simulator

import pytest
import tests

PROJECT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("package", [benchmarks, conformance, fixtures, loadtests, schemas, scripts, simulator, tests])
def test_the_packages_are_ours(package):
    assert package.VALUE == f"{package.__name__} of the project"
    assert Path(package.__file__).parent == PROJECT / package.__name__


def test_camsim_stands_beside_them():
    import camsim
    import camsim_conformance
    import camsim_loadtests

    for package in (camsim, camsim_conformance, camsim_loadtests):
        assert not Path(package.__file__).is_relative_to(PROJECT)


def test_the_gateway_calls_the_receiver(cams_gateway, cams_receiver):
    door = cams_gateway.device("DOOR", callback_url=cams_receiver.url, users=2)
    door.punch(user="2")
    cams_gateway.run_until_idle()
    assert cams_gateway.ledger.all_acknowledged()
'''
CHECKS = """\
def test_a_folder_of_checks_is_not_the_conformance_suite(request):
    assert not request.config.pluginmanager.has_plugin("camsim-conformance-checks")
"""


@pytest.fixture(scope="module", params=["wheel", "editable"])
def programs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment with camsim installed from its wheel, or as an editable checkout."""
    what = ["-e", ROOT] if request.param == "editable" else [request.getfixturevalue("wheel")]
    return install(tmp_path_factory.mktemp(request.param), *what)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose packages stand in its top folder."""
    folder = tmp_path_factory.mktemp("project")
    for name in THEIRS:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(f'VALUE = "{name} of the project"\n')
    (folder / "tests" / "test_own.py").write_text(TESTS)
    (folder / "conformance" / "checks").mkdir()
    (folder / "conformance" / "checks" / "__init__.py").touch()
    (folder / "conformance" / "checks" / "test_rules.py").write_text(CHECKS)
    return folder


@pytest.mark.parametrize("words", [["pytest"], ["python", "-m", "pytest"]], ids=" ".join)
def test_a_project_with_these_names_is_tested_with_the_plugin(programs: Path, project: Path, words: list[str]) -> None:
    command = [str(programs / words[0]), *words[1:]]
    done = run(*command, "-v", "tests", "conformance/checks", cwd=project)
    assert f"{len(THEIRS) + 3} passed" in done.stdout
    assert "camsim-" in done.stdout, "the plugins that pytest lists"


def test_what_is_installed_has_three_names(programs: Path, tmp_path: Path) -> None:
    code = "import importlib.metadata as m; print(*{str(f).split('/')[0] for f in m.distribution('camsim').files})"
    tops = {top for top in run(programs / "python", "-c", code, cwd=tmp_path).stdout.split() if top != ".."}
    editable = "_camsim.pth" in tops
    assert {top for top in tops if not top.endswith((".dist-info", ".pth"))} == (set() if editable else OURS)
    if editable:
        assert _importable(programs) == OURS


def _importable(programs: Path) -> set[str]:
    """What an editable install can import: a folder is a package even without an __init__.py."""
    (path_file,) = programs.parent.glob("lib/python*/site-packages/_camsim.pth")
    folders = path_file.read_text().splitlines()
    assert len(folders) == len(OURS)
    return {name for folder in folders for name in os.listdir(folder)} - {"__pycache__"}


@pytest.mark.parametrize(
    ("module", "shown"),
    [
        (["camsim", "--version"], "0.1.0"),
        (["camsim_conformance", "requirements", "--json"], "CB-WIRE-001"),
        (["camsim_loadtests", "--help"], "--rate"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_the_packages_run_as_modules(programs: Path, project: Path, module: list[str], shown: str) -> None:
    assert shown in run(programs / "python", "-m", *module, cwd=project).stdout


def test_pytest_finds_the_checks_by_their_package(programs: Path, project: Path) -> None:
    words = ["--pyargs", "camsim_conformance.checks", "--collect-only", "-q", "--auth-token", "token"]
    shown = run(programs / "pytest", *words, cwd=project).stdout
    assert "test_wire.py::test_raw_json_is_understood" in shown
    assert "test_own.py" not in shown
