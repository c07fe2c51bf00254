"""Serves an application of any of the three kinds on a free port."""

from __future__ import annotations

import asyncio
import inspect
import socket
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import Any

from . import wsgi

HOST = "127.0.0.1"


def serving(app: Any) -> AbstractContextManager[str]:
    """The URL of `app` while the context lasts. Raises: TypeError for what is no application."""
    return _SERVERS[kind_of(app)](app)


def kind_of(app: Any) -> str:
    """`aiohttp`, `asgi` or `wsgi`, by type and signature. Raises: TypeError."""
    if any(kind.__module__.startswith("aiohttp.") and kind.__name__ == "Application" for kind in type(app).__mro__):
        return "aiohttp"
    if not callable(app) or isinstance(app, type):
        raise TypeError(f"cams_serve: {app!r} is no application; give a WSGI, ASGI or aiohttp application")
    # An object is asynchronous when its __call__ is.
    call = app if inspect.isroutine(app) else type(app).__call__
    if inspect.iscoroutinefunction(call):
        return "asgi"
    wanted = _positional(app)
    if wanted not in (2, 3):
        raise TypeError(
            f"cams_serve: {app!r} takes {wanted} arguments; a WSGI application takes 2, an ASGI application 3 "
            "(is it a factory? call it first)"
        )
    return "wsgi" if wanted == 2 else "asgi"


def _positional(app: Callable[..., Any]) -> int:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(app).parameters.values()
    return sum(one.kind in kinds and one.default is one.empty for one in parameters)


@contextmanager
def _wsgi(app: Any) -> Iterator[str]:
    server = wsgi.Server(app, HOST)
    try:
        yield f"http://{HOST}:{server.port}"
    finally:
        server.stop()


@contextmanager
def _aiohttp(app: Any) -> Iterator[str]:
    from aiohttp import web

    from camsim.receiver.shutdown import stop_application

    from .background import Background

    async def start() -> web.AppRunner:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        _answer_whatever_is_raised(runner)
        await web.TCPSite(runner, HOST, 0, backlog=1024).start()
        return runner

    with ExitStack() as afterwards, Background(start, stop_application, "cams_serve aiohttp") as background:
        runner = background.service
        (site,) = runner.sites
        afterwards.callback(_deafen, getattr(site, "_server").sockets[0])  # noqa: B009  aiohttp keeps it to itself
        yield f"http://{HOST}:{runner.addresses[0][1]}"


def _deafen(listening: Any) -> None:
    """Nobody gets through any more, even where the loop that listens is blocked."""
    with suppress(OSError):  # closed already
        listening.shutdown(socket.SHUT_RDWR)


def _answer_whatever_is_raised(runner: Any) -> None:
    """500 for SystemExit and its like too; aiohttp would let them end the loop, and leave the connection open."""
    from aiohttp import web

    handle = runner.server.request_handler

    async def answer(request: Any) -> Any:
        try:
            return await handle(request)
        except (SystemExit, KeyboardInterrupt):
            traceback.print_exc()
            return web.Response(status=500, text="the application raised")

    runner.server.request_handler = answer


@contextmanager
def _asgi(app: Any) -> Iterator[str]:
    try:
        import uvicorn
    except ImportError:
        raise RuntimeError("cams_serve needs uvicorn to serve an ASGI application: pip install uvicorn") from None
    from camsim.receiver.shutdown import stop_accepting

    from .background import START_S, Background

    server = uvicorn.Server(
        uvicorn.Config(app, HOST, 0, log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=1)
    )

    async def serve() -> None:
        with suppress(SystemExit):  # how uvicorn ends when the application does not start
            await server.serve()

    async def start() -> asyncio.Task[None]:
        task = asyncio.create_task(serve())
        async with asyncio.timeout(START_S):
            while not server.started:
                if task.done():
                    raise RuntimeError(f"cams_serve: {app!r} did not start; its lifespan failed") from task.exception()
                await asyncio.sleep(0.002)
        return task

    async def stop(task: asyncio.Task[None]) -> None:
        await stop_accepting(server.servers)
        server.should_exit = True
        await task

    with ExitStack() as afterwards, Background(start, stop, "cams_serve asgi"):
        listening = server.servers[0].sockets[0]
        afterwards.callback(_deafen, listening)
        yield f"http://{HOST}:{listening.getsockname()[1]}"


_SERVERS: dict[str, Callable[[Any], AbstractContextManager[str]]] = {"wsgi": _wsgi, "aiohttp": _aiohttp, "asgi": _asgi}
