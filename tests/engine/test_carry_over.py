"""G7: what does not fit waits in order, is counted, and is the first of the next run."""

from __future__ import annotations

from datetime import date

from taskbridge.core.run import RunMode, RunOutcome
from taskbridge.core.terms import Side
from taskbridge.engine.steps.decide import decide
from tests.engine.world import KEEP, World, disagreements, planned

IDLE = 2  # a listing each for users and tasks; the first sync is over


def fresh(world: World) -> None:
    """The next run makes no look but that for what changed."""
    world.settle()
    world.advance(3_600)


def titles(world: World) -> list[str]:
    return [str(task["title"]) for task in world.sf.live().values()]


def test_G7_new_creates_do_not_take_the_calls_of_what_has_waited(world: World) -> None:
    world.with_settings(limits={"half_of_more_than": 100}, salesforce_guarded_updates=0)
    world.sf.chunk_size = world.sc.chunk_size = 1
    tasks = [world.sc_task(f"Old {number}") for number in range(4)]
    fresh(world)
    for task in tasks[:2]:
        world.sc.edit(task, due_date=date(2026, 5, 5))
    for task in tasks[2:]:
        world.sc.delete(task)
    world.sf.faults.calls_told = IDLE + 2  # one update with its look-up
    told = world.sync()
    assert told.outcome is RunOutcome.PARTIAL
    assert "1 of 4 changes to Salesforce fit" in told.text
    assert "Carried over: 3 changes to Salesforce, since " in told.text
    for number in range(9):
        world.sc_task(f"New {number}")
    # Both records of what waits are read again by id: one call. Then an update and a delete.
    world.sf.faults.calls_told = IDLE + 1 + 4
    told = world.sync()
    assert [task["due_date"] for task in world.sf.live().values()].count(date(2026, 5, 5)) == 2
    assert "New 0" not in titles(world)
    assert "Carried over: 10 changes to Salesforce" in told.text
    world.sf.faults.calls_told = None
    assert world.sync().outcome is RunOutcome.CLEAN
    assert not disagreements(world)


def test_G7_since_when_a_change_waits_outlives_runs_for_people(world: World) -> None:
    task = world.sc_task("Waits")
    fresh(world)
    world.sc.edit(task, due_date=date(2026, 5, 5))
    world.sf.faults.calls_told = IDLE
    world.sync()
    ((first,),) = world.rows("SELECT opened_at FROM bridge.run ORDER BY run_id DESC LIMIT 1")
    another = world.sf_task("Another")
    world.sf.faults.calls_told = IDLE + 1
    crossed = world.sync()
    assert world.sc_of(another)["title"] == "Another"
    undone = world.sync(mode=RunMode.UNDO, asked={"run_id": crossed.run_id})
    assert undone.outcome is RunOutcome.HELD, "the change still waits (G6)"
    for number in range(2):
        world.sf.faults.calls_told = IDLE + 1
        told = world.sync()
        assert f"since {first.astimezone().strftime('%Y-%m-%d')}" in told.text
        ((since,),) = world.rows("SELECT waiting_since FROM bridge.action WHERE state = 'planned'")
        assert since == first, number
    world.sf.faults.calls_told = None
    world.sync()
    assert world.sf_of(task)["due_date"] == date(2026, 5, 5)
    assert world.rows("SELECT count(*) FROM bridge.action WHERE state = 'planned'") == [(0,)]


def test_G7_a_plan_made_twice_keeps_what_waits_first(world: World) -> None:
    task = world.sc_task("Waits")
    fresh(world)
    world.sc.edit(task, due_date=date(2026, 5, 5))
    world.sf.faults.calls_told = IDLE
    world.sync()
    world.sf.faults.calls_told = None
    run = planned(world)
    waiting = "SELECT waiting_since FROM bridge.action WHERE run_id = %s"
    before = world.rows(waiting, run.run_id)
    decide(world.engine, run)
    assert world.rows(waiting, run.run_id) == before
    assert before[0][0] is not None


def test_G7_the_counters_are_kept_by_run_side_and_kind(world: World) -> None:
    world.sc_task("One")
    told = world.sync()
    found = world.rows(
        "SELECT side, kind, calls, forecast FROM mart.api_usage WHERE run_id = %s ORDER BY 1, 2", told.run_id
    )
    assert ("salesforce", "write", 1, 1) in found
    assert sum(row[2] for row in found if row[0] == Side.SALESFORCE) == sum(
        row[3] or 0 for row in found if row[0] == Side.SALESFORCE
    )
    by_day = world.rows("SELECT sum(calls) FROM mart.api_usage_by_day WHERE side = 'salesforce'")
    assert by_day == world.rows("SELECT sum(calls) FROM mart.api_usage WHERE side = 'salesforce'")


def test_G7_calls_of_runs_long_over_are_kept_by_day(world: World) -> None:
    world.sync()
    before = world.rows("SELECT side, kind, calls FROM mart.api_usage_by_day ORDER BY 1, 2")
    world.rows_changed("UPDATE bridge.run SET closed_at = now() - interval '15 days'")
    world.ledger.housekeeping.clean_up(KEEP)
    assert world.rows("SELECT count(*) FROM mart.api_usage") == [(0,)]
    assert world.rows("SELECT side, kind, calls FROM mart.api_usage_by_day ORDER BY 1, 2") == before
