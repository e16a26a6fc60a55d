"""Runs query jobs and pages their results."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from ..errors import ApiError
from ..records import Records
from ..soql.aggregate import is_aggregate
from ..soql.run import Selection, select
from ..soql.syntax import parse
from .cells import shown
from .dialect import Dialect
from .job import Job

_TABLE = "bulk_answer"
_NO_AGGREGATES = "Aggregate Relationships not supported in Bulk V2 Query with CSV content type."


@dataclass(frozen=True)
class Page:
    """`locator` is "null" on the last page."""

    csv: str
    count: int
    locator: str


def run_query(records: Records, text: str, *, include_deleted: bool, zone: ZoneInfo) -> Selection:
    """Raises ApiError for what is wrong with the query, and for what Bulk does not take."""
    query = parse(text)
    if query.group_by or is_aggregate(query):
        raise ApiError("API_ERROR", _NO_AGGREGATES)
    if query.offset is not None:
        raise ApiError("API_ERROR", "OFFSET is not supported in Bulk V2 Query")
    return select(records, text, include_deleted=include_deleted, base="", zone=zone)


class Answers:
    """The rows that query jobs found, as text, column by column as selected."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def keep(self, job: Job, selection: Selection) -> int:
        """The number of rows."""
        columns = selection.columns
        rows = [
            [shown(_at(row, name), field) for name, field in columns]
            for record_id in selection.ids
            if (doc := self._records.get(selection.sobject, record_id)) is not None
            for row in (selection.project(doc),)
        ]
        answer = {"Columns": [name for name, _ in columns], "Rows": rows}
        self._records.store.put(_TABLE, job.id, answer)
        return len(rows)

    def page(self, job: Job, locator: str | None, most: int) -> Page:
        """Raises ApiError for a locator that no page gave."""
        answer: Mapping[str, Any] = self._records.store.get(_TABLE, job.id) or {}
        start = _position(locator) if locator is not None else 0
        rows = answer["Rows"]
        if start < 0 or (locator is not None and not 0 < start < len(rows)):
            raise ApiError("INVALID_QUERY_LOCATOR", "invalid query locator")
        page = rows[start : start + most]
        end = start + len(page)
        following = _locator(end) if end < len(rows) else "null"
        dialect = Dialect(job.delimiter, job.line_ending)
        return Page(dialect.write([answer["Columns"], *page]), len(page), following)

    def forget(self, job: Job) -> None:
        if self._records.store.get(_TABLE, job.id) is not None:
            self._records.store.remove(_TABLE, job.id)


def _at(row: Mapping[str, Any], path: str) -> Any:
    value: Any = row
    for part in path.split("."):
        value = None if value is None else value[part]
    return value


def _locator(position: int) -> str:
    return base64.b64encode(str(position).encode()).decode().rstrip("=")


def _position(locator: str) -> int:
    """-1 for anything that is no locator."""
    try:
        text = base64.b64decode(locator + "=" * (-len(locator) % 4), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return -1
    return int(text) if text.isdecimal() else -1
