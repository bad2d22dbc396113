"""How far a conversation came, and the name of what ended it."""

from __future__ import annotations

from collections.abc import Mapping

import httpcore
import httpx

from db.shapes import Failure
from scraper.fetching.addresses import AddressRefused
from scraper.fetching.dial import NameNotFound
from scraper.fetching.errors import FetchError

CONVERSATION_ERRORS = (
    AddressRefused,
    NameNotFound,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
    httpx.TransportError,
)
CLOSED = (httpcore.RemoteProtocolError, httpcore.ReadError, httpcore.WriteError)
_TIMEOUTS = (httpcore.TimeoutException, httpx.TimeoutException)


class Stage:
    """httpcore's trace hook: remembers how far the conversation came."""

    def __init__(self) -> None:
        self.in_tls = False
        self.in_body = False
        self.on_old_connection = False  # asked on a connection from before, and no answer yet
        self._dialled = False

    async def __call__(self, event: str, info: Mapping[str, object]) -> None:
        if event == "connection.connect_tcp.started":
            self._dialled = True
        elif event == "http11.send_request_headers.started":
            self.on_old_connection = not self._dialled
        elif event == "http11.receive_response_headers.complete":
            self.on_old_connection = False
        elif ".start_tls." in event:
            self.in_tls = not event.endswith(".complete")
        elif ".receive_response_body." in event:
            self.in_body = True


def conversation_failure(error: Exception, stage: Stage) -> FetchError:
    said = str(error) or type(error).__name__
    if isinstance(error, AddressRefused):
        return FetchError(Failure.REFUSED_ADDRESS, said)
    if isinstance(error, NameNotFound):
        return FetchError(Failure.DNS, said)
    if isinstance(error, _TIMEOUTS):
        return FetchError(Failure.TIMEOUT, "no connection within the time for one")
    if stage.in_tls:
        return FetchError(Failure.TLS, said)
    if stage.in_body:
        return FetchError(Failure.TRUNCATED, f"the connection ended before the body did ({said})")
    return FetchError(Failure.CONNECT, said)
