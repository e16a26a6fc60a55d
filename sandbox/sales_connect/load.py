"""Raw documents by table, stamps included: for benchmarks, and for states that no API call would make."""

from collections.abc import Mapping
from typing import Any

from sandbox.kernel.control import BadControlCall
from sandbox.kernel.store import Document, Store
from sandbox.sales_connect.records import FIRST_IDS, TASK_DEFAULTS
from sandbox.sales_connect.stamps import is_stamp

_USER_DEFAULTS: Document = {
    "id": None,
    "email": None,
    "name": None,
    "active": True,
    "time_zone": "UTC",
    "salesforce_task_sync": False,
    "salesforce_task_sync_enabled_at": None,
    "created_at": None,
    "updated_at": None,
}
_PERSON_DEFAULTS: Document = {"id": None, "name": None, "email": None, "salesforce_id": None}
_TOMBSTONE_DEFAULTS: Document = {
    "id": None,
    "deleted_at": None,
    "assignee_id": None,
    "cause": "deleted",
    "idempotency_key": None,
}

# table: what a missing field holds, which fields are stamps and needed
_TABLES: dict[str, tuple[Document, tuple[str, ...]]] = {
    "tasks": ({**TASK_DEFAULTS, "visible_at": None}, ("created_at", "updated_at")),
    "users": (_USER_DEFAULTS, ("created_at", "updated_at")),
    "people": (_PERSON_DEFAULTS, ()),
    "deleted_tasks": ({**_TOMBSTONE_DEFAULTS, "visible_at": None}, ("deleted_at",)),
}


def load(store: Store, tables: Mapping[str, list[dict[str, Any]]]) -> None:
    """Fills missing fields with defaults; checks ids, stamps and names of fields, nothing else.

    Raises BadControlCall. Ids given later go on after the highest one loaded. An idempotency key counts as
    used, with a body that no call can repeat.
    """
    for table, rows in tables.items():
        if table not in _TABLES:
            raise BadControlCall(f"unknown table {table!r}; the tables are {', '.join(_TABLES)}")
        documents = [_document(table, row) for row in rows]
        store.put_many(table, [(str(document["id"]), document) for document in documents])
        _go_on_after(store, table, documents)
        if table in {"tasks", "deleted_tasks"}:
            _use_keys(store, documents)


def _document(table: str, row: dict[str, Any]) -> dict[str, Any]:
    defaults, stamps = _TABLES[table]
    document = {**defaults, **row}
    if unknown := row.keys() - defaults.keys():
        raise BadControlCall(f"{table}: unknown fields {sorted(unknown)}; known are {', '.join(defaults)}")
    if type(document["id"]) is not int:
        raise BadControlCall(f"{table}: id must be an integer, got {document['id']!r}")
    for field in stamps:
        if not is_stamp(document[field]):
            expected = "expected like 2026-01-31T08:30:00.000000Z"
            raise BadControlCall(f"{table} {document['id']}: {field} is {document[field]!r}, {expected}")
    if document.get("visible_at", "") is None:
        del document["visible_at"]
    return document


def _go_on_after(store: Store, table: str, documents: list[dict[str, Any]]) -> None:
    sequence = {"deleted_tasks": "tasks"}.get(table, table)
    present = store.get("sequences", sequence)
    last = present["last"] if present else FIRST_IDS[sequence] - 1
    highest = max((document["id"] for document in documents), default=last)
    store.put("sequences", sequence, {"last": max(last, highest)})


def _use_keys(store: Store, documents: list[dict[str, Any]]) -> None:
    store.put_many(
        "idempotency_keys",
        [
            (document["idempotency_key"], {"task_id": document["id"], "body": None})
            for document in documents
            if document["idempotency_key"] is not None
        ],
    )
