"""A transport that answers from a script, for answers that no well-behaved service gives."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import orjson
import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from taskbridge.sides.http_answer import HttpAnswer
from taskbridge.sides.sales_connect.side import SalesConnectSide
from taskbridge.sides.salesforce.side import SalesforceSession, SalesforceSide

DATE = "Mon, 02 Mar 2026 08:00:00 GMT"


class Script(BaseAdapter):
    """Gives the answers in their order; what was asked is in `requests`. Running out of answers fails."""

    def __init__(self, *answers: tuple[int, Any] | Exception) -> None:
        super().__init__()
        self._answers = list(answers)
        self.requests: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        self.requests.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, body = answer
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        return _response(request, status, content, {"Date": DATE, "Content-Type": "application/json"})

    def close(self) -> None:
        self._answers.clear()

    def bodies(self) -> list[Any]:
        return [
            orjson.loads(request.body)
            for request in self.requests
            if request.body and request.headers.get("Content-Type") == "application/json"
        ]


def scripted_salesforce(*answers: tuple[int, Any] | Exception) -> tuple[SalesforceSide, Script]:
    """A Salesforce side, logged in, on a script; it knows already how many calls are left."""
    side = SalesforceSide(lambda: SalesforceSession("https://org.example", "00D5g000004AbCd!secret-token"))
    script = Script(*answers)
    side._channel._session.mount("https://", script)
    side._budget.note(HttpAnswer("salesforce_default", 200, {"Sforce-Limit-Info": "api-usage=1/15000"}, b""))
    return side, script


def scripted_sales_connect(*answers: tuple[int, Any] | Exception) -> tuple[SalesConnectSide, Script]:
    """A Sales Connect side on a script, which begins after the login."""
    side = SalesConnectSide("https://sc.example", "client", "secret")
    script = Script((200, {"access_token": "token"}), *answers)
    side._channel._session.mount("https://", script)
    return side, script


def listing(*rows: Any, total: int | None = None, next_page: int | None = None) -> dict[str, Any]:
    """A page of a list of Sales Connect."""
    count = len(rows) if total is None else total
    paging = {"per_page": 100, "current_page": 1, "next_page": next_page, "total_count": count}
    return {"data": list(rows), "metadata": {"paging": paging, "account_id": "acc_1", "features": []}}


def _response(
    request: requests.PreparedRequest, status: int, content: bytes, headers: Mapping[str, str]
) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.headers.update(headers)
    response.raw = HTTPResponse(BytesIO(content), preload_content=False)
    response.request = request
    response.url = request.url or ""
    return response
