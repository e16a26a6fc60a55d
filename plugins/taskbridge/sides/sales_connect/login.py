"""Logging in to Sales Connect: client credentials for a token."""

from __future__ import annotations

from typing import Final

import requests

from taskbridge.errors import AuthenticationFailed, CallRefused
from taskbridge.sides.answers import Verdict, verdict
from taskbridge.sides.failures import Transient
from taskbridge.sides.http import Grant
from taskbridge.sides.http_answer import HttpAnswer
from taskbridge.sides.shapes import Name, Shape
from taskbridge.sides.strangers import strange_answer

CONNECTION: Final = "sales_connect_default"


class _Token(Shape):
    expected = "a token with access_token"
    secret = True
    access_token: Name


class Login:
    """Asked for a token when there is none yet, and when the last one has ended."""

    def __init__(self, base_url: str, client_id: str, client_secret: str) -> None:
        self._base_url = base_url
        self._form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
        }

    def __call__(self, session: requests.Session, timeouts: tuple[float, float]) -> Grant:
        response = session.post(f"{self._base_url}/oauth/token", data=self._form, timeout=timeouts)
        if response.status_code >= 500 or response.status_code == 429:
            seen = f"the login answered HTTP {response.status_code}"
            raise Transient(seen, perhaps_done=False, answered=True)
        answer = HttpAnswer(
            CONNECTION, response.status_code, response.headers, response.content, "POST /oauth/token"
        )
        if not answer.errors and verdict(answer.status, ()) is Verdict.CALL:
            what, remedy = strange_answer(answer.status, answer.headers.get("Location"))
            raise CallRefused(f"{CONNECTION}: Sales Connect {what}; {remedy}")
        if response.status_code != 200:
            seen = "; ".join(map(str, answer.errors)) or f"HTTP {response.status_code}"
            raise AuthenticationFailed(
                f"{CONNECTION}: Sales Connect refused the login ({seen});"
                " correct the connection's client id and secret"
            )
        return Grant(self._base_url, answer.of(_Token).access_token)
