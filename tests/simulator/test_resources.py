"""The data files are found in a checkout and in an installed wheel alike."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from camsim import resources


def test_a_data_file_is_found() -> None:
    assert resources.path("fixtures", "register.json").is_file()


def test_a_folder_is_found() -> None:
    assert resources.path("schemas", "v3").is_dir()


def test_loading_twice_gives_two_values() -> None:
    first, second = resources.load("schemas", "common.json"), resources.load("schemas", "common.json")
    assert first == second
    assert first is not second


def test_a_missing_file_is_named_with_the_places_searched() -> None:
    with pytest.raises(
        FileNotFoundError, match=r"fixtures/nothing.json is not part of this installation; searched .*_data"
    ):
        resources.path("fixtures", "nothing.json")


@pytest.mark.parametrize("parts", [(), ("tests",), ("schemas", "..", "pyproject.toml")])
def test_only_the_data_rooms_are_searched(parts: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="starts with schemas or fixtures"):
        resources.path(*parts)


def test_an_installed_package_finds_its_own_copy(tmp_path: Path) -> None:
    """A wheel carries the data inside `camsim/_data`; a stranger's schemas/ beside it is not looked at."""
    package = tmp_path / "camsim"
    (package / "_data" / "schemas").mkdir(parents=True)
    (tmp_path / "schemas").mkdir()
    shutil.copy(resources.__file__, package / "resources.py")
    (package / "__init__.py").touch()
    (package / "_data" / "schemas" / "common.json").write_text('{"whose": "ours"}')
    (tmp_path / "schemas" / "common.json").write_text('{"whose": "a stranger"}')
    program = "import json; from camsim import resources; print(json.dumps(resources.load('schemas', 'common.json')))"
    shown = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(shown.stdout) == {"whose": "ours"}


def test_a_file_that_is_not_json_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "bad.json").write_text("{")
    monkeypatch.setattr(resources, "_ROOTS", (tmp_path,))
    with pytest.raises(ValueError, match=r"bad.json: not JSON"):
        resources.load("schemas", "bad.json")
