"""Read-back by a command: `cmd:./dump.sh KIND USER…` prints the same JSON as the HTTP form."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Mapping, Sequence

from camsim.wording import cut, one_line, why

from .model import Capabilities, ReadBackError
from .rows import RowReadBack, listed

TIMEOUT_S = 60.0


class CommandReadBack(RowReadBack):
    """`--readback cmd:…`: run with no argument for capabilities, with user ids for everything kept of them."""

    def __init__(self, line: str) -> None:
        try:
            self._words = shlex.split(line)
        except ValueError as error:  # a quotation mark that is not closed
            raise ReadBackError(f"cmd:{cut(line, 80)}: {error}") from None
        if not self._words:
            raise ReadBackError("cmd: needs a command, as cmd:./dump.sh")
        self.name = f"command {self._words[0]}"
        self.url = f"cmd:{self._words[0]}"  # without its arguments: they may hold a password
        self._last: tuple[tuple[str, ...], Mapping[str, object]] | None = None

    def capabilities(self) -> Capabilities:
        """The command without user ids."""
        document = self._run(())
        return self.declared(document.get("capabilities", document), self.name)

    def rows(self, kind: str, people: Sequence[str]) -> list[object]:
        """Member `kind` of what the command prints."""
        key = tuple(people)
        # One run tells all three kinds; what is asked next of the same people is in it, except for a new look.
        if self._last is None or self._last[0] != key or kind == "punches":
            self._last = (key, self._run(key))
        return listed(self._last[1], kind, self.name)

    def _run(self, people: Sequence[str]) -> Mapping[str, object]:
        try:
            done = subprocess.run(  # noqa: S603  the user's own command, no shell
                [*self._words, *people], capture_output=True, timeout=TIMEOUT_S, check=False
            )
        except (OSError, ValueError) as error:
            raise ReadBackError(f"{self.name}: cannot be run ({why(error)})") from None
        except subprocess.TimeoutExpired:
            raise ReadBackError(f"{self.name}: does not end within {TIMEOUT_S:g} s") from None
        if done.returncode != 0:
            told = one_line(done.stderr.decode("utf-8", "replace").strip()[-200:])
            raise ReadBackError(f"{self.name}: exit code {done.returncode}: {told or 'and nothing on stderr'}")
        try:
            document = json.loads(done.stdout)
        except (ValueError, RecursionError) as error:
            raise ReadBackError(f"{self.name}: stdout is not JSON ({error})") from None
        if not isinstance(document, dict):
            raise ReadBackError(f"{self.name}: stdout is a JSON {type(document).__name__}, an object is expected")
        return document
