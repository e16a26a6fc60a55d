"""composite/sobjects: many records in one call."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from ..calls import Call, Context, open_call
from ..errors import ApiError, json_parser_error, unknown_column
from ..ids import full_id
from ..many import (
    MAX_RETRIEVED,
    Row,
    RowWork,
    check_count,
    create_rows,
    delete_rows,
    records_of,
    run_rows,
    update_rows,
    upsert_rows,
)
from ..rows import as_row
from ..schema import Field, SObject

_PATH = "/services/data/{version}/composite/sobjects"


def add_routes(router: APIRouter, context: Context) -> None:
    @router.post(_PATH)
    async def create(request: Request, version: str) -> Response:
        call = open_call(context, request, version)
        records, all_or_none = records_of(await call.json_object())
        return _run(call, create_rows(context.org, records, call.author), all_or_none)

    @router.patch(_PATH)
    async def update(request: Request, version: str) -> Response:
        call = open_call(context, request, version)
        records, all_or_none = records_of(await call.json_object())
        return _run(call, update_rows(context.org, records, call.author), all_or_none)

    @router.delete(_PATH)
    async def delete(request: Request, version: str) -> Response:
        call = open_call(context, request, version)
        ids = _comma_list(request, "ids")
        check_count(len(ids))
        all_or_none = request.query_params.get("allOrNone", "false").lower() == "true"
        return _run(call, delete_rows(context.org, ids, call.author), all_or_none)

    @router.patch(_PATH + "/{sobject}/{field}")
    async def upsert(request: Request, version: str, sobject: str, field: str) -> Response:
        call = open_call(context, request, version)
        target = context.records.sobject(sobject)
        key = external_id_field(target, field, with_id=True)
        records, all_or_none = records_of(await call.json_object())
        return _run(
            call, upsert_rows(context.org, target, key, records, call.author), all_or_none, created=False
        )

    @router.get(_PATH + "/{sobject}")
    async def retrieve(request: Request, version: str, sobject: str) -> Response:
        call = open_call(context, request, version)
        return _retrieve(call, sobject, _comma_list(request, "ids"), _comma_list(request, "fields"))

    @router.post(_PATH + "/{sobject}")
    async def retrieve_posted(request: Request, version: str, sobject: str) -> Response:
        call = open_call(context, request, version)
        body = await call.json_object()
        ids, fields = body.get("ids"), body.get("fields")
        for given in (ids, fields):
            if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
                raise json_parser_error("ids and fields must be lists of strings at [line:1, column:1]")
        return _retrieve(call, sobject, ids or [], fields or [])


def external_id_field(sobject: SObject, name: str, *, with_id: bool = False) -> Field:
    """The external-id field of that name. Raises ApiError NOT_FOUND."""
    field = sobject.by_lower_name.get(name.lower())
    if field is None or not (field.external_id or (with_id and field.name == "Id")):
        message = f"Provided external ID field does not exist or is not accessible: {name}"
        raise ApiError("NOT_FOUND", message, 404)
    return field


def _run(call: Call, work: Sequence[RowWork], all_or_none: bool, **failure: bool) -> Response:
    call.context.kernel.counters.add_rows(call.author.endpoint, len(work))
    return call.answer(run_rows(call.context.org, work, all_or_none=all_or_none, failure=failure))


def _comma_list(request: Request, name: str) -> list[str]:
    return [each.strip() for each in request.query_params.get(name, "").split(",") if each.strip()]


def _retrieve(call: Call, sobject_name: str, ids: Sequence[str], names: Sequence[str]) -> Response:
    records = call.context.records
    sobject = records.sobject(sobject_name)
    check_count(len(ids), MAX_RETRIEVED)
    check_count(len(names), MAX_RETRIEVED, "field")
    fields: dict[str, Field] = {}
    for name in names:
        field = sobject.by_lower_name.get(name.lower())
        if field is None:
            raise unknown_column(name, sobject.name)
        fields[field.name] = field
    call.context.kernel.counters.add_rows(call.author.endpoint, len(ids))
    return call.answer([_one(call, sobject, each, list(fields.values())) for each in ids])


def _one(call: Call, sobject: SObject, given: str, fields: Sequence[Field]) -> Row | None:
    record_id = full_id(given)
    if record_id is None:
        raise ApiError("MALFORMED_ID", f"malformed id {given}")
    doc = call.context.records.get(sobject, record_id)
    if doc is None or doc.get("IsDeleted") or not call.context.records.sharing().shows(doc):
        return None
    return as_row(call.context.records, sobject, doc, fields, call.base)
