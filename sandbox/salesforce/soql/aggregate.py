"""COUNT, MIN, MAX, SUM, AVG and GROUP BY."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sandbox.kernel.store import Document

from ..errors import ApiError
from ..schema import Field
from .resolve import Column, Scope
from .syntax import Call, FieldSet, Path, Query

_FUNCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "COUNT": len,
    "COUNT_DISTINCT": lambda values: len(set(values)),
    "MIN": lambda values: min(values, default=None),
    "MAX": lambda values: max(values, default=None),
    "SUM": lambda values: sum(values) if values else None,
    "AVG": lambda values: sum(values) / len(values) if values else None,
}
_NUMBERS = ("int", "double")
_MAX_GROUPS = 2000


def is_aggregate(query: Query) -> bool:
    return bool(query.group_by) or any(isinstance(item, Call) for item in query.select)


def is_bare_count(query: Query) -> bool:
    """SELECT COUNT(): only the number of rows, and no rows."""
    first = query.select[0]
    return isinstance(first, Call) and first.path is None and first.name == "COUNT"


def aggregate(scope: Scope, query: Query, docs: Sequence[Document]) -> list[dict[str, Any]]:
    """One row per group. Raises ApiError where a selected field is neither grouped nor aggregated."""
    keys = [_grouping(scope, path) for path in query.group_by]
    cells = _cells(scope, query, {key.name for key in keys})
    groups: dict[tuple[Any, ...], list[Document]] = {} if keys else {(): list(docs)}
    if keys:
        for doc in docs:
            groups.setdefault(tuple(key.read(doc) for key in keys), []).append(doc)
    if len(groups) > _MAX_GROUPS:
        message = (
            "Aggregate query does not support queryMore(), use LIMIT to restrict the results "
            "to a single batch"
        )
        raise ApiError("EXCEEDED_ID_LIMIT", message)
    return [
        {"attributes": {"type": "AggregateResult"}} | {name: cell(members) for name, cell in cells}
        for members in groups.values()
    ]


def _grouping(scope: Scope, path: Path) -> Column:
    column = scope.column(path)
    if not column.field.groupable:
        message = f"field '{column.field.name}' can not be grouped in a query call"
        raise scope.error("MALFORMED_QUERY", path.at, message)
    return column


Cell = Callable[[list[Document]], Any]


def _cells(scope: Scope, query: Query, grouped: set[str]) -> list[tuple[str, Cell]]:
    cells: list[tuple[str, Cell]] = []
    unnamed = 0
    for item in query.select:
        if isinstance(item, Path):
            cells.append(_group_cell(scope, item, grouped))
            continue
        if isinstance(item, FieldSet) or (item.path is None and item.name != "COUNT"):
            raise scope.error("MALFORMED_QUERY", item.at, "The query can not select these together")
        name = item.alias or f"expr{unnamed}"
        unnamed += item.alias is None
        cells.append((name, _call_cell(scope, item)))
    return cells


def _group_cell(scope: Scope, path: Path, grouped: set[str]) -> tuple[str, Cell]:
    column = scope.column(path)
    if column.name not in grouped:
        raise scope.error("MALFORMED_QUERY", path.at, f"Field must be grouped or aggregated: {column.name}")
    return column.field.name, lambda members: column.read(members[0])


def _call_cell(scope: Scope, call: Call) -> Cell:
    if call.path is None:
        return len
    column = scope.column(call.path)
    _check(scope, call, column.field)
    function = _FUNCTIONS[call.name]
    return lambda members: function([value for doc in members if (value := column.read(doc)) is not None])


def _check(scope: Scope, call: Call, field: Field) -> None:
    if (
        not field.filterable
        or (call.name in ("SUM", "AVG") and field.type not in _NUMBERS)
        or (call.name in ("MIN", "MAX") and field.type == "boolean")
    ):
        message = f"field {field.name} does not support aggregate operator {call.name}"
        raise scope.error("MALFORMED_QUERY", call.at, message)
