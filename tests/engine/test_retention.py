"""What grows with runs is kept for a time; what explains a present value, and what waits, for as long as it does."""

from __future__ import annotations

import re
from typing import Any

import pytest

from taskbridge.core.run import RunMode, RunOutcome
from taskbridge.core.terms import Side
from taskbridge.errors import DatabaseRefused
from taskbridge.store import housekeeping, statements
from taskbridge.store.housekeeping import Retention
from tests.engine.world import KEEP, World

NOTHING = {"count": 0, "share": 0, "delete_share": 0, "user_count": 0, "user_share": 0}
ORIGINS = (
    "SELECT field, sc_value, sf_value, came_from, rule, run_id, action_id FROM mart.field_origins "
    "ORDER BY link_id, field"
)


def pass_days(world: World, days: int) -> None:
    """All that has happened was so much longer ago."""
    stamps = world.rows(
        "SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables "
        "USING (table_schema, table_name) WHERE table_schema = 'bridge' AND table_type = 'BASE TABLE' "
        "AND data_type = 'timestamp with time zone' AND table_name NOT IN ('housekeeping', 'lease', 'link', 'user_map')"
    )
    world.rows_changed(
        "; ".join(
            f"UPDATE bridge.{table} SET {name} = {name} - interval '{days} days'" for table, name in stamps
        )
    )


def clean_up(world: World) -> None:
    world.ledger.housekeeping.clean_up(KEEP)


def count(world: World, table: str) -> int:
    number: int = world.rows(f"SELECT count(*) FROM bridge.{table}")[0][0]
    return number


def runs(world: World) -> set[int]:
    return {number for (number,) in world.rows("SELECT run_id FROM bridge.run")}


def edited_twice(world: World) -> tuple[str, str]:
    """A pair of which two fields were edited, one of them once more."""
    task = world.sc_task("Call", details="first")
    world.settle()
    partner = world.partner(Side.SALES_CONNECT, task) or ""
    world.sc.edit(task, details="second", priority="high")
    world.settle()
    world.sf.edit(partner, details="third")
    world.settle()
    return task, partner


def test_a_run_that_changed_nothing_goes_after_its_time_and_others_stay(world: World) -> None:
    quiet = runs(world)
    world.sc_task("Call")
    world.sync()
    busy = runs(world) - quiet
    world.sync()
    pass_days(world, 89)
    clean_up(world)
    assert quiet | busy <= runs(world)
    pass_days(world, 2)
    world.sync()
    newest = max(runs(world))
    clean_up(world)
    assert runs(world) == busy | {newest}, "and the one that holds the watermarks"


def test_K5_what_explains_a_present_value_outlives_its_time_and_what_was_replaced_goes(world: World) -> None:
    edited_twice(world)
    before, writes = world.rows(ORIGINS), count(world, "action")
    pass_days(world, 800)
    clean_up(world)
    assert world.rows(ORIGINS) == before
    assert count(world, "ledger_change") < 6
    assert 0 < count(world, "action") <= writes


def test_K5_a_conflict_that_explains_a_present_value_stays_until_the_field_is_set_again(world: World) -> None:
    task, partner = edited_twice(world)
    world.sc.edit(task, due_date=None, details="mine")
    world.sf.edit(partner, details="theirs")
    world.settle()
    pass_days(world, 800)
    clean_up(world)
    assert count(world, "conflict") == 1
    world.sc.edit(task, details="fourth")
    world.settle()
    clean_up(world)
    assert count(world, "conflict") == 0


def test_K5_what_was_removed_is_kept_for_its_time_and_then_said_to_be_kept_no_more(world: World) -> None:
    task, _ = edited_twice(world)
    world.sc.delete(task)
    world.settle()
    pass_days(world, 700)
    clean_up(world)
    assert count(world, "kept") == 1
    pass_days(world, 100)
    clean_up(world)
    assert [count(world, table) for table in ("kept", "action", "ledger_change")] == [0, 0, 0]
    world.sync(mode=RunMode.RESTORE, asked={"link_id": task}, asked_by="ada")
    assert world.rows("SELECT code FROM bridge.left_out") == [("NOT_KEPT",)]


def test_G3_what_waits_for_an_answer_or_a_person_stays(world: World) -> None:
    tasks = [world.sc_task(f"Task {number}") for number in range(3)]
    world.settle()
    world.with_settings(limits=NOTHING, conflict_policy="manual")
    world.sc.delete(tasks[0])
    world.sc.edit(tasks[1], details="here")
    world.sf.edit(world.partner(Side.SALES_CONNECT, tasks[1]) or "", details="there")
    world.sf.faults.refuse_titles["Task 2"] = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    world.sc.edit(tasks[2], details="refused")
    world.settle()
    open_rows = "SELECT count(*) FROM bridge.action WHERE state IN ('held', 'dead')"
    before = world.rows(open_rows), world.rows("SELECT rule, remote_id FROM mart.not_synced ORDER BY 1, 2")
    pass_days(world, 800)
    clean_up(world)
    assert len(world.ledger.approvals.unfinished_approvals()) == 1
    assert count(world, "conflict") == count(world, "dead_letter") == 1
    assert (
        world.rows(open_rows),
        world.rows("SELECT rule, remote_id FROM mart.not_synced ORDER BY 1, 2"),
    ) == before


def test_a_run_after_the_clean_up_goes_on_as_before(world: World) -> None:
    task, partner = edited_twice(world)
    pass_days(world, 800)
    clean_up(world)
    writes = world.writes
    world.settle()
    assert world.writes == writes
    world.sf.edit(partner, details="fifth")
    world.settle()
    assert world.sc.live()[task]["details"] == "fifth"


def test_it_is_looked_once_an_hour_and_a_lot_at_a_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        world.sync()
    pass_days(world, 91)
    world.sync()
    assert len(runs(world)) == 6, "less than an hour ago it was looked"
    monkeypatch.setattr(housekeeping, "LOT", 2)
    sizes = []
    for _ in range(4):
        clean_up(world)
        sizes.append(len(runs(world)))
    assert sizes[0] == 4
    assert sizes[-1] == 1
    world.rows_changed("UPDATE bridge.housekeeping SET done_at = now() - interval '61 min'")
    pass_days(world, 91)
    world.sync()
    assert len(runs(world)) == 1


def test_a_run_has_ended_whatever_becomes_of_what_is_old(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(keep: Retention) -> int:
        raise DatabaseRefused("a foreign key")

    monkeypatch.setattr(world.ledger.housekeeping, "clean_up", refuse)
    world.rows_changed("UPDATE bridge.housekeeping SET done_at = 'epoch'")
    with pytest.raises(DatabaseRefused):
        world.sync()
    assert world.rows("SELECT outcome FROM bridge.run ORDER BY run_id DESC LIMIT 1") == [("clean",)]
    assert world.ledger.runs.lease_holder() is None
    assert world.sync().outcome is RunOutcome.CLEAN, "it is tried again in an hour"


def test_no_run_goes_while_anything_refers_to_it(world: World) -> None:
    """A new table with runs has to be named here, or a run that it refers to cannot be removed."""
    known: list[tuple[Any, ...]] = world.rows(
        "SELECT DISTINCT conrelid::regclass::text FROM pg_constraint WHERE confrelid = 'bridge.run'::regclass"
    )
    told = set(re.findall(r"FROM (\w+\.\w+) t ", statements.source("retention/forget_runs")))
    with_their_run = {"bridge.run_pair", "staging.first_sync", "staging.planned_part"}
    assert {table for (table,) in known} - told == with_their_run
