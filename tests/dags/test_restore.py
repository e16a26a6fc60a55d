"""Undo and restore as a person triggers them, against the two systems and a real PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest

from taskbridge.core.run import RunOutcome
from taskbridge.restore import restore, undo_run
from tests.dags.test_runs import create_in_sales_connect, subjects
from tests.dags.world import Ended, Installation

DAG = "task_sync_restore"


@pytest.fixture
def pushed(world: Installation) -> tuple[Installation, int]:
    """A run that created one task in Salesforce; its number."""
    world.sync()
    world.let_time_pass()
    create_in_sales_connect(world, "Not wanted")
    ended = world.run()
    world.let_time_pass()
    return world, ended.xcom["open", "return_value"]["run_id"]


def live(world: Installation) -> list[str]:
    tasks = world.sandbox.salesforce.control("GET", "/snapshot")["Task"]
    return [task["Subject"] for task in tasks if not task["IsDeleted"]]


def test_a_run_is_undone_and_its_task_brought_back(
    pushed: tuple[Installation, int], capfd: pytest.CaptureFixture[str]
) -> None:
    world, run_id = pushed
    shown = world.run(DAG, mode="undo", run_id=run_id, dry_run=True)
    assert shown.xcom["decide", "plan"] == {"salesforce delete planned": 1}
    assert "Not wanted" in live(world)
    undone = world.run(DAG, mode="undo", run_id=run_id)
    assert undone.state == "success", undone.error
    assert "Not wanted" not in live(world)
    world.let_time_pass()
    world.forget_calls()
    assert world.run().state == "success"
    assert world.calls("writes") == (0, 0)
    capfd.readouterr()
    again = world.run(DAG, mode="undo", run_id=run_id)
    assert again.xcom["report", "return_value"]["outcome"] == "partial"
    assert "Left out (ALREADY_UNDONE): Salesforce" in "".join(capfd.readouterr())
    (pair,) = world.rows("SELECT link_id FROM bridge.link WHERE withheld = 'withdrawn_from_salesforce'")
    restored = world.run(DAG, link_id=pair["link_id"])
    assert restored.state == "success", restored.error
    assert subjects(world).count("Not wanted") == 2, "the deleted one is still in the bin"
    assert live(world).count("Not wanted") == 1


def test_K5_the_same_from_python(pushed: tuple[Installation, int]) -> None:
    world, run_id = pushed
    shown = undo_run(run_id, asked_by="ada", dry_run=True)
    assert shown.outcome is RunOutcome.PLANNED, shown.text
    assert "Not wanted" in live(world)
    undone = undo_run(run_id, asked_by="ada")
    assert undone.outcome is RunOutcome.CLEAN, undone.text
    assert "Not wanted" not in live(world)
    world.let_time_pass()
    (pair,) = world.rows("SELECT link_id FROM bridge.link WHERE withheld = 'withdrawn_from_salesforce'")
    restored = restore(link_id=pair["link_id"], asked_by="ada")
    assert restored.outcome is RunOutcome.CLEAN, restored.text
    assert live(world).count("Not wanted") == 1
    asked = world.rows("SELECT DISTINCT asked_by FROM bridge.run WHERE mode IN ('undo', 'restore')")
    assert asked == [{"asked_by": "ada"}]
    refused = restore(asked_by="ada")
    assert refused.outcome is RunOutcome.FAILED
    assert "exactly one of conflict_id, action_id, link_id" in refused.text


def test_S3_from_python_nothing_is_undone_while_the_sync_is_off_or_another_run_writes(
    pushed: tuple[Installation, int],
) -> None:
    world, run_id = pushed
    world.execute("UPDATE bridge.lease SET run_key = 'another', expires_at = now() + interval '1 hour'")
    busy = undo_run(run_id, asked_by="ada", patience=0)
    assert (busy.outcome, busy.text) == (RunOutcome.SKIPPED, "Another run holds the lease.")
    world.switch(None)
    off = undo_run(run_id, asked_by="ada")
    assert off.outcome is RunOutcome.SKIPPED
    assert "taskbridge_enabled" in off.text
    assert "Not wanted" in live(world)


@pytest.mark.parametrize(
    ("conf", "said"),
    [
        ({}, "takes exactly one of conflict_id, action_id, link_id; given: none"),
        ({"mode": "undo"}, "takes exactly one of run_id; given: none"),
        ({"run_id": 1}, "run_id, which it does not know"),
        ({"mode": "undo", "run_id": 4711}, "knows no run 4711"),
    ],
)
def test_a_form_that_cannot_be_meant_is_refused(world: Installation, conf: dict[str, Any], said: str) -> None:
    world.sync()
    world.forget_calls()
    ended: Ended = world.run(DAG, **conf)
    assert ended.state == "failed"
    assert said in ended.error
    assert world.calls("writes") == (0, 0)


def test_S3_switched_off_only_a_dry_run_looks(pushed: tuple[Installation, int]) -> None:
    world, run_id = pushed
    world.switch("false")
    assert set(world.run(DAG, mode="undo", run_id=run_id).tasks.values()) == {"skipped"}
    assert "Not wanted" in live(world)
    assert world.run(DAG, mode="undo", run_id=run_id, dry_run=True).state == "success"
