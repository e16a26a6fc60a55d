"""sobjects: updated, deleted, single records by id and by external id."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from sandbox.kernel.store import Document

from ..calls import Call, Context, open_call
from ..errors import ApiError, SeveralHolders, entity_is_deleted, json_parser_error, not_found, unknown_column
from ..ids import full_id
from ..replication import deleted, updated
from ..rows import as_row
from ..schema import Field, SObject
from ..stamps import http_date, parse_datetime, parse_http_date
from .collections import external_id_field

_PATH = "/services/data/{version}/sobjects"
_CREATED_SINCE = 46


def add_routes(router: APIRouter, context: Context) -> None:
    _change_routes(router, context)
    _record_routes(router, context)
    _external_id_routes(router, context)


def _change_routes(router: APIRouter, context: Context) -> None:
    records = context.records

    @router.get(_PATH + "/{sobject}/updated")
    async def get_updated(request: Request, version: str, sobject: str) -> Response:
        call = open_call(context, request, version)
        return call.answer(updated(context.org, records.sobject(sobject), request.query_params))

    @router.get(_PATH + "/{sobject}/deleted")
    async def get_deleted(request: Request, version: str, sobject: str) -> Response:
        call = open_call(context, request, version)
        return call.answer(deleted(context.org, records.sobject(sobject), request.query_params))


def _record_routes(router: APIRouter, context: Context) -> None:
    org, records = context.org, context.records

    @router.post(_PATH + "/{sobject}")
    async def create(request: Request, version: str, sobject: str) -> Response:
        call = open_call(context, request, version)
        target = records.sobject(sobject)
        record_id = org.create(target, await _record(call, target), call.author)
        return _created(call, target, record_id, {})

    @router.get(_PATH + "/{sobject}/{record_id}")
    async def read(request: Request, version: str, sobject: str, record_id: str) -> Response:
        call = open_call(context, request, version)
        target = records.sobject(sobject)
        return _show(call, target, _live(call, target, record_id))

    @router.patch(_PATH + "/{sobject}/{record_id}")
    async def update(request: Request, version: str, sobject: str, record_id: str) -> Response:
        call = open_call(context, request, version)
        target = records.sobject(sobject)
        record = await _record(call, target, without="Id")
        found = _id_of(target, record_id)
        _check_unmodified(call, records.get(target, found))
        org.update(target, found, record, call.author)
        return Response(status_code=204)

    @router.delete(_PATH + "/{sobject}/{record_id}")
    async def delete(request: Request, version: str, sobject: str, record_id: str) -> Response:
        call = open_call(context, request, version)
        target = records.sobject(sobject)
        org.delete(target, _id_of(target, record_id), call.author)
        return Response(status_code=204)


def _external_id_routes(router: APIRouter, context: Context) -> None:
    org, records = context.org, context.records
    # A value may hold slashes.
    path = _PATH + "/{sobject}/{field}/{value:path}"

    @router.get(path)
    async def read_by_key(request: Request, version: str, sobject: str, field: str, value: str) -> Response:
        call = open_call(context, request, version)
        target = records.sobject(sobject)
        return _show(call, target, _by_key(call, target, external_id_field(target, field), value))

    @router.patch(path)
    async def upsert(request: Request, version: str, sobject: str, field: str, value: str) -> Response:
        call = open_call(context, request, version)
        target = records.sobject(sobject)
        key = external_id_field(target, field)
        record = await _record(call, target, without=key.name)
        update_only = request.query_params.get("updateOnly", "false").lower() == "true"
        record_id, created = org.upsert(target, key, value, record, call.author, update_only=update_only)
        tells = {"created": created} if call.version >= _CREATED_SINCE else {}
        if created:
            return _created(call, target, record_id, tells)
        if not tells:
            return Response(status_code=204)
        return call.answer({"id": record_id, "success": True, "errors": [], **tells})

    @router.delete(path)
    async def delete_by_key(request: Request, version: str, sobject: str, field: str, value: str) -> Response:
        call = open_call(context, request, version)
        target = records.sobject(sobject)
        doc = _by_key(call, target, external_id_field(target, field), value)
        org.delete(target, doc["Id"], call.author)
        return Response(status_code=204)


async def _record(call: Call, sobject: SObject, without: str | None = None) -> dict[str, Any]:
    """The fields of the request body. Raises ApiError where it names another object, or the path's key."""
    body = await call.json_object()
    attributes = body.pop("attributes", None)
    if attributes is not None and not isinstance(attributes, dict):
        raise json_parser_error("attributes must be an object at [line:1, column:1]")
    if attributes and str(attributes.get("type", sobject.name)).lower() != sobject.name.lower():
        message = f"the record is of type {attributes['type']}, the call of {sobject.name}"
        raise ApiError("INVALID_TYPE", message)
    for name in body:
        if without is not None and name.lower() in (without.lower(), "id"):
            raise ApiError("INVALID_FIELD", f"The {name} field should not be specified in the sobject data.")
    return body


def _created(call: Call, sobject: SObject, record_id: str, tells: dict[str, bool]) -> Response:
    body = {"id": record_id, "success": True, "errors": [], **tells}
    location = f"{call.base}/sobjects/{sobject.name}/{record_id}"
    return call.answer(body, 201, {"Location": quote(location)})


def _id_of(sobject: SObject, given: str) -> str:
    """What stands where an id belongs is taken for an external id if it is none."""
    record_id = full_id(given)
    if record_id is None:
        message = f"Provided external ID field does not exist or is not accessible: {given}"
        raise ApiError("NOT_FOUND", message, 404)
    if record_id[:3] != sobject.key_prefix:
        raise not_found()
    return record_id


def _live(call: Call, sobject: SObject, given: str) -> Document:
    records = call.context.records
    doc = records.get(sobject, _id_of(sobject, given))
    if doc is None or not records.visible()(doc):
        raise not_found()
    if doc.get("IsDeleted"):
        raise entity_is_deleted()
    return doc


def _by_key(call: Call, sobject: SObject, key: Field, value: str) -> Document:
    visible = call.context.records.visible()
    holders = call.context.org.holders(sobject, key, value)
    live = [doc for doc in holders if not doc.get("IsDeleted") and visible(doc)]
    if not live:
        raise not_found()
    if len(live) > 1:
        raise SeveralHolders(key, live)
    return live[0]


def _show(call: Call, sobject: SObject, doc: Document) -> Response:
    modified = _modified(doc)
    since = _http_date(call, "if-modified-since")
    if since is not None and modified is not None and modified <= since:
        return Response(status_code=304)
    fields = _asked_fields(call, sobject)
    headers = {"Last-Modified": http_date(modified)} if modified else {}
    return call.answer(as_row(call.context.records, sobject, doc, fields, call.base), headers=headers)


def _asked_fields(call: Call, sobject: SObject) -> list[Field]:
    asked = call.request.query_params.get("fields")
    if asked is None:
        return list(sobject.fields)
    fields = []
    for name in filter(None, (each.strip() for each in asked.split(","))):
        field = sobject.by_lower_name.get(name.lower())
        if field is None:
            raise unknown_column(name, sobject.name)
        fields.append(field)
    return fields


def _check_unmodified(call: Call, doc: Document | None) -> None:
    since = _http_date(call, "if-unmodified-since")
    modified = _modified(doc) if doc else None
    if since is not None and modified is not None and modified > since:
        raise ApiError("PRECONDITION_FAILED", "The record was modified since the given date", 412)


def _http_date(call: Call, header: str) -> datetime | None:
    given = call.request.headers.get(header)
    return parse_http_date(given) if given and call.context.switches.conditional_requests else None


def _modified(doc: Document) -> datetime | None:
    return parse_datetime(doc.get("LastModifiedDate") or "")
