"""Answers a query: filter, order, cut."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.kernel.store import Document

from ..ids import full_id
from ..records import Records
from ..schema import Field, SObject
from .aggregate import aggregate, is_aggregate, is_bare_count
from .conditions import Conditions
from .order import sort_key
from .resolve import Column, Scope
from .select import Projection, Row, columns, projection
from .semi_joins import check_inner_selects
from .syntax import Comparison, Condition, Logic, Membership, OrderKey, Path, Query, parse

_MAX_OFFSET = 2000


@dataclass(frozen=True)
class Selection:
    """What a query found: ids with a way to show each, or finished rows of an aggregate.

    `columns` are the selected fields with their dotted names.
    """

    total: int
    sobject: SObject
    ids: tuple[str, ...]
    project: Projection
    rows: tuple[Row, ...] | None = None
    columns: tuple[tuple[str, Field], ...] = ()


def select(records: Records, text: str, *, include_deleted: bool, base: str, zone: ZoneInfo) -> Selection:
    """Raises ApiError for anything wrong with the query."""
    return _Run(records, text, parse(text), include_deleted, zone).selection(base)


class _Run:
    def __init__(
        self, records: Records, text: str, query: Query, include_deleted: bool, zone: ZoneInfo
    ) -> None:
        self._records, self._text, self._query = records, text, query
        self._include_deleted, self._zone = include_deleted, zone
        self._scope = Scope(records, text, query)
        check_inner_selects(self._scope, query)

    def selection(self, base: str) -> Selection:
        query, scope = self._query, self._scope
        if is_bare_count(query):
            if len(query.select) > 1 or query.order_by:
                message = "COUNT() must be the only element in the SELECT list and can not be ordered"
                raise scope.error("MALFORMED_QUERY", 0, message)
            return Selection(len(self._cut(self._matching())), scope.sobject, (), dict, ())
        if is_aggregate(query):
            rows = self._cut(aggregate(scope, query, self._matching()))
            return Selection(len(rows), scope.sobject, (), dict, tuple(rows))
        selected = columns(scope, query)
        keys = [self._order_column(key) for key in query.order_by]
        docs = self._cut(self._ordered(self._matching(), keys))
        ids = tuple(doc["Id"] for doc in docs)
        return Selection(
            len(ids),
            scope.sobject,
            ids,
            projection(self._records, scope.sobject, selected, base),
            columns=tuple((column.name, column.field) for column in selected),
        )

    def values(self) -> Iterable[Any]:
        """What this query, as an inner one, gives to IN. It never sees deleted rows."""
        selected = columns(self._scope, self._query)
        if len(selected) != 1 or selected[0].field.type not in ("id", "reference"):
            raise self._scope.error(
                "MALFORMED_QUERY",
                self._query.sobject_at,
                "The inner select must have exactly one id or reference field",
            )
        return [value for doc in self._matching() if (value := selected[0].read(doc)) is not None]

    def _matching(self) -> list[Document]:
        seen = self._records.queryable(self._scope.sobject, include_deleted=self._include_deleted)
        where = self._query.where
        if where is None:
            return [doc for doc in self._records.rows(self._scope.sobject) if seen(doc)]
        conditions = Conditions(self._scope, self._zone, self._inner)
        wanted = conditions.compile(where)
        return [doc for doc in self._candidates(where) if wanted(doc) and seen(doc)]

    def _inner(self, query: Query) -> Iterable[Any]:
        return _Run(self._records, self._text, query, False, self._zone).values()

    def _candidates(self, where: Condition) -> Iterable[Document]:
        """All rows, or only the named ones where the condition cannot hold for others."""
        ids = _named_ids(where)
        if ids is None:
            return self._records.rows(self._scope.sobject)
        found = (self._records.get(self._scope.sobject, each) for each in dict.fromkeys(ids))
        return [doc for doc in found if doc is not None]

    def _order_column(self, key: OrderKey) -> tuple[OrderKey, Column]:
        if not isinstance(key.item, Path):
            raise self._scope.error("MALFORMED_QUERY", key.item.at, "Ordering by an aggregate needs GROUP BY")
        column = self._scope.column(key.item)
        if not column.field.sortable:
            message = f"field '{column.field.name}' can not be sorted in a query call"
            raise self._scope.error("MALFORMED_QUERY", key.item.at, message)
        return key, column

    def _ordered(self, docs: list[Document], keys: list[tuple[OrderKey, Column]]) -> list[Document]:
        docs.sort(key=lambda doc: doc["Id"], reverse=self._records.switches.tie_order == "reversed")
        for key, column in reversed(keys):
            docs.sort(key=sort_key(key, column.read, column.field), reverse=key.descending)
        return docs

    def _cut(self, docs: list[Any]) -> list[Any]:
        offset, limit = self._query.offset or 0, self._query.limit
        if offset > _MAX_OFFSET:
            raise self._scope.error(
                "NUMBER_OUTSIDE_VALID_RANGE",
                self._query.offset_at,
                f"Maximum SOQL offset allowed is {_MAX_OFFSET}",
            )
        if offset < 0 or (limit is not None and limit < 0):
            message = "LIMIT and OFFSET can not be negative"
            raise self._scope.error("MALFORMED_QUERY", self._query.offset_at, message)
        return docs[offset : None if limit is None else offset + limit]


def _named_ids(condition: Condition) -> list[str] | None:
    """The ids that the condition names, if it can hold for no other record."""
    if isinstance(condition, Logic):
        if condition.operator != "AND":
            return None
        return next((ids for part in condition.operands if (ids := _named_ids(part)) is not None), None)
    if condition.path.text.lower() != "id":
        return None
    if isinstance(condition, Comparison):
        values = [condition.value] if condition.operator == "=" else None
    elif isinstance(condition, Membership) and not condition.negated and condition.subquery is None:
        values = list(condition.values)
    else:
        values = None
    if values is None:
        return None
    return [found for value in values if (found := full_id(value.text))]
