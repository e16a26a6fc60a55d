"""Writing to Salesforce by Bulk API 2.0: the life of a job, and what its result files say of each row."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final, Literal

import pandas as pd

from taskbridge.core.api_calls import JOB_ROWS, job_calls
from taskbridge.core.frames import Row, rows_of
from taskbridge.core.terms import Op
from taskbridge.core.writes import Outcome
from taskbridge.engine.ports import JobSight, JobState
from taskbridge.errors import ContractBroken, JobRefused, SideUnreachable
from taskbridge.sides.failures import Refusal, Transient
from taskbridge.sides.http import Channel, Content
from taskbridge.sides.http_answer import HttpAnswer
from taskbridge.sides.outcomes import RowResult, outcome_frame, unaccounted, unprocessed
from taskbridge.sides.salesforce.bulk_csv import file_of, for_a_file, read_error, read_file
from taskbridge.sides.salesforce.ids import to_18
from taskbridge.sides.salesforce.people import may_be_its_person
from taskbridge.sides.salesforce.writes import Collections
from taskbridge.sides.shapes import Count, Moment, PathPart, Shape

JOB_BYTES: Final = 100_000_000
"""An upload may have 150 MB after it was made base64 on the other side."""

_STATES: Final[Mapping[str, JobState]] = {
    "Open": JobState.OPEN,
    "UploadComplete": JobState.RUNNING,
    "InProgress": JobState.RUNNING,
    "JobComplete": JobState.ENDED,
    "Failed": JobState.ENDED,
    "Aborted": JobState.ENDED,
}
_OPERATIONS: Final[Mapping[Op, str]] = {Op.CREATE: "insert", Op.UPDATE: "update"}


class OpenedJob(Shape):
    """A job as it was opened."""

    expected = "a Bulk job with its id"
    id: PathPart


class JobShown(Shape):
    """A job as it is looked at."""

    expected = "a Bulk job with state, counts and stamp"
    state: Literal["Open", "UploadComplete", "InProgress", "JobComplete", "Failed", "Aborted"]
    systemModstamp: Moment
    numberRecordsProcessed: Count | None = None
    errorMessage: Any = None


@dataclass(frozen=True)
class BulkJobs:
    """`engine.ports.JobPort` over the ingest resource of one API version.

    `collections` are what writes the same rows by ordinary calls. `before_job` gets the calls that a job will take, and
    may raise instead (G7). `without_person`: whether no contact or lead is named, as the org does not show the field.
    """

    channel: Channel
    path: str
    collections: Collections
    before_job: Callable[[int], None]
    without_person: Callable[[], bool] = lambda: False
    most_rows: int = JOB_ROWS
    most_bytes: int = JOB_BYTES

    def sort_out(self, op: Op, rows: pd.DataFrame) -> Sequence[pd.DataFrame]:
        fit = for_a_file(op, rows)
        sizes = [len(line) for line in self._lines(op, fit)][1:]
        return [fit.iloc[part].reset_index(drop=True) for part in self._parts(sizes)]

    def open(self, op: Op, rows: int, fence: Callable[[], None]) -> str:
        self.before_job(job_calls(rows))
        operation = _OPERATIONS[op]
        body: dict[str, Any] = {"object": "Task", "contentType": "CSV", "lineEnding": "LF"}
        if op is Op.CREATE and self.collections.upsert_by:
            operation, body["externalIdFieldName"] = "upsert", self.collections.upsert_by
        try:
            answer = self._write(fence, "POST", self.path, body | {"operation": operation})
        except Refusal as refused:
            raise JobRefused(
                f"{self.channel.connection}: Salesforce takes no Bulk job ({refused.said}); "
                "the rows are written by ordinary calls"
            ) from refused
        return answer.of(OpenedJob).id

    def fill(self, job_id: str, op: Op, rows: pd.DataFrame, fence: Callable[[], None]) -> None:
        content = Content(b"".join(self._lines(op, rows)), "text/csv; charset=UTF-8")
        self._change(fence, "PUT", f"{self.path}/{job_id}/batches", content)

    def start(self, job_id: str, fence: Callable[[], None]) -> None:
        self._change(fence, "PATCH", f"{self.path}/{job_id}", {"state": "UploadComplete"})

    def abort(self, job_id: str, fence: Callable[[], None]) -> None:
        try:
            self._write(fence, "PATCH", f"{self.path}/{job_id}", {"state": "Aborted"})
        except Refusal as refused:
            if self.look(job_id).state not in (JobState.ENDED, JobState.GONE):
                raise ContractBroken(
                    f"{self.channel.connection}: Bulk job {job_id} stays open ({refused.said})"
                ) from refused

    def look(self, job_id: str) -> JobSight:
        answer = self.channel.read(f"{self.path}/{job_id}", accept=(HTTPStatus.NOT_FOUND,))
        if answer.status == HTTPStatus.NOT_FOUND:
            return JobSight(JobState.GONE)
        job = answer.of(JobShown)
        return JobSight(
            _STATES[job.state],
            failed=job.state in ("Failed", "Aborted"),
            processed=job.numberRecordsProcessed or 0,
            ended_at=job.systemModstamp,
            message=None if job.errorMessage is None else str(job.errorMessage),
        )

    def outcomes(self, job_id: str, op: Op, rows: pd.DataFrame, sight: JobSight) -> pd.DataFrame:
        """The file of successes first; the other two only when it does not account for every row."""
        asked = {self._key(op, row): row for row in rows_of(rows)}
        found: dict[str, RowResult] = {}
        if sight.state is JobState.GONE:
            found = {key: unaccounted(row) for key, row in asked.items()}
        elif sight.failed and not sight.processed:
            found = {key: unprocessed(row, sight.message) for key, row in asked.items()}
        for name, result in (
            ("successfulResults", self._success),
            ("failedResults", self._failure),
            ("unprocessedrecords", self._untouched),
        ):
            if len(found) == len(asked):
                break
            for record in self._file(job_id, name):
                key = self._key_told(op, record)
                if key in asked and key not in found:
                    found[key] = result(op, asked[key], record, sight)
        return outcome_frame(found.get(key) or unaccounted(row) for key, row in asked.items())

    # rows and their results

    def _lines(self, op: Op, rows: pd.DataFrame) -> Iterator[bytes]:
        given = rows_of(rows)
        if self.without_person():
            given = [{**row, "person": None} for row in given]
        return file_of(op, given, self.collections.marking)

    def _parts(self, sizes: Sequence[int]) -> Iterator[slice]:
        start, total = 0, 0
        for at, size in enumerate(sizes):
            if at > start and (at - start == self.most_rows or total + size > self.most_bytes):
                yield slice(start, at)
                start, total = at, 0
            total += size
        if sizes:
            yield slice(start, len(sizes))

    def _key(self, op: Op, row: Row) -> str:
        return str(row["marker"]) if op is Op.CREATE else to_18(row["remote_id"])

    def _key_told(self, op: Op, record: Mapping[str, str]) -> str | None:
        """What names the row in a result: its own columns come back with it, in whichever order."""
        if op is Op.CREATE:
            return record.get(self.collections.marking.fields[0])
        try:
            return to_18(record.get("Id") or "")
        except ValueError:
            return None

    def _success(self, op: Op, row: Row, record: Mapping[str, str], sight: JobSight) -> RowResult:
        try:
            remote_id = to_18(record["sf__Id"])
        except (KeyError, ValueError):
            return unaccounted(row)
        if op is Op.CREATE and record.get("sf__Created") != "true":
            return RowResult(row["action_id"], Outcome.EXISTS, remote_id)
        return RowResult(row["action_id"], Outcome.DONE, remote_id, sight.ended_at)

    def _failure(self, op: Op, row: Row, record: Mapping[str, str], sight: JobSight) -> RowResult:
        """A create that its contact or lead can be the reason of goes again, by an ordinary call, which follows it."""
        refused = self.collections.refused(op, row, [read_error(record.get("sf__Error") or "")])
        follows = op is Op.CREATE and row["person"] and may_be_its_person(refused)
        return replace(refused, outcome=Outcome.BUSY) if follows else refused

    def _untouched(self, op: Op, row: Row, record: Mapping[str, str], sight: JobSight) -> RowResult:
        return unprocessed(row, sight.message)

    def _file(self, job_id: str, name: str) -> list[dict[str, str]]:
        answer = self.channel.read(f"{self.path}/{job_id}/{name}")
        try:
            return read_file(answer.content)
        except (csv.Error, UnicodeDecodeError) as error:
            raise ContractBroken(
                f"{self.channel.connection}: {name} of Bulk job {job_id} is no CSV ({error})"
            ) from error

    # calls

    def _change(self, fence: Callable[[], None], method: str, path: str, body: Any) -> None:
        try:
            self._write(fence, method, path, body)
        except Refusal as refused:
            raise ContractBroken(
                f"{self.channel.connection}: Salesforce does not go on with a Bulk job ({refused.said})"
            ) from refused

    def _write(self, fence: Callable[[], None], method: str, path: str, body: Any) -> HttpAnswer:
        try:
            with self.channel.fenced(fence):
                return self.channel.write(method, path, body)
        except Transient as lost:
            raise SideUnreachable(
                f"{self.channel.connection}: the answer to {method} of a Bulk job was lost ({lost.seen}); "
                "the next run looks what became of the job"
            ) from lost
