"""WHERE, compiled once per query into plain functions over a document."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from ..errors import ApiError
from ..ids import full_id
from ..records import Predicate
from ..schema import TEXT_TYPES, Field
from ..stamps import parse_date, parse_datetime, stamp
from .ranges import day_span, midnight
from .resolve import Column, Scope
from .syntax import Comparison, Condition, Logic, Membership, Query, Value

Test = Callable[[Any], bool]
Subquery = Callable[[Query], Iterable[Any]]

_ORDERINGS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_KINDS = {"date": "DATE", "datetime": "DATETIME", "boolean": "BOOLEAN", "int": "NUMBER", "double": "NUMBER"}
_TYPE_NAMES = {
    "datetime": "dateTime",
    "textarea": "string",
    "combobox": "string",
    "picklist": "string",
    "email": "string",
    "phone": "string",
    "url": "string",
    "reference": "ID",
    "id": "ID",
}


class Conditions:
    """Compiles the conditions of one query; `run_subquery` gives the values of an inner SELECT."""

    def __init__(self, scope: Scope, zone: ZoneInfo, run_subquery: Subquery) -> None:
        self._scope = scope
        self._zone = zone
        self._run_subquery = run_subquery

    def compile(self, condition: Condition) -> Predicate:
        if isinstance(condition, Logic):
            return self._logic(condition)
        column = self._filterable(condition)
        test = (
            self._comparison(column, condition)
            if isinstance(condition, Comparison)
            else self._membership(column, condition)
        )
        read = column.read
        return lambda doc: test(read(doc))

    def _logic(self, logic: Logic) -> Predicate:
        parts = [self.compile(operand) for operand in logic.operands]
        if logic.operator == "NOT":
            inner = parts[0]
            return lambda doc: not inner(doc)
        if len(parts) == 2:
            one, two = parts
            return (
                (lambda doc: one(doc) and two(doc))
                if logic.operator == "AND"
                else (lambda doc: one(doc) or two(doc))
            )
        if logic.operator == "AND":
            return lambda doc: all(part(doc) for part in parts)
        return lambda doc: any(part(doc) for part in parts)

    def _filterable(self, condition: Comparison | Membership) -> Column:
        column = self._scope.column(condition.path)
        if not column.field.filterable:
            message = f"field '{column.field.name}' can not be filtered in a query call"
            raise self._scope.error("INVALID_FIELD", condition.path.at, message)
        return column

    def _comparison(self, column: Column, condition: Comparison) -> Test:
        field, sign, value = column.field, condition.operator, condition.value
        if sign == "LIKE":
            return self._like(field, value)
        if value.kind == "NULL" or (value.kind == "STRING" and value.text == "" and _is_textual(field)):
            return self._null_test(field, sign, value)
        if value.kind == "RANGE":
            return self._range(field, sign, value)
        operand = self._operand(field, value)
        fold = _folding(field)
        if sign in ("=", "!="):
            wanted = sign == "="
            return lambda found: (fold(found) == operand) is wanted
        if field.type == "boolean":
            raise self._operator_error(condition.path.at, f"invalid operator on boolean field: {sign}")
        compare = _ORDERINGS[sign]
        return lambda found: found is not None and compare(fold(found), operand)

    def _null_test(self, field: Field, sign: str, value: Value) -> Test:
        if sign == "=":
            return lambda found: found is None
        if sign == "!=":
            return lambda found: found is not None
        message = f"invalid operator for null value on field '{field.name}': {sign}"
        raise self._operator_error(value.at, message)

    def _membership(self, column: Column, condition: Membership) -> Test:
        fold = _folding(column.field)
        if condition.subquery is not None:
            wanted = {fold(value) for value in self._run_subquery(condition.subquery)}
        elif any(value.kind == "RANGE" for value in condition.values):
            raise self._mismatch(column.field, condition.values[0])
        else:
            wanted = {
                None if value.kind == "NULL" else self._operand(column.field, value)
                for value in condition.values
            }
        if condition.negated:
            return lambda found: fold(found) not in wanted
        return lambda found: fold(found) in wanted

    def _like(self, field: Field, value: Value) -> Test:
        if field.type in ("id", "reference"):
            raise self._operator_error(value.at, "invalid operator on id field")
        if field.type not in TEXT_TYPES or value.kind != "STRING":
            raise self._operator_error(value.at, f"invalid operator on {field.type} field: LIKE")
        pattern = re.compile(_like_pattern(value.pattern), re.IGNORECASE | re.DOTALL)
        return lambda found: found is not None and pattern.fullmatch(found) is not None

    def _range(self, field: Field, sign: str, value: Value) -> Test:
        today = self._scope.records.now().astimezone(self._zone).date()
        try:
            span = day_span(value.text, today)
        except (OverflowError, ValueError):
            span = None
        if span is None:
            raise self._scope.error("MALFORMED_QUERY", value.at, f"unexpected token: '{value.text}'")
        if field.type not in ("date", "datetime"):
            raise self._mismatch(field, value)
        return _span_test(sign, *(self._edge(field, day) for day in span))

    def _edge(self, field: Field, day: date) -> str:
        return day.isoformat() if field.type == "date" else stamp(midnight(day, self._zone))

    def _operand(self, field: Field, value: Value) -> Any:
        """The literal in the form in which documents hold values. Raises ApiError on another type."""
        if _is_textual(field):
            if value.kind != "STRING":
                raise self._mismatch(field, value)
            if field.type in TEXT_TYPES:
                return value.text if field.case_sensitive else value.text.lower()
            return self._id(value)
        if value.kind != _KINDS[field.type]:
            raise self._mismatch(field, value)
        if value.kind == "BOOLEAN":
            return value.text.lower() == "true"
        if value.kind == "NUMBER":
            return float(value.text)
        parsed: Any = parse_date(value.text) if field.type == "date" else parse_datetime(value.text)
        if parsed is None:
            raise self._scope.error("INVALID_FIELD", value.at, f"Invalid {field.type}: {value.text}")
        return parsed.isoformat() if field.type == "date" else stamp(parsed)

    def _id(self, value: Value) -> str:
        found = full_id(value.text)
        if found is None:
            raise self._operator_error(value.at, f"invalid ID field: {value.text}")
        return found

    def _mismatch(self, field: Field, value: Value) -> ApiError:
        quotes = "should be enclosed" if _is_textual(field) else "should not be enclosed"
        message = (
            f"value of filter criterion for field '{field.name}' must be of type "
            f"{_TYPE_NAMES.get(field.type, field.type)} and {quotes} in quotes"
        )
        return self._scope.error("INVALID_FIELD", value.at, message)

    def _operator_error(self, at: int, message: str) -> ApiError:
        return self._scope.error("INVALID_QUERY_FILTER_OPERATOR", at, message)


def _is_textual(field: Field) -> bool:
    return field.type in TEXT_TYPES or field.type in ("id", "reference")


def _folding(field: Field) -> Callable[[Any], Any]:
    """Text compares without regard to case unless the field says otherwise."""
    if field.type in TEXT_TYPES and not field.case_sensitive:
        return lambda value: value.lower() if value is not None else None
    return lambda value: value


def _span_test(sign: str, first: str, end: str) -> Test:
    tests: dict[str, Test] = {
        "=": lambda found: found is not None and first <= found < end,
        "!=": lambda found: found is None or not first <= found < end,
        "<": lambda found: found is not None and found < first,
        "<=": lambda found: found is not None and found < end,
        ">": lambda found: found is not None and found >= end,
        ">=": lambda found: found is not None and found >= first,
    }
    return tests[sign]


def _like_pattern(pattern: str) -> str:
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    wild = {"%": ".*", "_": "."}
    return "".join(wild.get(part) or re.escape(part[-1]) for part in parts)
