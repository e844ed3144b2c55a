"""One uvicorn for all tests: each puts its own app on it, which costs a hundredth of starting a server."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from app.server import Protocol


class Stage:
    """Serves over HTTP whatever app is on, from a thread of the test process."""

    def __init__(self) -> None:
        config = uvicorn.Config(
            self._dispatch, interface="asgi3", lifespan="on", http=Protocol, ws="none", port=0, log_config=None
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._app: FastAPI | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._loop = asyncio.get_running_loop()
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        else:
            assert self._app, "no app is on"
            await self._app(scope, receive, send)

    @contextmanager
    def running(self) -> Iterator["Stage"]:
        """Starts the server, and stops it."""
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive(), "uvicorn did not start: its error stands above"
            time.sleep(0.005)
        yield self
        self._server.should_exit = True
        self._thread.join()

    @contextmanager
    def playing(self, app: FastAPI) -> Iterator[str]:
        """Starts the app, and stops it. Gives the URL at which it is served."""
        assert self._loop, "the server runs"
        lifespan = app.router.lifespan_context(app)
        asyncio.run_coroutine_threadsafe(lifespan.__aenter__(), self._loop).result()
        self._app = app
        host, port = self._server.servers[0].sockets[0].getsockname()
        yield f"http://{host}:{port}"
        self._app = None
        asyncio.run_coroutine_threadsafe(lifespan.__aexit__(None, None, None), self._loop).result()
