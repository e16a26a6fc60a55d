"""Data checks in Airflow: a broken one stops a run of the sync, and the daily DAG of SQL checks fails by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from taskbridge.store.checks import VARIABLE
from tests.dags.test_runs import WRITING, create_in_sales_connect, subjects
from tests.dags.world import Installation

CHECK = """-- Proves: nobody makes a forbidden task.
-- Remedy: rename it.
SELECT 'sales_connect ' || remote_id FROM staging.sales_connect_task WHERE run_id = :run_id AND title = 'Forbidden'
"""


def test_a_broken_check_fails_the_run_before_any_write(
    world: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "forbidden.sql").write_text(CHECK)
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    world.sync()
    world.let_time_pass()
    task = create_in_sales_connect(world, "Forbidden")
    create_in_sales_connect(world, "Harmless")
    marks = world.rows("SELECT * FROM bridge.watermark ORDER BY side")
    world.forget_calls()
    ended = world.run()
    assert ended.state == "failed"
    assert ended.tasks["decide"] == ended.tasks["report"] == "failed"
    assert not {ended.tasks[task] for task in (*WRITING, "settle")} & {"success", "failed"}
    assert world.calls("writes") == (0, 0)
    assert world.rows("SELECT * FROM bridge.watermark ORDER BY side") == marks
    run = world.rows("SELECT outcome, summary FROM bridge.run ORDER BY run_id DESC LIMIT 1")[0]
    said = (
        f"the data check forbidden (nobody makes a forbidden task): sales_connect {task}. To do: rename it."
    )
    assert run["outcome"] == "failed"
    assert said in run["summary"]
    assert said in ended.error
    assert world.rows("SELECT run_key FROM bridge.lease") == [{"run_key": None}]

    (tmp_path / "forbidden.sql").unlink()
    assert world.run().state == "success"
    assert {"Forbidden", "Harmless"} <= set(subjects(world))


def test_the_doctor_tries_every_check(
    world: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert world.run("task_sync_doctor").state == "success"
    (tmp_path / "forbidden.sql").write_text(CHECK.replace("title", "no_title"))
    ended = world.run("task_sync_doctor")
    assert ended.state == "failed"


PLANTED = {
    "pairs": "UPDATE bridge.link SET sf_id = NULL WHERE link_id = (SELECT min(link_id) FROM bridge.link)",
    "people": """
        UPDATE bridge.user_map SET sf_user_id = NULL
        WHERE sc_user_id = (SELECT min(sc_user_id) FROM bridge.user_map WHERE state = 'synced')""",
    "freshness": """
        INSERT INTO bridge.freshness (hour, side, sc_user_id, seconds)
        VALUES (date_trunc('hour', now()), 'salesforce', '1', '{900}')""",
    "answers": """
        INSERT INTO bridge.action (action_id, run_id, seq, link_id, side, op, remote_id, state, rule, mask, sent_at)
        SELECT 'x', max(run_id), 999, 'x', 'salesforce', 'update', '00T1', 'sent', 'C1', 1, now() - interval '2 days'
        FROM bridge.run""",
    "parked": """
        INSERT INTO bridge.dead_letter (side, stage, run_id, code, category, message, remedy, first_seen_at)
        SELECT 'salesforce', 'load', max(run_id), 'X', 'other', 'no', 'do', now() - interval '8 days'
        FROM bridge.run""",
}


def test_the_daily_checks_pass_on_a_sound_ledger_and_each_fails_by_what_it_is_about(
    world: Installation,
) -> None:
    world.switch(None)
    assert world.run("task_sync_checks").tasks == dict.fromkeys(PLANTED, "success"), "on an empty ledger"
    world.switch("true")
    world.sync()
    assert world.run("task_sync_checks").tasks == dict.fromkeys(PLANTED, "success")
    for planted in PLANTED.values():
        world.execute(planted)
    assert world.run("task_sync_checks").tasks == dict.fromkeys(PLANTED, "failed")
