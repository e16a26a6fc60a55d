"""All jobs of a kind, 1,000 at a time."""

from __future__ import annotations

from typing import Any

from fastapi import Response

from ..bulk.job import Kind
from ..calls import Call
from ..errors import ApiError
from ..ids import full_id

_PAGE = 1000
_TYPES: dict[Kind, str] = {"ingest": "V2Ingest", "query": "V2Query"}


def listing(call: Call, kind: Kind) -> Response:
    """`queryLocator` is the id of the last job of the page before. Raises ApiError for another one."""
    parameters = call.request.query_params
    jobs = sorted(call.context.bulk.book.list(kind), key=lambda job: job.id)
    if parameters.get("jobType", _TYPES[kind]) != _TYPES[kind]:
        jobs = []
    if parameters.get("isPkChunkingEnabled", "false").lower() == "true":
        jobs = []
    locator = parameters.get("queryLocator")
    if locator is not None:
        if full_id(locator) is None:
            raise ApiError("INVALID_QUERY_LOCATOR", "invalid query locator")
        jobs = [job for job in jobs if job.id > locator]
    page, rest = jobs[:_PAGE], jobs[_PAGE:]
    following: str | None = None
    if rest:
        following = f"{call.base}/jobs/{kind}?queryLocator={page[-1].id}"
    body: dict[str, Any] = {"done": not rest, "nextRecordsUrl": following}
    return call.answer({**body, "records": [{**job.body(), "jobType": _TYPES[kind]} for job in page]})
