"""Jobs in the ledger: written down with their rows, and alone in charge of them until their end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from taskbridge.core.run import Run
from taskbridge.core.terms import Op
from taskbridge.errors import CountsDoNotAddUp, LeaseLost
from taskbridge.store import Ledger
from tests.sql.rows import SC, SF, TTL, action, linked, open_run, outcome, outcomes, plan, query

pytestmark = pytest.mark.postgres


@pytest.fixture
def run(ledger: Ledger) -> Run:
    """With two updates of one pair planned."""
    link_id = linked(ledger)
    run = open_run(ledger)
    ledger.plans.save_plan(
        run, plan([action(seq, link_id, SF, "update", remote_id="00T1") for seq in (0, 1)])
    )
    return run


def test_a_job_is_written_down_with_its_rows(ledger: Ledger, run: Run) -> None:
    ledger.outbox.open_job(run, SF, Op.UPDATE, "750A", [f"{run.run_id}-0"])
    assert ledger.outbox.open_jobs(SF) == [("750A", Op.UPDATE)]
    assert ledger.outbox.open_jobs(SC) == []
    assert list(ledger.outbox.job_rows("750A")["action_id"]) == [f"{run.run_id}-0"]
    assert list(ledger.outbox.actions(run, SF, [Op.UPDATE])["action_id"]) == [f"{run.run_id}-1"]


def test_its_rows_are_not_settled_by_anything_else_before_its_end(ledger: Ledger, run: Run) -> None:
    ledger.outbox.open_job(run, SF, Op.UPDATE, "750A", [f"{run.run_id}-0"])
    assert ledger.outbox.unsettled(run, SF, timedelta(minutes=10)).empty
    ledger.outbox.end_job(run, "750A", failed=False, message=None)
    assert list(ledger.outbox.unsettled(run, SF, timedelta(minutes=10))["action_id"]) == [f"{run.run_id}-0"]


def test_answered_rows_are_no_longer_among_those_of_the_job(ledger: Ledger, run: Run) -> None:
    ledger.outbox.open_job(run, SF, Op.UPDATE, "750A", [f"{run.run_id}-{seq}" for seq in (0, 1)])
    ledger.outbox.record(run, outcomes(outcome(f"{run.run_id}-0", "done")))
    assert list(ledger.outbox.job_rows("750A")["action_id"]) == [f"{run.run_id}-1"]


def test_a_row_that_is_not_planned_is_in_no_job(ledger: Ledger, run: Run, database_url: str) -> None:
    ledger.outbox.mark_sent(run, [f"{run.run_id}-0"])
    with pytest.raises(CountsDoNotAddUp):
        ledger.outbox.open_job(run, SF, Op.UPDATE, "750A", [f"{run.run_id}-{seq}" for seq in (0, 1)])
    assert query(database_url, "SELECT job_id FROM bridge.bulk_job") == []


def test_a_run_without_the_lease_opens_and_ends_none(ledger: Ledger, run: Run) -> None:
    late = replace(run, fencing=run.fencing - 1)
    with pytest.raises(LeaseLost):
        ledger.outbox.open_job(late, SF, Op.UPDATE, "750A", [f"{run.run_id}-0"])
    ledger.outbox.open_job(run, SF, Op.UPDATE, "750A", [f"{run.run_id}-0"])
    with pytest.raises(LeaseLost):
        ledger.outbox.end_job(late, "750A", failed=False, message=None)
    assert ledger.outbox.open_jobs(SF) == [("750A", Op.UPDATE)]


@pytest.mark.parametrize(
    ("failed", "within", "told"), [(True, TTL, True), (True, timedelta(0), False), (False, TTL, False)]
)
def test_a_failure_is_remembered_for_a_while(
    ledger: Ledger, run: Run, failed: bool, within: timedelta, told: bool
) -> None:
    assert not ledger.outbox.job_failed(SF, TTL)
    ledger.outbox.open_job(run, SF, Op.UPDATE, "750A", [f"{run.run_id}-0"])
    assert not ledger.outbox.job_failed(SF, TTL)
    ledger.outbox.end_job(run, "750A", failed=failed, message="NUL \x00 in it")
    assert ledger.outbox.job_failed(SF, within) is told
