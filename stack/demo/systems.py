"""The two systems over HTTPS: what their vendors offer, and the sandbox's control API beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import requests

from stack.errors import StackError
from stack.sandbox import SandboxAccess

Side = Literal["sales_connect", "salesforce"]
SIDES: tuple[Side, Side] = ("sales_connect", "salesforce")
TITLES: Mapping[Side, str] = {"sales_connect": "Sales Connect", "salesforce": "Salesforce"}
CALL_SECONDS = 20.0


class System:
    """One system. Every call raises `StackError` with what was answered when it is refused."""

    def __init__(self, side: Side, access: Mapping[str, str], ca_bundle: str) -> None:
        self.side = side
        self._url = access["url"]
        self._token = {"Authorization": f"Bearer {access['access_token']}"}
        self._session = requests.Session()
        # No proxy and no netrc entry of this machine may get in between.
        self._session.trust_env = False
        self._session.verify = ca_bundle

    def read(self, path: str, params: Any = None) -> dict[str, Any]:
        """A GET of the vendor's API, with a token; it is counted like any other call."""
        found: dict[str, Any] = self._call("GET", path, params=params, headers=self._token).json()
        return found

    def write(self, path: str, body: Mapping[str, Any]) -> Any:
        """A POST of the vendor's API, with a token."""
        return self._call("POST", path, json=body, headers=self._token).json()

    def control(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """A call of the control API, which is not counted. The answer's JSON, or None."""
        answer = self._call(method, f"/__sandbox__{path}", json=body)
        return answer.json() if answer.content else None

    def _call(self, method: str, path: str, **options: Any) -> requests.Response:
        try:
            answer = self._session.request(method, f"{self._url}{path}", timeout=CALL_SECONDS, **options)
        except requests.RequestException as error:
            raise StackError(f"{TITLES[self.side]} does not answer {method} {path}: {error}") from error
        if not answer.ok:
            raise StackError(
                f"{TITLES[self.side]} refused {method} {path}: {answer.status_code} {answer.text[:500]}"
            )
        return answer


@dataclass(frozen=True)
class Systems:
    sales_connect: System
    salesforce: System

    @classmethod
    def reached_by(cls, access: SandboxAccess) -> Systems:
        return cls(
            System("sales_connect", access.sales_connect, access.ca_bundle),
            System("salesforce", access.salesforce, access.ca_bundle),
        )

    def __getitem__(self, side: Side) -> System:
        return self.sales_connect if side == "sales_connect" else self.salesforce

    def forget_calls(self) -> None:
        for side in SIDES:
            self[side].control("DELETE", "/calls")

    def calls(self) -> dict[Side, dict[str, Any]]:
        """Side -> calls since `forget_calls`, as {"total", "reads", "writes", "logins", "by_endpoint", ...}."""
        return {side: self[side].control("GET", "/calls") for side in SIDES}
