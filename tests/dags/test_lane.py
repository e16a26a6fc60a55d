"""The event lane in Airflow: its trigger over real connections, and what it makes of the schedule of task_sync."""

from __future__ import annotations

import asyncio
import logging
from types import SimpleNamespace
from typing import Any

import pytest
from airflow._shared.module_loading import import_string
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import AssetOrTimeSchedule
from airflow.serialization.serialized_objects import DagSerialization
from airflow.triggers.base import TriggerEvent

from taskbridge.errors import SettingsInvalid
from taskbridge.operators.request import SYNC, Request, started_by_the_clock
from taskbridge.pipeline import lane_seconds, schedule
from taskbridge.triggers import Looking, NewsTrigger
from tests.dags.world import DAGS, Installation


@pytest.fixture
def synced(world: Installation) -> Installation:
    """Both systems are in step."""
    world.sync()
    world.let_time_pass()
    world.sync()
    world.let_time_pass()
    return world


def edit(world: Installation) -> None:
    task = {"name": "Call Nora", "assignee_id": 101}
    world.sandbox.sales_connect.control("POST", "/people/tasks", task)


def test_an_edit_becomes_an_event_that_names_the_system_and_nothing_else(synced: Installation) -> None:
    classpath, arguments = NewsTrigger(seconds=10).serialize()
    heard = import_string(classpath)(**arguments).run()

    async def first() -> TriggerEvent:
        event: TriggerEvent = await asyncio.wait_for(anext(heard), 30)
        await heard.aclose()
        return event

    edit(synced)
    assert asyncio.run(first()).payload == {"sides": ["sales_connect"]}


def test_it_logs_in_once_for_many_looks(synced: Installation) -> None:
    looking = Looking(10)
    synced.forget_calls()
    assert [looking.look() for _ in range(4)] == [[]] * 4
    looking.close()
    assert synced.calls("logins") == (1, 1)


@pytest.mark.parametrize("value", ["false", None])
def test_S1_while_the_switch_is_off_nobody_is_called(synced: Installation, value: str | None) -> None:
    synced.switch(value)
    synced.forget_calls()
    looking = Looking(10)
    edit(synced)
    assert looking.look() == []
    assert synced.calls() == (0, 0)
    synced.switch("true")
    assert looking.look() == ["sales_connect"]
    looking.close()


def test_a_connection_that_is_mended_is_used_without_a_restart_and_no_side_is_paused_for_the_old_one(
    synced: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    synced.connection(
        "AIRFLOW_CONN_SALES_CONNECT_DEFAULT",
        conn_type="sales_connect",
        host=synced.sandbox.sales_connect.url,
        login="nobody",
        password="wrong",
    )
    looking = Looking(10)
    with caplog.at_level(logging.WARNING):
        assert [looking.look() for _ in range(3)] == [[]] * 3
    assert looking.rest == 240, "it rests for longer each time"
    assert [record.name for record in caplog.records if "event lane" in record.message] == [
        "taskbridge.triggers"
    ]
    assert synced.rows("SELECT * FROM bridge.side_state WHERE state = 'paused'") == []
    synced.connect()
    edit(synced)
    assert looking.look() == ["sales_connect"]
    assert looking.rest == 10
    looking.close()


@pytest.mark.parametrize("what", ["settings", "database"])
def test_what_cannot_be_read_ends_no_trigger(synced: Installation, what: str) -> None:
    if what == "settings":
        synced.settings("{")
    else:
        synced.without("AIRFLOW_CONN_TASKBRIDGE_DB")
    looking = Looking(10)
    assert looking.look() == []
    assert looking.rest == 60
    looking.close()


def test_with_a_lane_the_clock_is_slow_and_events_may_start_runs(
    monkeypatch: pytest.MonkeyPatch, metadata_database: None
) -> None:
    monkeypatch.delenv("TASKBRIDGE_SCHEDULE", raising=False)
    monkeypatch.setenv("TASKBRIDGE_LANE_SECONDS", "10")
    made = schedule()
    assert isinstance(made, AssetOrTimeSchedule)
    assert made.timetable.expression == "*/15 * * * *"  # type: ignore[attr-defined]
    dag = DagBag(DAGS / "task_sync.py").dags["task_sync"]
    assert {str(kind.value) for kind in dag.allowed_run_types or ()} == {
        "scheduled",
        "manual",
        "asset_triggered",
    }
    assert dag.max_active_runs == 1
    again: Any = DagSerialization.from_dict(DagSerialization.to_dict(dag))
    ((_, asset),) = again.timetable.asset_condition.iter_assets()
    assert asset.name == "taskbridge_news"
    monkeypatch.setenv("TASKBRIDGE_SCHEDULE", "* * * * *")
    assert schedule().timetable.expression == "* * * * *"  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["4", "901", "5.5", "ten", "-5", "٥"])
def test_a_bad_interval_is_an_import_error_that_names_variable_and_value(
    text: str, monkeypatch: pytest.MonkeyPatch, metadata_database: None
) -> None:
    monkeypatch.setenv("TASKBRIDGE_LANE_SECONDS", text)
    with pytest.raises(SettingsInvalid, match="TASKBRIDGE_LANE_SECONDS"):
        lane_seconds()
    errors = DagBag(DAGS / "task_sync.py").import_errors
    assert repr(text) in next(iter(errors.values()))


def test_a_run_that_an_event_started_is_one_of_the_clock() -> None:
    dag_run = SimpleNamespace(run_type="asset_triggered", conf={}, dag_id="task_sync", run_id="asset__1")
    context: Any = {"dag_run": dag_run, "params": {}, "dag": SimpleNamespace(params={})}
    request = Request.of(context, kind=SYNC)
    assert (request.mode, request.window, request.users) == ("scheduled", None, ())
    assert started_by_the_clock(context)
