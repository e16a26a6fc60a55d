"""query, queryAll and their further pages."""

from __future__ import annotations

import re

from fastapi import APIRouter, Request, Response

from ..calls import Call, Context, open_call
from ..errors import ApiError
from ..soql.run import select

_BATCH_SIZE = re.compile(r"\s*batchSize\s*=\s*(\d+)\s*", re.IGNORECASE)
_SMALLEST, _LARGEST = 200, 2000


def add_routes(router: APIRouter, context: Context) -> None:
    @router.get("/services/data/{version}/query")
    async def query(request: Request, version: str) -> Response:
        return _first(open_call(context, request, version), "query")

    @router.get("/services/data/{version}/queryAll")
    async def query_all(request: Request, version: str) -> Response:
        return _first(open_call(context, request, version), "queryAll")

    @router.get("/services/data/{version}/query/{locator}")
    async def query_more(request: Request, version: str, locator: str) -> Response:
        return _more(open_call(context, request, version), locator)

    @router.get("/services/data/{version}/queryAll/{locator}")
    async def query_all_more(request: Request, version: str, locator: str) -> Response:
        return _more(open_call(context, request, version), locator)


def _first(call: Call, resource: str) -> Response:
    text = call.request.query_params.get("q")
    if text is None:
        raise ApiError("MALFORMED_QUERY", "A query string has to be specified")
    records = call.context.records
    found = select(records, text, include_deleted=resource == "queryAll", base=call.base, zone=call.zone)
    return call.answer(call.context.pages.first(found, _page_size(call), call.user_id, call.base))


def _more(call: Call, locator: str) -> Response:
    return call.answer(call.context.pages.more(locator, _page_size(call), call.user_id))


def _page_size(call: Call) -> int:
    """The client's wish is a hint within bounds; the org's own size is never exceeded."""
    match = _BATCH_SIZE.fullmatch(call.request.headers.get("sforce-query-options", ""))
    wish = min(max(int(match[1]), _SMALLEST), _LARGEST) if match else _LARGEST
    return min(wish, call.context.switches.page_size)
