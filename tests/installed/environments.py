"""Fresh environments with camsim installed: of the checkout only what the installation puts there is on their path."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# Not lent: our own installation, and development tools whose pytest plugins take two seconds to start.
KEPT = ("camsim", "__editable__", "hypothesis", "_hypothesis", "schemathesis")
# What a program is started with: no path of the one that runs the tests, and no options of its pytest.
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "COV_"))}
ENV = {**CLEAN, "PYTHONDONTWRITEBYTECODE": "1"}


def run(*command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """The finished process; fails with what it printed unless it ended with 0."""
    given = {"env": ENV, "timeout": 120, **options}
    result = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, **given)
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-4000:]
    return result


def build(folder: Path, target: str, source: Path = ROOT) -> Path:
    """The `wheel` or `sdist` of a checkout, built without network and without isolation."""
    run(sys.executable, "-m", "hatchling", "build", "-t", target, "-d", folder, cwd=source)
    (built,) = folder.glob("camsim-*")
    return built


def install(folder: Path, *what: str | Path) -> Path:
    """A fresh environment in `folder` with `what` installed by pip; gives its folder of programs.

    What camsim depends on is lent by the present environment, by way of links, without its camsim.
    """
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    _lend(folder)
    python = folder / "bin" / "python"
    pip = [python, "-m", "pip", "install", "--no-index", "--no-deps", "--no-build-isolation", "--quiet"]
    run(*pip, "--disable-pip-version-check", *what)
    return folder / "bin"


def _lend(folder: Path) -> None:
    lent = folder / "lent"
    lent.mkdir()
    for place in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for entry in Path(place).iterdir():
            if not entry.name.startswith(KEPT) and entry.suffix != ".pth":
                (lent / entry.name).symlink_to(entry)
    (site,) = folder.glob("lib/python*/site-packages")
    # A .pth and not PYTHONPATH: lent packages come after installed ones, as nothing else would.
    (site / "lent.pth").write_text(f"{lent}\n")
    _lend_program(folder / "bin" / "pytest")


def _lend_program(program: Path) -> None:
    """Lent packages bring no programs: this one is what pip would have written, for the fresh environment's Python."""
    _, _, script = Path(sysconfig.get_path("scripts"), program.name).read_text().partition("\n")
    program.write_text(f"#!{program.with_name('python')}\n{script}")
    program.chmod(0o755)
