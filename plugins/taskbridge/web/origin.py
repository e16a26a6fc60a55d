"""What is not a GET comes from one of our own pages, or is refused: Airflow gives the apps of plugins no protection.

The login cookie goes along with whatever another page sends, also one on another port of the same host.
"""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_HARMLESS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_JSON: Final = "application/json"


class SameOriginOnly:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in _HARMLESS:
            problem = why_refused(Headers(scope=scope))
            if problem:
                await PlainTextResponse(f"Refused: {problem}.", 403)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def why_refused(headers: Headers) -> str | None:
    """What is wrong with where a request comes from; None when it is from a page of ours."""
    if headers.get("sec-fetch-site") != "same-origin":
        return f"Sec-Fetch-Site is {headers.get('sec-fetch-site')!r}, expected 'same-origin'"
    origin = headers.get("origin", "")
    if origin.partition("://")[2] != headers.get("host"):
        return f"Origin is {origin!r}, expected that of {headers.get('host')!r}"
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return None if kind == _JSON else f"the content type is {kind!r}, expected {_JSON!r}"
