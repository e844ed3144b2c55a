"""Runs the application under uvicorn."""

import uvicorn
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app import logs, problems
from app.settings import Settings


class Protocol(HttpToolsProtocol):
    """Answers what is not HTTP at all with a problem, too."""

    @override
    def send_400_response(self, msg: str) -> None:
        response = problems.write(msg, 400, {"Connection": "close"})
        headers = b"".join(name + b": " + value + b"\r\n" for name, value in response.raw_headers)
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n" + headers + b"\r\n" + bytes(response.body))
        self.transport.close()


def serve(settings: Settings) -> None:
    """Serves until it is told to stop by a signal."""
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        http=Protocol,
        ws="none",
        lifespan="on",
        log_config=logs.configuration(settings),
        access_log=settings.access_log,
        server_header=False,
    )
