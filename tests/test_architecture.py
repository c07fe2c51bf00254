"""Who may import whom (ARCHITECTURE.md): layers are folders, imports run down, the pure part does no I/O."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {
    "camsim": ROOT / "simulator",
    "camsim_conformance": ROOT / "conformance",
    "camsim_loadtests": ROOT / "loadtests",
}

# Lowest first. A line names the rooms (folders, or modules at the top of a package) of one layer: they may import those
# of the lines above, and nothing of each other. A room that is on no line fails the test.
LAYERS = {
    "camsim": """
        wording
        __version__ resources chance durations addresses shown ending private_files given_secrets secrecy
        ownership
        terminal
        protocol
        control readback synthetic
        state
        knobs
        kernel
        callbacks
        commands
        actions
        engine
        service
        bounds model_table
        api settings
        scenarios
        restored
        host
        client
        receiver
        pytest_plugin demo standalone
        cli
        __main__
    """,
    "camsim_conformance": """
        SUITE_VERSION
        requirements
        target
        plan
        sending readback
        model
        observed
        findings
        checks
        session
        verdict
        report
        certify
        mutants
        proof
        commands
        command pytest_checks
        __main__ pytest_entry
    """,
    "camsim_loadtests": """
        plan
        driver
        workers
        verdict
        report
        safety preflight
        storm
        command
        __main__ locustfile
    """,
}
# What the other two packages may use of the simulator.
SHARED = frozenset(
    [
        "chance",
        "wording",
        "durations",
        "ownership",
        "shown",
        "terminal",
        "ending",
        "private_files",
        "given_secrets",
        "secrecy",
        "protocol",
        "readback",
        "synthetic",
        "state.outbox",
        "receiver",
        "__version__",
    ]
)
# Rooms that do I/O and read clocks; every other room of the simulator is pure.
SHELL = frozenset(
    [
        "ownership",
        "terminal",
        "ending",
        "private_files",
        "given_secrets",
        "readback",
        "service",
        "api",
        "scenarios",
        "host",
        "client",
        "receiver",
        "pytest_plugin",
        "demo",
        "standalone",
        "cli",
    ]
)
PURE_IN_SHELL = frozenset(
    {"camsim.scenarios.steps", "camsim.scenarios.assertions", "camsim.scenarios.errors", "camsim.scenarios.reading"}
)
IMPURE = frozenset(
    [
        "asyncio",
        "socket",
        "time",
        "random",
        "threading",
        "subprocess",
        "ssl",
        "signal",
        "sqlite3",
        "aiohttp",
        "uvloop",
        "http",
        "urllib",
        "select",
        "selectors",
        "tempfile",
        "concurrent",
        "multiprocessing",
    ]
)


def _modules(package: str) -> list[Path]:
    return [path for path in sorted((PACKAGES[package] / package).rglob("*.py")) if "_data" not in path.parts]


def _all() -> list[Path]:
    return [path for package in PACKAGES for path in _modules(package)]


def _name(path: Path) -> str:
    for folder in (*PACKAGES.values(), ROOT):
        if path.is_relative_to(folder):
            parts = path.relative_to(folder).with_suffix("").parts
            return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    raise AssertionError(path)


NAMES = {_name(path): path for path in _all()}


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


def _room(name: str) -> str:
    """The folder, or the module at the top of its package, that a dotted name belongs to."""
    pieces = name.split(".")
    return pieces[1] if len(pieces) > 1 else "__init__"


def _layers(package: str) -> dict[str, int]:
    lines = [line.split() for line in LAYERS[package].strip().splitlines()]
    return {room: number for number, rooms in enumerate(lines) for room in rooms}


def _ours(path: Path) -> set[str]:
    """What a file imports of the package that it belongs to."""
    package = _name(path).split(".")[0]
    return {name for name in _imports(path) if name.split(".")[0] == package and "." in name}


@pytest.mark.parametrize("path", _all(), ids=_name)
def test_imports_run_down(path: Path) -> None:
    name = _name(path)
    package, room = name.split(".")[0], _room(name)
    if room == "__init__":
        assert _ours(path) == set()
        return
    layers = _layers(package)
    used = {_room(other) for other in _ours(path)} - {room}
    assert {other for other in used if layers[other] >= layers[room]} == set()


def test_every_room_has_its_layer_and_every_layer_its_rooms() -> None:
    for package in PACKAGES:
        rooms = {_room(name) for name in NAMES if name.split(".")[0] == package} - {"__init__"}
        named = {room for room in _layers(package) if room.islower()}
        assert rooms | {"__version__"} == named | {"__version__"}


def test_no_modules_import_each_other_in_a_circle() -> None:
    arrows = {name: {_module_of(target) for target in _ours(path)} - {name} for name, path in NAMES.items()}
    while free := {name for name, targets in arrows.items() if not targets & set(arrows)}:
        arrows = {name: targets for name, targets in arrows.items() if name not in free}
    assert arrows == {}


def _module_of(target: str) -> str:
    return target if target in NAMES else target.rpartition(".")[0]


@pytest.mark.parametrize("path", _all(), ids=_name)
def test_packages_import_only_what_they_may(path: Path) -> None:
    own = _name(path).split(".")[0]
    strangers = {name for name in _imports(path) if name.split(".")[0] in {*PACKAGES, "tests"} - {own, "camsim"}}
    assert strangers == set()
    if own != "camsim":
        used = {name for name in _imports(path) if name.split(".")[0] == "camsim"}
        shared = {name for name in used for room in SHARED if f"{name}.".startswith(f"camsim.{room}.")}
        assert used - shared - {"camsim.state"} == set()


PURE = [path for path in _modules("camsim") if _room(_name(path)) not in SHELL or _name(path) in PURE_IN_SHELL]


@pytest.mark.parametrize("path", PURE, ids=_name)
def test_a_pure_module_knows_no_clock_and_no_socket(path: Path) -> None:
    impure = {name for name in _imports(path) if name.split(".")[0] in IMPURE}
    assert {name for name in impure if not name.startswith("urllib.parse.")} == set()
    tree = ast.parse(path.read_text("utf-8"))
    clocks = {"now", "utcnow", "today"}
    read = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in clocks]
    assert [node for node in read if ast.unparse(node.value) in ("datetime", "date", "datetime.datetime")] == []


def test_only_locust_imports_what_patches_the_process() -> None:
    patched = [_name(path) for path in _all() if any(name.split(".")[0] == "locust" for name in _imports(path))]
    assert all(name.startswith("camsim_loadtests.") for name in patched)
    importers = {_name(path) for path in _all() if set(patched) & {n.rsplit(".", 1)[0] for n in _imports(path)}}
    assert importers <= {*patched, "camsim_loadtests.locustfile"}  # the file that Locust is told to run


MOST_LINES, MOST_FUNCTION_LINES = 300, 47


@pytest.mark.parametrize("path", _all(), ids=_name)
def test_modules_and_functions_are_short(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.count("\n") <= MOST_LINES
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    lengths = {node.name: _body_lines(node) for node in functions}
    assert {name: length for name, length in lengths.items() if length > MOST_FUNCTION_LINES} == {}


def _body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its signature and docstring: what somebody has to follow."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


# Rooms whose modules tests prove from outside, by what they do together; every other module is imported by a test.
PROVED_BY = {
    "camsim.__main__": "installed/test_names.py",
    "camsim.actions.*": "simulator/test_management.py",
    "camsim.api.*": "simulator/test_management.py",
    "camsim.callbacks.*": "simulator/anomalies/test_outages.py",
    "camsim.cli.*": "simulator/test_cli.py",
    "camsim.client.*": "simulator/test_client.py",
    "camsim.commands.*": "simulator/test_rest_flow.py",
    "camsim.commands.v2.*": "simulator/test_v2_commands.py",
    "camsim.control.*": "docs/test_management_api.py",
    "camsim.demo.*": "simulator/test_demo.py",
    "camsim.kernel.*": "simulator/test_kernel_machine.py",
    "camsim.pytest_plugin.*": "simulator/test_pytest_plugin.py",
    "camsim.readback.command": "conformance/test_readback.py",
    "camsim.readback.python": "conformance/test_readback.py",
    "camsim.receiver.*": "simulator/receiver/test_receiver_http.py",
    "camsim.restored": "simulator/test_restart.py",
    "camsim.scenarios.*": "simulator/test_scenario_runner.py",
    "camsim.service.*": "simulator/anomalies/test_transport_damage.py",
    "camsim_conformance.__main__": "conformance/test_commands.py",
    "camsim_conformance.checks.*": "conformance/test_pytest_form.py",
    "camsim_conformance.commands.*": "conformance/test_commands.py",
    "camsim_conformance.findings.*": "conformance/mutants/test_mutants.py",
    "camsim_conformance.model.people_*": "conformance/test_model_people.py",
    "camsim_conformance.model.punches": "conformance/test_model_punches.py",
    "camsim_conformance.mutants.*": "conformance/mutants/test_mutants.py",
    "camsim_conformance.plan.*": "conformance/test_plan.py",
    "camsim_conformance.proof.*": "conformance/test_proof.py",
    "camsim_conformance.pytest_*": "conformance/test_pytest_form.py",
    "camsim_conformance.readback.*": "conformance/test_readback.py",
    "camsim_conformance.report.*": "conformance/test_report.py",
    "camsim_conformance.model.scene": "conformance/test_model_punches.py",
    "camsim_conformance.model.sentences": "conformance/test_causes.py",
    "camsim_conformance.sending.*": "conformance/mutants/test_mutants.py",
    "camsim_conformance.session.*": "conformance/test_proof.py",
    "camsim_conformance.verdict.*": "conformance/test_commands.py",
    "camsim_loadtests.__main__": "loadtests/test_storms.py",
    "camsim_loadtests.locustfile": "loadtests/test_storms.py",
    "camsim_loadtests.preflight": "loadtests/test_storms.py",
    "camsim_loadtests.verdict.storm_json": "loadtests/test_result.py",
    "camsim_loadtests.workers.*": "loadtests/test_storms.py",
}


def _proofs() -> set[str]:
    tested: set[str] = set()
    for path in (ROOT / "tests").rglob("*.py"):
        names = _imports(path)
        tested |= names | {name.rsplit(".", 1)[0] for name in names}
    return tested


def test_every_module_is_proved_by_a_test() -> None:
    tested = _proofs()
    unproved = [_name(path) for path in _all() if path.name != "__init__.py" and _name(path) not in tested]
    assert [name for name in unproved if not any(fnmatch(name, pattern) for pattern in PROVED_BY)] == []
    assert [pattern for pattern in PROVED_BY if not any(fnmatch(name, pattern) for name in unproved)] == []
    assert [file for file in PROVED_BY.values() if not (ROOT / "tests" / file).exists()] == []
