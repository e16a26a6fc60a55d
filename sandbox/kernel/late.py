"""Requests whose client is long gone and that are carried out all the same."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from starlette.types import Message, Receive, Scope, Send

from sandbox.kernel.wire import discard

Application = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass
class LateRequests:
    """Requests on their way. They are carried out by the first call that comes when their time has come."""

    _waiting: list[tuple[datetime, Scope, bytes]] = field(default_factory=list)

    def put(self, due: datetime, scope: Scope, body: bytes) -> None:
        self._waiting.append((due, scope, body))

    async def land(self, now: datetime, application: Application) -> None:
        """Those that are due, in the order of their times; their answers go nowhere."""
        due = sorted((one for one in self._waiting if one[0] <= now), key=lambda one: one[0])
        self._waiting = [one for one in self._waiting if one[0] > now]
        for _, scope, body in due:
            await application(scope, _of(body), discard)

    def clear(self) -> None:
        self._waiting.clear()


def _of(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
