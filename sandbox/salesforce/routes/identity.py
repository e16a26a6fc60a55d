"""Who the session belongs to: userinfo and the identity URL."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from ..calls import Context, json_response
from ..identity import Identities, IdentityError


def add_routes(router: APIRouter, context: Context) -> None:
    identities = Identities(context.kernel, context.sessions, context.org)

    @router.get("/services/oauth2/userinfo")
    async def user_info(request: Request) -> Response:
        try:
            user_id = identities.user_of(request.headers.get("authorization"))
        except IdentityError as refused:
            return _told(refused)
        return json_response(identities.user_info(user_id))

    @router.get("/id/{organization}/{user}")
    async def identity(request: Request, organization: str, user: str) -> Response:
        token = request.query_params.get("oauth_token")
        given = f"Bearer {token}" if token else request.headers.get("authorization")
        try:
            identities.user_of(given)
            return json_response(identities.identity(organization, user))
        except IdentityError as refused:
            return _told(refused)


def _told(refused: IdentityError) -> Response:
    return PlainTextResponse(refused.word, refused.status)
