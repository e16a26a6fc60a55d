"""From the cells of a CSV file to the values of a record, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import ApiError
from ..schema import Field
from ..stamps import parse_date, parse_datetime

NULL = "#N/A"
_WHOLE = re.compile(r"[+-]?\d+")
_FRACTION = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


def record_of(fields: Sequence[Field], cells: Sequence[str]) -> dict[str, Any]:
    """Empty cells say nothing, `#N/A` is null. Raises ApiError INVALID_TYPE_ON_FIELD_IN_RECORD."""
    return {
        field.name: None if cell == NULL else _value(field, cell)
        for field, cell in zip(fields, cells, strict=True)
        if cell != ""
    }


def _value(field: Field, cell: str) -> Any:
    value: Any = cell
    if field.type == "boolean":
        value = _FLAGS.get(cell.lower())
    elif field.type == "int":
        value = int(cell) if _WHOLE.fullmatch(cell) else None
    elif field.type == "double":
        value = float(cell) if _FRACTION.fullmatch(cell) else None
    elif (field.type == "date" and parse_date(cell) is None) or (
        field.type == "datetime" and parse_datetime(cell) is None
    ):
        value = None
    if value is None:
        message = f"{field.label}: value not of required type: {cell}"
        raise ApiError("INVALID_TYPE_ON_FIELD_IN_RECORD", message, 400, [field.name])
    return value


def error_cell(error: Mapping[str, Any]) -> str:
    """`CODE:message:Field1 Field2 --`, from an error of a collection's row."""
    fields = "".join(f"{name} " for name in error["fields"])
    return f"{error['statusCode']}:{error['message']}:{fields}--"


def shown(value: Any, field: Field) -> str:
    """A value of a record in the CSV of a query job."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if field.type == "datetime":
        return str(value).replace("+0000", "Z")
    return str(value)
