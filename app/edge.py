"""The thin layer around the app: bounds what comes in, and answers for whatever got past everything else."""

import logging
from uuid import uuid4

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import logs, problems
from generated.runtime import Refusal

log = logging.getLogger(__name__)


class Edge:
    """Pure ASGI: Starlette's BaseHTTPMiddleware would run the app in another task, with another context.

    `max_body_size` is in bytes.
    """

    def __init__(self, app: ASGIApp, max_body_size: int) -> None:
        self._app = app
        self._max_body_size = max_body_size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        started = False
        left = self._max_body_size

        async def receive_bounded() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise Refusal(413, "The request body is too large")
            return message

        async def send_noting_start(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive_bounded, send_noting_start)
        except ClientDisconnect:
            log.debug("the client left before its request was read")
        except Exception as error:
            instance = uuid4().urn
            path = scope["path"].encode("unicode_escape").decode()
            log.error("%s %s failed: %s\n%s", scope["method"], path, instance, logs.trace(error))
            if started:
                # Closing the connection is all that is left, and the cause is logged already.
                raise ConnectionAbortedError("the answer was broken off") from None
            await problems.failure(instance)(scope, receive, send)
