"""Runs while a system refuses our credentials: one is red, the clock's others are skipped, a person's are red."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from taskbridge.operators import OpenRunSensor
from tests.dags.world import SALES_CONNECT, Installation


class Told:
    """The part of a task instance to which a step tells something."""

    def __init__(self) -> None:
        self.xcom: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        self.xcom[key] = value


def opened(run_type: str, number: int = 0) -> Told:
    """What the task `open` of a run of that type tells; raises what it ends with."""
    told = Told()
    dag_run = SimpleNamespace(dag_id="task_sync", run_id=f"{run_type}/{number}", run_type=run_type, conf={})
    context: Any = {"dag_run": dag_run, "params": {}, "dag": SimpleNamespace(params={}), "ti": told}
    OpenRunSensor(task_id="open").poke(context)
    return told


def test_the_clocks_runs_are_skipped_and_a_persons_are_red(
    world: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    world.variable("TASKBRIDGE_INSTALLATION", "here")
    url = world.sandbox.sales_connect.url
    world.connection(SALES_CONNECT, conn_type="sales_connect", host=url, login="nobody", password="x")
    world.forget_calls()
    with pytest.raises(AirflowFailException, match="Sales Connect is paused"):
        opened("scheduled")
    for number in range(1, 3):
        with pytest.raises(AirflowSkipException, match=r"paused since .* refused the login"):
            opened("scheduled", number)
        assert [line.levelname for line in caplog.records if "paused since" in line.message] == ["WARNING"]
        caplog.clear()
    for run_type in ("manual", "backfill"):
        with pytest.raises(AirflowFailException, match="paused since"):
            opened(run_type)
    assert world.calls("logins") == (1, 0)
    world.connect()
    world.execute("SELECT bridge.resume_side('sales_connect', 'Ada')")
    assert "error" not in opened("scheduled", 3).xcom
    assert world.rows("SELECT state FROM mart.sides WHERE side = 'sales_connect'") == [{"state": "active"}]


def test_a_whole_run_that_meets_a_pause_is_over_at_once(world: Installation) -> None:
    world.execute(
        "UPDATE bridge.side_state SET state = 'paused', reason = 'refused', "
        "next_attempt_at = now() + interval '20 minutes' WHERE side = 'salesforce'"
    )
    world.forget_calls()
    ended = world.run()
    assert ended.state == "failed", "a person asked for it"
    assert "Salesforce is paused since" in ended.error
    assert world.calls() == (0, 0)


def test_the_report_of_a_run_that_a_pause_skipped_says_why_as_a_warning(
    world: Installation, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world.execute(
        "UPDATE bridge.side_state SET state = 'paused', reason = 'refused', "
        "next_attempt_at = now() + interval '20 minutes' WHERE side = 'salesforce'"
    )
    # `dag.test` makes runs of a person alone.
    monkeypatch.setattr("taskbridge.operators.opening.started_by_the_clock", lambda _: True)
    ended = world.run()
    assert ended.state == "success"
    assert (ended.tasks["open"], ended.tasks["report"]) == ("skipped", "skipped")
    said = [line.levelname for line in caplog.records if "Salesforce is paused since" in line.message]
    assert said == ["WARNING", "WARNING"]
