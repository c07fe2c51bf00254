"""Read-back by a command: `cmd:./dump.sh KIND USER…` prints the same JSON as the HTTP form."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from camsim.readback.model import (
    Capabilities,
    ReadBackError,
    StoredPunch,
    StoredTemplate,
    StoredUser,
    TimePolicy,
    capabilities_of,
    punch_of,
    template_of,
    user_of,
)

T = TypeVar("T")
TIMEOUT_S = 60.0


class CommandReadBack:
    """`--readback cmd:…`: run with no argument for capabilities, with user ids for everything kept of them."""

    def __init__(self, line: str) -> None:
        self._words = shlex.split(line)
        if not self._words:
            raise ReadBackError("cmd: needs a command, as cmd:./dump.sh")
        self.name = f"command {self._words[0]}"
        self._policy: TimePolicy = "instant"
        self._last: tuple[tuple[str, ...], Any] | None = None

    def capabilities(self) -> Capabilities:
        """The command without user ids."""
        document = self._run(())
        found = capabilities_of(document.get("capabilities", document), self.name)
        self._policy = found.time_policy
        return found

    def punches(self, people: Sequence[str]) -> Iterator[StoredPunch]:
        """Member `punches` of what the command prints."""
        return self._rows("punches", people, punch_of)

    def templates(self, people: Sequence[str]) -> Iterator[StoredTemplate]:
        """Member `templates`."""
        return self._rows("templates", people, template_of)

    def users(self, people: Sequence[str]) -> Iterator[StoredUser]:
        """Member `users`."""
        return self._rows("users", people, user_of)

    def _rows(self, kind: str, people: Sequence[str], read: Callable[[Any, TimePolicy, str], T]) -> Iterator[T]:
        key = tuple(people)
        # One run tells all three kinds; what is asked next of the same people is in it, except for a new look.
        if self._last is None or self._last[0] != key or kind == "punches":
            self._last = (key, self._run(key))
        rows = self._last[1].get(kind)
        if not isinstance(rows, list):
            raise ReadBackError(f'{self.name}: an object with a list "{kind}" is expected on stdout')
        return (read(row, self._policy, self.name) for row in rows)

    def _run(self, people: Sequence[str]) -> Any:
        try:
            done = subprocess.run(  # noqa: S603  the user's own command, no shell
                [*self._words, *people], capture_output=True, timeout=TIMEOUT_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ReadBackError(f"{self.name}: cannot be run ({error})") from None
        if done.returncode != 0:
            told = done.stderr.decode("utf-8", "replace").strip()[-200:]
            raise ReadBackError(f"{self.name}: exit code {done.returncode}: {told}")
        try:
            document = json.loads(done.stdout)
        except ValueError as error:
            raise ReadBackError(f"{self.name}: stdout is not JSON ({error})") from None
        if not isinstance(document, dict):
            raise ReadBackError(f"{self.name}: stdout is a JSON {type(document).__name__}, an object is expected")
        return document
