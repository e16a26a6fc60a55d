"""composite and composite/batch: several calls in one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response

from sandbox.kernel.service import endpoint_of

from ..calls import Call, Context, open_call
from ..composite import MAX_PARTS, METHODS, run_composite
from ..errors import ApiError, json_parser_error
from ..parts import Answer, Part, ask

_PATH = "/services/data/{version}/composite"
_HALTED = Answer(
    412, [{"errorCode": "BATCH_PROCESSING_HALTED", "message": "Batch processing halted per request"}]
)


def add_routes(router: APIRouter, context: Context) -> None:
    @router.get(_PATH)
    async def resources(request: Request, version: str) -> Response:
        call = open_call(context, request, version)
        return call.answer({name: f"{call.base}/composite/{name}" for name in ("batch", "sobjects")})

    @router.post(_PATH)
    async def composite(request: Request, version: str) -> Response:
        call = open_call(context, request, version)
        body = await call.json_object()
        answer = run_composite(call, body)
        if all(sub["method"] == "GET" for sub in body["compositeRequest"]):
            context.kernel.counters.only_read(endpoint_of(request))
        return call.answer(answer)

    @router.post(_PATH + "/batch")
    async def batch(request: Request, version: str) -> Response:
        call = open_call(context, request, version)
        answers = _run_batch(call, await call.json_object())
        return call.answer(
            {
                "hasErrors": any(answer.failed for answer in answers),
                "results": [{"statusCode": answer.status, "result": answer.body} for answer in answers],
            }
        )


def _run_batch(call: Call, body: Mapping[str, Any]) -> list[Answer]:
    """Every part on its own. Raises ApiError where the call as a whole can not be understood."""
    given, halt = body.get("batchRequests"), body.get("haltOnError", False)
    if not isinstance(given, list) or not isinstance(halt, bool):
        raise json_parser_error("batchRequests must be a list at [line:1, column:1]")
    if not 0 < len(given) <= MAX_PARTS:
        raise ApiError("INVALID_INPUT", f"A batch has 1 to {MAX_PARTS} subrequests")
    answers: list[Answer] = []
    for part in [_part(each) for each in given]:
        halted = halt and any(answer.failed for answer in answers)
        answers.append(_HALTED if halted else ask(call, part))
    return answers


def _part(given: Any) -> Part:
    if not isinstance(given, dict) or given.get("method") not in METHODS:
        raise json_parser_error(f"method must be one of {', '.join(METHODS)} at [line:1, column:1]")
    url = str(given.get("url", "")).removeprefix("/services/data/")
    if not url.startswith("v") or "/composite" in url:
        raise ApiError("INVALID_INPUT", f"url must begin with a version, as v67.0/sobjects, got {url}")
    return Part(given["method"], f"/services/data/{url}", given.get("richInput"))
