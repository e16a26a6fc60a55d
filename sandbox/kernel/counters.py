"""Counts the calls of the vendor's API."""

from collections import Counter
from typing import Any


class Counters:
    """Calls by endpoint name ("GET /v2/tasks": method and route template), and the rows of collections."""

    def __init__(self) -> None:
        self._logins: frozenset[str] = frozenset()
        self._reads: frozenset[str] = frozenset()
        self._calls: Counter[str] = Counter()
        self._only_read: Counter[str] = Counter()
        self._rows: Counter[str] = Counter()

    def classify(self, logins: frozenset[str], reads: frozenset[str]) -> None:
        """`logins`: the token endpoints; `reads`: endpoints that only read although they are no GET."""
        self._logins, self._reads = logins, reads

    def count(self, endpoint: str) -> None:
        self._calls[endpoint] += 1

    def only_read(self, endpoint: str) -> None:
        """Of a call that was counted already: what it asked for wrote nothing."""
        self._only_read[endpoint] += 1

    def add_rows(self, endpoint: str, rows: int) -> None:
        self._rows[endpoint] += rows

    def clear(self) -> None:
        self._calls.clear()
        self._only_read.clear()
        self._rows.clear()

    def summary(self) -> dict[str, Any]:
        """{"total", "reads", "writes", "logins", "by_endpoint": {name: calls}, "rows": {name: rows}}"""
        by_sort = Counter({"reads": 0, "writes": 0, "logins": 0})
        for endpoint, calls in self._calls.items():
            by_sort[self._sort(endpoint)] += calls - self._only_read[endpoint]
            by_sort["reads"] += self._only_read[endpoint]
        return {
            "total": self._calls.total(),
            **by_sort,
            "by_endpoint": dict(self._calls),
            "rows": dict(self._rows),
        }

    def _sort(self, endpoint: str) -> str:
        if endpoint in self._logins:
            return "logins"
        if endpoint in self._reads or endpoint.split(" ", 1)[0] in {"GET", "HEAD"}:
            return "reads"
        return "writes"
