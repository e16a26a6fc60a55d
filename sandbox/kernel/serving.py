"""Two or more applications served over TLS by one event loop."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from sandbox.kernel.headers import spelled
from sandbox.kernel.service import Service

# A URI that is too long is for the service to refuse, as is a header.
_MOST_HEAD_BYTES = 1 << 20


@dataclass(frozen=True)
class Binding:
    """An application and the listening socket it answers on."""

    listener: socket.socket
    application: Service


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one. Raises OSError when the port is taken."""
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    # Only for sockets with this protocol does asyncio switch Nagle's algorithm off: 40 ms for every answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(128)
    return listener


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, Any, None]:
        """Leaves signals alone: the process has two servers and one handler for both."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Cuts idle connections first: closing TLS politely waits for clients that will not answer."""
        for connection in list(self.server_state.connections):
            cycle = getattr(connection, "cycle", None)
            if cycle is None or cycle.response_complete:
                connection.transport.abort()
        await super().shutdown(sockets)


class _Connection(h11.Connection):
    """Spells header names at the last moment, so that no answer is without it: the server's own neither."""

    def send(self, event: h11.Event) -> Any:
        if isinstance(event, h11.Response):
            named = [(spelled(name.decode()).encode(), value) for name, value in event.headers.raw_items()]
            event = h11.Response(status_code=event.status_code, headers=named, reason=event.reason)
        return super().send(event)


class _Protocol(H11Protocol):
    """Of uvicorn's two the one that keeps the case of a name."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.conn = _Connection(h11.SERVER, _MOST_HEAD_BYTES)


class ServerGroup:
    """Serves until `stop`, which may be called from any thread or signal handler."""

    def __init__(self, bindings: Sequence[Binding], certificate: Path) -> None:
        self._sockets = [binding.listener for binding in bindings]
        self._servers = [_Server(_config(binding.application, certificate)) for binding in bindings]

    async def run(self, on_ready: Callable[[], None]) -> None:
        serving = [
            asyncio.create_task(server.serve([listener]))
            for server, listener in zip(self._servers, self._sockets, strict=True)
        ]
        while not all(server.started for server in self._servers) and not any(
            task.done() for task in serving
        ):
            await asyncio.sleep(0.01)
        if all(server.started for server in self._servers):
            on_ready()
        await asyncio.gather(*serving)

    def stop(self) -> None:
        for server in self._servers:
            server.should_exit = True


def _config(application: Service, certificate: Path) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http=_Protocol,
        ssl_certfile=certificate,
        lifespan="off",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,  # the service's clock says what the date is
        timeout_graceful_shutdown=1,
    )
