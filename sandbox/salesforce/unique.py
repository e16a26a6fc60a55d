"""Which records hold a value of a unique field, without reading all of them each time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.kernel.store import Document, Store

from .schema import Field, SObject

_Ids = dict[Any, set[str]]


class UniqueIndex:
    """Follows the writes that it is told of; anything else that changed the table makes it start anew."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._indexes: dict[tuple[str, str], tuple[int, _Ids]] = {}

    def holders(self, sobject: SObject, field: Field, value: Any) -> list[Document]:
        """Documents with this value, deleted ones included, oldest id first."""
        ids = self._index(sobject, field).get(_fold(field, value), ())
        docs = (self._store.get(sobject.name, record_id) for record_id in sorted(ids))
        return [doc for doc in docs if doc is not None]

    def put(self, sobject: SObject, old: Document | None, new: Document) -> None:
        """Writes the document and keeps the indexes that were up to date so."""
        before = self._store.version(sobject.name)
        self._store.put(sobject.name, new["Id"], new)
        after = self._store.version(sobject.name)
        for field in sobject.unique_fields:
            key = (sobject.name, field.name)
            version, ids = self._indexes.get(key, (-1, {}))
            if version == before:
                _move(ids, field, old, new)
                self._indexes[key] = (after, ids)

    def _index(self, sobject: SObject, field: Field) -> _Ids:
        key, version = (sobject.name, field.name), self._store.version(sobject.name)
        known = self._indexes.get(key)
        if known is not None and known[0] == version:
            return known[1]
        ids: _Ids = {}
        for doc in self._store.rows(sobject.name):
            _move(ids, field, None, doc)
        self._indexes[key] = (version, ids)
        return ids


def _move(ids: _Ids, field: Field, old: Mapping[str, Any] | None, new: Mapping[str, Any]) -> None:
    before, after = (doc.get(field.name) if doc else None for doc in (old, new))
    if before == after:
        return
    if before is not None:
        ids[_fold(field, before)].discard(new["Id"])
    if after is not None:
        ids.setdefault(_fold(field, after), set()).add(new["Id"])


def _fold(field: Field, value: Any) -> Any:
    return value if field.case_sensitive or not isinstance(value, str) else value.lower()
