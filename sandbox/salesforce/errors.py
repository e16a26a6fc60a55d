"""Errors as the REST API words them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.kernel.store import Document

from .schema import Field


@dataclass(eq=False)
class ApiError(Exception):
    """One error: `errorCode` in the body of a call, `statusCode` in a row of a collection.

    `fields` is left out of a call's body when None; a collection's row always has it.
    """

    code: str
    message: str
    status: int = 400
    fields: Sequence[str] | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> list[dict[str, Any]]:
        error: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            error["fields"] = list(self.fields)
        return [error]

    def row(self) -> dict[str, Any]:
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields or ())}


def not_found() -> ApiError:
    return ApiError("NOT_FOUND", "The requested resource does not exist", 404)


def entity_is_deleted() -> ApiError:
    return ApiError("ENTITY_IS_DELETED", "entity is deleted", 404, [])


class SeveralHolders(ApiError):
    """More than one record has this value of an external id that is not unique.

    A call about one record is answered with 300 and their URLs instead.
    """

    def __init__(self, key: Field, holders: Sequence[Document]) -> None:
        self.ids = [str(doc["Id"]) for doc in holders]
        message = f"{key.name}: more than one record found for external id field: [{', '.join(self.ids)}]"
        super().__init__("DUPLICATE_EXTERNAL_ID", message, 300, [key.name])


def invalid_reference(*fields: str) -> ApiError:
    return ApiError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", 400, fields)


def converted_lead(what: str) -> ApiError:
    return ApiError("CANNOT_UPDATE_CONVERTED_LEAD", f"cannot {what} converted lead", 400, [])


def unknown_column(name: str, sobject: str) -> ApiError:
    return ApiError("INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject}")


def json_parser_error(message: str) -> ApiError:
    return ApiError("JSON_PARSER_ERROR", message)
