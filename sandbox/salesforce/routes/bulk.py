"""jobs/ingest and jobs/query: Bulk API 2.0."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from ..bulk.dialect import DELIMITERS, LINE_ENDINGS
from ..bulk.ingest import external_id
from ..bulk.job import ENDED, Job, Kind
from ..bulk.results import ResultFile
from ..calls import Call, Context, open_call
from ..errors import ApiError, json_parser_error
from .bulk_listing import listing

_INGEST = "/services/data/{version}/jobs/ingest"
_QUERY = "/services/data/{version}/jobs/query"
_OPERATIONS = ("insert", "update", "upsert", "delete", "hardDelete")
_QUERIES = ("query", "queryAll")
_SHARED = {"operation", "contentType", "columnDelimiter", "lineEnding"}
_NO_HARD_DELETE = (
    "hardDelete operation requires special user profile permission, please contact your system administrator"
)
_SINCE: dict[Kind, int] = {"ingest": 41, "query": 47}
_CSV = "text/csv"


def add_routes(router: APIRouter, context: Context) -> None:
    _ingest_routes(router, context)
    _result_routes(router, context)
    _query_routes(router, context)


def _open(context: Context, request: Request, version: str, kind: Kind) -> Call:
    call = open_call(context, request, version)
    if call.version < _SINCE[kind]:
        raise ApiError("NOT_FOUND", "The requested resource does not exist", 404)
    return call


def _ingest_routes(router: APIRouter, context: Context) -> None:
    bulk = context.bulk

    @router.post(_INGEST)
    async def create(request: Request, version: str) -> Response:
        call = _open(context, request, version, "ingest")
        return call.answer(bulk.open_ingest(**_ingest_job(call, await call.json_object())).body())

    @router.get(_INGEST)
    async def ingest_jobs(request: Request, version: str) -> Response:
        return listing(_open(context, request, version, "ingest"), "ingest")

    @router.get(_INGEST + "/{job_id}")
    async def ingest_job(request: Request, version: str, job_id: str) -> Response:
        call = _open(context, request, version, "ingest")
        return call.answer(bulk.look("ingest", job_id).details())

    @router.patch(_INGEST + "/{job_id}")
    async def change(request: Request, version: str, job_id: str) -> Response:
        call = _open(context, request, version, "ingest")
        state = _wanted_state(await call.json_object(), ("UploadComplete", "Aborted"))
        job = bulk.book.get("ingest", job_id)
        return call.answer((bulk.close(job) if state == "UploadComplete" else bulk.abort(job)).body())

    @router.delete(_INGEST + "/{job_id}")
    async def delete(request: Request, version: str, job_id: str) -> Response:
        _open(context, request, version, "ingest")
        bulk.delete(bulk.book.get("ingest", job_id))
        return Response(status_code=204)

    @router.put(_INGEST + "/{job_id}/batches")
    async def upload(request: Request, version: str, job_id: str) -> Response:
        _open(context, request, version, "ingest")
        content_type = request.headers.get("content-type", "")
        if content_type.split(";")[0].strip().lower() != _CSV:
            raise ApiError("UNSUPPORTED_MEDIA_TYPE", f"Content type {content_type} not supported", 415)
        content = await request.body()
        bulk.upload(bulk.book.get("ingest", job_id), content)
        return Response(status_code=201)


def _result_routes(router: APIRouter, context: Context) -> None:
    def add(name: str, which: ResultFile) -> None:
        @router.get(f"{_INGEST}/{{job_id}}/{name}")
        async def results(request: Request, version: str, job_id: str) -> Response:
            _open(context, request, version, "ingest")
            job = context.bulk.book.get("ingest", job_id)
            if job.state not in ENDED:
                message = f"The results of a job can be read when it has ended. Current status: {job.state}"
                raise ApiError("INVALIDJOBSTATE", message)
            return _csv(context.bulk.results.file(job, which))

    add("successfulResults", "successfulResults")
    add("failedResults", "failedResults")
    # The vendor's documents spell it small, clients in use do not.
    add("unprocessedrecords", "unprocessedrecords")
    add("unprocessedRecords", "unprocessedrecords")


def _query_routes(router: APIRouter, context: Context) -> None:
    bulk = context.bulk

    @router.post(_QUERY)
    async def create(request: Request, version: str) -> Response:
        call = _open(context, request, version, "query")
        return call.answer(bulk.open_query(**_query_job(call, await call.json_object())).body())

    @router.get(_QUERY)
    async def query_jobs(request: Request, version: str) -> Response:
        return listing(_open(context, request, version, "query"), "query")

    @router.get(_QUERY + "/{job_id}")
    async def query_job(request: Request, version: str, job_id: str) -> Response:
        call = _open(context, request, version, "query")
        return call.answer(bulk.look("query", job_id).details())

    @router.patch(_QUERY + "/{job_id}")
    async def abort(request: Request, version: str, job_id: str) -> Response:
        call = _open(context, request, version, "query")
        _wanted_state(await call.json_object(), ("Aborted",))
        return call.answer(bulk.abort(bulk.book.get("query", job_id)).body())

    @router.delete(_QUERY + "/{job_id}")
    async def delete(request: Request, version: str, job_id: str) -> Response:
        _open(context, request, version, "query")
        bulk.delete(bulk.book.get("query", job_id))
        return Response(status_code=204)

    @router.get(_QUERY + "/{job_id}/results")
    async def results(request: Request, version: str, job_id: str) -> Response:
        return _query_results(_open(context, request, version, "query"), job_id)


def _query_results(call: Call, job_id: str) -> Response:
    bulk, switches = call.context.bulk, call.context.switches
    job = bulk.book.get("query", job_id)
    if job.version != call.version:
        message = f"The job was created with API version {job.version}.0, ask for its results with the same"
        raise ApiError("API_ERROR", message, 409)
    if job.state != "JobComplete":
        return _early(call, job)
    given = call.request.query_params.get("maxRecords", str(switches.bulk_page_rows))
    if not given.isdecimal() or int(given) == 0:
        raise ApiError("API_ERROR", f"maxRecords must be a positive number, got {given}")
    page = bulk.answers.page(job, call.request.query_params.get("locator"), int(given))
    return _csv(page.csv, {"Sforce-NumberOfRecords": str(page.count), "Sforce-Locator": page.locator})


def _early(call: Call, job: Job) -> Response:
    if call.context.switches.bulk_early_results == 204:
        return Response(status_code=204)
    raise ApiError(
        "JOB_NOT_COMPLETE",
        "can only download query results of successfully completed bulk job with status: JOB_COMPLETE. "
        f"Current status: {job.state}",
        412,
    )


def _csv(text: str, headers: dict[str, str] | None = None) -> Response:
    return Response(text.encode(), 200, headers, media_type="text/csv")


def _ingest_job(call: Call, body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the job that the body asks for. Raises ApiError."""
    fields = _shared_fields(call, body, {"object", "externalIdFieldName", "assignmentRuleId"}, _OPERATIONS)
    name = _text(body, "object")
    target = call.context.records.catalog.get(name.lower())
    if target is None or not target.listed:
        raise ApiError("INVALIDJOB", f"Unable to find object: {name}")
    if fields["operation"] == "hardDelete" and not call.context.switches.hard_delete_permission:
        raise ApiError("FEATURENOTENABLED", _NO_HARD_DELETE)
    key = _text(body, "externalIdFieldName", required=False)
    if (fields["operation"] == "upsert") != bool(key):
        told = "must be specified for upsert" if not key else "can only be specified for upsert"
        raise ApiError("INVALIDJOB", f"An External ID {told} of {target.name}.")
    if key:
        try:
            key = external_id(target, key).name
        except KeyError:
            message = f"Field name provided, {key} does not match an External ID for {target.name}"
            raise ApiError("INVALIDJOB", message) from None
    return fields | {"object": target.name, "external_id": key or None}


def _query_job(call: Call, body: Mapping[str, Any]) -> dict[str, Any]:
    return _shared_fields(call, body, {"query"}, _QUERIES) | {"query": _text(body, "query")}


def _shared_fields(
    call: Call, body: Mapping[str, Any], more: set[str], operations: tuple[str, ...]
) -> dict[str, Any]:
    if unknown := set(body) - _SHARED - more:
        raise json_parser_error(f'Unrecognized field "{min(unknown)}" at [line:1, column:1]')
    choices = {
        "operation": (operations, None),
        "contentType": (("CSV",), "CSV"),
        "columnDelimiter": (tuple(DELIMITERS), "COMMA"),
        "lineEnding": (tuple(LINE_ENDINGS), "LF"),
    }
    for name, (allowed, default) in choices.items():
        if body.get(name, default) not in allowed:
            message = f"{name} must be one of {', '.join(allowed)}, got {body.get(name)}"
            raise json_parser_error(f"{message} at [line:1, column:1]")
    return {
        "operation": body["operation"],
        "delimiter": body.get("columnDelimiter", "COMMA"),
        "line_ending": body.get("lineEnding", "LF"),
        "created_by": call.user_id,
        "version": call.version,
    }


def _text(body: Mapping[str, Any], name: str, *, required: bool = True) -> str:
    value = body.get(name, "")
    if not isinstance(value, str) or (required and not value):
        raise ApiError("INVALIDJOB", f"{name} must be specified")
    return value


def _wanted_state(body: Mapping[str, Any], allowed: tuple[str, ...]) -> str:
    state = body.get("state")
    if set(body) != {"state"} or state not in allowed:
        raise ApiError("INVALIDJOBSTATE", f"state can be set to {' or '.join(allowed)}, got {state}")
    return str(state)
