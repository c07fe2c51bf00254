"""Tools of npm for the scripts beside this one, kept in build/npm; nothing of them is shipped."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "build" / "npm"


class SkippedError(Exception):
    """The tool is not there and cannot come; the message says why."""


class NpmError(Exception):
    """npm is there, and could not install the tool."""


def install(package: str, version: str) -> Path:
    """The folder with the `node_modules` of a package, installed once. Raises: SkippedError (no npm), NpmError."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise SkippedError("npm and node are not installed (Debian: apt-get install npm)")
    home = FOLDER / f"{package.replace('/', '_')}-{version}"
    if (home / "complete").exists():
        return home
    home.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", "--prefix", str(home), "--no-audit", "--no-fund", "--loglevel=error"]
    print(f"installing {package} {version} into {home} (once) ...", flush=True)
    done = subprocess.run([*command, f"{package}@{version}"], capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        raise NpmError(f"npm could not install {package} {version}: {done.stderr.strip()[-500:]}")
    (home / "complete").touch()
    return home


def script(home: Path, name: str) -> list[str]:
    """How a command of an installed package is run."""
    return [str(home / "node_modules" / ".bin" / name)]
