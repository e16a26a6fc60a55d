"""Below HTTP: connections that are cut, answers that never leave, bodies that are read twice."""

import asyncio

from starlette.types import Message, Receive, Send


def cut_connection(send: Send, *, flush: bool = False) -> None:
    """Closes the TCP connection without an answer, or with `flush` after what was sent of it.

    `send` must be the server's own, unwrapped: uvicorn's is a method of the object that holds the transport.
    Without a server (in-process test clients) it raises ConnectionAbortedError instead.
    """
    cycle = getattr(send, "__self__", None)
    transport = getattr(cycle, "transport", None)
    if cycle is None or transport is None:
        raise ConnectionAbortedError("the connection is cut by a fault")
    cycle.disconnected = True  # else uvicorn would answer 500 for an application that sent nothing
    if flush:
        transport.close()
    else:
        transport.abort()


def cut_midway(send: Send, raw: Send) -> Send:
    """A `send` that passes on the head of the answer and half of its body, and then closes the connection.

    `raw` as for `cut_connection`. Of an answer without a body nothing arrives.
    """
    held: list[Message] = []

    async def send_half(message: Message) -> None:
        if message["type"] == "http.response.start":
            held.append(message)
        elif held:
            body = message.get("body", b"")
            if half := body[: len(body) // 2]:
                await send(held[0])
                await send({**message, "body": half, "more_body": True})
            held.clear()
            cut_connection(raw, flush=bool(half))

    return send_half


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
