"""Calls of the control API from the command line, and how a command ends that could not make one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from camsim.given_secrets import SecretError, secret
from camsim.wording import one_line

from .output import say

if TYPE_CHECKING:
    from camsim.control.route import Route

ManagementUrl = Annotated[
    str, typer.Option("--url", envvar="CAMSIM_URL", help="Management URL of the running simulator.", show_default=True)
]
Switches = Annotated[
    list[str] | None, typer.Option("--switch", help="A portal switch of every device: load_user_data=on. May repeat.")
]
Token = Annotated[
    str | None,
    typer.Option("--management-token", envvar=["CAMSIM_TOKEN", "CAMSIM_MANAGEMENT_TOKEN"], help="Its bearer token."),
]
DEFAULT_URL = "http://127.0.0.1:8125"


class Exit(typer.Exit):
    """Leave with a message on standard error."""

    def __init__(self, code: int, message: str) -> None:
        say(f"camsim: {message}", err=True)
        super().__init__(code)


def call(
    url: str,
    token: str | None,
    route: Route[object],
    body: object = None,
    query: dict[str, str] | None = None,
    **in_path: str,
) -> dict[str, Any]:
    """The object that a call of a route answers. Raises: Exit as `fetch`, and 1 for what camsim does not answer."""
    from urllib.parse import quote, urlencode

    import msgspec

    path = route.path.format(**{name: quote(value, safe="", errors="replace") for name, value in in_path.items()})
    if query:
        path += f"?{urlencode(query, errors='replace')}"
    content = fetch(url, token, route.method, path, body)
    try:
        msgspec.json.decode(content, type=route.answer)
        answer: dict[str, Any] = json.loads(content)
    except (ValueError, msgspec.DecodeError, RecursionError) as problem:
        raise Exit(1, f"{url} does not answer as camsim does ({one_line(str(problem), 200)}). {_WHICH}") from None
    return answer


def canonical_journal(url: str, token: str | None) -> bytes:
    """The comparable journal, byte by byte. Raises: as `call`."""
    lines = fetch(url, token, "GET", "journal?canonical=1")
    if not lines.startswith(b'{"canonical":'):
        raise Exit(1, f"{url} does not answer as camsim does. {_WHICH}")
    return lines


_WHICH = "Is --url the management port of a simulator of this version?"


def fetch(url: str, token: str | None, method: str, path: str, body: object = None) -> bytes:
    """One call of the management API. Raises: Exit 1 for an error, 2 for a wrong value, 3 when nobody answers."""
    from camsim.client.wire import Api, ApiError

    try:
        if token is None:
            token = secret("--management-token", None)
        return Api(url.rstrip("/"), token, timeout=60).raw(method, path, body)
    except SecretError as problem:
        raise Exit(2, str(problem)) from None
    except UnicodeError:  # half a character: bytes of another encoding on the command line
        raise Exit(2, "an argument is no text that JSON can hold") from None
    except ValueError as problem:
        raise Exit(2, f"--url: {one_line(str(problem))}") from None
    except ApiError as problem:
        if problem.http == 0:  # no HTTP answer at all
            reach = f"no simulator at {url}: {problem.message}"
            raise Exit(3, f"{reach}. Start one with `camsim serve`, or say where it is with --url") from None
        code = 2 if problem.http in (400, 422) and problem.code != "unexpected_answer" else 1
        raise Exit(code, f"{problem.message}. {problem.hint}".rstrip(". ")) from None
