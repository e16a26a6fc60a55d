"""The service: routes, errors, and what it plugs into the kernel."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from sandbox.kernel.service import Kernel, Service, Vendor
from sandbox.kernel.switches import SwitchBoard

from .auth import Sessions
from .bulk.service import Bulk
from .calls import NEWEST_VERSION, Context, UriTooLong, json_response
from .describes import Describes
from .errors import ApiError, SeveralHolders, not_found
from .limits import Usage
from .org import Org
from .paging import Pages
from .people import load, people_router
from .records import Records
from .routes import bulk as bulk_routes
from .routes import collections, composite, describes, entry, identity, login, query, sobjects
from .seed import seed
from .switches import SalesforceSwitches

_PREFIX = "/services/"
_DATA = "/services/data"
_LOGINS = frozenset({f"POST {login.TOKEN}", f"POST {login.SOAP}"})
_RETRIEVE = "POST /services/data/{version}/composite/sobjects/{sobject}"


class SalesforceService(Service):
    """Takes paths with and without a slash at their end, and PATCH by way of POST, as the vendor does."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(_PREFIX):
            scope = {**scope, "path": _path(scope), "method": _method(scope)}
        await super().__call__(scope, receive, send)


def create_app(kernel: Kernel) -> Service:
    board = SwitchBoard(kernel.store, SalesforceSwitches)
    records = Records(kernel.store, kernel.clock, board)
    org = Org(records, kernel.faults)
    usage = Usage(kernel.clock)
    bulk = Bulk(org, usage, kernel.counters)
    context = Context(
        kernel, records, org, Sessions(kernel, org), Pages(records), usage, bulk, Describes(kernel.clock)
    )
    return SalesforceService(
        kernel,
        Vendor(
            name="salesforce",
            api=_api(context),
            people=people_router(context),
            switches=board,
            seed=lambda wanted: _seed(context, wanted),
            load=lambda tables: load(context, dict(tables)),
            error_body=_error_body,
            issue_token=context.sessions.issue_for_integration,
            logins=_LOGINS,
            reads=frozenset({_RETRIEVE}),
        ),
    )


def _seed(context: Context, wanted: str) -> None:
    context.pages.clear()
    context.usage.clear()
    context.bulk.clear()
    context.describes.clear()
    seed(context.kernel, context.org, wanted)


def _api(context: Context) -> FastAPI:
    api = FastAPI(
        title="Salesforce REST API (sandbox)",
        version=f"v{NEWEST_VERSION}.0",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    api.router.redirect_slashes = False
    router = APIRouter()
    for part in (login, identity, entry, query, collections, composite, bulk_routes, describes, sobjects):
        part.add_routes(router, context)
    api.include_router(router)
    _let_head_stand_for_get(api)
    api.add_exception_handler(ApiError, _refusing(context))
    api.add_exception_handler(UriTooLong, _uri_too_long)
    api.add_exception_handler(HTTPException, _no_route)
    return api


def _refusing(context: Context) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, ApiError)
        if isinstance(error, SeveralHolders):
            path = "/services/data/{version}/sobjects/{sobject}/".format(**request.path_params)
            return json_response([path + record_id for record_id in error.ids], error.status)
        usage = {} if error.status == 401 else {"Sforce-Limit-Info": context.usage.header(context.switches)}
        return json_response(error.body(), error.status, usage | error.headers)

    return refused


async def _uri_too_long(_: Request, __: Exception) -> Response:
    """The web server in front of the API answers this."""
    return HTMLResponse("<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>", 414)


async def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        allowed = _methods_of(request)
        message = f"HTTP Method '{request.method}' not allowed. Allowed are {','.join(allowed)}"
        return json_response(
            ApiError("METHOD_NOT_ALLOWED", message).body(), 405, {"Allow": ", ".join(allowed)}
        )
    return json_response(not_found().body(), error.status_code)


def _let_head_stand_for_get(api: FastAPI) -> None:
    for route in api.routes:
        if isinstance(route, Route) and route.path.startswith(_DATA) and "GET" in (route.methods or ()):
            route.methods = {"HEAD", *(route.methods or ())}


def _methods_of(request: Request) -> list[str]:
    """Those of the resource that the path is for, in the order in which orgs were seen to name them."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    paths = [route.path for route in routes if route.matches(request.scope)[0] is not Match.NONE]
    methods = {method for route in routes if route.path == paths[0] for method in route.methods or ()}
    first = ("GET", "HEAD", "POST") if "POST" in methods else ("HEAD", "GET")
    return [method for method in (*first, "PUT", "PATCH", "DELETE") if method in methods]


def _error_body(code: str, message: str) -> list[dict[str, Any]]:
    return ApiError(code, message).body()


def _path(scope: Mapping[str, Any]) -> str:
    """A slash at the end that was sent encoded belongs to an external id."""
    path = str(scope["path"])
    return path[:-1] if scope.get("raw_path", b"/").endswith(b"/") else path


def _method(scope: Mapping[str, Any]) -> str:
    """`?_HttpMethod=PATCH` is for clients that cannot send PATCH."""
    method = str(scope["method"])
    if method != "POST":
        return method
    given = parse_qs(str(scope["query_string"], "latin-1")).get("_HttpMethod", [method])
    return given[0].upper()
