"""Token endpoint, versions, resources, limits."""

from __future__ import annotations

from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response

from ..auth import OAuthError, grant
from ..calls import NEWEST_VERSION, OLDEST_VERSION, Context, json_response, open_call

_SEASONS = ("Spring", "Summer", "Winter")


def add_routes(router: APIRouter, context: Context) -> None:
    @router.post("/services/oauth2/token")
    async def token(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        try:
            body = grant(context.kernel, context.sessions, form, request.headers.get("authorization"))
        except OAuthError as error:
            return json_response(error.body(), 400)
        return json_response(body)

    @router.get("/services/oauth2/userinfo")
    async def user_info(request: Request) -> Response:
        user = context.org.user(context.sessions.user_of(request.headers.get("authorization")))
        return json_response(
            {
                "user_id": user["Id"],
                "organization_id": context.sessions.organization_id(),
                "name": user["Name"],
                "preferred_username": user["Username"],
                "email": user["Email"],
                "zoneinfo": user["TimeZoneSidKey"],
                "active": user["IsActive"],
                "user_type": user["UserType"].upper(),
            }
        )

    @router.get("/services/data")
    async def versions() -> Response:
        """Free of charge and open to anybody."""
        return json_response([_version(number) for number in range(OLDEST_VERSION, NEWEST_VERSION + 1)])

    @router.get("/services/data/{version}")
    async def resources(request: Request, version: str) -> Response:
        call = open_call(context, request, version)
        names = ("sobjects", "query", "queryAll", "limits", "composite", "jobs")
        return call.answer({name: f"{call.base}/{name}" for name in names})

    @router.get("/services/data/{version}/limits")
    async def limits(request: Request, version: str) -> Response:
        call = open_call(context, request, version)
        return call.answer(context.usage.document(context.switches))


def _version(number: int) -> dict[str, str]:
    """Three releases a year; 66 was Spring '26. Winter releases carry the coming year."""
    label = f"{_SEASONS[number % 3]} '{(number - 66) // 3 + 26 + (number % 3 == 2):02d}"
    return {"label": label, "url": f"/services/data/v{number}.0", "version": f"{number}.0"}
