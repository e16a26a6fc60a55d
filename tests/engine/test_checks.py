"""A run whose data break a check writes nothing and says why, until somebody mends them; good data are not held up."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from taskbridge.core.run import RunOutcome
from taskbridge.core.terms import Side
from taskbridge.store.checks import VARIABLE
from tests.engine.world import World

CHECK = """-- Proves: nobody means a day that is centuries away.
-- Remedy: correct the due date.
SELECT 'salesforce ' || remote_id FROM staging.salesforce_task WHERE run_id = :run_id AND due_date > date '2100-01-01'
UNION ALL
SELECT 'planned ' || link_id FROM bridge.action
WHERE run_id = :run_id AND state = 'planned' AND due_date < date '1900-01-01'
"""
FAR, NEAR, LONG_AGO = date(2906, 11, 23), date(2026, 11, 23), date(1026, 11, 23)


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    file = tmp_path / "believable_days.sql"
    file.write_text(CHECK)
    return file


def kept(world: World) -> dict[str, Any]:
    """All that a run may leave behind besides itself and what it saw."""
    tables = ("action", "link", "ledger_change", "conflict", "watermark", "approval", "dead_letter")
    return {table: sorted(world.rows(f"SELECT * FROM bridge.{table}"), key=str) for table in tables}


def test_a_row_that_breaks_a_check_stops_the_run_before_any_write(world: World) -> None:
    other = world.sc_task("Mail Ben")
    task = world.sf_task("Call Ann", due_date=FAR)
    before, writes = kept(world), world.writes
    told = world.sync()
    assert told.outcome is RunOutcome.FAILED
    assert (
        "1 row breaks the data check believable_days (nobody means a day that is centuries away): "
        f"salesforce {task}. To do: correct the due date. Nothing was written." in told.text
    )
    assert world.writes == writes, "also what no check is broken by waits"
    assert kept(world) == before, "nothing of the plan is kept, and no watermark moved"
    seen = world.rows("SELECT due_date FROM staging.salesforce_task WHERE remote_id = %s", task)
    assert seen == [(FAR,)], "what broke it can be looked at"
    assert world.sync().outcome is RunOutcome.FAILED, "it is as it was"

    world.sf.edit(task, due_date=NEAR)
    assert world.sync().outcome is RunOutcome.CLEAN
    assert world.partner(Side.SALESFORCE, task)
    assert world.partner(Side.SALES_CONNECT, other)


def test_good_data_pass_and_what_is_planned_is_seen_too(world: World) -> None:
    task = world.sf_task("Call Ann", due_date=NEAR)
    assert world.sync().outcome is RunOutcome.CLEAN
    world.sf.edit(task, due_date=LONG_AGO)
    told = world.sync()
    assert told.outcome is RunOutcome.FAILED
    assert "believable_days" in told.text
    assert "planned " in told.text


def test_a_run_with_nothing_to_write_is_not_asked(world: World, own: Path) -> None:
    world.sf_task("Call Ann", due_date=NEAR)
    world.settle()
    own.write_text("-- Proves: nothing.\n-- Remedy: none.\nSELECT 'always' WHERE :run_id > 0")
    assert world.sync().outcome is RunOutcome.CLEAN


def test_a_check_that_is_only_noted_stops_nothing(world: World) -> None:
    world.with_settings(checks_noted=["believable_days"])
    task = world.sf_task("Call Ann", due_date=FAR)
    told = world.sync()
    assert told.outcome is RunOutcome.CLEAN
    assert "Note: 1 row breaks the data check believable_days" in told.text
    assert world.partner(Side.SALESFORCE, task)


def test_a_dry_run_tells_it_beside_its_plan(world: World) -> None:
    world.sf_task("Call Ann", due_date=FAR)
    told = world.sync(dry_run=True)
    assert told.outcome is RunOutcome.PLANNED
    assert "A run that writes would halt: 1 row breaks the data check believable_days" in told.text
    assert world.rows("SELECT count(*) FROM bridge.action WHERE state = 'planned'") == [(1,)]


@pytest.mark.parametrize("text", ["no check", CHECK.replace("due_date >", "no_column >")])
def test_a_file_that_is_none_stops_a_run_that_would_write_and_is_named(
    world: World, own: Path, text: str
) -> None:
    own.write_text(text)
    world.sync()
    before, writes = kept(world), world.writes
    world.sf_task("Call Ann", due_date=NEAR)
    told = world.sync()
    assert told.outcome is RunOutcome.FAILED
    assert "believable_days" in told.text
    assert world.writes == writes
    assert kept(world) == before
    own.unlink()
    assert world.sync().outcome is RunOutcome.CLEAN
