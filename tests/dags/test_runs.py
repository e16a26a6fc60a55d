"""Whole runs of both DAGs against the two systems and a real PostgreSQL."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.dags.world import Installation

WRITING = ("upsert_salesforce", "upsert_sales_connect", "delete_salesforce", "delete_sales_connect")


def create_in_sales_connect(world: Installation, name: str) -> int:
    """A task that a switched-on user makes for herself; its id."""
    users = world.sandbox.sales_connect.control("GET", "/snapshot")["users"]
    ada = next(user["id"] for user in users if user["email"] == "Ada@Example.com")
    made = world.sandbox.sales_connect.control("POST", "/people/tasks", {"name": name, "assignee_id": ada})
    world.let_time_pass()
    number: int = made["data"]["id"]
    return number


def create_in_salesforce(world: Installation, subject: str) -> str:
    body = {"as": "ben@example.com", "fields": {"Subject": subject}}
    record_id: str = world.sandbox.salesforce.control("POST", "/people/Task", body)["id"]
    world.let_time_pass()
    return record_id


def subjects(world: Installation) -> list[str]:
    return [task["Subject"] for task in world.sandbox.salesforce.control("GET", "/snapshot")["Task"]]


def names(world: Installation) -> list[str]:
    return [task["name"] for task in world.sandbox.sales_connect.control("GET", "/snapshot")["tasks"]]


@pytest.fixture
def synced(world: Installation) -> Installation:
    """Some time after the first run."""
    world.sync()
    world.let_time_pass()
    return world


def test_edits_of_both_sides_cross(synced: Installation) -> None:
    create_in_sales_connect(synced, "Made in Sales Connect")
    create_in_salesforce(synced, "Made in Salesforce")
    ended = synced.run()
    assert ended.state == "success"
    assert subjects(synced).count("Made in Sales Connect") == 1
    assert names(synced).count("Made in Salesforce") == 1
    assert ended.xcom["report", "return_value"]["outcome"] == "clean"


def test_G1_a_run_after_convergence_writes_nothing_and_reads_little(synced: Installation) -> None:
    synced.run()
    synced.forget_calls()
    ended = synced.run()
    assert ended.state == "success"
    assert synced.calls("writes") == (0, 0)
    of_sales_connect, of_salesforce = synced.calls("reads")
    assert of_sales_connect <= 3
    assert of_salesforce <= 2
    assert {ended.tasks[task] for task in WRITING} == {"skipped"}, "a plan without work starts no load task"
    assert ended.tasks["settle"] == ended.tasks["report"] == "success"


def test_xcom_holds_names_counts_and_settings_only(synced: Installation) -> None:
    create_in_sales_connect(synced, "Made in Sales Connect")
    ended = synced.run()
    run_id = synced.rows("SELECT max(run_id) AS run_id FROM bridge.run")[0]["run_id"]
    opened = ended.xcom["open", "return_value"]
    assert opened.keys() == {"run_key", "run_id"}
    assert opened["run_id"] == run_id
    assert ended.xcom["decide", "plan"] == {"salesforce create planned": 1}
    assert ended.xcom["upsert_salesforce", "return_value"] == {"done": 1}
    assert "Made in Sales Connect" not in repr(ended.xcom)


def test_asset_events_tell_run_counts_and_outcome(synced: Installation) -> None:
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    create_in_sales_connect(synced, "Made in Sales Connect")
    run_id = synced.run().xcom["report", "return_value"]["run_id"]
    with create_session() as session:
        events = [
            event for event in session.scalars(select(AssetEvent)) if event.extra.get("run_id") == run_id
        ]
        told = {event.source_task_id: event.extra for event in events}
    assert told["extract_sales_connect"]["rows"] > 1
    assert told["decide"]["salesforce create planned"] == 1
    assert told["report"]["outcome"] == "clean"
    assert told["report"]["actions"] == {"salesforce": {"create": {"done": 1}}}
    assert (told["report"]["rejected"], told["report"]["parked"]) == (0, 0)


@pytest.mark.parametrize("value", [None, "false", "0", "", "maybe"])
def test_S3_switched_off_nobody_is_called_and_everything_is_skipped(
    world: Installation, value: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    world.switch(value)
    world.forget_calls()
    ended = world.run()
    warned = [line.message for line in caplog.records if line.levelname == "WARNING"]
    said = [line for line in warned if "The sync is switched off" in line]
    assert len(said) == 2, "the task that skipped and the one that ends the run tell it"
    assert world.calls() == (0, 0)
    assert set(ended.tasks.values()) == {"skipped"}
    assert world.rows("SELECT * FROM bridge.run") == []
    assert world.rows("SELECT * FROM bridge.watermark") == []


def test_S3_switched_off_no_connection_is_needed(world: Installation) -> None:
    world.switch(None)
    for name in ("SALES_CONNECT_DEFAULT", "SALESFORCE_DEFAULT", "TASKBRIDGE_DB"):
        world.without(f"AIRFLOW_CONN_{name}")
    assert set(world.run().tasks.values()) == {"skipped"}


def test_a_dry_run_shows_the_plan_and_writes_nothing(
    world: Installation, capfd: pytest.CaptureFixture[str]
) -> None:
    world.switch(None)
    world.forget_calls()
    ended = world.run(dry_run=True)
    assert ended.state == "success"
    assert world.calls("writes") == (0, 0)
    assert world.rows("SELECT * FROM bridge.link") == []
    assert world.rows("SELECT * FROM bridge.watermark") == []
    assert {ended.tasks[task] for task in (*WRITING, "settle")} == {"skipped"}
    shown = "".join(capfd.readouterr()).splitlines()
    assert any("Cost in Sales Connect: " in line for line in shown)
    assert sum("Sales Connect  create" in line for line in shown) == sum(
        ended.xcom["decide", "plan"].values()
    )


def test_a_real_run_after_a_dry_one_does_what_was_shown(world: Installation) -> None:
    shown = world.run(dry_run=True).xcom["decide", "plan"]
    done = world.run()
    assert done.xcom["decide", "plan"] == shown
    assert shown


def test_a_window_and_users_move_no_watermark(synced: Installation) -> None:
    before = synced.rows("SELECT side, position FROM bridge.watermark ORDER BY side")
    now = datetime.now(UTC)
    ended = synced.run(
        window_start=(now - timedelta(days=2)).isoformat(),
        window_end=now.isoformat(),
        users=["ada@example.com"],
    )
    assert ended.state == "success"
    assert synced.rows("SELECT side, position FROM bridge.watermark ORDER BY side") == before
    run = synced.rows("SELECT users, window_start, window_end FROM bridge.run ORDER BY run_id DESC LIMIT 1")[
        0
    ]
    assert run["users"] == ["ada@example.com"]
    assert run["window_end"] == now


def test_a_backfill_reads_its_data_interval(synced: Installation) -> None:
    before = synced.rows("SELECT side, position FROM bridge.watermark ORDER BY side")
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    ended = synced.run("task_sync_backfill", at=today + timedelta(hours=1))
    assert ended.state == "success"
    run = synced.rows("SELECT * FROM bridge.run ORDER BY run_id DESC LIMIT 1")[0]
    assert run["mode"] == "backfill"
    assert (run["sc_start"], run["sc_end"]) == (today - timedelta(days=1), today)
    assert (run["sf_start"], run["sf_end"]) == (today - timedelta(days=1), today)
    assert synced.rows("SELECT side, position FROM bridge.watermark ORDER BY side") == before


def test_a_backfill_without_an_interval_reads_yesterday(synced: Installation) -> None:
    assert synced.run("task_sync_backfill").state == "success"
    run = synced.rows("SELECT * FROM bridge.run ORDER BY run_id DESC LIMIT 1")[0]
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    assert (run["window_start"], run["window_end"]) == (today - timedelta(days=1), today)


def test_a_run_waits_for_the_lease_without_a_worker_slot(
    synced: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.models.taskreschedule import TaskReschedule
    from airflow.utils.session import create_session
    from sqlalchemy import func, select

    def waits() -> int:
        with create_session() as session:
            return session.scalar(select(func.count()).select_from(TaskReschedule)) or 0

    before = waits()
    synced.execute(
        "UPDATE bridge.lease SET run_key = 'another', fencing = fencing + 1,"
        " expires_at = clock_timestamp() + interval '1 hour'"
    )
    sleep = time.sleep

    def give_back(seconds: float) -> None:
        """As `dag.test` has nothing to run."""
        synced.execute("UPDATE bridge.lease SET expires_at = clock_timestamp() WHERE run_key = 'another'")
        sleep(seconds)

    monkeypatch.setattr(time, "sleep", give_back)
    ended = synced.run()
    assert ended.state == "success"
    assert waits() > before


def test_the_lease_is_given_back(synced: Installation) -> None:
    assert synced.run().state == "success"
    assert synced.rows("SELECT run_key FROM bridge.lease") == [{"run_key": None}]
    synced.sandbox.salesforce.fault(endpoint="GET *query*", kind="status", status=400, code="X", times=None)
    assert synced.run().state == "failed"
    assert synced.rows("SELECT run_key FROM bridge.lease") == [{"run_key": None}]


def test_a_load_that_fails_leaves_the_other_side_its_share_and_settles(synced: Installation) -> None:
    # What a run asks of an org once is known then, and needs no call that fails.
    assert synced.run().state == "success"
    create_in_sales_connect(synced, "Made in Sales Connect")
    create_in_salesforce(synced, "Made in Salesforce")
    refused = {"status": 401, "code": "INVALID_SESSION_ID", "message": "Session expired or invalid"}
    synced.sandbox.salesforce.fault(endpoint="POST *composite*", kind="status", times=None, **refused)
    ended = synced.run()
    assert ended.state == "failed"
    assert ended.tasks["upsert_salesforce"] == "failed"
    assert ended.tasks["upsert_sales_connect"] == ended.tasks["settle"] == "success"
    assert ended.tasks["report"] == "failed"
    assert names(synced).count("Made in Salesforce") == 1
    run = synced.rows("SELECT outcome, summary, notes FROM bridge.run ORDER BY run_id DESC LIMIT 1")[0]
    assert run["outcome"] == "failed"
    assert run["notes"] == [f"upsert_salesforce: {ended.xcom['upsert_salesforce', 'error']}"]
    assert "INVALID_SESSION_ID" in run["summary"]

    synced.sandbox.salesforce.control("DELETE", "/faults")
    synced.execute("SELECT bridge.resume_side('salesforce', 'Ada')")
    assert synced.run().state == "success"
    assert subjects(synced).count("Made in Sales Connect") == 1
    assert names(synced).count("Made in Salesforce") == 1


def test_G6_rejected_rows_above_the_tolerance_fail_the_run_once(
    synced: Installation, capfd: pytest.CaptureFixture[str]
) -> None:
    create_in_sales_connect(synced, "Nobody wants this")
    rejected = {"code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "Not like this"}
    synced.sandbox.salesforce.fault(
        endpoint="POST *", kind="row_error", record="Nobody wants this", times=None, **rejected
    )
    ended = synced.run()
    assert ended.state == "failed"
    assert ended.tasks["upsert_salesforce"] == "success", "the row was refused, not the step"
    assert "reject_tolerance" in ended.xcom["report", "error"]
    assert "mart.errors_by_code" in ended.xcom["report", "error"]
    named = "'Nobody wants this' of Ada Example (Sales Connect "
    shown = [line for line in "".join(capfd.readouterr()).splitlines() if named in line]
    for operator in ("UpsertOperator", "ReportOperator"):
        assert any(operator in line and "warning" in line for line in shown), shown
    assert synced.run().state == "success", "a row that was parked earlier keeps no later run red"


def test_G6_rejected_rows_within_the_tolerance_do_not(synced: Installation) -> None:
    synced.settings('{"reject_tolerance": 1}')
    create_in_sales_connect(synced, "Nobody wants this")
    synced.sandbox.salesforce.fault(
        endpoint="POST *", kind="row_error", record="Nobody wants this", times=None, code="ENTITY_IS_LOCKED"
    )
    ended = synced.run()
    assert ended.state == "success"
    assert ended.xcom["report", "return_value"]["outcome"] == "partial"
