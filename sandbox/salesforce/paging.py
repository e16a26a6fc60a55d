"""Pages of a query: a snapshot of ids, read on through a locator."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .errors import ApiError
from .ids import make_id
from .records import Records
from .soql.run import Selection

_PREFIX = "0r8"


@dataclass(frozen=True)
class _Cursor:
    selection: Selection
    opened: datetime
    user_id: str
    path: str


class Pages:
    """Open cursors. A user may have a limited number of them: the oldest makes room for a new one."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._cursors: OrderedDict[str, _Cursor] = OrderedDict()
        self._opened = 0

    def first(self, selection: Selection, size: int, user_id: str, base: str) -> dict[str, Any]:
        """`base` is `/services/data/vNN.0`. The pages of queryAll are named under `query` too."""
        if selection.rows is not None:
            return {"totalSize": selection.total, "done": True, "records": list(selection.rows)}
        key = ""
        if selection.total > size:
            key = self._open(_Cursor(selection, self._records.now(), user_id, f"{base}/query"))
        return self._page(selection, 0, size, f"{base}/query/{key}")

    def more(self, locator: str, size: int, user_id: str) -> dict[str, Any]:
        """The page that a locator names. Raises ApiError INVALID_QUERY_LOCATOR."""
        key, _, position = locator.rpartition("-")
        cursor = self._cursors.get(key)
        if cursor is None or not position.isdecimal() or cursor.user_id != user_id or self._expired(cursor):
            raise ApiError("INVALID_QUERY_LOCATOR", "invalid query locator")
        if int(position) >= cursor.selection.total:
            raise ApiError("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(cursor.selection, int(position), size, f"{cursor.path}/{key}")

    def clear(self) -> None:
        self._cursors.clear()

    def _page(self, selection: Selection, start: int, size: int, url: str) -> dict[str, Any]:
        end = start + size
        done = end >= selection.total
        docs = (self._records.get(selection.sobject, each) for each in selection.ids[start:end])
        rows = [selection.project(doc) for doc in docs if doc is not None]
        page: dict[str, Any] = {"totalSize": selection.total, "done": done}
        if not done:
            page["nextRecordsUrl"] = f"{url}-{end}"
        return page | {"records": rows}

    def _open(self, cursor: _Cursor) -> str:
        self._opened += 1
        key = make_id(_PREFIX, self._opened)
        self._cursors[key] = cursor
        own = [each for each, open_cursor in self._cursors.items() if open_cursor.user_id == cursor.user_id]
        for old in own[: -self._records.switches.open_locators]:
            del self._cursors[old]
        return key

    def _expired(self, cursor: _Cursor) -> bool:
        return self._records.now() - cursor.opened > timedelta(seconds=self._records.switches.locator_seconds)
