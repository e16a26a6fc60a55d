"""The token endpoint: client credentials, username-password, JWT bearer, refresh token."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from sandbox.kernel.service import Kernel

from .auth import Sessions, opaque
from .identity import Identities
from .switches import SalesforceSwitches

_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
# Outlives a reset, as sessions do: tokens that were rotated away, and those that took their place.
_REFRESH_TOKENS = "_refresh_tokens"

Form = Mapping[str, str]


@dataclass(eq=False)
class OAuthError(Exception):
    """Answered with 400 and an object, unlike the errors of the REST API."""

    error: str
    description: str

    def body(self) -> dict[str, str]:
        return {"error": self.error, "error_description": self.description}


@dataclass(frozen=True)
class Grants:
    kernel: Kernel
    sessions: Sessions
    switches: Callable[[], SalesforceSwitches]

    def grant(self, form: Form, basic: str | None) -> dict[str, str]:
        """The body of a successful token call. Raises OAuthError."""
        flows = {
            "client_credentials": self._client_credentials,
            "password": self._password,
            "refresh_token": self._refresh,
        }
        grant_type = form.get("grant_type", "")
        if grant_type == _JWT_BEARER:
            return self._jwt_bearer(form)
        if grant_type not in flows:
            raise OAuthError("unsupported_grant_type", "grant type not supported")
        return flows[grant_type](form, *_client(form, basic))

    def check_password(self, username: str, password: str) -> bool:
        """Whether these are the integration user's."""
        known = self.kernel.secrets
        same_name = _same(username.lower(), known["username"].lower())
        return _same(password, known["password"]) and same_name

    def _client_credentials(self, form: Form, client_id: str, client_secret: str) -> dict[str, str]:
        self._check_client(client_id, client_secret)
        return self._token_body("no client credentials user enabled")

    def _password(self, form: Form, client_id: str, client_secret: str) -> dict[str, str]:
        self._check_client(client_id, client_secret)
        if not self.check_password(form.get("username", ""), form.get("password", "")):
            raise OAuthError("invalid_grant", "authentication failure")
        return self._token_body("inactive user")

    def _refresh(self, form: Form, client_id: str, client_secret: str) -> dict[str, str]:
        """The secret is optional here, as the app's policy may have it."""
        self._check_client(client_id, client_secret or self.kernel.secrets["client_secret"])
        given, store = form.get("refresh_token", ""), self.kernel.store
        entry = store.get(_REFRESH_TOKENS, given) if given else None
        valid = entry["Valid"] if entry else _same(given, self.kernel.secrets["refresh_token"])
        if not valid:
            raise OAuthError("invalid_grant", "expired access/refresh token")
        body = self._token_body("inactive user")
        if self.switches().refresh_token_rotation:
            body["refresh_token"] = f"5Aep861{opaque(48)}"
            store.put(_REFRESH_TOKENS, given, {"Valid": False})
            store.put(_REFRESH_TOKENS, body["refresh_token"], {"Valid": True})
        return body

    def _jwt_bearer(self, form: Form) -> dict[str, str]:
        claims = self._claims(form.get("assertion", ""))
        if not _same(str(claims.get("iss", "")), self.kernel.secrets["client_id"]):
            raise OAuthError("invalid_client_id", "client identifier invalid")
        if str(claims.get("aud", "")).rstrip("/") not in (*_AUDIENCES, self.kernel.base_url):
            raise OAuthError("invalid_grant", "audience is invalid")
        self._check_expiry(claims.get("exp"))
        same_name = str(claims.get("sub", "")).lower() == self.kernel.secrets["username"].lower()
        if not same_name or not self.switches().jwt_user_approved:
            raise OAuthError("invalid_grant", "user hasn't approved this consumer")
        return self._token_body("inactive user")

    def _claims(self, assertion: str) -> dict[str, Any]:
        """Of an assertion that is signed with the certificate's key."""
        key = _public_key(self.kernel.secrets["private_key"])
        checks = ("verify_exp", "verify_aud", "verify_iat", "verify_nbf", "verify_iss", "verify_sub")
        options: Any = dict.fromkeys(checks, False)
        try:
            claims: dict[str, Any] = jwt.decode(assertion, key, ["RS256"], options=options)
        except jwt.InvalidTokenError:
            raise OAuthError("invalid_grant", "invalid assertion") from None
        return claims

    def _check_expiry(self, given: Any) -> None:
        """By the service's clock; a number, or the same as text. Raises OAuthError."""
        text = str(given)
        if isinstance(given, bool) or not text.isdecimal():
            raise OAuthError("invalid_grant", "invalid assertion")
        left = int(text) - self.kernel.clock.now().timestamp()
        most = self.switches().jwt_seconds
        if left <= 0 or (most is not None and left > most):
            raise OAuthError("invalid_grant", "expired authorization code")

    def _check_client(self, client_id: str, client_secret: str) -> None:
        if not _same(client_id, self.kernel.secrets["client_id"]):
            raise OAuthError("invalid_client_id", "client identifier invalid")
        if not _same(client_secret, self.kernel.secrets["client_secret"]):
            raise OAuthError("invalid_client", "invalid client credentials")

    def _token_body(self, inactive: str) -> dict[str, str]:
        """Raises OAuthError, saying `inactive`, for a user who is not active."""
        user = self.sessions.integration_user()
        if not user["IsActive"]:
            raise OAuthError("invalid_grant", inactive)
        identity = Identities(self.kernel, self.sessions, self.sessions.org).url(user["Id"])
        issued_at = str(int(self.kernel.clock.now().timestamp() * 1000))
        key = self.kernel.secrets["client_secret"].encode()
        signature = hmac.new(key, f"{identity}{issued_at}".encode(), hashlib.sha256).digest()
        return {
            "access_token": self.sessions.issue(user["Id"]),
            "signature": base64.b64encode(signature).decode(),
            "scope": "api",
            "instance_url": self.kernel.base_url,
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued_at,
        }


@cache
def _public_key(private_key: str) -> RSAPublicKey:
    key = load_pem_private_key(private_key.encode(), None)
    assert isinstance(key, RSAPrivateKey), "secrets hold an RSA key"
    return key.public_key()


def _client(form: Form, basic: str | None) -> tuple[str, str]:
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
