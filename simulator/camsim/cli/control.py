"""Calls of the control API from the command line, and how a command ends that could not make one."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from camsim.given_secrets import SecretError, secret

from .output import say

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


def call(url: str, token: str | None, method: str, path: str, body: object = None) -> dict[str, Any]:
    """The object that a call of the management API answers. Raises: Exit as `fetch`."""
    answer: dict[str, Any] = json.loads(fetch(url, token, method, path, body))
    return answer


def fetch(url: str, token: str | None, method: str, path: str, body: object = None) -> bytes:
    """One call of the management API. Raises: Exit 1 for an error, 2 for a wrong value, 3 when nobody answers."""
    from camsim.client.wire import Api, ApiError

    try:
        if token is None:
            token = secret("--management-token", None)
        return Api(url.rstrip("/"), token, timeout=60).raw(method, path, body)
    except SecretError as problem:
        raise Exit(2, str(problem)) from None
    except ValueError as problem:
        raise Exit(2, f"--url: {problem}") from None
    except ApiError as problem:
        if problem.http == 0:  # no HTTP answer at all
            reach = f"no simulator at {url}: {problem.message}"
            raise Exit(3, f"{reach}. Start one with `camsim serve`, or say where it is with --url") from None
        code = 2 if problem.http in (400, 422) else 1
        raise Exit(code, f"{problem.message}. {problem.hint}".rstrip(". ")) from None
