"""A dry run's plan is the plan of the run that follows, as far as nothing moved in between (invariant 22)."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

import pytest

from taskbridge.core.model import ACTIONS
from taskbridge.core.run import RunMode, RunOutcome
from taskbridge.core.terms import Op, Side
from taskbridge.engine.steps.load import load
from taskbridge.engine.steps.settle import settle
from tests.engine.world import World, planned

DEVICES = (frozenset[str](), frozenset({"deleted_tasks", "batch"}))
TIGHT = {"count": 2, "share": 0.0, "delete_share": 0.0, "user_count": 2, "user_share": 0.0}


def last_plan(world: World) -> list[tuple[Any, ...]]:
    """Everything that the latest run stored of its plan: actions, conflicts, and where each row ended."""
    (run_id,) = world.rows("SELECT max(run_id) FROM bridge.run")[0]
    # A dry run asks nobody, so that there is no request to wait for.
    columns = ", ".join(name for name in ACTIONS.names if name != "approval_id")
    return [
        *world.rows(f"SELECT {columns} FROM bridge.action WHERE run_id = %s ORDER BY seq", run_id),
        *world.rows(
            "SELECT link_id, field, rule, winner, base_sc, base_sf, value_sc, value_sf "
            "FROM bridge.conflict WHERE run_id = %s ORDER BY 1, 2",
            run_id,
        ),
        *world.rows(
            "SELECT side, remote_id, link_id, disposition, rule FROM ("
            "SELECT run_id, 'sales_connect' AS side, remote_id, link_id, disposition, rule "
            "FROM staging.sales_connect_task UNION ALL "
            "SELECT run_id, 'salesforce', remote_id, link_id, disposition, rule FROM staging.salesforce_task"
            ") AS staged WHERE run_id = %s ORDER BY 1, 2",
            run_id,
        ),
    ]


def edit(world: World, chance: random.Random) -> None:
    """A handful of edits of every kind, on both sides."""
    for _ in range(chance.randint(4, 10)):
        system = chance.choice((world.sc, world.sf))
        ours = system is world.sc
        users = world.sc_users if ours else world.sf_users
        owner = users[chance.choice(("ada", "ben", "chi"))]
        tasks = sorted(system.live())
        kind = chance.choice(("create", "edit", "edit", "complete", "delete", "reassign", "hide"))
        if kind == "create" or not tasks:
            system.create(owner, chance.choice(("Call", "Mail", "Visit")))
        elif kind == "edit":
            due = date(2026, chance.randint(1, 12), chance.randint(1, 28))
            system.edit(chance.choice(tasks), due_date=due, details=chance.choice(("a", "b", None)))
        elif kind == "complete":
            system.edit(chance.choice(tasks), status="complete" if ours else "Completed")
        elif kind == "delete":
            system.delete(chance.choice(tasks))
        elif kind == "reassign":
            system.reassign(chance.choice(tasks), owner)
        else:
            system.faults.hidden.add(chance.choice(tasks))


@pytest.mark.parametrize("seed", range(4))
def test_a_run_after_a_dry_run_plans_exactly_what_was_shown(world: World, seed: int) -> None:
    """Held rows, conflicts and where every row ends included; over two rounds, so that dirty pairs occur."""
    chance = random.Random(seed)
    world.sc.features = DEVICES[seed % 2]
    world.with_settings(conflict_policy=("latest_wins", "manual")[seed // 2 % 2])
    for number in range(6):
        (world.sc_task if number % 2 else world.sf_task)(f"Task {number}", owner=("ada", "ben")[number % 2])
    world.settle()
    if seed % 2:
        world.with_settings(limits=TIGHT)
    seen = 0
    for _ in range(2):
        edit(world, chance)
        before, writes = world.rows("SELECT * FROM bridge.link ORDER BY link_id"), world.writes
        world.sync(dry_run=True)
        assert world.rows("SELECT * FROM bridge.link ORDER BY link_id") == before
        assert world.writes == writes
        shown = last_plan(world)
        run = planned(world)
        assert last_plan(world) == shown
        seen += len(shown)
        for side in Side:
            load(world.engine, run, side, list(Op))
        settle(world.engine, run)
        world.ledger.runs.release_lease(run.spec.run_key)
    assert seen, "the story had nothing to plan"


def test_a_dry_run_knows_what_became_of_a_write_whose_answer_was_lost(world: World) -> None:
    """Otherwise it would show the create a second time."""
    world.sc_task()
    run = planned(world)
    world.sf.faults.lose_answers = 1
    load(world.engine, run, Side.SALESFORCE, [Op.CREATE])
    world.ledger.runs.release_lease(run.spec.run_key)
    report = world.sync(dry_run=True)
    assert report.counts is not None
    assert report.counts.actions == {}
    assert world.writes == 1


def test_a_dry_run_finds_the_deletes_that_only_a_look_up_shows(world: World) -> None:
    world.sc.features = frozenset()
    world.sc_task("stays")
    gone = world.sc_task("goes")
    world.settle()
    world.sc.delete(gone)
    world.advance(3600)
    report = world.sync(dry_run=True)
    assert report.counts is not None
    assert report.counts.actions == {"salesforce": {"delete": {"planned": 1}}}


def test_S2_a_dry_run_before_the_first_run_is_no_switch_on(fresh: World) -> None:
    """Tasks from between the look and the switch-on are existing ones (I1, I2)."""
    fresh.sync(dry_run=True)
    fresh.advance(60)
    fresh.sc_task("before the switch-on")
    fresh.sf_task("longer than a day before")
    fresh.advance(25 * 3600)
    fresh.settle()
    assert fresh.writes == 0


def test_S3_a_dry_run_leaves_a_watermark_that_is_ahead_of_the_clock(world: World) -> None:
    world.sync()
    world.rows_changed("UPDATE bridge.watermark SET position = position + interval '1 day'")
    marks = world.ledger.sides.state().watermarks
    world.enabled = False
    report = world.sync(dry_run=True)
    assert "was ahead of the server's clock" in report.text
    assert world.ledger.sides.state().watermarks == marks


def test_the_summary_of_a_dry_run_tells_what_the_plan_would_cost(world: World) -> None:
    world.sc_task()
    world.sf_task()
    text = world.sync(dry_run=True).text
    assert "Cost in Sales Connect: 5 API calls: 4 made, 1 to come (1 write) for 1 creates" in text
    assert "Cost in Salesforce: 4 API calls: 3 made, 1 to come (1 write) for 1 creates" in text
    assert "Cost in" not in world.sync().text


def test_the_plan_can_be_queried_row_by_row(world: World) -> None:
    task, other, third = (world.sc_task(name) for name in ("First", "Second", "Third"))
    world.settle()
    world.with_settings(limits=TIGHT | {"user_count": 0, "count": 0})
    world.sc.edit(task, details="new")
    world.sc.edit(other, due_date=date(2026, 4, 1))
    world.sc.delete(third)
    report = world.sync(dry_run=True)
    rows = world.rows(
        "SELECT op, field, before, after, rule, why, state, held_why FROM mart.plan "
        "WHERE run_id = %s AND dry_run AND (op <> 'delete' OR field = 'title') ORDER BY op, field",
        report.run_id,
    )
    crossed = "One side created, edited or deleted the task, so the same happens on the other side."
    held = "A limit on how much may change at once was exceeded, and the plan is held."
    assert rows == [
        ("delete", "title", "Third", None, "C1,G3", crossed, "held", held),
        ("update", "details", None, "new", "C1", crossed, "planned", None),
        ("update", "due_date", None, "2026-04-01", "C1,G3", crossed, "held", held),
    ]


@pytest.mark.parametrize("mode", [RunMode.MANUAL, RunMode.BACKFILL])
def test_a_run_with_a_window_shows_its_plan_too(world: World, mode: RunMode) -> None:
    world.sc_task()
    world.advance(1)
    shown = world.sync(mode=mode, window=world.window(600), dry_run=True)
    done = world.sync(mode=mode, window=world.window(600))
    assert shown.counts is not None
    assert done.counts is not None
    assert shown.counts.actions == {"salesforce": {"create": {"planned": 1}}}
    assert done.counts.actions == {"salesforce": {"create": {"done": 1}}}
    assert done.outcome is RunOutcome.CLEAN


def test_a_dry_run_says_what_it_would_do_and_is_clean_only_if_that_is_nothing(world: World) -> None:
    world.sync()
    assert world.sync(dry_run=True).outcome is RunOutcome.CLEAN
    for number in range(7):
        world.sc_task(f"Task {number}")
    told = world.sync(dry_run=True)
    assert told.outcome is RunOutcome.PLANNED
    assert "(scheduled, dry run): planned, nothing was written" in told.text
    assert "would create there: 7" in told.text
    assert world.rows("SELECT outcome FROM mart.sync_runs ORDER BY run_id DESC LIMIT 1") == [("planned",)]
    assert world.sync().outcome is RunOutcome.CLEAN
