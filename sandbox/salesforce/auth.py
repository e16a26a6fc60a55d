"""Sessions and the token endpoint: client credentials and username-password."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.kernel.service import Kernel

from .errors import ApiError
from .org import Org
from .stamps import parse_datetime, stamp

# Outlives a reset, so that the access token of the ready file stays good.
_SESSIONS = "_sessions"


@dataclass(eq=False)
class OAuthError(Exception):
    """Answered with 400 and an object, unlike the errors of the REST API."""

    error: str
    description: str

    def body(self) -> dict[str, str]:
        return {"error": self.error, "error_description": self.description}


class Sessions:
    def __init__(self, kernel: Kernel, org: Org) -> None:
        self._kernel = kernel
        self._org = org

    def issue(self, user_id: str) -> str:
        """A new access token: the organisation's 15-character id, "!", a secret."""
        now = self._kernel.clock.now()
        token = f"{self.organization_id()[:15]}!{secrets.token_urlsafe(64)}"
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
        user = self._org.records.find(session["User"])
        if user is None or not user["IsActive"]:
            raise _unauthorized("INVALID_SESSION_ID", "Session expired or invalid")
        return str(session["User"])

    def organization_id(self) -> str:
        return str(next(iter(self._kernel.store.rows("Organization")))["Id"])

    def integration_user(self) -> Mapping[str, Any]:
        """Who the client credentials run as."""
        wanted = self._kernel.secrets["username"].lower()
        return next(doc for doc in self._kernel.store.rows("User") if doc["Username"].lower() == wanted)

    def _is_over(self, session: Mapping[str, Any], now: datetime) -> bool:
        issued = parse_datetime(session["Issued"])
        assert issued is not None, "sessions are stamped by us"
        return now - issued > timedelta(seconds=self._org.records.switches.session_seconds)


def grant(kernel: Kernel, sessions: Sessions, form: Mapping[str, str], basic: str | None) -> dict[str, str]:
    """The body of a successful token call. Raises OAuthError."""
    grant_type = form.get("grant_type")
    if grant_type not in ("client_credentials", "password"):
        raise OAuthError("unsupported_grant_type", "grant type not supported")
    client_id, client_secret = _client(form, basic)
    if not _same(client_id, kernel.secrets["client_id"]):
        raise OAuthError("invalid_client_id", "client identifier invalid")
    if not _same(client_secret, kernel.secrets["client_secret"]):
        raise OAuthError("invalid_client", "invalid client credentials")
    if grant_type == "password" and not (
        _same(form.get("username", "").lower(), kernel.secrets["username"].lower())
        and _same(form.get("password", ""), kernel.secrets["password"])
    ):
        raise OAuthError("invalid_grant", "authentication failure")
    user = sessions.integration_user()
    if not user["IsActive"]:
        raise OAuthError(
            "invalid_grant",
            "no client credentials user enabled" if grant_type != "password" else "inactive user",
        )
    return _token_body(kernel, sessions, user["Id"])


def _token_body(kernel: Kernel, sessions: Sessions, user_id: str) -> dict[str, str]:
    identity = f"https://login.salesforce.com/id/{sessions.organization_id()}/{user_id}"
    issued_at = str(int(kernel.clock.now().timestamp() * 1000))
    key = kernel.secrets["client_secret"].encode()
    signature = hmac.new(key, f"{identity}{issued_at}".encode(), hashlib.sha256).digest()
    return {
        "access_token": sessions.issue(user_id),
        "signature": base64.b64encode(signature).decode(),
        "scope": "api",
        "instance_url": kernel.base_url,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": issued_at,
    }


def _client(form: Mapping[str, str], basic: str | None) -> tuple[str, str]:
    """Client id and secret, from a Basic header or the form."""
    scheme, _, encoded = (basic or "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client_id, _, client_secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise OAuthError("invalid_client", "invalid client credentials") from None
    return client_id, client_secret


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def _unauthorized(code: str, message: str) -> ApiError:
    return ApiError(code, message, 401, headers={"WWW-Authenticate": "Token"})
