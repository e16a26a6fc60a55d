"""What a job is, how the API shows it, and where it is kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any, Literal

from ..errors import ApiError, not_found
from ..ids import full_id, make_id
from ..records import Records
from ..stamps import parse_datetime, stamp, system_stamp
from .dialect import Dialect

Kind = Literal["ingest", "query"]
State = Literal["Open", "UploadComplete", "InProgress", "JobComplete", "Failed", "Aborted"]

ENDED: frozenset[State] = frozenset({"JobComplete", "Failed", "Aborted"})
RUNNING: frozenset[State] = frozenset({"UploadComplete", "InProgress"})
_PREFIX = "750"
_TABLE = "bulk_job"
_SEQUENCE = "bulk_sequence"
_KEPT = timedelta(days=7)
_JOB_TYPES: dict[Kind, str] = {"ingest": "V2Ingest", "query": "V2Query"}


@dataclass(frozen=True)
class Job:
    """`closed`: when it was given to the service, with microseconds; `looks`: how often it was asked for since
    then; `batches`: how many it has, known once it runs; `done`: how many of them are finished."""

    id: str
    kind: Kind
    operation: str
    object: str
    created_by: str
    created: str
    modified: str
    version: int
    state: State = "Open"
    delimiter: str = "COMMA"
    line_ending: str = "LF"
    external_id: str | None = None
    query: str = ""
    uploaded: bool = False
    closed: str = ""
    looks: int = 0
    batches: int = 0
    done: int = 0
    processed: int = 0
    failed: int = 0
    error: str | None = None

    @property
    def dialect(self) -> Dialect:
        return Dialect(self.delimiter, self.line_ending)

    def body(self) -> dict[str, Any]:
        """As creation, closing and the listing show it."""
        shown: dict[str, Any] = {
            "id": self.id,
            "operation": self.operation,
            "object": self.object,
            "createdById": self.created_by,
            "createdDate": self.created,
            "systemModstamp": self.modified,
            "state": self.state,
        }
        if self.external_id:
            shown["externalIdFieldName"] = self.external_id
        shown |= {"concurrencyMode": "Parallel", "contentType": "CSV", "apiVersion": float(self.version)}
        if self.kind == "ingest":
            shown["jobType"] = _JOB_TYPES[self.kind]
        if self.kind == "ingest" and self.state == "Open":
            shown["contentUrl"] = f"services/data/v{self.version}.0/jobs/ingest/{self.id}/batches"
        return shown | {"lineEnding": self.line_ending, "columnDelimiter": self.delimiter}

    def details(self) -> dict[str, Any]:
        """As GET of the job shows it. The times are made up; that they are there is not."""
        counts: dict[str, Any] = {"numberRecordsProcessed": self.processed}
        if self.kind == "ingest":
            counts["numberRecordsFailed"] = self.failed
        counts |= {"retries": 0, "totalProcessingTime": 2 * self.processed}
        if self.kind == "ingest":
            counts |= {"apiActiveProcessingTime": self.processed, "apexProcessingTime": 0}
            if self.error is not None:
                counts["errorMessage"] = self.error
        pk_chunking = {"isPkChunkingSupported": True} if self.kind == "query" else {}
        return self.body() | {"jobType": _JOB_TYPES[self.kind]} | counts | pk_chunking


class JobBook:
    """The jobs, in the store: they outlive a restart, and disappear after seven days."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._running: tuple[int, tuple[str, ...]] = (-1, ())

    def create(self, **fields: Any) -> Job:
        store = self._records.store
        number = (store.get(_SEQUENCE, _PREFIX) or {"last": 0})["last"] + 1
        store.put(_SEQUENCE, _PREFIX, {"last": number})
        now = system_stamp(self._records.now())
        return self._put(Job(id=make_id(_PREFIX, number), created=now, modified=now, **fields))

    def change(self, job: Job, **fields: Any) -> Job:
        """Every change of state moves the stamp."""
        if fields.get("state", job.state) != job.state:
            fields["modified"] = system_stamp(self._records.now())
        return self._put(replace(job, **fields))

    def closed_now(self) -> str:
        """For the field `closed`."""
        return stamp(self._records.now())

    def get(self, kind: Kind, job_id: str) -> Job:
        """Raises ApiError NOT_FOUND for a job of the other kind, too."""
        document = self._records.store.get(_TABLE, full_id(job_id) or "")
        job = Job(**document) if document else None
        if job is None or job.kind != kind or self._forgotten(job):
            raise not_found()
        return job

    def list(self, kind: Kind) -> list[Job]:
        jobs = (Job(**document) for document in self._records.store.rows(_TABLE))
        return [job for job in jobs if job.kind == kind and not self._forgotten(job)]

    def running(self) -> Iterable[Job]:
        store = self._records.store
        version, ids = self._running
        if version != store.version(_TABLE):
            ids = tuple(doc["id"] for doc in store.rows(_TABLE) if doc["state"] in RUNNING)
            self._running = (store.version(_TABLE), ids)
        return [Job(**(store.get(_TABLE, each) or {})) for each in ids]

    def remove(self, job: Job) -> None:
        self._records.store.remove(_TABLE, job.id)

    def _forgotten(self, job: Job) -> bool:
        modified = parse_datetime(job.modified)
        assert modified is not None, "jobs are stamped by us"
        return self._records.now() - modified > _KEPT

    def _put(self, job: Job) -> Job:
        self._records.store.put(_TABLE, job.id, asdict(job))
        return job


def bad_state(message: str) -> ApiError:
    return ApiError("INVALIDJOBSTATE", message)
