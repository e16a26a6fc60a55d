"""The application behind the pages. One dependency guards all of it; there is no route that writes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Final

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from starlette.exceptions import HTTPException as AnyHTTPException

from taskbridge.errors import TaskBridgeError
from taskbridge.web import (
    command_center,
    conflicts,
    drift,
    find,
    overview,
    plan,
    problems,
    run,
)
from taskbridge.web.access import viewer
from taskbridge.web.files import held
from taskbridge.web.origin import SameOriginOnly
from taskbridge.web.page import HEADERS, show

_A_YEAR: Final = {"Cache-Control": "private, max-age=31536000, immutable"}
_REFUSALS: Final = {
    401: ("Log in", "You are not logged in to Airflow, or no longer. Log in and open this page again."),
    403: (
        "Not for you",
        "These pages need read access to the DAG task_sync. Ask an administrator of Airflow for it.",
    ),
    404: ("Nothing here", "There is no such page."),
}


@cache
def application() -> FastAPI:
    # Without a documentation of its own: that would be a route which the guard does not know.
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, dependencies=[Depends(viewer)])
    for page in (overview, find, plan, conflicts, problems, drift, command_center, run):
        app.include_router(page.router)
    app.add_api_route("/static/{name}", _static, methods=["GET"])
    app.add_exception_handler(AnyHTTPException, _refused)
    app.add_exception_handler(TaskBridgeError, _cannot)
    app.middleware("http")(_with_headers)
    app.add_middleware(SameOriginOnly)
    return app


def _static(name: str) -> Response:
    found = held(name)
    if found is None:
        raise HTTPException(404)
    content, kind = found
    return Response(content, media_type=kind, headers=_A_YEAR)


async def _with_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _refused(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 403)
    title, text = _REFUSALS.get(status, ("Refused", str(getattr(error, "detail", ""))))
    return show(request, "message", status=status, title=title, text=text)


def _cannot(request: Request, error: Exception) -> Response:
    """The database is not there, or not as this code needs it: the sentence says what helps."""
    return show(request, "message", status=503, title="The pages have no database", text=str(error))
