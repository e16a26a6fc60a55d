"""Audit and rebase as a person triggers them, against the two systems and a real PostgreSQL."""

from __future__ import annotations

import pytest

from tests.conftest import EMPTY
from tests.dags.test_runs import create_in_sales_connect, create_in_salesforce, names, subjects
from tests.dags.world import Installation

PAIRS = "SELECT link_id, sc_id, sf_id, generation FROM bridge.link WHERE state = 'linked' ORDER BY link_id"


@pytest.fixture
def synced(world: Installation) -> Installation:
    """A few pairs of both origins."""
    world.sync()
    world.let_time_pass()
    create_in_sales_connect(world, "Made in Sales Connect")
    create_in_salesforce(world, "Made in Salesforce")
    world.sync()
    world.let_time_pass()
    return world


def test_G8_a_dropped_ledger_halts_until_rebase_has_found_every_pair_again(synced: Installation) -> None:
    pairs, before = synced.rows(PAIRS), (sorted(subjects(synced)), sorted(names(synced)))
    assert len(pairs) >= 2
    synced.execute(EMPTY)
    halted = synced.run()
    assert halted.state == "failed"
    assert "task_sync_audit with mode=rebase" in halted.error
    synced.forget_calls()
    ended = synced.run("task_sync_audit", mode="rebase")
    assert ended.state == "success"
    assert ended.xcom["report", "return_value"]["outcome"] in ("clean", "partial")
    assert synced.rows(PAIRS) == pairs
    synced.let_time_pass()
    for _ in range(2):
        assert synced.run().state == "success"
        synced.let_time_pass()
    assert synced.calls("writes") == (0, 0)
    assert (sorted(subjects(synced)), sorted(names(synced))) == before, "nothing deleted, nothing doubled"
    assert synced.run("task_sync_audit", mode="rebase").state == "success"
    assert synced.rows(PAIRS) == pairs, "twice is the same as once"


def test_S3_an_audit_looks_and_reports_also_while_the_sync_is_off(synced: Installation) -> None:
    pair = synced.rows(PAIRS)[0]

    synced.sandbox.salesforce.control(
        "PATCH", f"/people/Task/{pair['sf_id']}", {"as": "ben@example.com", "fields": {"Priority": "High"}}
    )
    synced.let_time_pass()
    synced.switch("false")
    synced.forget_calls()
    ended = synced.run("task_sync_audit")
    assert ended.state == "success"
    assert synced.calls("writes") == (0, 0)
    found = synced.rows("SELECT sf_id, field, unexplained FROM mart.drift WHERE class = 'differs'")
    assert found == [{"sf_id": pair["sf_id"], "field": "priority", "unexplained": False}]
    assert synced.run("task_sync_audit", mode="rebase").tasks["gate"] == "skipped", (
        "that one writes the ledger"
    )


def test_T3_rerender_writes_the_subjects_of_a_new_template(synced: Installation) -> None:
    synced.settings('{"subject_template": "TB: {{activity_subject}}"}')
    synced.forget_calls()
    assert synced.run("task_sync_audit", mode="rerender", dry_run=True).state == "success"
    assert synced.calls("writes") == (0, 0)
    assert synced.run("task_sync_audit", mode="rerender").state == "success"
    assert "TB: Made in Sales Connect" in subjects(synced)
    assert "Made in Sales Connect" in names(synced)
