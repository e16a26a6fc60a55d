"""Who may call: client credentials, tokens that expire, points per minute."""

import hashlib
import hmac
import math
import secrets
from datetime import timedelta
from urllib.parse import parse_qs

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.kernel.clock import Clock
from sandbox.kernel.service import Kernel
from sandbox.kernel.switches import SwitchBoard
from sandbox.sales_connect.refusals import error_body
from sandbox.sales_connect.stamps import stamp
from sandbox.sales_connect.switches import SalesConnectSwitches

_DEEP_PAGES = ((500, 30), (250, 10), (150, 8), (100, 3))


class Sessions:
    """Access tokens of the account; they outlive a restart and a reset."""

    def __init__(self, kernel: Kernel, switches: SwitchBoard[SalesConnectSwitches]) -> None:
        self._kernel = kernel
        self._switches = switches

    @property
    def account_id(self) -> str:
        derived = hashlib.sha256(self._kernel.secrets["client_id"].encode()).hexdigest()[:12]
        return self._switches.now.account_id or f"acc_{derived}"

    def accepts_client(self, client_id: str, client_secret: str) -> bool:
        return all(
            hmac.compare_digest(given.encode(), self._kernel.secrets[name].encode())
            for name, given in (("client_id", client_id), ("client_secret", client_secret))
        )

    def issue(self) -> str:
        token = f"sct_{secrets.token_urlsafe(32)}"
        expires = self._kernel.clock.now() + timedelta(seconds=self._switches.now.session_seconds)
        self._kernel.store.put("_sessions", token, {"expires_at": stamp(expires)})
        return token

    def accepts(self, authorization: str) -> bool:
        scheme, _, token = authorization.partition(" ")
        session = self._kernel.store.get("_sessions", token)
        if scheme.lower() != "bearer" or session is None:
            return False
        return bool(stamp(self._kernel.clock.now()) < session["expires_at"])


class Points:
    """The account's points of the present minute, by the service's clock."""

    def __init__(self, clock: Clock, switches: SwitchBoard[SalesConnectSwitches]) -> None:
        self._clock = clock
        self._switches = switches
        self._minute = 0
        self._used = 0

    def reset(self) -> None:
        self._used = 0

    def spend(self, cost: int) -> bool:
        minute = int(self._clock.now().timestamp() // 60)
        if minute != self._minute:
            self._minute, self._used = minute, 0
        if self._used + cost > self._switches.now.points_per_minute:
            return False
        self._used += cost
        return True

    @property
    def remaining(self) -> int:
        return max(self._switches.now.points_per_minute - self._used, 0)

    @property
    def seconds_to_next_minute(self) -> int:
        return math.ceil(60 - self._clock.now().timestamp() % 60)


class Gate:
    """Stands before every path under /v2/: first the token, then the points."""

    def __init__(self, app: ASGIApp, sessions: Sessions, points: Points) -> None:
        self._app = app
        self._sessions = sessions
        self._points = points

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/v2/"):
            await self._app(scope, receive, send)
        elif not self._sessions.accepts(Headers(scope=scope).get("authorization", "")):
            refusal = JSONResponse(error_body("invalid_token"), 401, {"WWW-Authenticate": "Bearer"})
            await refusal(scope, receive, send)
        else:
            await self._metered(scope, receive, send)

    async def _metered(self, scope: Scope, receive: Receive, send: Send) -> None:
        cost = _cost(scope["query_string"])
        allowed = self._points.spend(cost)

        async def send_metered(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["x-ratelimit-endpoint-cost"] = str(cost)
                headers["x-ratelimit-remaining-minute"] = str(self._points.remaining)
            await send(message)

        if allowed:
            await self._app(scope, receive, send_metered)
        else:
            wait = {"Retry-After": str(self._points.seconds_to_next_minute)}
            await JSONResponse(error_body("rate_limited"), 429, wait)(scope, receive, send_metered)


def _cost(query_string: bytes) -> int:
    page = parse_qs(query_string.decode("latin-1")).get("page", ["1"])[-1]
    if not page.isascii() or not page.isdigit():
        return 1
    return next((cost for above, cost in _DEEP_PAGES if int(page) > above), 1)
