"""The error answers of the API."""

from collections.abc import Iterable, Mapping
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException


class Refused(Exception):
    """A call, or one row of a batch, that is answered with an error."""

    def __init__(
        self, status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = headers


def failed(status: int, code: str, description: str | None = None) -> Refused:
    return Refused(status, error_body(code, description))


def error_body(code: str, description: str | None = None) -> dict[str, str]:
    return {"error": code} if description is None else {"error": code, "error_description": description}


def invalid(field: str, *messages: str) -> Refused:
    return Refused(422, {"errors": {field: list(messages)}})


def unprocessable(errors: Iterable[Mapping[str, Any]], skip: int) -> Refused:
    """pydantic's errors as {"errors": {field: [message]}}; `skip` parts of `loc` precede the field."""
    by_field: dict[str, list[str]] = {}
    for error in errors:
        location = error["loc"][skip:]
        by_field.setdefault(str(location[0]) if location else "body", []).append(_message(error))
    return Refused(422, {"errors": by_field})


_MESSAGES = {
    "missing": "is required",
    "extra_forbidden": "is not a field that can be written here",
    "string_too_long": "is too long (maximum is {max_length} characters)",
    "too_long": "has too many items (maximum is {max_length})",
    "literal_error": "must be {expected}",
    "int_type": "must be an integer",
    "int_parsing": "must be an integer",
    "string_type": "must be a string",
    "string_unicode": "must be valid Unicode",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
}


def _message(error: Mapping[str, Any]) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    template = _MESSAGES.get(error["type"])
    return str(error["msg"]) if template is None else template.format(**error.get("ctx", {}))


async def answer_refused(_: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, Refused)
    return JSONResponse(problem.body, problem.status, problem.headers)


async def answer_invalid(request: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, RequestValidationError)
    errors = problem.errors()
    if any(error["loc"][0] == "path" for error in errors):
        return JSONResponse(error_body("not_found"), 404)
    if any(error["type"] == "json_invalid" for error in errors):
        return JSONResponse(error_body("bad_request", "the body is not JSON"), 400)
    return await answer_refused(request, unprocessable(errors, skip=1))


async def answer_http(_: Request, problem: Exception) -> JSONResponse:
    """What the framework answers by itself: no such path, method not allowed."""
    assert isinstance(problem, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(problem.status_code, "bad_request")
    return JSONResponse(error_body(code), problem.status_code, problem.headers)
