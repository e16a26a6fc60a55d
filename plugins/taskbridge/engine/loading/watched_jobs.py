"""Jobs of a side, watched for refused credentials as its other calls are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import pandas as pd

from taskbridge.core.terms import Op
from taskbridge.engine.ports import JobPort, JobSight


class WatchedJobs:
    """`JobPort` around another one; every call that reaches the side is made within `watched()`, and `judged` gets the
    OUTCOMES of each job before they are handed on."""

    def __init__(
        self,
        jobs: JobPort,
        watched: Callable[[], AbstractContextManager[None]],
        judged: Callable[[pd.DataFrame], pd.DataFrame],
    ) -> None:
        self._jobs, self._watched, self._judged = jobs, watched, judged

    def sort_out(self, op: Op, rows: pd.DataFrame) -> Sequence[pd.DataFrame]:
        return self._jobs.sort_out(op, rows)

    def open(self, op: Op, rows: int, fence: Callable[[], None]) -> str:
        with self._watched():
            return self._jobs.open(op, rows, fence)

    def fill(self, job_id: str, op: Op, rows: pd.DataFrame, fence: Callable[[], None]) -> None:
        with self._watched():
            self._jobs.fill(job_id, op, rows, fence)

    def start(self, job_id: str, fence: Callable[[], None]) -> None:
        with self._watched():
            self._jobs.start(job_id, fence)

    def abort(self, job_id: str, fence: Callable[[], None]) -> None:
        with self._watched():
            self._jobs.abort(job_id, fence)

    def look(self, job_id: str) -> JobSight:
        with self._watched():
            return self._jobs.look(job_id)

    def outcomes(self, job_id: str, op: Op, rows: pd.DataFrame, sight: JobSight) -> pd.DataFrame:
        with self._watched():
            return self._judged(self._jobs.outcomes(job_id, op, rows, sight))
