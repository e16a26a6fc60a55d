"""Runs the batches of an ingest job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from ..errors import ApiError
from ..many import (
    Row,
    RowWork,
    create_rows,
    delete_rows,
    hard_delete_rows,
    run_rows,
    update_rows,
    upsert_rows,
)
from ..org import Author, Org
from ..schema import Field, SObject
from .cells import error_cell, record_of
from .job import Job
from .locks import Locks
from .upload import Upload

# What row faults and late rows of bulk jobs are named by.
ENDPOINT = "PUT /services/data/{version}/jobs/ingest/{job_id}/batches"

Record = dict[str, Any]


def run_batch(org: Org, job: Job, upload: Upload, number: int) -> list[Row]:
    """The results of a batch in the order of its rows: {"row", "id", "created"} or {"row", "id", "error"}."""
    switches = org.records.switches
    size = switches.bulk_batch_rows
    rows = range(number * size, min((number + 1) * size, len(upload.rows)))
    locks = Locks(org, job, upload) if switches.bulk_lock_collisions else None
    results: list[Row] = []
    for start in range(rows.start, rows.stop, switches.bulk_chunk_rows):
        chunk = range(start, min(start + switches.bulk_chunk_rows, rows.stop))
        results.extend(_run_chunk(org, job, upload, chunk, locks))
    return results


def _run_chunk(org: Org, job: Job, upload: Upload, chunk: range, locks: Locks | None) -> Iterator[Row]:
    records: dict[int, Record] = {}
    refused: dict[int, ApiError] = {}
    for row in chunk:
        try:
            records[row] = record_of(upload.fields, upload.rows[row])
            if locks is not None:
                locks.check(row, records[row])
        except ApiError as error:
            refused[row] = error
            records.pop(row, None)
    author = Author(job.created_by, ENDPOINT)
    work = _work(org, job, upload.target, list(records.values()), author)
    done = dict(zip(records, run_rows(org, work, all_or_none=False, failure={}), strict=True))
    for row in chunk:
        given = records.get(row, {}).get("Id") or _cell(upload, row, "Id")
        if row in refused:
            yield {"row": row, "id": given, "error": error_cell(refused[row].row())}
        else:
            yield _result(row, given, done[row], created=job.operation == "insert")


def _result(row: int, given: str, done: Mapping[str, Any], *, created: bool) -> Row:
    if not done["success"]:
        return {"row": row, "id": given, "error": error_cell(done["errors"][0])}
    return {"row": row, "id": done["id"], "created": done.get("created", created)}


def _cell(upload: Upload, row: int, name: str) -> str:
    return upload.rows[row][upload.header.index(name)] if name in upload.header else ""


def _work(
    org: Org, job: Job, target: SObject, records: Sequence[Record], author: Author
) -> Sequence[RowWork]:
    typed = [{"attributes": {"type": target.name}, **record} for record in records]
    if job.operation == "insert":
        return create_rows(org, typed, author)
    if job.operation == "update":
        return update_rows(org, typed, author)
    if job.operation == "upsert":
        return upsert_rows(org, target, external_id(target, job.external_id or ""), typed, author)
    deleting = delete_rows if job.operation == "delete" else hard_delete_rows
    return [
        partial(_refuse, ApiError("MISSING_ARGUMENT", "Id not specified"))
        if record.get("Id") is None
        else deleting(org, [record["Id"]], author)[0]
        for record in records
    ]


def _refuse(error: ApiError) -> Row:
    raise error


def external_id(target: SObject, name: str) -> Field:
    """The field that an upsert goes by, Id included. Raises KeyError where there is none."""
    field = target.by_lower_name[name.lower()]
    if not (field.external_id or field.name == "Id"):
        raise KeyError(name)
    return field
