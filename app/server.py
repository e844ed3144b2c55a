"""Runs the application under uvicorn."""

import httptools
import uvicorn
from typing_extensions import override
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from app import logs, problems
from app.settings import Settings

_INVALID = "Invalid HTTP request received."


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol, but what is not HTTP is answered with a problem, and an offer of another protocol declined.

    Such an offer (RFC 9110, section 7.8) comes with every first request of Java's HttpClient. httptools takes what
    follows its head for the other protocol: the body would be lost, or read as the next request.
    """

    _declines = False

    @override
    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            if self._declines:
                self._start_again(data[offer.args[0] :])
        except httptools.HttpParserError:
            self.send_400_response(_INVALID)

    def _start_again(self, rest: bytes) -> None:
        """Reads the request anew, without the offer."""
        version = self.parser.get_http_version().encode()
        head = [self.parser.get_method() + b" " + self.url + b" HTTP/" + version]
        head += [name + b": " + value for name, value in self.headers if name not in (b"upgrade", b"http2-settings")]
        self.parser = httptools.HttpRequestParser(self)
        self.data_received(b"\r\n".join(head) + b"\r\n\r\n" + rest)

    @override
    def on_headers_complete(self) -> None:
        self._declines = self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"
        if not self._declines:
            super().on_headers_complete()

    @override
    def on_message_complete(self) -> None:
        if not self._declines:
            super().on_message_complete()

    @override
    def send_400_response(self, msg: str) -> None:
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete and not cycle.more_body:
            # A whole request came before: this answer would be taken for its own.
            cycle.keep_alive = False
            return
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
