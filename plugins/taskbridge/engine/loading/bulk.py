"""Writing many rows at once by jobs of a side that work in the background (docs/decisions/0023).

A job is written down, with the rows that it carries out, before it gets them. So a process that dies at any point
leaves a job that the next run goes on with: one that was never started is aborted and its rows go back, any other
is looked at until it has ended, and tells what became of each row. Until then its rows stay sent, and their pairs
wait. No row is in two jobs, or in a job and an ordinary call.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import pandas as pd
from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_attempt

from taskbridge.core.api_calls import JOB_PAYS_FROM, JOB_ROWS, NEVER, pause_before, polls
from taskbridge.core.delicate import is_delicate
from taskbridge.core.frames import empty
from taskbridge.core.run import Run
from taskbridge.core.terms import Op, Side
from taskbridge.core.writes import OUTCOMES
from taskbridge.engine.engine import Engine
from taskbridge.engine.loading.busy import busy_rows, given_up
from taskbridge.engine.pause import refuse_paused
from taskbridge.engine.ports import AUTHENTICATION, JobPort, JobSight, JobState
from taskbridge.errors import JobRefused, SideUnreachable, SwitchedOff

_log = logging.getLogger(__name__)

REST_AFTER_FAILURE: Final = timedelta(hours=1)
"""For so long ordinary calls do the work of a side whose last job failed."""

Adopt = Callable[[Engine, Side, pd.DataFrame, pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True)
class Job:
    """A job by its id in its system. `resumed`: another process opened it, perhaps in another run."""

    job_id: str
    op: Op
    resumed: bool = False


def for_jobs(engine: Engine, side: Side, op: Op, rows: pd.DataFrame) -> pd.Series:
    """Which of these WRITES rows of one op jobs are to carry out: all but the delicate ones, or none."""
    none = pd.Series(False, index=rows.index)
    if rows.empty or op is Op.DELETE or (op is Op.CREATE and not engine.sides[side].marks):
        return none
    fit = ~is_delicate(rows)
    return fit if job_from(engine, side, int(fit.sum())) is not None else none


def job_from(engine: Engine, side: Side, rows: int) -> int | None:
    """Rows from which on a job writes them; None where there are no jobs, nobody wants them now, or these are fewer."""
    threshold = engine.settings.salesforce_bulk_threshold
    if engine.sides[side].jobs is None or threshold == NEVER:
        return None
    least = JOB_PAYS_FROM if threshold is None else max(1, threshold)
    return least if rows >= least and not engine.ledger.outbox.job_failed(side, REST_AFTER_FAILURE) else None


def write_by_jobs(
    engine: Engine,
    run: Run,
    side: Side,
    op: Op,
    rows: pd.DataFrame,
    look_again: Callable[[pd.DataFrame], pd.DataFrame],
    adopt: Adopt,
) -> Iterator[pd.DataFrame]:
    """OUTCOMES of each job. What no job can carry, or the side takes no job for, stays planned.

    `look_again` reads the targets once more and answers the rows that have not moved. Raises what `load` raises.
    """
    jobs = engine.sides[side].jobs
    assert jobs is not None, "asked before"
    for start in range(0, len(rows), JOB_ROWS):
        engine.require_switch()
        ready = look_again(rows.iloc[start : start + JOB_ROWS].reset_index(drop=True))
        for part in jobs.sort_out(op, ready):
            engine.require_switch()
            try:
                yield _write_job(engine, run, side, jobs, op, part, adopt)
            except JobRefused as refused:
                engine.ledger.runs.note(run, str(refused))
                _log.warning("%s", refused)
                return


def _write_job(
    engine: Engine, run: Run, side: Side, jobs: JobPort, op: Op, rows: pd.DataFrame, adopt: Adopt
) -> pd.DataFrame:
    fence = engine.fence(run)
    job = Job(jobs.open(op, len(rows), fence), op)
    engine.ledger.outbox.open_job(run, side, op, job.job_id, list(rows["action_id"]))
    _log.info("Bulk job %s: %d %ss in %s", job.job_id, len(rows), op, side.system)
    jobs.fill(job.job_id, op, rows, fence)
    try:
        engine.require_switch()
    except SwitchedOff:
        finish(engine, run, side, job, looks=1, adopt=adopt)  # not started: it is aborted
        raise
    try:
        jobs.start(job.job_id, fence)
    except SideUnreachable:
        _log.warning("Bulk job %s: the answer to its start was lost; a look at it tells", job.job_id)
    patience = engine.settings.salesforce_bulk_patience_seconds
    engine.sleep(pause_before(0))
    outcomes = finish(engine, run, side, job, looks=polls(patience), adopt=adopt)
    if outcomes.empty:
        engine.ledger.runs.note(
            run,
            f"Bulk job {job.job_id} with {len(rows)} {op}s goes on after {patience} s; later runs look at it.",
        )
    return outcomes


def finish(engine: Engine, run: Run, side: Side, job: Job, *, looks: int, adopt: Adopt) -> pd.DataFrame:
    """Looks at a job, so many times at most, and records what became of its rows; answers their OUTCOMES, none as long
    as it goes on. A job that was never started is aborted. Rows that were busy are planned again, for ordinary calls
    of the same load. Raises SidePaused, with everything recorded, when rows were refused for our login."""
    jobs = engine.sides[side].jobs
    assert jobs is not None, "a job was opened"
    sight = _last_sight(engine, run, jobs, job, looks)
    if sight.state is JobState.OPEN:
        jobs.abort(job.job_id, engine.fence(run))
        sight = jobs.look(job.job_id)
    if sight.state in (JobState.OPEN, JobState.RUNNING):
        return empty(OUTCOMES)
    rows = engine.ledger.outbox.job_rows(job.job_id)
    outcomes = jobs.outcomes(job.job_id, job.op, rows, sight)
    if job.op is Op.CREATE:
        outcomes = adopt(engine, side, rows, outcomes)
    if job.resumed:
        outcomes = given_up(outcomes)
    busy = busy_rows(outcomes)
    engine.ledger.outbox.unsend(run, list(busy["action_id"]))
    engine.ledger.outbox.record(run, outcomes.drop(busy.index), engine.settings.parked_retry)
    failed = sight.failed and sight.message is not None  # an abort has no reason to tell
    engine.ledger.outbox.end_job(run, job.job_id, failed=failed, message=sight.message)
    if failed:
        engine.ledger.runs.note(
            run, f"Bulk job {job.job_id} failed: {sight.message}. What it did not write goes back."
        )
    if (outcomes["category"] == AUTHENTICATION).any():
        refuse_paused(engine.ledger)
    return outcomes


def _last_sight(engine: Engine, run: Run, jobs: JobPort, job: Job, looks: int) -> JobSight:
    """What the last look showed: the job's end, or that it goes on."""

    def look() -> JobSight:
        engine.still_mine(run)
        return jobs.look(job.job_id)

    return Retrying(
        retry=retry_if_result(lambda sight: sight.state is JobState.RUNNING),
        wait=_pause,
        stop=stop_after_attempt(looks),
        sleep=engine.sleep,
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )(look)


def _pause(state: RetryCallState) -> float:
    return float(pause_before(state.attempt_number))
