"""Lists: filters, order, pages."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from sandbox.kernel.service import Kernel
from sandbox.kernel.store import Document
from sandbox.kernel.switches import SwitchBoard
from sandbox.sales_connect.access import Sessions
from sandbox.sales_connect.bodies import DeletedTaskQuery, Paged, PersonQuery, TaskQuery
from sandbox.sales_connect.refusals import failed
from sandbox.sales_connect.stamps import stamp
from sandbox.sales_connect.switches import SalesConnectSwitches

TOMBSTONES_SHOWN = timedelta(days=15)


class Listing:
    """Each method gives all rows that a query selects, in its order; `page` cuts one page out of them."""

    def __init__(
        self, kernel: Kernel, switches: SwitchBoard[SalesConnectSwitches], sessions: Sessions
    ) -> None:
        self._store = kernel.store
        self._clock = kernel.clock
        self._switches = switches
        self._sessions = sessions
        self._last_tasks: tuple[object, list[Document]] = (None, [])

    def users(self) -> list[Document]:
        return sorted(self._store.rows("users"), key=_id)

    def user(self, user_id: int) -> Document:
        found = self._store.get("users", str(user_id))
        if found is None:
            raise failed(404, "not_found")
        return found

    def people(self, query: PersonQuery) -> list[Document]:
        wanted = None if query.salesforce_ids is None else set(query.salesforce_ids)
        people = self._store.rows("people")
        return sorted((p for p in people if wanted is None or p["salesforce_id"] in wanted), key=_id)

    def deleted_tasks(self, query: DeletedTaskQuery) -> list[Document]:
        oldest = stamp(self._clock.now() - TOMBSTONES_SHOWN)
        since = max(oldest, query.deleted_at_gte or oldest)
        selected = [
            tombstone
            for tombstone in self._visible(self._store.rows("deleted_tasks"))
            if since <= tombstone["deleted_at"]
            and (query.deleted_at_lt is None or tombstone["deleted_at"] < query.deleted_at_lt)
            and (query.idempotency_key is None or tombstone["idempotency_key"] == query.idempotency_key)
        ]
        return sorted(selected, key=lambda tombstone: (tombstone["deleted_at"], tombstone["id"]))

    def tasks(self, query: TaskQuery) -> list[Document]:
        """Computed once for all pages of a query, as long as no task changes or comes into sight."""
        selection = query.model_dump(exclude={"page", "per_page"})
        known = (self._store.version("tasks"), selection)
        if self._last_tasks[0] == known:
            return self._last_tasks[1]
        candidates = list(self._candidates(query))
        tasks = _ordered(filter(_condition(query), self._visible(candidates)), query)
        all_in_sight = not any("visible_at" in task for task in candidates)
        self._last_tasks = (known if all_in_sight else None, tasks)
        return tasks

    def page(self, rows: list[Any], query: Paged, render: Callable[[Any], Any] = dict) -> dict[str, Any]:
        start = (query.page - 1) * query.per_page
        end = start + query.per_page
        paging = {
            "per_page": query.per_page,
            "current_page": query.page,
            "next_page": query.page + 1 if end < len(rows) else None,
            "total_count": len(rows),
        }
        metadata = {"paging": paging, "account_id": self._sessions.account_id, "features": self.features()}
        return {"data": [render(row) for row in rows[start:end]], "metadata": metadata}

    def features(self) -> list[str]:
        return [name for name in ("deleted_tasks", "batch", "etag") if getattr(self._switches.now, name)]

    def _candidates(self, query: TaskQuery) -> Iterable[Document]:
        ids = query.ids
        if ids is None and query.idempotency_key is not None:
            first = self._store.get("idempotency_keys", query.idempotency_key)
            ids = [first["task_id"]] if first else []
        if ids is None:
            return self._store.rows("tasks")
        found = (self._store.get("tasks", str(task_id)) for task_id in dict.fromkeys(ids))
        return [task for task in found if task is not None]

    def _visible(self, rows: Iterable[Document]) -> Iterable[Document]:
        now = stamp(self._clock.now())
        return (row for row in rows if "visible_at" not in row or row["visible_at"] <= now)


def _id(row: Document) -> int:
    number: int = row["id"]
    return number


def _ordered(tasks: Iterable[Document], query: TaskQuery) -> list[Document]:
    field = query.sort_by
    return sorted(tasks, key=lambda task: (task[field], task["id"]), reverse=query.sort_direction == "DESC")


def _equal(field: str, wanted: object) -> Callable[[Document], bool]:
    return lambda task: bool(task[field] == wanted)


def _condition(query: TaskQuery) -> Callable[[Document], bool]:
    tests: list[Callable[[Document], bool]] = []
    if (gt := query.updated_at_gt) is not None:
        tests.append(lambda task: task["updated_at"] > gt)
    if (gte := query.updated_at_gte) is not None:
        tests.append(lambda task: task["updated_at"] >= gte)
    if (lt := query.updated_at_lt) is not None:
        tests.append(lambda task: task["updated_at"] < lt)
    if (lte := query.updated_at_lte) is not None:
        tests.append(lambda task: task["updated_at"] <= lte)
    for field in ("assignee_id", "status", "idempotency_key"):
        if (wanted := getattr(query, field)) is not None:
            tests.append(_equal(field, wanted))
    return lambda task: all(test(task) for test in tests)
