"""Jobs of the in-memory Salesforce, with the life cycle of Bulk API 2.0."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from taskbridge.core.frames import rows_of
from taskbridge.core.terms import Op
from taskbridge.engine.ports import JobSight, JobState
from taskbridge.errors import ContractBroken, JobRefused, SideUnreachable
from taskbridge.sides.outcomes import RowResult, outcome_frame, unaccounted, unprocessed
from taskbridge.sides.salesforce.bulk_csv import for_a_file, holds

if TYPE_CHECKING:
    from tests.doubles.memory import MemorySide


@dataclass
class MemoryJob:
    """One job. `results`: of the rows that it has come to, by action."""

    op: Op
    state: JobState = JobState.OPEN
    failed: bool = False
    rows: list[dict[str, Any]] | None = None
    due: datetime | None = None
    ended_at: datetime | None = None
    message: str | None = None
    results: dict[str, RowResult] = field(default_factory=dict)


class MemoryJobs:
    """`engine.ports.JobPort`. A started job is carried out when its time has come, whoever looks."""

    most_rows = 50_000

    def __init__(self, side: MemorySide) -> None:
        self._side = side
        self.book: dict[str, MemoryJob] = {}
        self.carried_out: list[str] = []  # action ids in the order in which jobs came to them

    def sort_out(self, op: Op, rows: pd.DataFrame) -> Sequence[pd.DataFrame]:
        fit, size = for_a_file(op, rows), self.most_rows
        return [fit.iloc[start : start + size].reset_index(drop=True) for start in range(0, len(fit), size)]

    def open(self, op: Op, rows: int, fence: Callable[[], None]) -> str:
        self._side._leave_reserve()
        with self._side._call("open_job"):
            fence()
            if self._side.faults.refuse_jobs:
                raise JobRefused("salesforce: takes no job; the rows are written by ordinary calls")
            job_id = self._side._new_id("job")
            self.book[job_id] = MemoryJob(op)
        return job_id

    def fill(self, job_id: str, op: Op, rows: pd.DataFrame, fence: Callable[[], None]) -> None:
        with self._side._call("fill_job"):
            fence()
            job = self._in_state(job_id, JobState.OPEN)
            if job.rows is not None or job.op is not op or not all(map(holds, rows_of(rows))):
                raise ContractBroken(f"job {job_id} takes one file, of {job.op}s")
            job.rows = rows_of(rows)

    def start(self, job_id: str, fence: Callable[[], None]) -> None:
        with self._side._call("start_job"):
            fence()
            job = self._in_state(job_id, JobState.OPEN)
            if job.rows is None:
                raise ContractBroken(f"job {job_id} has no file")
            self._side.writes += len(job.rows)
            job.state, job.due = JobState.RUNNING, self._side.now + self._side.faults.job_takes
        if self._side.faults.lose_answers:
            self._side.faults.lose_answers -= 1
            raise SideUnreachable("salesforce: the answer to a start was lost")

    def abort(self, job_id: str, fence: Callable[[], None]) -> None:
        with self._side._call("abort_job"):
            fence()
            job = self.book[job_id]
            if job.state is not JobState.ENDED:
                job.state, job.failed, job.ended_at = JobState.ENDED, True, self._side._stamp()

    def look(self, job_id: str) -> JobSight:
        with self._side._call("look_at_job"):
            self.carry_on()
            job = self.book.get(job_id)
            if job is None:
                return JobSight(JobState.GONE)
            return JobSight(job.state, job.failed, len(job.results), job.ended_at, job.message)

    def outcomes(self, job_id: str, op: Op, rows: pd.DataFrame, sight: JobSight) -> pd.DataFrame:
        if sight.state is JobState.GONE:
            return outcome_frame(map(unaccounted, rows_of(rows)))
        with self._side._call("job_results"):
            job = self._in_state(job_id, JobState.ENDED)
            return outcome_frame(
                job.results.get(row["action_id"])
                or (unprocessed(row, job.message) if job.failed else unaccounted(row))
                for row in rows_of(rows)
            )

    def carry_on(self) -> None:
        """Carries out what is due."""
        for job in self.book.values():
            if job.state is JobState.RUNNING and job.due is not None and job.due <= self._side.now:
                self._carry_out(job)

    def _carry_out(self, job: MemoryJob) -> None:
        assert job.rows is not None, "a job without a file cannot be started"
        for row in job.rows:
            if len(job.results) == self._side.faults.fail_jobs_after:
                job.failed, job.message = True, "InternalServerError : Unable to process the job"
                break
            self.carried_out.append(row["action_id"])
            job.results[row["action_id"]] = self._side._write_row(job.op, row)
        job.state, job.ended_at = JobState.ENDED, self._side._stamp()

    def _in_state(self, job_id: str, state: JobState) -> MemoryJob:
        job = self.book[job_id]
        if job.state is not state:
            raise ContractBroken(f"job {job_id} is {job.state}, not {state}")
        return job
