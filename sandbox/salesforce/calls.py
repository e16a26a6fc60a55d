"""What every call of the REST API goes through: session, version, allowance, body, answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from fastapi import Request, Response

from sandbox.kernel.service import Kernel, endpoint_of

from .auth import Sessions
from .bulk.service import Bulk
from .describes import Describes
from .errors import ApiError, json_parser_error, not_found
from .limits import Usage
from .org import Author, Org
from .paging import Pages
from .records import Records
from .switches import SalesforceSwitches

NEWEST_VERSION = 67
OLDEST_VERSION = 31
_VERSION = re.compile(r"v(\d+)\.0")
_MAX_URI = 16_384
JSON_TYPE = "application/json;charset=UTF-8"
# In the scope of a call that is part of a composite one: it costs nothing of its own.
PART = "sandbox.part"


@dataclass(frozen=True)
class Context:
    """The parts of the service, for its routes."""

    kernel: Kernel
    records: Records
    org: Org
    sessions: Sessions
    pages: Pages
    usage: Usage
    bulk: Bulk
    describes: Describes

    @property
    def switches(self) -> SalesforceSwitches:
        return self.records.switches


@dataclass(frozen=True)
class Call:
    """One call by a logged-in user."""

    context: Context
    request: Request
    version: int
    user_id: str

    @property
    def base(self) -> str:
        return f"/services/data/v{self.version}.0"

    @property
    def author(self) -> Author:
        return Author(self.user_id, endpoint_of(self.request))

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.context.org.user(self.user_id)["TimeZoneSidKey"])

    async def json_object(self) -> dict[str, Any]:
        """Raises ApiError for a body that is no JSON object."""
        body = await self.request.body()
        content_type = self.request.headers.get("content-type", "application/json")
        if not content_type.split(";")[0].strip().lower().endswith("json"):
            raise ApiError("UNSUPPORTED_MEDIA_TYPE", f"Content type {content_type} not supported", 415)
        if not body:
            message = "The HTTP entity body is required, but this request has no entity body."
            raise json_parser_error(message)
        try:
            parsed = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise json_parser_error(f"{error.msg} at [line:{error.lineno}, column:{error.colno}]") from None
        if not isinstance(parsed, dict):
            raise json_parser_error("The request body must be a JSON object at [line:1, column:1]")
        return parsed

    def answer(self, body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
        usage = {"Sforce-Limit-Info": self.context.usage.header(self.context.switches)}
        return json_response(body, status, usage | (headers or {}))


class UriTooLong(Exception):
    """A request line beyond what the vendor's web server reads."""


def open_call(context: Context, request: Request, version: str) -> Call:
    """Raises UriTooLong, and ApiError: no such version, no session, allowance used up."""
    if len(request.scope["raw_path"]) + len(request.scope["query_string"]) > _MAX_URI:
        raise UriTooLong
    number = _version_number(version)
    user_id = context.sessions.user_of(request.headers.get("authorization"))
    if not context.switches.api_enabled:
        message = "The REST API is not enabled for this Organization."
        raise ApiError("API_DISABLED_FOR_ORG", message, 403)
    if context.switches.password_expired:
        message = "The users password has expired, you must call SetPassword before attempting any other API operations"
        raise ApiError("INVALID_OPERATION_WITH_EXPIRED_PASSWORD", message, 403)
    if not request.scope.get(PART):
        context.usage.take(context.switches)
        context.bulk.tick()
    return Call(context, request, number, user_id)


def _version_number(version: str) -> int:
    match = _VERSION.fullmatch(version)
    number = int(match[1]) if match else 0
    if match and 0 < number < OLDEST_VERSION:
        raise ApiError("UNSUPPORTED_API_VERSION", f"API version {number}.0 is no longer available", 410)
    if not OLDEST_VERSION <= number <= NEWEST_VERSION:
        raise not_found()
    return number


def json_response(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(body), status, headers, media_type=JSON_TYPE)
