"""Where clients sign on and off: OAuth's endpoints and SOAP login."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response

from ..calls import Context, json_response
from ..grants import Grants, OAuthError
from ..soap import SoapFault, log_in

TOKEN = "/services/oauth2/token"
SOAP = "/services/Soap/u/{version}"
_SOAP_VERSION = re.compile(r"(\d+)\.0")
_OLDEST_SOAP = 31


def add_routes(router: APIRouter, context: Context) -> None:
    grants = Grants(context.kernel, context.sessions, lambda: context.switches)
    _oauth_routes(router, context, grants)

    @router.post(SOAP)
    async def soap(request: Request, version: str) -> Response:
        try:
            match = _SOAP_VERSION.fullmatch(version)
            if match is None or int(match[1]) < _OLDEST_SOAP:
                raise SoapFault("UNSUPPORTED_API_VERSION", f"Invalid Api version specified: {version}")
            text = log_in(grants, context.org, int(match[1]), await request.body())
        except SoapFault as fault:
            return Response(fault.body().encode(), 500, media_type="text/xml")
        return Response(text.encode(), media_type="text/xml")


def _oauth_routes(router: APIRouter, context: Context, grants: Grants) -> None:
    @router.post(TOKEN)
    async def token(request: Request) -> Response:
        try:
            body = grants.grant(await _form(request), request.headers.get("authorization"))
        except OAuthError as error:
            return json_response(error.body(), 400)
        return json_response(body)

    @router.post("/services/oauth2/revoke")
    async def revoke(request: Request) -> Response:
        if not context.sessions.end((await _form(request)).get("token", "")):
            return json_response(
                OAuthError("unsupported_token_type", "this token type is unknown").body(), 400
            )
        return Response()


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
