"""Invariant 15: parts that tasks of their own have planned are the plan that one piece makes."""

from __future__ import annotations

from typing import Any

import pytest

from taskbridge.core.parts import WHOLE
from taskbridge.core.run import Run, RunMode
from taskbridge.core.terms import Side
from taskbridge.engine.cycle import LOAD_STEPS
from taskbridge.engine.deciding import in_parts
from taskbridge.engine.deciding.inputs import Inputs
from taskbridge.engine.deciding.planned_parts import Beforehand, parts_of, plan_parts, to_tasks
from taskbridge.engine.on_demand.conflicts import decide_conflicts
from taskbridge.engine.steps.decide import decide
from taskbridge.engine.steps.load import load
from taskbridge.engine.steps.report import report
from taskbridge.engine.steps.settle import settle
from taskbridge.errors import LeaseLost, SideLooksEmpty
from tests.engine.test_decisions import OURS, contest, dates
from tests.engine.test_parts import (
    ENDED,
    PLANNED,
    a_side_that_went_away,
    busy,
    fails_with,
    more_deletes_than_a_limit_allows,
)
from tests.engine.world import World, disagreements, read

KEPT = "SELECT count(*) FROM staging.planned_part"


@pytest.fixture
def world(world: World) -> World:
    return world.with_settings(rows_per_task=3)


def planned_beforehand(world: World, **spec: Any) -> Run:
    run = read(world, **spec)
    tasks = to_tasks(world.engine, run)
    assert sum(plan_parts(world.engine, run, part) for part in tasks) >= len(tasks) > 2
    return run


def finish(world: World, run: Run) -> None:
    for side, ops in LOAD_STEPS:
        load(world.engine, run, side, ops)
    settle(world.engine, run)
    report(world.engine, run.spec.run_key)


@pytest.mark.parametrize("missing", [False, True], ids=["all of them", "one is missing"])
def test_15_what_tasks_have_planned_is_what_one_piece_plans(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, missing: bool
) -> None:
    busy(world)
    run = planned_beforehand(world, dry_run=True)
    if missing:
        world.rows_changed(
            "DELETE FROM staging.planned_part WHERE low = (SELECT max(low) FROM staging.planned_part)"
        )
    else:
        monkeypatch.setattr(in_parts, "make_plan", None)  # decide need not plan anything
    with caplog.at_level("INFO"):
        decide(world.engine, run)
    [told] = [record.getMessage() for record in caplog.records if "tasks of their own" in record.getMessage()]
    assert ("planned here: buckets" in told) is missing
    seen = world.rows(PLANNED), world.rows(ENDED)
    assert world.rows(KEPT) == [(0,)]
    report(world.engine, run.spec.run_key)
    monkeypatch.undo()
    world.with_settings(rows_per_task=60_000)
    world.sync(dry_run=True)
    assert seen == (world.rows(PLANNED), world.rows(ENDED))
    assert seen[0]


def test_what_tasks_have_planned_is_carried_out_once(world: World) -> None:
    busy(world)
    run = planned_beforehand(world)
    for part in to_tasks(world.engine, run):
        for _ in range(2):  # the second time as after a worker that died
            plan_parts(world.engine, run, part)
    decide(world.engine, run)
    finish(world, run)
    world.with_settings(rows_per_task=60_000)
    world.settle()
    assert disagreements(world) == []
    writes = world.writes
    world.settle()
    assert world.writes == writes


def test_K3_a_decision_that_is_recorded_meanwhile_is_followed(world: World) -> None:
    sc_id, sf_id, number = contest(world)
    busy(world)
    world.sc.edit(sc_id, details="which has the run read the pair")
    run = planned_beforehand(world)
    decide_conflicts(world.ledger, [number], Side.SALES_CONNECT, "ann")
    decide(world.engine, run)
    finish(world, run)
    assert dates(world, sc_id, sf_id) == (OURS, OURS)


def test_15_a_record_that_is_staged_anew_is_planned_anew(world: World) -> None:
    busy(world)
    task = next(iter(world.sc.live()))
    run = planned_beforehand(world)
    world.sc.edit(task, details="newer than the plan of its part")
    world.ledger.staging.stage(run, Side.SALES_CONNECT, world.sc.read_ids([task], {}), "by_id")
    decide(world.engine, run)
    assert world.rows(
        "SELECT count(*) FROM bridge.action WHERE run_id = %s AND details = 'newer than the plan of its part'",
        run.run_id,
    ) == [(1,)]


def test_G3_a_limit_counts_all_parts_that_tasks_have_planned(world: World) -> None:
    more_deletes_than_a_limit_allows(world)
    run = planned_beforehand(world)
    decide(world.engine, run)
    held = "SELECT count(*) FROM bridge.action WHERE op = 'delete' AND state = 'held'"
    assert world.rows(held) == [(8,)]
    assert world.rows(KEPT) == [(0,)]


def test_G8_a_side_is_believed_by_what_all_parts_show(world: World) -> None:
    a_side_that_went_away(world)
    run = planned_beforehand(world)
    with pytest.raises(SideLooksEmpty):
        decide(world.engine, run)


def test_G4_a_part_that_fails_is_planned_by_decide_which_parks_the_reason(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy(world)
    world.sc_task("Poison")
    fails_with(monkeypatch, "Poison")
    run, failed = read(world), 0
    for part in to_tasks(world.engine, run):
        try:
            plan_parts(world.engine, run, part)
        except KeyError:
            failed += 1
    assert failed == 1
    decide(world.engine, run)
    finish(world, run)
    assert world.rows("SELECT code, count(*) FROM bridge.dead_letter GROUP BY 1") == [("PLAN_FAILED", 1)]
    assert world.rows(KEPT) == [(0,)]
    assert "New there" in {row["title"] for row in world.sf.live().values()}


def test_a_run_that_has_lost_the_lease_keeps_no_part(world: World) -> None:
    busy(world)
    run = read(world)
    [first, *_] = to_tasks(world.engine, run)
    world.rows_changed("SELECT bridge.break_lease('gone', 'ann')")
    with pytest.raises(LeaseLost):
        plan_parts(world.engine, run, first)
    assert world.rows(KEPT) == [(0,)]


def test_15_a_part_that_comes_after_the_run_was_settled_is_not_used(world: World) -> None:
    busy(world)
    run = planned_beforehand(world)
    parts = parts_of(world.engine, world.ledger.staging.state(run, WHOLE).rows)
    took: list[list[bool]] = [[], []]
    for seen in took:
        beforehand, inputs = Beforehand(world.engine, run, parts), Inputs(world.engine, run)
        seen += [beforehand.take(inputs, part) is not None for part in parts]
        settle(world.engine, run)
    assert took == [[True] * len(parts), [False] * len(parts)]


def test_what_is_erased_is_in_no_part_that_is_kept(world: World) -> None:
    busy(world)
    planned_beforehand(world)
    assert world.rows(KEPT) != [(0,)]
    world.ledger.erasure.erase("ada@example.com", really=True)
    assert world.rows(KEPT) == [(0,)]


def test_small_cycles_and_audits_have_no_tasks_of_parts(world: World) -> None:
    busy(world)
    audit = read(world, RunMode.AUDIT)
    assert to_tasks(world.engine, audit) == []
    report(world.engine, audit.spec.run_key, "left off")
    world.with_settings(rows_per_task=20)
    assert to_tasks(world.engine, read(world)) == []
