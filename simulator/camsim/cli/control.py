"""Calls of the control API from the command line, and how a command ends that could not make one."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

ManagementUrl = Annotated[
    str, typer.Option("--url", envvar="CAMSIM_URL", help="Management URL of the running simulator.", show_default=True)
]
Token = Annotated[str | None, typer.Option("--management-token", envvar="CAMSIM_TOKEN", help="Its bearer token.")]
DEFAULT_URL = "http://127.0.0.1:8125"


class Exit(typer.Exit):
    """Leave with a message on standard error."""

    def __init__(self, code: int, message: str) -> None:
        typer.echo(f"camsim: {message}", err=True)
        super().__init__(code)


def call(url: str, token: str | None, method: str, path: str, body: Any = None, *, raw: bool = False) -> Any:
    """One call of the management API; an error becomes a message and exit 1, an unreachable one exit 3."""
    from camsim.client.wire import Api, ApiError

    try:
        content = Api(url.rstrip("/"), token, timeout=60).raw(method, path, body)
    except ValueError as problem:
        raise Exit(2, f"--url: {problem}") from None
    except ApiError as problem:
        if problem.http == 0:
            reach = f"no simulator at {url}: {problem.message}"
            raise Exit(3, f"{reach}. Start one with `camsim serve`, or say where it is with --url") from None
        raise Exit(2 if problem.http in (400, 422) else 1, f"{problem.message}. {problem.hint}".rstrip(". ")) from None
    return content if raw else json.loads(content)
