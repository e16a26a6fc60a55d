"""Below HTTP: connections that are cut, answers that never leave, bodies that are read twice."""

import asyncio

from starlette.types import Message, Receive, Send


def cut_connection(send: Send) -> None:
    """Closes the TCP connection without an answer.

    `send` must be the server's own, unwrapped: uvicorn's is a method of the object that holds the transport.
    Without a server (in-process test clients) it raises ConnectionAbortedError instead.
    """
    cycle = getattr(send, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if cycle is None or transport is None:
        raise ConnectionAbortedError("the connection is cut by a fault")
    cycle.disconnected = True  # else uvicorn would answer 500 for an application that sent nothing
    transport.abort()


async def slow_down(seconds: float) -> None:
    """Real seconds: a client's timeout does not run on the service's clock."""
    await asyncio.sleep(seconds)


async def discard(message: Message) -> None:
    """A `send` whose messages go nowhere."""


async def read_body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body that was read already, then goes on with the connection."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return pending.pop() if pending else await receive()

    return receive_again
