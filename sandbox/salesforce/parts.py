"""Calls within a call: each goes through the routes as if it had come alone, at once and without a pause."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson
from starlette.types import Message, Scope

from sandbox.kernel.headers import spelled
from sandbox.kernel.service import enter_endpoint

from .calls import PART, Call

_SHOWN = ("location", "etag", "last-modified")


@dataclass(frozen=True)
class Part:
    """`url` begins with `/services/data/`; `body` is JSON, None for no body."""

    method: str
    url: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        return self.status >= 400


def ask(call: Call, part: Part) -> Answer:
    """The answer to a part of `call`, for the same user."""
    scope = _scope(call, part)
    enter_endpoint(call.request.app.router.routes, scope)
    messages: list[Message] = []
    body = b"" if part.body is None else orjson.dumps(part.body)

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    _run(call.request.app(scope, receive, send))
    return _answer(messages)


def _scope(call: Call, part: Part) -> Scope:
    url = urlsplit(part.url)
    headers = {name.lower(): value for name, value in part.headers.items()}
    headers |= {"authorization": call.request.headers["authorization"], "content-type": "application/json"}
    return {
        **call.request.scope,
        PART: True,
        "method": part.method,
        "path": unquote(url.path.removesuffix("/")),
        "raw_path": url.path.encode(),
        "query_string": url.query.encode(),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()],
    }


def _run(coroutine: Coroutine[Any, Any, None]) -> None:
    """To its end, in one go: nobody else's call comes between the parts of one transaction."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("a part of a composite call must not wait for anything")


def _answer(messages: list[Message]) -> Answer:
    start = messages[0]
    body = b"".join(message.get("body", b"") for message in messages[1:])
    headers = {
        spelled(name.decode("latin-1")): value.decode("latin-1")
        for name, value in start["headers"]
        if name.decode("latin-1") in _SHOWN
    }
    return Answer(start["status"], orjson.loads(body) if body else None, headers)
