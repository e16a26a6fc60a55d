"""Batches of one job that run side by side and save rows of the same parent at the same time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.kernel.store import Document

from ..errors import ApiError
from ..ids import full_id
from ..org import Org
from .cells import NULL
from .job import Job
from .upload import Upload

_LOOKUPS = ("WhatId", "WhoId", "AccountId")


class Locks:
    """Chunk n of every batch is saved at the same time; the earlier batch holds the parents of its rows.

    So rows that are sorted by parent do not collide, except where one parent fills several batches.
    """

    def __init__(self, org: Org, job: Job, upload: Upload) -> None:
        self._org = org
        self._key = job.external_id
        self._upload = upload
        switches = org.records.switches
        self._batch, self._chunk = switches.bulk_batch_rows, switches.bulk_chunk_rows
        self._first_holder: dict[tuple[int, str], int] = {}
        for row, cells in enumerate(upload.rows):
            named = {
                name: cell for name, cell in zip(upload.header, cells, strict=True) if cell not in ("", NULL)
            }
            for parent in self._parents(named):
                self._first_holder.setdefault((self._slot(row), parent), row // self._batch)

    def check(self, row: int, record: Mapping[str, Any]) -> None:
        """Raises ApiError UNABLE_TO_LOCK_ROW."""
        for parent in self._parents(record):
            if self._first_holder.get((self._slot(row), parent), row // self._batch) < row // self._batch:
                message = f"unable to obtain exclusive access to this record or 1 records: {parent}"
                raise ApiError("UNABLE_TO_LOCK_ROW", message, 400, [])

    def _slot(self, row: int) -> int:
        return row % self._batch // self._chunk

    def _parents(self, record: Mapping[str, Any]) -> list[str]:
        """What the row itself names, else what its record has."""
        old = self._stored(record) or {}
        named = (record.get(name) or old.get(name) for name in _LOOKUPS)
        return sorted({found for value in named if (found := full_id(value))})

    def _stored(self, record: Mapping[str, Any]) -> Document | None:
        if found := full_id(record.get("Id")):
            return self._org.records.find(found)
        key = self._upload.target.by_lower_name.get((self._key or "").lower())
        if key is None or record.get(key.name) is None:
            return None
        return next(iter(self._org.holders(self._upload.target, key, record[key.name])), None)
