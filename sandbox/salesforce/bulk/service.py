"""What can be done with jobs, and how they move on."""

from __future__ import annotations

from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.kernel.counters import Counters

from ..errors import ApiError
from ..limits import Usage
from ..org import Org
from ..soql.run import Selection
from .dialect import BadFile
from .ingest import ENDPOINT, run_batch
from .job import ENDED, Job, JobBook, Kind, bad_state
from .progress import share_due
from .query import Answers, run_query
from .results import Results
from .upload import Uploads

_NOT_TERMINATED = "Error encountered when deleting the job because the job is not terminated"
_FULL = "ExceededQuota : ApiBatchItems Limit exceeded."
_BROKEN = "InternalServerError : Unable to process the job. Try again later."


class Bulk:
    def __init__(self, org: Org, usage: Usage, counters: Counters) -> None:
        self._org = org
        self._usage = usage
        self._counters = counters
        self.book = JobBook(org.records)
        self.uploads = Uploads(org)
        self.results = Results(org.records, self.uploads)
        self.answers = Answers(org.records)

    def open_ingest(self, **fields: Any) -> Job:
        return self.book.create(kind="ingest", **fields)

    def open_query(self, **fields: Any) -> Job:
        """Raises ApiError for a query that Bulk does not take, and when the day's jobs are used up."""
        selection = self._select(fields["query"], fields["operation"], fields["created_by"])
        self._usage.take_query_job(self._org.records.switches)
        job = self.book.create(kind="query", object=selection.sobject.name, **fields)
        return self.book.change(job, state="UploadComplete", closed=self.book.closed_now())

    def upload(self, job: Job, content: bytes) -> None:
        """Raises ApiError: not open, a second upload, too much."""
        if job.state != "Open":
            raise bad_state(f"Data can only be uploaded to an open job. Current status: {job.state}")
        if job.uploaded:
            raise ApiError(
                "CLIENTINPUTERROR",
                f"Found multiple contents for job: <{job.id[:15]}>, please 'Close' / 'Abort' / 'Delete' the "
                "current Job then create a new Job and make sure you only do 'PUT' once on a given Job.",
            )
        size, most = 4 * ceil(len(content) / 3), self._org.records.switches.bulk_upload_bytes
        if size > most:
            message = f"The job data has {size} bytes as base64, at most {most} are allowed"
            raise ApiError("CLIENTINPUTERROR", message, 413)
        self.uploads.keep(job, content)
        self.book.change(job, uploaded=True)

    def close(self, job: Job) -> Job:
        """Gives the job to the service. Raises ApiError unless it is open."""
        if job.state in ENDED:
            raise bad_state(f"Closing already {_ended(job)} Job not allowed")
        if job.state != "Open":
            raise bad_state("Closing already closed Job not allowed")
        return self.book.change(job, state="UploadComplete", closed=self.book.closed_now())

    def abort(self, job: Job) -> Job:
        """Batches that are done stay done. Raises ApiError when the job has ended."""
        if job.state in ENDED:
            raise bad_state(f"Aborting already {_ended(job)} Job not allowed")
        return self.book.change(job, state="Aborted")

    def delete(self, job: Job) -> None:
        """Raises ApiError while the job is open or running; a queued ingest job can go."""
        if job.state not in ENDED and not (job.kind == "ingest" and job.state == "UploadComplete"):
            raise ApiError("API_ERROR", _NOT_TERMINATED)
        self.results.forget(job)
        self.uploads.forget(job)
        self.answers.forget(job)
        self.book.remove(job)

    def look(self, kind: Kind, job_id: str) -> Job:
        """The job as it is now; looking at it moves it on."""
        job = self.book.get(kind, job_id)
        if job.closed and job.state not in ENDED:
            job = self._move(self.book.change(job, looks=job.looks + 1))
        return job

    def tick(self) -> None:
        """Moves on what is due by the clock."""
        for job in self.book.running():
            self._move(job)

    def clear(self) -> None:
        self.uploads.clear()

    def _move(self, job: Job) -> Job:
        share = share_due(job, self._org.records.switches, self._org.records.now())
        if share == 0:
            return job
        with self._org.records.store.transaction():
            return self._ingest(job, share) if job.kind == "ingest" else self._query(job, share)

    def _query(self, job: Job, share: float) -> Job:
        if share < 1:
            return self.book.change(job, state="InProgress")
        try:
            found = self._select(job.query, job.operation, job.created_by)
        except ApiError as error:
            return self.book.change(job, state="Failed", error=error.message)
        return self.book.change(job, state="JobComplete", processed=self.answers.keep(job, found))

    def _ingest(self, job: Job, share: float) -> Job:
        try:
            upload = self.uploads.read(job)
        except BadFile as problem:
            return self.book.change(job, state="Failed", error=str(problem))
        switches = self._org.records.switches
        batches = ceil(len(upload.rows) / switches.bulk_batch_rows)
        job = self.book.change(job, state="InProgress", batches=batches)
        while job.done < int(share * batches):
            if switches.bulk_fail_after is not None and job.done >= switches.bulk_fail_after:
                return self.book.change(job, state="Failed", error=_BROKEN)
            if not self._usage.take_batch(switches):
                return self.book.change(job, state="Failed", error=_FULL)
            rows = run_batch(self._org, job, upload, job.done)
            self._counters.add_rows(ENDPOINT, len(rows))
            self.results.keep(job, job.done, rows)
            job = self.book.change(
                job,
                done=job.done + 1,
                processed=job.processed + len(rows),
                failed=job.failed + sum("error" in row for row in rows),
            )
        return self.book.change(job, state="JobComplete") if share == 1 else job

    def _select(self, query: str, operation: str, user_id: str) -> Selection:
        zone = ZoneInfo(self._org.user(user_id)["TimeZoneSidKey"])
        return run_query(self._org.records, query, include_deleted=operation == "queryAll", zone=zone)


def _ended(job: Job) -> str:
    return "Completed" if job.state == "JobComplete" else job.state
