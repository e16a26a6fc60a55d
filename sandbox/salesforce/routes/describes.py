"""sobjects: what objects there are and what they are like, sent again only when it has changed."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from .. import describe
from ..calls import Call, Context, open_call
from ..rows import as_row
from ..schema import SObject
from ..stamps import http_date, parse_http_date

_PATH = "/services/data/{version}/sobjects"
_RECENT = 5


def add_routes(router: APIRouter, context: Context) -> None:
    records = context.records

    @router.get(_PATH)
    async def describe_global(request: Request, version: str) -> Response:
        call = open_call(context, request, version)
        listed = [each for each in records.catalog.values() if each.listed]
        document = {
            "encoding": "UTF-8",
            "maxBatchSize": 200,
            "sobjects": [describe.summary(each, call.base) for each in listed],
        }
        return _unless_known(call, document)

    @router.get(_PATH + "/{sobject}")
    async def basic_information(request: Request, version: str, sobject: str) -> Response:
        call = open_call(context, request, version)
        target = records.sobject(sobject)
        return call.answer(
            {"objectDescribe": describe.summary(target, call.base), "recentItems": _recent(call, target)}
        )

    @router.get(_PATH + "/{sobject}/describe")
    async def full_describe(request: Request, version: str, sobject: str) -> Response:
        call = open_call(context, request, version)
        target = records.sobject(sobject)
        referring = [
            (each, field)
            for each in records.catalog.values()
            if each.listed
            for field in each.fields
            if target.name in field.reference_to
        ]
        return _unless_known(call, describe.full(target, call.base, referring))


def _unless_known(call: Call, document: dict[str, Any]) -> Response:
    modified = call.context.describes.modified(call.request.url.path, document)
    known = parse_http_date(call.request.headers.get("if-modified-since", ""))
    if known is not None and modified <= known:
        return Response(status_code=304)
    return call.answer(document, headers={"Last-Modified": http_date(modified)})


def _recent(call: Call, sobject: SObject) -> list[dict[str, Any]]:
    name = next((field for field in sobject.fields if field.name_field or field.name == "Subject"), None)
    shows = call.context.records.sharing().shows
    docs = [doc for doc in call.context.records.rows(sobject) if not doc.get("IsDeleted") and shows(doc)][
        -_RECENT:
    ]
    fields = [name] if name else []
    return [as_row(call.context.records, sobject, doc, fields, call.base) for doc in reversed(docs)]
