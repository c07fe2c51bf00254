"""Files that hold tokens: readable by their owner alone from their first byte, whatever the umask."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

_OWN = 0o600


def private(path: Path) -> None:
    """See to it that there is a file which its owner alone can read: make an empty one, or close the one that is there.

    Raises: OSError. A file of somebody else stays as it is.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _OWN)
    except FileExistsError:
        with contextlib.suppress(PermissionError):
            if stat.S_ISREG(path.stat().st_mode):
                path.chmod(_OWN)
        return
    try:
        os.fchmod(handle, _OWN)  # the umask may have taken from it
    finally:
        os.close(handle)


def refuse_unless_file(path: Path) -> None:
    """Returns for what is or may become a plain file: a device or a pipe can neither be replaced nor removed.

    Raises: OSError.
    """
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISREG(path.stat().st_mode):
            raise OSError(0, "it is no plain file")


def remove(path: Path) -> None:
    """Take away what an earlier process left behind. Raises: OSError."""
    refuse_unless_file(path)
    path.unlink(missing_ok=True)


class Announcement:
    """A file that is there while a process is ready, and says how to reach it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written: tuple[int, int] | None = None

    def write(self, data: bytes) -> None:
        """Write it in one step, so that nobody reads half of it. Raises: OSError."""
        refuse_unless_file(self._path)
        handle, draft = tempfile.mkstemp(prefix=f".{self._path.name}.", suffix=".part", dir=self._path.parent)
        try:
            with open(handle, "wb") as file:
                os.fchmod(handle, _OWN)
                file.write(data)
                file.flush()
                found = os.fstat(handle)
            os.replace(draft, self._path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(draft)
            raise
        self._written = (found.st_dev, found.st_ino)

    def withdraw(self) -> None:
        """Take it away, unless another process has written its own there."""
        with contextlib.suppress(OSError):
            found = self._path.lstat()
            if (found.st_dev, found.st_ino) == self._written:
                self._path.unlink()
