"""Who may import whom (ARCHITECTURE.md): imports run one way, the pure part does no I/O, every module is proved."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("simulator", "conformance", "loadtests")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# The I/O shell; every other module of simulator is pure.
SHELL = _set(
    """cli __main__ serving host runtime server courier damage management management_scenarios views store
    patience wholly demo demo_day demo_report demo_v2 client receiver pytest_plugin listings
    scenario_acts scenario_command scenario_crowd scenario_ports scenario_receiver scenario_rest
    scenario_runner scenario_stage"""
)
CORE = _set(
    """chance models profiles outbox timers clock population portraits workday policy faults journal ledger device
    intake commands"""
)
IMPURE = _set(
    """asyncio socket time random threading subprocess ssl signal sqlite3 aiohttp uvloop http urllib select selectors
    tempfile concurrent multiprocessing"""
)
# What the other two packages may use of simulator: pure parts, and the reference receivers for mutants and proofs.
SHARED = frozenset({"protocol", "population", "outbox", "chance", "receiver", "__version__"})
LAYERS = {
    "protocol": 0,
    "resources": 0,
    **dict.fromkeys(CORE, 1),
    "gateway": 2,
    **dict.fromkeys(SHELL, 4),
}  # all else: 3
KERNEL = 3  # the layer of everything else


def _modules(package: str) -> list[Path]:
    return [path for path in sorted((ROOT / package).rglob("*.py")) if "_data" not in path.parts]


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def _imports(path: Path) -> frozenset[str]:
    """Absolute names of everything a file imports, also within functions; `from a import b` counts as a.b."""
    package = _name(path).split(".") if path.name == "__init__.py" else _name(path).split(".")[:-1]
    return frozenset(_found(ast.parse(path.read_text("utf-8")), package))


def _found(tree: ast.Module, package: list[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = [*base, *(node.module.split(".") if node.module else [])]
            yield from (".".join([*module, alias.name]) for alias in node.names)


def _part(name: str) -> str:
    """The member of simulator that a dotted name belongs to."""
    pieces = name.split(".")
    return pieces[1] if len(pieces) > 1 else "__version__"


def _layer(name: str) -> int:
    return LAYERS.get(_part(name), KERNEL)


def _all() -> list[Path]:
    return [path for package in PACKAGES for path in _modules(package)]


def _ours(path: Path) -> set[str]:
    return {name for name in _imports(path) if name.split(".")[0] == "simulator" and len(name.split(".")) > 1}


@pytest.mark.parametrize("path", _all(), ids=_name)
def test_packages_import_only_what_they_may(path: Path) -> None:
    own = _name(path).split(".")[0]
    strangers = {name for name in _imports(path) if name.split(".")[0] in {*PACKAGES, "tests"} - {own, "simulator"}}
    assert strangers == set()
    if own != "simulator":
        assert {name for name in _ours(path) if _part(name) not in SHARED} == set()


PURE = [path for path in _modules("simulator") if _part(_name(path)) not in SHELL]


@pytest.mark.parametrize("path", PURE, ids=_name)
def test_a_pure_module_knows_no_clock_no_socket_and_no_shell(path: Path) -> None:
    impure = {name for name in _imports(path) if name.split(".")[0] in IMPURE}
    assert {name for name in impure if not name.startswith("urllib.parse.")} == set()
    assert {name for name in _ours(path) if _part(name) in SHELL} == set()
    tree = ast.parse(path.read_text("utf-8"))
    clocks = {"now", "utcnow", "today"}
    read = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in clocks]
    assert [node for node in read if ast.unparse(node.value) in ("datetime", "date", "datetime.datetime")] == []


@pytest.mark.parametrize("path", _modules("simulator"), ids=_name)
def test_imports_run_one_way(path: Path) -> None:
    assert {name for name in _ours(path) if _layer(name) > _layer(_name(path))} == set()


def test_only_locust_imports_what_patches_the_process() -> None:
    patched = [_name(path) for path in _all() if any(name.split(".")[0] == "locust" for name in _imports(path))]
    assert all(name.startswith("loadtests.") for name in patched)
    importers = {_name(path) for path in _all() if set(patched) & {n.rsplit(".", 1)[0] for n in _imports(path)}}
    assert importers <= {*patched, "loadtests.locustfile"}  # the file that Locust is told to run


# Modules that a test proves from outside, by what they do together; the others are imported by a test.
PROVED_BY = {
    "simulator.__main__": "simulator/test_cli.py",
    "simulator.serving": "simulator/test_cli.py",
    "simulator.listings": "simulator/test_cli.py",
    "simulator.controls": "simulator/test_management.py",
    "simulator.person": "simulator/test_management.py",
    "simulator.menus": "simulator/test_management.py",
    "simulator.dispatch": "simulator/test_anomalies.py",
    "simulator.uploading": "simulator/test_backlog.py",
    "simulator.rewriting": "simulator/test_anomalies.py",
    "simulator.damage": "simulator/test_anomalies.py",
    "simulator.queueing": "simulator/test_rest_flow.py",
    "simulator.enrolment": "simulator/test_rest_flow.py",
    "simulator.*_v3": "simulator/test_rest_flow.py",
    "simulator.*_v2": "simulator/test_v2_commands.py",
    "simulator.courier": "simulator/test_anomalies.py",
    "simulator.demo": "simulator/test_demo.py",
    "simulator.demo_day": "simulator/test_demo.py",
    "simulator.demo_report": "simulator/test_demo.py",
    "simulator.client.*": "simulator/test_client.py",
    "simulator.pytest_plugin.*": "simulator/test_pytest_plugin.py",
    "simulator.receiver.*": "simulator/receiver/test_receiver_http.py",
    "simulator.scenario_*": "simulator/test_scenario_runner.py",
    "conformance.__main__": "conformance/test_commands.py",
    "conformance.pytest_*": "conformance/test_pytest_form.py",
    "conformance.checks.*": "conformance/test_pytest_form.py",
    "conformance.commands.*": "conformance/test_commands.py",
    "conformance.comparing": "conformance/test_comparison.py",
    "conformance.mutants.*": "conformance/mutants/test_mutants.py",
    "conformance.readback.*": "conformance/test_readback.py",
    "conformance.report.*": "conformance/test_report.py",
    "conformance.*": "conformance/test_proof.py",
    "loadtests.*": "loadtests/test_storms.py",
}


def _proofs() -> set[str]:
    tested: set[str] = set()
    for path in (ROOT / "tests").rglob("*.py"):
        names = _imports(path)
        tested |= names | {name.rsplit(".", 1)[0] for name in names}
    return tested


def test_every_module_is_proved_by_a_test() -> None:
    named = {path.stem.removeprefix("test_") for path in (ROOT / "tests").rglob("test_*.py")}
    tested = _proofs()
    modules = [_name(path) for path in _all() if path.name != "__init__.py"]
    unproved = [name for name in modules if name not in tested and name.split(".")[-1] not in named]
    assert [name for name in unproved if not any(fnmatch(name, pattern) for pattern in PROVED_BY)] == []
    assert [file for file in PROVED_BY.values() if not (ROOT / "tests" / file).exists()] == []
