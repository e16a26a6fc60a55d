"""Which days Airflow's own backfill repeats, and what its runs do while the sync is off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.models.backfill import ReprocessBehavior, _do_dry_run
from airflow.models.serialized_dag import SerializedDagModel
from airflow.sdk.exceptions import AirflowFailException
from airflow.timetables.base import TimeRestriction
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType, DagRunType

from taskbridge.operators import GateOperator
from tests.dags.world import Installation

DAG = "task_sync_backfill"
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
YESTERDAY = TODAY - timedelta(days=1)


def days_of(behavior: ReprocessBehavior) -> list[datetime]:
    """The days that the dialog offers for yesterday alone."""
    with create_session() as session:
        found = _do_dry_run(
            dag_id=DAG,
            from_date=YESTERDAY,
            to_date=YESTERDAY,
            reverse=False,
            reprocess_behavior=behavior,
            session=session,
        )
        return [day.logical_date for day in found if day.logical_date]


def make_run(run_type: DagRunType, state: DagRunState) -> tuple[datetime, datetime]:
    """A run as the scheduler or a backfill makes it, which has ended; its interval."""
    with create_session() as session:
        stored = session.scalar(SerializedDagModel.latest_item_select_object(DAG))
        assert stored
        day = stored.dag.timetable.next_dagrun_info(
            last_automated_data_interval=None,
            restriction=TimeRestriction(
                YESTERDAY,  # type: ignore[arg-type]
                None,
                catchup=run_type is DagRunType.BACKFILL_JOB,
            ),
        )
        assert day
        assert day.data_interval
        stored.dag.create_dagrun(
            run_id=f"{run_type.value}-{state.value}",
            logical_date=day.logical_date,
            data_interval=day.data_interval,
            run_after=day.run_after,
            run_type=run_type,
            triggered_by=DagRunTriggeredByType.TEST,
            state=state,
            session=session,
        )
        return day.data_interval.start, day.data_interval.end


def test_a_day_whose_own_run_was_skipped_is_repeated_by_default(world: Installation) -> None:
    world.switch(None)
    world.run(DAG)  # Airflow knows the DAG then
    assert days_of(ReprocessBehavior.NONE) == [YESTERDAY]
    assert make_run(DagRunType.SCHEDULED, DagRunState.SUCCESS) == (YESTERDAY - timedelta(seconds=1), TODAY)
    assert days_of(ReprocessBehavior.NONE) == [YESTERDAY], "the clock's run does not stand for a backfill's"
    assert make_run(DagRunType.BACKFILL_JOB, DagRunState.FAILED) == (YESTERDAY, TODAY)
    assert days_of(ReprocessBehavior.NONE) == []
    assert days_of(ReprocessBehavior.FAILED) == [YESTERDAY], "as the form and the documentation say"


def test_S3_a_backfills_run_is_red_while_the_sync_is_off_and_calls_nobody(world: Installation) -> None:
    world.switch(None)
    world.forget_calls()
    dag_run = SimpleNamespace(
        dag_id=DAG,
        run_id="x",
        run_type="backfill",
        conf={},
        data_interval_start=YESTERDAY,
        data_interval_end=TODAY,
    )
    told: dict[str, str] = {}
    ti = SimpleNamespace(xcom_push=lambda key, value: told.update({key: value}))
    context: Any = {"dag_run": dag_run, "params": {}, "dag": SimpleNamespace(params={}), "ti": ti}
    gate = GateOperator(task_id="gate", kind="backfill")
    with pytest.raises(AirflowFailException, match=r"switched off.*'Missing and Errored Runs'"):
        gate.execute(context)
    assert "Missing and Errored" in told["error"]
    gate.execute({**context, "params": {"dry_run": True}})
    assert world.calls() == (0, 0)
