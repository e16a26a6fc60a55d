"""Reading from Salesforce by Bulk query: for so many records that pages of 2,000 take more calls."""

from __future__ import annotations

import csv
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_attempt

from taskbridge.core.api_calls import JOB_ROWS, pause_before, polls
from taskbridge.errors import (
    ApiLimitReached,
    CallRefused,
    ContractBroken,
    JobRefused,
    ReadIncomplete,
    SideUnreachable,
)
from taskbridge.sides.failures import AnswerTooLarge, Refusal, Transient
from taskbridge.sides.http import Channel
from taskbridge.sides.http_answer import HttpAnswer
from taskbridge.sides.pages import Page, by_field, read_pages
from taskbridge.sides.salesforce.bulk_csv import as_records, read_file
from taskbridge.sides.shapes import Count, PathPart, Shape

_LOG = logging.getLogger(__name__)
_GOES_ON: Final = ("UploadComplete", "InProgress")
_LAST: Final = "null"


class QueryJob(Shape):
    """A job as it is shown."""

    expected = "a query job with id, state and what it found"
    id: PathPart
    state: str
    numberRecordsProcessed: Count | None = None
    errorMessage: Any = None


@dataclass(frozen=True)
class QueryJobs:
    """The query resource of one API version. `patience`: seconds to wait for a job's end."""

    channel: Channel
    path: str
    patience: float
    page_rows: int = JOB_ROWS
    sleep: Callable[[float], None] = time.sleep

    def read(self, soql: str) -> Iterator[Page]:
        """Pages of records as the same query gives them in JSON; deleted and archived ones included.

        Raises JobRefused, before the first page, when the org takes no such job, or it fails or takes too long;
        ReadIncomplete when fewer records come than the job has found. The job is taken away in any case.
        """
        job_id = self._open(soql)
        try:
            yield from self._pages(job_id, self._wait(job_id))
        finally:
            self._take_away(job_id)

    def _open(self, soql: str) -> str:
        try:
            answer = self.channel.read(self.path, question={"operation": "queryAll", "query": soql})
        except Refusal as refusal:
            raise self._refused(str(refusal)) from refusal
        return answer.of(QueryJob).id

    def _wait(self, job_id: str) -> int:
        """The number of records that the job found."""
        self.sleep(pause_before(0))
        job = Retrying(
            retry=retry_if_result(lambda job: job.state in _GOES_ON),
            wait=_pause,
            stop=stop_after_attempt(polls(self.patience)),
            sleep=self.sleep,
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )(self._look, job_id)
        if job.state != "JobComplete":
            raise self._refused(f"it is {job.state} after {self.patience} s: {job.errorMessage}")
        if job.numberRecordsProcessed is None:
            raise ContractBroken(f"{self.channel.connection}: query job {job_id} does not tell what it found")
        return job.numberRecordsProcessed

    def _look(self, job_id: str) -> QueryJob:
        return self.channel.read(f"{self.path}/{job_id}").of(QueryJob)

    def _pages(self, job_id: str, found: int) -> Iterator[Page]:
        rows = self.page_rows

        def ask(locator: str | None) -> Page:
            nonlocal rows
            query: dict[str, Any] = {} if locator is None else {"locator": locator}
            try:
                answer = self.channel.read(f"{self.path}/{job_id}/results", {"maxRecords": rows, **query})
            except AnswerTooLarge:
                if rows == 1:
                    raise
                rows = max(1, rows // 4)
                return ask(locator)
            following = answer.headers.get("Sforce-Locator", _LAST)
            return Page(self._records(job_id, answer), found, None if following == _LAST else following)

        return read_pages(f"{self.channel.connection}: query job {job_id}", ask, by_field("Id"))

    def _records(self, job_id: str, answer: HttpAnswer) -> list[dict[str, Any]]:
        try:
            rows = read_file(answer.content)
        except (csv.Error, UnicodeDecodeError) as error:
            raise ContractBroken(
                f"{self.channel.connection}: the results of query job {job_id} are no CSV ({error})"
            ) from error
        announced = answer.headers.get("Sforce-NumberOfRecords", "")
        if announced.isdecimal() and int(announced) != len(rows):
            raise ReadIncomplete(
                f"{self.channel.connection}: a page of query job {job_id} should have {announced} records and has "
                f"{len(rows)}; run again"
            )
        return as_records(rows)

    def _take_away(self, job_id: str) -> None:
        """Its result takes storage for a week; one that goes on has to be aborted before."""
        try:
            if self._look(job_id).state in _GOES_ON:
                self.channel.write("PATCH", f"{self.path}/{job_id}", {"state": "Aborted"})
            self.channel.write("DELETE", f"{self.path}/{job_id}")
        except (Transient, CallRefused, ContractBroken, SideUnreachable, ApiLimitReached) as error:
            _LOG.warning("Query job %s stays until Salesforce drops it: %s", job_id, error)

    def _refused(self, seen: str) -> JobRefused:
        return JobRefused(
            f"{self.channel.connection}: Salesforce does not answer by a query job ({seen}); "
            "the records are read page by page"
        )


def _pause(state: RetryCallState) -> float:
    return float(pause_before(state.attempt_number))
