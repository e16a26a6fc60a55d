"""Versions, resources, limits."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from ..calls import NEWEST_VERSION, OLDEST_VERSION, Context, json_response, open_call
from ..identity import Identities

_SEASONS = ("Spring", "Summer", "Winter")


def add_routes(router: APIRouter, context: Context) -> None:
    identities = Identities(context.kernel, context.sessions, context.org)

    @router.get("/services/data")
    async def versions() -> Response:
        """Free of charge and open to anybody."""
        return json_response([_version(number) for number in range(OLDEST_VERSION, NEWEST_VERSION + 1)])

    @router.get("/services/data/{version}")
    async def resources(request: Request, version: str) -> Response:
        call = open_call(context, request, version)
        names = ("sobjects", "query", "queryAll", "limits", "composite", "jobs")
        resources = {name: f"{call.base}/{name}" for name in names}
        return call.answer({**resources, "identity": identities.url(call.user_id)})

    @router.get("/services/data/{version}/limits")
    async def limits(request: Request, version: str) -> Response:
        call = open_call(context, request, version)
        return call.answer(context.usage.document(context.switches))


def _version(number: int) -> dict[str, str]:
    """Three releases a year; 66 was Spring '26. Winter releases carry the coming year."""
    label = f"{_SEASONS[number % 3]} '{(number - 66) // 3 + 26 + (number % 3 == 2):02d}"
    return {"label": label, "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
