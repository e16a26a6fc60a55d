"""Sessions of the API's user."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox.kernel.service import Kernel

from .errors import ApiError
from .org import Org
from .stamps import parse_datetime, stamp

# Outlives a reset, so that the access token of the ready file stays good.
_SESSIONS = "_sessions"


def opaque(size: int) -> str:
    """A secret in the characters of the vendor's tokens: no hyphen among them."""
    return secrets.token_urlsafe(size).replace("-", ".")


class Sessions:
    def __init__(self, kernel: Kernel, org: Org) -> None:
        self._kernel = kernel
        self.org = org

    def issue(self, user_id: str) -> str:
        """A new access token: the organisation's 15-character id, "!", a secret."""
        now = self._kernel.clock.now()
        token = f"{self.organization_id()[:15]}!{opaque(64)}"
        self._kernel.store.put(_SESSIONS, token, {"Token": token, "User": user_id, "Issued": stamp(now)})
        return token

    def issue_for_integration(self) -> str:
        return self.issue(self.integration_user()["Id"])

    def user_of(self, authorization: str | None) -> str:
        """The user id of a session. Raises ApiError with 401."""
        scheme, _, token = (authorization or "").partition(" ")
        if authorization and scheme.lower() not in ("bearer", "oauth"):
            raise _unauthorized("INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE")
        session = self._kernel.store.get(_SESSIONS, token.strip())
        if session is None or self._is_over(session, self._kernel.clock.now()):
            raise _unauthorized("INVALID_SESSION_ID", "Session expired or invalid")
        user = self.org.records.find(session["User"])
        if user is None or not user["IsActive"]:
            raise _unauthorized("INVALID_SESSION_ID", "Session expired or invalid")
        return str(session["User"])

    def end(self, token: str) -> bool:
        """Whether there was such a session."""
        known = self._kernel.store.get(_SESSIONS, token) is not None
        if known:
            self._kernel.store.remove(_SESSIONS, token)
        return known

    def organization_id(self) -> str:
        return str(next(iter(self._kernel.store.rows("Organization")))["Id"])

    def integration_user(self) -> Mapping[str, Any]:
        """Who the client credentials run as."""
        wanted = self._kernel.secrets["username"].lower()
        return next(doc for doc in self._kernel.store.rows("User") if doc["Username"].lower() == wanted)

    def _is_over(self, session: Mapping[str, Any], now: datetime) -> bool:
        issued = parse_datetime(session["Issued"])
        assert issued is not None, "sessions are stamped by us"
        return now - issued > timedelta(seconds=self.org.records.switches.session_seconds)


def _unauthorized(code: str, message: str) -> ApiError:
    return ApiError(code, message, 401, headers={"WWW-Authenticate": "Token"})
