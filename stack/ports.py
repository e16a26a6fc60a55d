"""Free TCP ports that stay ours until the services that use them are up."""

import errno
import random
import socket
from types import TracebackType
from typing import Self

from stack.errors import StackError

LOWEST, HIGHEST = 20000, 32000  # below Linux's range for outgoing connections
ATTEMPTS = 200


class PortBlock:
    """`count` neighbouring ports, held by bound sockets that nobody listens on.

    A port is taken without SO_REUSEADDR, which fails when anybody else holds it, and the option is set
    afterwards: a server that sets it too (uvicorn and asyncio do) can then bind beside us, while another
    stack that draws a block cannot. Call `release` when the servers listen.
    """

    def __init__(self, base: int, sockets: list[socket.socket]) -> None:
        self.base = base
        self._sockets = sockets

    @classmethod
    def reserve(cls, count: int, preferred: int | None = None) -> Self:
        """Take `preferred` and its neighbours if they are free, else a random free block.

        Raises `StackError` when no block is found.
        """
        if preferred and (sockets := _hold(range(preferred, preferred + count), lingering=True)):
            return cls(preferred, sockets)
        for base in [random.randrange(LOWEST, HIGHEST) for _ in range(ATTEMPTS)]:
            if sockets := _hold(range(base, base + count), lingering=False):
                return cls(base, sockets)
        raise StackError(
            f"No {count} neighbouring free ports found from {LOWEST} to {HIGHEST}, in {ATTEMPTS} tries. "
            "Stop what listens there, then start again."
        )

    def release(self) -> None:
        for held in self._sockets:
            held.close()
        self._sockets = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _hold(ports: range, *, lingering: bool) -> list[socket.socket]:
    """Bound sockets for all of `ports` on every address, so that nobody else has them on any, or none at all.

    lingering: take ports with connections in TIME_WAIT too; a server just stopped leaves them for a minute.
    """
    held: list[socket.socket] = []
    try:
        for port in ports:
            candidate = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            held.append(candidate)
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(lingering))
            candidate.bind(("0.0.0.0", port))
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    except OSError as error:
        for one in held:
            one.close()
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        return []
    return held
