"""COUNT, MIN, MAX, SUM, AVG, GROUP BY, HAVING, and the order of groups."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from sandbox.kernel.store import Document

from ..errors import ApiError
from ..schema import Field
from .order import sort_key
from .resolve import Column, Scope
from .syntax import Call, FieldSet, Having, OrderKey, Path, Query

_FUNCTIONS: dict[str, Callable[[list[Any]], Any]] = {
    "COUNT": len,
    "COUNT_DISTINCT": lambda values: len(set(values)),
    "MIN": lambda values: min(values, default=None),
    "MAX": lambda values: max(values, default=None),
    "SUM": lambda values: sum(values) if values else None,
    "AVG": lambda values: sum(values) / len(values) if values else None,
}
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
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
    found = _ordered(scope, query, _having(scope, query, list(groups.values())), keys)
    if len(found) > _MAX_GROUPS:
        message = (
            "Aggregate query does not support queryMore(), use LIMIT to restrict the results "
            "to a single batch"
        )
        raise ApiError("EXCEEDED_ID_LIMIT", message)
    return [
        {"attributes": {"type": "AggregateResult"}} | {name: cell(members) for name, cell in cells}
        for members in found
    ]


Members = list[Document]


def _having(scope: Scope, query: Query, groups: list[Members]) -> list[Members]:
    """Raises ApiError for HAVING without GROUP BY."""
    if query.having and not query.group_by:
        raise scope.error("MALFORMED_QUERY", query.having[0].call.at, "HAVING needs GROUP BY")
    tests = [_having_test(scope, test) for test in query.having]
    return [members for members in groups if all(test(members) for test in tests)]


def _having_test(scope: Scope, having: Having) -> Callable[[Members], bool]:
    cell, compare = _call_cell(scope, having.call), _COMPARISONS[having.operator]

    def holds(members: Members) -> bool:
        value = cell(members)
        return value is not None and compare(value, having.number)

    return holds


def _ordered(scope: Scope, query: Query, groups: list[Members], keys: Sequence[Column]) -> list[Members]:
    """Raises ApiError for a field that is not grouped."""
    grouped = {key.name for key in keys}
    for key in reversed(query.order_by):
        read, field = _order_cell(scope, key, grouped)
        groups.sort(key=sort_key(key, read, field), reverse=key.descending)
    return groups


def _order_cell(scope: Scope, key: OrderKey, grouped: set[str]) -> tuple[Cell, Field | None]:
    item = key.item
    if isinstance(item, Path):
        return _group_cell(scope, item, grouped)[1], scope.column(item).field
    of_values = item.path is not None and item.name in ("MIN", "MAX")
    return _call_cell(scope, item), scope.column(item.path).field if item.path and of_values else None


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
